// SPDX-License-Identifier: MIT
// What the child is told: again's own environment, with the variables of this run and this attempt.
//
// Variables of an outer again that this one does not set itself are taken out, so that no attempt is told of the last
// failure of another run. Everything else passes untouched.
#ifndef AGAIN_RUN_ENVIRONMENT_H
#define AGAIN_RUN_ENVIRONMENT_H

#include "base/event.h"

#include <again/types.h>

enum again_variable {
	AGAIN_VARIABLE_ATTEMPT = 0,
	AGAIN_VARIABLE_MAX_ATTEMPTS,
	AGAIN_VARIABLE_RUN_ID,
	AGAIN_VARIABLE_LAST_EXIT,
	AGAIN_VARIABLE_LAST_SIGNAL,
	AGAIN_VARIABLE_LAST_REASON,
	AGAIN_VARIABLE_ELAPSED_MS,
	AGAIN_VARIABLE_REMAINING_MS,
	AGAIN_VARIABLE_DEADLINE_NS,
	AGAIN_VARIABLES
};

/** The longest "NAME=value" of ours, with its terminator. */
#define AGAIN_VARIABLE_MAX (24 + AGAIN_ATTEMPT_WORDS)

struct again_environment {
	/** NULL-terminated: what the next attempt gets. */
	char **vars;
	/** Where ours begin. */
	size_t inherited;
	char ours[AGAIN_VARIABLES][AGAIN_VARIABLE_MAX];
};

/** What the next attempt is to be told. */
struct again_telling {
	uint32_t attempt;
	/** The policy's max_retries, AGAIN_UNLIMITED: "unlimited". */
	uint32_t max_retries;
	const char *run_id;
	/** NULL before the first. */
	const struct again_attempt *last;
	again_ns elapsed_ns;
	/** On CLOCK_BOOTTIME; AGAIN_NEVER: no deadline. */
	again_ns deadline_at_ns;
	again_ns remaining_ns;
};

/** `inherited` is borrowed for the environment's life. */
[[nodiscard]] int again_environment_init(struct again_environment *environment,
                                         char *const *inherited, struct again_error *err);

void again_environment_tell(struct again_environment *environment,
                            const struct again_telling *telling);

void again_environment_fini(struct again_environment *environment);

#endif
