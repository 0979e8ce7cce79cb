// SPDX-License-Identifier: MIT
// Every system call of the run room, in one table that tests can make fail (the idea is SQLite's aSyscall).
//
// Each entry is the call of the same name with its errors: -1 and errno. Nothing in this room calls the system past the
// table. The one entry that is no call is `spawn`, because vfork must not be returned from.
#ifndef AGAIN_RUN_SYS_H
#define AGAIN_RUN_SYS_H

#include "base/file.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>

struct itimerspec;
struct again_sys;

/** What the child has not been able to do, told through shared memory because it cannot tell by its exit code. */
struct again_launch_failure {
	/** The errno; 0 while nothing failed. */
	volatile int sys;
	/** The exec itself failed, and not a step before it. */
	volatile int at_exec;
};

/** All that a child needs between vfork and exec, prepared by its parent: the child allocates nothing. */
struct again_launch {
	/** NULL-terminated: the paths to try in order, as execvp does. */
	char *const *paths;
	char *const *argv;
	/** argv for /bin/sh, which runs a file that is no binary and names no interpreter; its [1] is written by the child. */
	char **shell_argv;
	/** NULL-terminated. */
	char *const *envp;
	/** Dispositions that again has changed for itself. */
	struct sigaction pipe_action;
	struct sigaction file_size_action;
	bool own_group;
	pid_t parent;
	/** In memory that is shared with the child, so that it works where vfork copies (valgrind). */
	struct again_launch_failure *failure;
};

struct again_sys {
	const struct again_file_calls *files;
	int (*clock_gettime)(clockid_t clock, struct timespec *out);
	pid_t (*getpid)(void);
	pid_t (*getppid)(void);
	pid_t (*getpgrp)(void);
	pid_t (*tcgetpgrp)(int fd);
	int (*setpgid)(pid_t pid, pid_t group);
	int (*sigaction)(int signal, const struct sigaction *action, struct sigaction *out_old);
	int (*sigprocmask)(int how, const sigset_t *set, sigset_t *out_old);
	int (*signalfd)(int fd, const sigset_t *set, int flags);
	int (*kill)(pid_t pid, int signal);
	int (*pidfd_open)(pid_t pid);
	int (*pidfd_send_signal)(int pidfd, int signal);
	pid_t (*wait4)(pid_t pid, int *out_status, int options, struct rusage *out_usage);
	int (*waitid)(idtype_t type, id_t id, siginfo_t *out, int options);
	int (*become_subreaper)(void);
	int (*die_with_parent)(void);
	int (*ppoll)(struct pollfd *fds, nfds_t count, const struct timespec *timeout);
	int (*timerfd_create)(clockid_t clock, int flags);
	int (*timerfd_settime)(int fd, int flags, const struct itimerspec *value);
	ssize_t (*getdents)(int fd, void *buffer, size_t size);
	ssize_t (*getrandom)(void *buffer, size_t size);
	int (*gethostname)(char *out, size_t cap);
	/** Anonymous memory that a child shares; NULL and errno. */
	void *(*map_shared)(size_t size);
	int (*unmap)(void *memory, size_t size);
	int (*no_core_dump)(void);
	pid_t (*fork)(void);
	int (*execve)(const char *path, char *const *argv, char *const *envp);
	/** vfork and the child's way to exec; the child's pid, or -1 and errno. */
	pid_t (*spawn)(const struct again_sys *sys, const struct again_launch *launch);
};

/** The real calls. */
extern const struct again_sys again_sys_real;

#endif
