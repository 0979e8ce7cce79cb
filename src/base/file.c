// SPDX-License-Identifier: MIT
// The real system calls on files, and the two loops that everybody needs around them.
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int real_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags, mode);
}

static int real_stat(const char *path, struct stat *out)
{
	return stat(path, out);
}

static int real_fstat(int fd, struct stat *out)
{
	return fstat(fd, out);
}

static int real_wait_writable(int fd, int timeout_ms)
{
	struct pollfd waiting = {.fd = fd, .events = POLLOUT};
	return poll(&waiting, 1, timeout_ms);
}

static int real_unblock_signals(void)
{
	sigset_t none;
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

static int real_access(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}

static int real_fcntl(int fd, int command, int argument)
{
	return fcntl(fd, command, argument);
}

const struct again_file_calls again_file_calls_real = {
	.open = real_open,
	.close = close,
	.read = read,
	.write = write,
	.fsync = fsync,
	.fstat = real_fstat,
	.stat = real_stat,
	.mkdir = mkdir,
	.rename = rename,
	.unlink = unlink,
	.readlink = readlink,
	.fchmod = fchmod,
	.wait_writable = real_wait_writable,
	.unblock_signals = real_unblock_signals,
	.access = real_access,
	.fcntl = real_fcntl,
};

int again_write_all(const struct again_file_calls *files, int fd, const char *bytes, size_t len)
{
	const int wait_ms = 1000;
	while (len > 0) {
		ssize_t written = files->write(fd, bytes, len);
		if (written > 0) {
			bytes += written;
			len -= (size_t)written;
			continue;
		}
		if (written == 0) {
			// Nothing was written and nothing is wrong: no file system of ours does
			// that. Better an end than a loop.
			errno = EIO;
			return -1;
		}
		if (errno == EAGAIN && files->wait_writable(fd, wait_ms) >= 0) {
			continue;
		}
		if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

int again_open_file(const struct again_file_calls *files, const char *path, int flags, mode_t mode)
{
	int fd = -1;
	do {
		fd = files->open(path, flags | O_CLOEXEC, mode);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0 || fd > STDERR_FILENO) {
		return fd;
	}
	int high = files->fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int saved = errno;
	(void)files->close(fd);
	errno = saved;
	return high;
}
