// SPDX-License-Identifier: MIT
// One command, run until it succeeds or must not be run again: the door to this room.
#ifndef AGAIN_RUN_RUN_H
#define AGAIN_RUN_RUN_H

#include "base/event.h"
#include "run/rules.h"
#include "run/signals.h"
#include "run/super.h"
#include "run/sys.h"

#include <again/policy.h>

struct again_run_config {
	const struct again_sys *sys;
	/** Opened before anything that a signal must not leave half done; stays the caller's. */
	const struct again_signals *signals;
	/** The facts hold the command and the policy. */
	const struct again_run_facts *facts;
	const struct again_rules *rules;
	/** The environment that attempts get, our variables apart, and the PATH in it (NULL: none). */
	char *const *environment;
	const char *search;
	enum again_leftovers leftovers;
	/** The exit code for every give-up; -1: the last attempt's own. */
	int give_up_code;
	again_event_fn *on_event;
	void *context;
};

/** What a run came to. */
struct again_run_result {
	/**
	 * This process only stood in for the one that did the work and told of it (run/aside.h): exit with exit_code, or
	 * die of the signal, and say nothing.
	 */
	bool stood_in;
	int exit_code;
	/** The signal to die of; 0: none. */
	int signal;
};

/**
 * Runs. 0 with *out_result once the run is over and its events are told (the last one holds the verdict); negative with
 * *err where nothing was run. From here on the process is a subreaper.
 */
[[nodiscard]] int again_run(const struct again_run_config *config,
                            struct again_run_result *out_result, struct again_error *err);

#endif
