// SPDX-License-Identifier: MIT
// One attempt's process and everything that descends from it: start, reap, signal, kill.
#include "run/runner.h"
#include "run/tree.h"

#include "base/error.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>

#define MS UINT64_C(1'000'000)

/** While killing: how soon to look for processes that the last walk missed, at first and at most. */
#define ROUND_FIRST (5 * MS)
#define ROUND_MOST (100 * MS)

/** KILL needs a moment to work, even where --kill-after is 0. */
#define KILL_GRACE_LEAST (1000 * MS)

// In the foreground of a terminal the command must stay in our group, or it could not read from the terminal.
static bool in_foreground(const struct again_sys *sys)
{
	const int terminal = sys->files->open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
	if (terminal < 0) {
		return false;
	}
	const bool foreground = sys->tcgetpgrp(terminal) == sys->getpgrp();
	(void)sys->files->close(terminal);
	return foreground;
}

static void tell_environment(struct again_runner *runner)
{
	const again_ns deadline = runner->timers.deadline_boot_ns;
	const struct again_telling telling = {
		.attempt = runner->next.attempt,
		.max_retries = runner->policy->max_retries,
		.run_id = runner->config->facts->run_id,
		.last = runner->attempt.number > 0 ? &runner->attempt : NULL,
		.elapsed_ns = again_ns_sub(runner->now.boot_ns, runner->run_boot_ns),
		.deadline_at_ns = deadline,
		.remaining_ns = again_ns_sub(deadline, runner->now.boot_ns),
	};
	again_environment_tell(&runner->environment, &telling);
}

struct again_super_event again_attempt_start(struct again_runner *runner)
{
	tell_environment(runner);
	runner->launch.own_group = !in_foreground(runner->sys);
	runner->attempt = (struct again_attempt){
		.number = runner->next.attempt,
		.kind = AGAIN_END_NOT_STARTED,
		.started_utc_ns = again_runner_utc(runner),
	};
	runner->attempt_open = true;
	runner->killing = false;
	again_runner_read_clocks(runner);
	runner->attempt_boot_ns = runner->now.boot_ns;
	runner->attempt_mono_ns = runner->now.mono_ns;
	const pid_t child = runner->sys->spawn(runner->sys, &runner->launch);
	if (child < 0) {
		runner->attempt.sys = errno;
		return (struct again_super_event){.type = AGAIN_SUPER_NOT_STARTED};
	}
	runner->child = child;
	runner->timers.limit_mono_ns =
		again_ns_add(runner->now.mono_ns, runner->policy->attempt_timeout_ns);
	again_runner_tell(runner,
	                  (struct again_event){.type = AGAIN_EVENT_ATTEMPT_START, .pid = child});
	return (struct again_super_event){.type = AGAIN_SUPER_STARTED};
}

// What the wait status and the child's own word say of how it ended.
static void note_end(struct again_attempt *attempt, int status,
                     const struct again_launch_failure *failure)
{
	attempt->sys = failure->sys;
	if (failure->sys != 0 && failure->at_exec != 0) {
		attempt->kind = AGAIN_END_NOT_EXECUTED;
		attempt->code = failure->sys == ENOENT || failure->sys == ENOTDIR ? 127 : 126;
	} else if (failure->sys != 0) {
		attempt->kind = AGAIN_END_NOT_STARTED;
	} else if (WIFSIGNALED(status)) {
		attempt->kind = AGAIN_END_SIGNAL;
		attempt->signal = WTERMSIG(status);
	} else {
		attempt->kind = AGAIN_END_EXIT;
		attempt->code = WEXITSTATUS(status);
	}
}

static uint64_t microseconds(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1'000'000 + (uint64_t)time->tv_usec;
}

static struct again_super_event note_exit(struct again_runner *runner, int status,
                                          const struct rusage *usage)
{
	struct again_attempt *attempt = &runner->attempt;
	runner->child = 0;
	runner->timers.limit_mono_ns = AGAIN_NEVER;
	again_runner_read_clocks(runner);
	attempt->duration_ns = again_ns_sub(runner->now.mono_ns, runner->attempt_mono_ns);
	attempt->max_rss_bytes = (uint64_t)usage->ru_maxrss * 1024;
	attempt->user_us = microseconds(&usage->ru_utime);
	attempt->system_us = microseconds(&usage->ru_stime);
	note_end(attempt, status, runner->launch.failure);
	return (struct again_super_event){
		.type = AGAIN_SUPER_EXITED,
		.succeeded = again_rules_success(runner->config->rules, attempt),
	};
}

struct again_super_event again_attempt_reap(struct again_runner *runner)
{
	for (;;) {
		int status = 0;
		struct rusage usage;
		const pid_t pid = runner->sys->wait4(-1, &status, WNOHANG, &usage);
		if (pid > 0 && pid == runner->child) {
			return note_exit(runner, status, &usage);
		}
		if (pid == 0) {
			return (struct again_super_event){.type = AGAIN_SUPER_LEFT};
		}
		if (pid < 0 && errno == ECHILD && runner->child == 0) {
			return (struct again_super_event){.type = AGAIN_SUPER_EMPTY};
		}
		if (pid < 0 && errno != EINTR) {
			return again_runner_break(runner, "cannot wait for the command");
		}
	}
}

// With --kill-leftovers never, what earlier attempts have left is not ours to end: the walk begins at the attempt's own
// process, and finds nothing more once that is gone.
static struct again_tree_target target_of(const struct again_runner *runner)
{
	const bool only_child = runner->super.leftovers == AGAIN_LEFTOVERS_NEVER;
	return (struct again_tree_target){
		.root = only_child ? runner->child : runner->sys->getpid(),
		.child = runner->child,
		.child_leads = runner->launch.own_group,
	};
}

static void send(struct again_runner *runner, const struct again_tree_target *target, int signal,
                 bool telling)
{
	unsigned count = 0;
	if (target->root == 0) {
		return;
	}
	// A /proc that cannot be read is no error here: what it would have shown and what lives on is a survivor.
	(void)again_tree_send(runner->sys, target, signal, &count);
	if (telling && count > 0) {
		again_runner_tell(runner, (struct again_event){
						  .type = AGAIN_EVENT_SIGNAL,
						  .signal = signal,
						  .process_count = count,
					  });
	}
}

void again_attempt_send(struct again_runner *runner)
{
	struct again_tree_target target = target_of(runner);
	if (runner->super.send == runner->super.stop_signal && runner->stop_from_terminal) {
		target.skip_group = runner->sys->getpgrp();
	}
	send(runner, &target, runner->super.send, /*telling=*/true);
	if (runner->timers.grace_mono_ns == AGAIN_NEVER) {
		runner->timers.grace_mono_ns =
			again_ns_add(runner->now.mono_ns, runner->config->facts->kill_after_ns);
	}
}

static again_ns last_grace(const struct again_runner *runner)
{
	const again_ns grace = runner->config->facts->kill_after_ns;
	return grace > KILL_GRACE_LEAST ? grace : KILL_GRACE_LEAST;
}

void again_attempt_kill(struct again_runner *runner)
{
	const struct again_tree_target target = target_of(runner);
	send(runner, &target, SIGKILL, /*telling=*/!runner->killing);
	if (!runner->killing) {
		runner->killing = true;
		runner->round_ns = ROUND_FIRST;
		runner->timers.grace_mono_ns =
			again_ns_add(runner->now.mono_ns, last_grace(runner));
	}
	runner->timers.round_mono_ns = again_ns_add(runner->now.mono_ns, runner->round_ns);
	runner->round_ns = runner->round_ns * 2 < ROUND_MOST ? runner->round_ns * 2 : ROUND_MOST;
}

struct again_super_event again_attempt_rescue(struct again_runner *runner)
{
	const struct timespec pause = {.tv_nsec = (long)ROUND_FIRST};
	for (again_ns spent = 0; spent < last_grace(runner); spent += ROUND_FIRST) {
		const struct again_tree_target target = target_of(runner);
		send(runner, &target, SIGKILL, /*telling=*/false);
		const struct again_super_event event = again_attempt_reap(runner);
		const bool done =
			runner->super.leftovers == AGAIN_LEFTOVERS_NEVER && runner->child == 0;
		if (event.type == AGAIN_SUPER_EMPTY || done) {
			runner->super.exited = true;
			return (struct again_super_event){.type = AGAIN_SUPER_EMPTY};
		}
		(void)runner->sys->ppoll(/*fds=*/NULL, 0, &pause);
	}
	return (struct again_super_event){.type = AGAIN_SUPER_GRACE};
}
