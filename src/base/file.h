// SPDX-License-Identifier: MIT
// The system calls on files, in one table that tests can make fail, and what we build of them.
#ifndef AGAIN_BASE_FILE_H
#define AGAIN_BASE_FILE_H

#include <again/types.h>

#include <sys/stat.h>
#include <sys/types.h>

/** Each entry is the call of the same name: -1 and errno, or its result. */
struct again_file_calls {
	int (*open)(const char *path, int flags, mode_t mode);
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *buffer, size_t size);
	ssize_t (*write)(int fd, const void *bytes, size_t len);
	int (*fsync)(int fd);
	int (*fstat)(int fd, struct stat *out);
	int (*stat)(const char *path, struct stat *out);
	int (*mkdir)(const char *path, mode_t mode);
	int (*rename)(const char *from, const char *to);
	int (*unlink)(const char *path);
	ssize_t (*readlink)(const char *path, char *buffer, size_t cap);
	int (*fchmod)(int fd, mode_t mode);
	/**
	 * Waits until fd can be written, at most timeout_ms (-1: for ever): poll(2), so 0 where the
	 * time is over.
	 */
	int (*wait_writable)(int fd, int timeout_ms);
	/** Lets every signal through: before a wait whose end is another program's matter. */
	int (*unblock_signals)(void);
	/** With the effective user's rights: faccessat(2) with AT_EACCESS. */
	int (*access)(const char *path, int mode);
	/** Commands that take an int or nothing: F_DUPFD_CLOEXEC, F_GETFL, F_GETFD. */
	int (*fcntl)(int fd, int command, int argument);
};

/** The real calls. */
extern const struct again_file_calls again_file_calls_real;

/**
 * Writes all bytes: goes on after a short write and after EINTR, and waits at most a second at a
 * time where the descriptor is non-blocking and full. 0, or -1 with errno.
 */
[[nodiscard]] int again_write_all(const struct again_file_calls *files, int fd, const char *bytes,
                                  size_t len);

/**
 * open(2) with O_CLOEXEC, whose descriptor is never 0, 1 or 2, also where those are closed; again
 * after EINTR. The descriptor, or -1 with errno.
 */
[[nodiscard]] int again_open_file(const struct again_file_calls *files, const char *path, int flags,
                                  mode_t mode);

#endif
