// SPDX-License-Identifier: MIT
// What an attempt's end means: the success codes and the retry and stop rules. @pure
//
// A rule's condition is a set of ends, so "and" is an intersection and a condition that can never hold is an empty set.
#ifndef AGAIN_RUN_RULES_H
#define AGAIN_RUN_RULES_H

#include "base/event.h"

#include <again/call.h>

#include <stdbool.h>
#include <stdint.h>

/** Most --retry-on and --stop-on together. */
#define AGAIN_RULES_MAX 64

/** A set of ends of attempts. */
struct again_ends {
	/** Bit c % 64 of word c / 64: exit code c, 0 to 255. */
	uint64_t exits[4];
	/** Bit n - 1: death by signal n, 1 to 64, not sent by again. */
	uint64_t signals;
	/** Ended by again at a time limit. */
	bool timeout;
	/** No process could be made. */
	bool not_started;
};

struct again_rule {
	struct again_ends when;
	/** Retry, or else stop. */
	bool retry;
	/** As it was given: "stop-on exit:2". */
	const char *text;
};

struct again_rules {
	/** Exit codes that are successes. */
	struct again_ends success;
	/** First match wins. */
	struct again_rule rules[AGAIN_RULES_MAX];
	unsigned count;
};

/** Exit 0 is success, everything else is retried. */
void again_rules_init(struct again_rules *rules);

void again_ends_add_exit(struct again_ends *ends, unsigned code);
void again_ends_add_signal(struct again_ends *ends, unsigned number);

/** Every end that there is. */
struct again_ends again_ends_any(void);

struct again_ends again_ends_intersection(const struct again_ends *a, const struct again_ends *b);
bool again_ends_empty(const struct again_ends *ends);

/** Whether the attempt ended in one of these ways. An attempt that again ended at a time limit is a timeout and nothing else. */
bool again_ends_has(const struct again_ends *ends, const struct again_attempt *attempt);

/** Whether the attempt's end, its own, is a success. */
bool again_rules_success(const struct again_rules *rules, const struct again_attempt *attempt);

/**
 * The class of a finished attempt for the policy. *out_rule is the text of the rule that decided, NULL where none
 * matched: then the attempt is retried, unless there is a retry rule (which says that nothing else is).
 */
enum again_class again_rules_class(const struct again_rules *rules,
                                   const struct again_attempt *attempt, const char **out_rule);

#endif
