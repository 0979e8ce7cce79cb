// SPDX-License-Identifier: MIT
// The table whose n-th call fails. Calls that cannot fail (getpid and the like) are not counted.
#include "faulty.h"

#include "base/alloc.h"
#include "cli/cli.h"
#include "run/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct faulty_record *record;

static bool strike(const char *name, int failure)
{
	if (record == NULL ||
	    __atomic_add_fetch(&record->count, 1, __ATOMIC_SEQ_CST) != record->at) {
		return false;
	}
	strncpy(record->fired, name, sizeof(record->fired) - 1);
	errno = failure;
	return true;
}

#define FILES again_file_calls_real
#define SYS again_sys_real

// FAULT(result, table, name, errno, failure, (parameters), (arguments))
#define FAULT(type, table, name, number, failure, parameters, arguments)         \
	static type faulty_##name parameters                                     \
	{                                                                        \
		return strike(#name, number) ? (failure) : table.name arguments; \
	}

FAULT(int, FILES, open, EMFILE, -1, (const char *path, int flags, mode_t mode), (path, flags, mode))
FAULT(ssize_t, FILES, read, EIO, -1, (int fd, void *buffer, size_t size), (fd, buffer, size))
FAULT(ssize_t, FILES, write, ENOSPC, -1, (int fd, const void *bytes, size_t len), (fd, bytes, len))
FAULT(int, FILES, fsync, EIO, -1, (int fd), (fd))
FAULT(int, FILES, fstat, EIO, -1, (int fd, struct stat *out), (fd, out))
FAULT(int, FILES, stat, EACCES, -1, (const char *path, struct stat *out), (path, out))
FAULT(int, FILES, mkdir, EACCES, -1, (const char *path, mode_t mode), (path, mode))
FAULT(int, FILES, rename, EACCES, -1, (const char *from, const char *to), (from, to))
FAULT(int, FILES, unlink, EACCES, -1, (const char *path), (path))
FAULT(ssize_t, FILES, readlink, EACCES, -1, (const char *path, char *buffer, size_t cap),
      (path, buffer, cap))
FAULT(int, FILES, fchmod, EPERM, -1, (int fd, mode_t mode), (fd, mode))
FAULT(int, FILES, wait_writable, ENOMEM, -1, (int fd, int timeout_ms), (fd, timeout_ms))
FAULT(int, FILES, unblock_signals, EINVAL, -1, (void), ())
FAULT(int, FILES, access, EACCES, -1, (const char *path, int mode), (path, mode))
FAULT(int, FILES, fcntl, EMFILE, -1, (int fd, int command, int argument), (fd, command, argument))

FAULT(int, SYS, clock_gettime, EINVAL, -1, (clockid_t clock, struct timespec *out), (clock, out))
FAULT(pid_t, SYS, tcgetpgrp, ENOTTY, -1, (int fd), (fd))
FAULT(int, SYS, setpgid, EPERM, -1, (pid_t pid, pid_t group), (pid, group))
FAULT(int, SYS, sigaction, EINVAL, -1,
      (int signal, const struct sigaction *action, struct sigaction *out_old),
      (signal, action, out_old))
FAULT(int, SYS, sigprocmask, EINVAL, -1, (int how, const sigset_t *set, sigset_t *out_old),
      (how, set, out_old))
FAULT(int, SYS, signalfd, EMFILE, -1, (int fd, const sigset_t *set, int flags), (fd, set, flags))
FAULT(int, SYS, kill, EPERM, -1, (pid_t pid, int signal), (pid, signal))
FAULT(int, SYS, pidfd_open, EMFILE, -1, (pid_t pid), (pid))
FAULT(int, SYS, pidfd_send_signal, EPERM, -1, (int pidfd, int signal), (pidfd, signal))
FAULT(pid_t, SYS, wait4, ENOMEM, -1,
      (pid_t pid, int *out_status, int options, struct rusage *out_usage),
      (pid, out_status, options, out_usage))
FAULT(int, SYS, waitid, EINVAL, -1, (idtype_t type, id_t id, siginfo_t *out, int options),
      (type, id, out, options))
FAULT(int, SYS, become_subreaper, EINVAL, -1, (void), ())
FAULT(int, SYS, die_with_parent, EINVAL, -1, (void), ())
FAULT(int, SYS, ppoll, ENOMEM, -1,
      (struct pollfd * fds, nfds_t count, const struct timespec *timeout), (fds, count, timeout))
FAULT(int, SYS, timerfd_create, EMFILE, -1, (clockid_t clock, int flags), (clock, flags))
FAULT(int, SYS, timerfd_settime, EINVAL, -1, (int fd, int flags, const struct itimerspec *value),
      (fd, flags, value))
FAULT(ssize_t, SYS, getdents, EIO, -1, (int fd, void *buffer, size_t size), (fd, buffer, size))
FAULT(ssize_t, SYS, getrandom, EAGAIN, -1, (void *buffer, size_t size), (buffer, size))
FAULT(int, SYS, gethostname, ENAMETOOLONG, -1, (char *out, size_t cap), (out, cap))
FAULT(void *, SYS, map_shared, ENOMEM, NULL, (size_t size), (size))
FAULT(int, SYS, unmap, EINVAL, -1, (void *memory, size_t size), (memory, size))
FAULT(int, SYS, no_core_dump, EPERM, -1, (void), ())
FAULT(pid_t, SYS, fork, EAGAIN, -1, (void), ())
FAULT(int, SYS, execve, EACCES, -1, (const char *path, char *const *argv, char *const *envp),
      (path, argv, envp))
FAULT(pid_t, SYS, spawn, EAGAIN, -1,
      (const struct again_sys *sys, const struct again_launch *launch), (sys, launch))

// The descriptor is gone even where close fails.
static int faulty_close(int fd)
{
	const int result = again_file_calls_real.close(fd);
	return strike("close", EIO) ? -1 : result;
}

// The linker puts this in the place of again_alloc (-Wl,--wrap=again_alloc).
void *__real_again_alloc(size_t count, size_t size);
void *__wrap_again_alloc(size_t count, size_t size);

void *__wrap_again_alloc(size_t count, size_t size)
{
	return strike("again_alloc", ENOMEM) ? NULL : __real_again_alloc(count, size);
}

int faulty_main(char **argv)
{
	static const struct again_file_calls files = {
		.open = faulty_open,
		.close = faulty_close,
		.read = faulty_read,
		.write = faulty_write,
		.fsync = faulty_fsync,
		.fstat = faulty_fstat,
		.stat = faulty_stat,
		.mkdir = faulty_mkdir,
		.rename = faulty_rename,
		.unlink = faulty_unlink,
		.readlink = faulty_readlink,
		.fchmod = faulty_fchmod,
		.wait_writable = faulty_wait_writable,
		.unblock_signals = faulty_unblock_signals,
		.access = faulty_access,
		.fcntl = faulty_fcntl,
	};
	struct again_sys sys = again_sys_real;
	sys.files = &files;
	sys.clock_gettime = faulty_clock_gettime;
	sys.tcgetpgrp = faulty_tcgetpgrp;
	sys.setpgid = faulty_setpgid;
	sys.sigaction = faulty_sigaction;
	sys.sigprocmask = faulty_sigprocmask;
	sys.signalfd = faulty_signalfd;
	sys.kill = faulty_kill;
	sys.pidfd_open = faulty_pidfd_open;
	sys.pidfd_send_signal = faulty_pidfd_send_signal;
	sys.wait4 = faulty_wait4;
	sys.waitid = faulty_waitid;
	sys.become_subreaper = faulty_become_subreaper;
	sys.die_with_parent = faulty_die_with_parent;
	sys.ppoll = faulty_ppoll;
	sys.timerfd_create = faulty_timerfd_create;
	sys.timerfd_settime = faulty_timerfd_settime;
	sys.getdents = faulty_getdents;
	sys.getrandom = faulty_getrandom;
	sys.gethostname = faulty_gethostname;
	sys.map_shared = faulty_map_shared;
	sys.unmap = faulty_unmap;
	sys.no_core_dump = faulty_no_core_dump;
	sys.fork = faulty_fork;
	sys.execve = faulty_execve;
	sys.spawn = faulty_spawn;
	const int fd = open(getenv("AGAIN_FAULT_FILE"), O_RDWR | O_CLOEXEC);
	void *memory = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (memory == MAP_FAILED) {
		return 99;
	}
	record = memory;
	const struct again_cli cli = {&sys, argv, environ};
	return again_main(&cli);
}
