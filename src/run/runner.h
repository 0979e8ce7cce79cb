// SPDX-License-Identifier: MIT
// The state of a run, shared by the files that do the supervisor's actions: attempt.c (start, reap, end), wait.c (timers
// and signals become events) and run.c (the loop, the policy's word, the verdict). No other file includes this.
#ifndef AGAIN_RUN_RUNNER_H
#define AGAIN_RUN_RUNNER_H

#include "run/command.h"
#include "run/environment.h"
#include "run/run.h"
#include "run/signals.h"

#include <again/call.h>

/** One reading of the clocks for each wake-up. */
struct again_clocks {
	/** CLOCK_BOOTTIME: waits and the deadline; it counts a suspended machine's time. */
	again_ns boot_ns;
	/** CLOCK_MONOTONIC: an attempt's limit and the graces; it does not. */
	again_ns mono_ns;
};

/** When something is due; AGAIN_NEVER: it is not armed. */
struct again_timers {
	again_ns due_boot_ns;
	again_ns deadline_boot_ns;
	again_ns limit_mono_ns;
	again_ns grace_mono_ns;
	again_ns round_mono_ns;
	/** A timerfd on CLOCK_BOOTTIME, made when it is first needed; -1: not yet. */
	int fd;
	/** What it is set to. */
	again_ns armed_boot_ns;
};

struct again_runner {
	const struct again_run_config *config;
	const struct again_sys *sys;
	const struct again_policy *policy;
	struct again_super super;
	struct again_call call;
	/** The policy's last word. */
	struct again_decision next;
	struct again_clocks now;
	struct again_timers timers;
	const struct again_signals *signals;
	struct again_command command;
	struct again_environment environment;
	struct again_launch launch;
	/** The current attempt, or the last one; number 0: none yet. */
	struct again_attempt attempt;
	/** Its end is not told yet. */
	bool attempt_open;
	/** Its process, while it is not reaped; 0 else. */
	pid_t child;
	bool stop_from_terminal;
	/** When the first signal to stop came. */
	again_ns stop_mono_ns;
	/** What happened at the same time as the last event, to be told next. */
	bool has_pending;
	struct again_super_event pending;
	bool killing;
	again_ns round_ns;
	again_ns run_boot_ns;
	again_ns attempt_boot_ns;
	again_ns attempt_mono_ns;
	again_ns hold_boot_ns;
	again_ns total_delay_ns;
	/** What broke the run. */
	struct again_error error;
};

void again_runner_read_clocks(struct again_runner *runner);
uint64_t again_runner_utc(const struct again_runner *runner);

/** Tells an event: its type and what else it holds are filled in by the caller, when and the facts here. */
void again_runner_tell(struct again_runner *runner, struct again_event event);

/** Remembers what broke and makes it an event. `what` is a literal. */
struct again_super_event again_runner_break(struct again_runner *runner, const char *what);

/** Starts the attempt that the policy has decided: STARTED or NOT_STARTED. */
struct again_super_event again_attempt_start(struct again_runner *runner);

/** Reaps what is dead, up to the attempt's own process: EXITED, LEFT, EMPTY or BROKEN. */
struct again_super_event again_attempt_reap(struct again_runner *runner);

/** Sends super.send to everything of the attempt. */
void again_attempt_send(struct again_runner *runner);

/** Sends KILL to everything of the attempt. */
void again_attempt_kill(struct again_runner *runner);

/** The last resort of a broken run: KILL and reap without timers or signals. EMPTY, or GRACE where something survives. */
struct again_super_event again_attempt_rescue(struct again_runner *runner);

/** Sleeps until something happens, and says what. */
struct again_super_event again_runner_wait(struct again_runner *runner);

#endif
