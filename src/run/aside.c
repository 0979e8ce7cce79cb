// SPDX-License-Identifier: MIT
// The stand-in: passes signals to the process that works, and its end to whoever waits for us.
#include "run/aside.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

static bool has_children(const struct again_sys *sys)
{
	siginfo_t unused;
	memset(&unused, 0, sizeof(unused));
	return sys->waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// Goes on in the new process, which must not outlive its stand-in: KILL of the one that people see must end the work.
static int go_on(const struct again_sys *sys, pid_t stand_in, struct again_error *err)
{
	if (sys->die_with_parent() != 0) {
		return again_error_system(err, errno, "cannot tie the worker to its parent");
	}
	if (sys->getppid() != stand_in) {
		return again_error_system(err, ESRCH, "the parent is gone");
	}
	return 0;
}

// 1 once the worker has ended, with *out_aside; 0 while it has not; -1 with errno.
static int worker_ended(const struct again_sys *sys, pid_t worker, struct again_aside *out_aside)
{
	int status = 0;
	const pid_t got = sys->wait4(worker, &status, WNOHANG, /*usage=*/NULL);
	if (got <= 0) {
		return got == 0 || errno == EINTR ? 0 : -1;
	}
	out_aside->exit_code = WEXITSTATUS(status);
	if (WIFSIGNALED(status)) {
		out_aside->signal = WTERMSIG(status);
		out_aside->exit_code = 128 + WTERMSIG(status);
	}
	return 1;
}

static int stand_in(const struct again_sys *sys, const struct again_signals *signals, pid_t worker,
                    struct again_aside *out_aside)
{
	struct pollfd readable = {.fd = signals->fd, .events = POLLIN};
	int ended = 0;
	while ((ended = worker_ended(sys, worker, out_aside)) == 0) {
		(void)sys->ppoll(&readable, 1, /*timeout=*/NULL);
		struct again_signal signal;
		while (again_signals_read(signals, sys, &signal) > 0) {
			// What the terminal sent has reached the worker too: it is in the same group.
			if (signal.number != SIGCHLD && !signal.from_terminal) {
				(void)sys->kill(worker, signal.number);
			}
		}
	}
	return ended;
}

int again_step_aside(const struct again_sys *sys, const struct again_signals *signals,
                     struct again_aside *out_aside, struct again_error *err)
{
	*out_aside = (struct again_aside){0};
	if (!has_children(sys)) {
		return 0;
	}
	const pid_t self = sys->getpid();
	const pid_t worker = sys->fork();
	if (worker < 0) {
		return again_error_system(err, errno,
		                          "cannot fork away from children that were here before");
	}
	if (worker == 0) {
		return go_on(sys, self, err);
	}
	out_aside->stood_in = true;
	if (stand_in(sys, signals, worker, out_aside) < 0) {
		return again_error_system(err, errno,
		                          "cannot wait for the process that does the work");
	}
	return 0;
}
