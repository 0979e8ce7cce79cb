// SPDX-License-Identifier: MIT
// The real system calls, and the only fork and vfork of the project.
//
// Where a C library has no name for a call that Linux 5.10 has (pidfd_open, pidfd_send_signal, getdents64), it is made by
// its number, so that glibc and musl build the same program.
#include "run/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int real_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int real_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, /*info=*/NULL, 0);
}

static int real_become_subreaper(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
}

static int real_die_with_parent(void)
{
	return prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
}

static int real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout)
{
	return ppoll(fds, count, timeout, /*mask=*/NULL);
}

static int real_timerfd_settime(int fd, int flags, const struct itimerspec *value)
{
	return timerfd_settime(fd, flags, value, /*old=*/NULL);
}

static ssize_t real_getdents(int fd, void *buffer, size_t size)
{
	return syscall(SYS_getdents64, fd, buffer, size);
}

static ssize_t real_getrandom(void *buffer, size_t size)
{
	return getrandom(buffer, size, GRND_NONBLOCK);
}

static void *real_map_shared(size_t size)
{
	void *memory = mmap(/*addr=*/NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                    -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static int real_no_core_dump(void)
{
	const struct rlimit none = {0, 0};
	return setrlimit(RLIMIT_CORE, &none);
}

// exec as execvp does it, without its allocation: each path in turn, /bin/sh for a text file, and of all the failures the
// most telling. Returns the errno.
static int exec_paths(const struct again_sys *sys, const struct again_launch *launch)
{
	int telling = ENOENT;
	for (char *const *path = launch->paths; *path != NULL; path++) {
		(void)sys->execve(*path, launch->argv, launch->envp);
		if (errno == ENOEXEC) {
			launch->shell_argv[1] = *path;
			(void)sys->execve("/bin/sh", launch->shell_argv, launch->envp);
			return ENOEXEC; // it is there, and nothing runs it
		}
		switch (errno) {
		case EACCES:
			telling = EACCES;
			break;
		case ENOENT:
		case ENOTDIR:
		case ESTALE:
		case ENODEV:
		case ETIMEDOUT:
			break;
		default:
			return errno;
		}
	}
	return telling;
}

// Runs in the child, in its parent's memory: async-signal-safe calls only, and it writes nothing but the failure.
// Dispositions are reset before the mask is, so that no signal meets again's own.
static int child_prepare(const struct again_sys *sys, const struct again_launch *launch)
{
	if (sys->sigaction(SIGPIPE, &launch->pipe_action, NULL) != 0 ||
	    sys->sigaction(SIGXFSZ, &launch->file_size_action, NULL) != 0) {
		return errno;
	}
	if (launch->own_group && sys->setpgid(0, 0) != 0) {
		return errno;
	}
	if (sys->die_with_parent() != 0) {
		return errno;
	}
	if (sys->getppid() != launch->parent) {
		return ESRCH; // again was killed between vfork and the line above
	}
	sigset_t none;
	sigemptyset(&none);
	return sys->sigprocmask(SIG_SETMASK, &none, NULL) != 0 ? errno : 0;
}

[[gnu::noreturn]] static void child_main(const struct again_sys *sys,
                                         const struct again_launch *launch)
{
	int sys_errno = child_prepare(sys, launch);
	if (sys_errno == 0) {
		launch->failure->at_exec = 1;
		sys_errno = exec_paths(sys, launch);
	}
	launch->failure->sys = sys_errno;
	_exit(127);
}

static pid_t real_spawn(const struct again_sys *sys, const struct again_launch *launch)
{
	launch->failure->sys = 0;
	launch->failure->at_exec = 0;
	// No signal may stop the child before its exec: again would wait in vfork, deaf to everything.
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	if (sys->sigprocmask(SIG_SETMASK, &all, &before) != 0) {
		return -1;
	}
	const pid_t pid =
		vfork(); // NOLINT(clang-analyzer-security.insecureAPI.vfork): the copy of fork is its price
	if (pid == 0) {
		child_main(sys, launch);
	}
	const int reason = errno;
	(void)sys->sigprocmask(SIG_SETMASK, &before, NULL);
	errno = reason;
	return pid;
}

const struct again_sys again_sys_real = {
	.files = &again_file_calls_real,
	.clock_gettime = clock_gettime,
	.getpid = getpid,
	.getppid = getppid,
	.getpgrp = getpgrp,
	.tcgetpgrp = tcgetpgrp,
	.setpgid = setpgid,
	.sigaction = sigaction,
	.sigprocmask = sigprocmask,
	.signalfd = signalfd,
	.kill = kill,
	.pidfd_open = real_pidfd_open,
	.pidfd_send_signal = real_pidfd_send_signal,
	.wait4 = wait4,
	.waitid = waitid,
	.become_subreaper = real_become_subreaper,
	.die_with_parent = real_die_with_parent,
	.ppoll = real_ppoll,
	.timerfd_create = timerfd_create,
	.timerfd_settime = real_timerfd_settime,
	.getdents = real_getdents,
	.getrandom = real_getrandom,
	.gethostname = gethostname,
	.map_shared = real_map_shared,
	.unmap = munmap,
	.no_core_dump = real_no_core_dump,
	.fork = fork,
	.execve = execve,
	.spawn = real_spawn,
};
