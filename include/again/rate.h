/* SPDX-License-Identifier: MIT */
/*
 * A rate limiter: GCRA, the generic cell rate algorithm (ITU-T I.371; the leaky bucket as a meter), in one 64-bit word.
 *
 * The word is the theoretical arrival time: when the next unit would come if all came at exactly the rate. A unit conforms
 * while that is at most (burst - 1) * interval_ns ahead of the clock. So the state never needs a refill, can be put into
 * one atomic word, and is right after any pause.
 *
 * In any time t, its ends included, at most burst + t / interval_ns units start. A clock that goes backwards gives nothing
 * extra: waits become longer by as much. Units whose arrival would not come before AGAIN_NEVER never conform.
 *
 * As a guard of a call it limits the retries that all calls make together, and refuses at once (SRE book, chapter 21: a
 * server-wide retry limit, for example 60 retries a minute, and beyond it the request fails). To pace starts instead, use
 * again_rate_reserve: it queues.
 */
#ifndef AGAIN_RATE_H
#define AGAIN_RATE_H

#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fields are only ever appended; `size` says how many of them the caller knows. */
struct again_rate_rule {
	/** sizeof the caller's struct; set by again_rate_rule_init. */
	uint32_t size;
	/** How many units may come at once, above 0. */
	uint32_t burst;
	/** One unit in so much time, above 0: 60 a minute are 1 s. burst * interval_ns must be below AGAIN_NEVER. */
	again_ns interval_ns;
};

/** The state: one word. 0 is a limiter that has not been used for long. */
struct again_rate {
	again_ns arrival_ns;
};

/** One unit a second, burst 1. `size` is sizeof the caller's struct. */
AGAIN_API void again_rate_rule_init(struct again_rate_rule *rule, size_t size);

/**
 * Checks a rule. 0, or a negative enum again_code with *error filled: AGAIN_ERR_INVALID for a `size` that we do not know,
 * AGAIN_ERR_RANGE for a bad field. `error` may be NULL. What the others do with a rule that fails is undefined.
 */
AGAIN_API AGAIN_MUST_USE int again_rate_rule_validate(const struct again_rate_rule *rule,
                                                      struct again_error *error);

/** A limiter with its whole burst. */
AGAIN_API void again_rate_init(struct again_rate *rate);

/** How long until `units` conform; 0: they do now, as 0 units always do. AGAIN_NEVER: more than the burst never do. */
AGAIN_API again_ns again_rate_wait(const struct again_rate *rate,
                                   const struct again_rate_rule *rule, uint32_t units,
                                   again_ns now_ns);

/** Takes `units` if they conform now: 1, else 0 and nothing is changed. Taking 0 units always succeeds. */
AGAIN_API AGAIN_MUST_USE int again_rate_take(struct again_rate *rate,
                                             const struct again_rate_rule *rule, uint32_t units,
                                             again_ns now_ns);

/**
 * Takes `units` in advance: 1, and *out_wait_ns is how long the caller has to wait for its turn (0 units: not at all). 0,
 * with nothing changed and *out_wait_ns not written, where that would be more than `most_wait_ns`, or never.
 */
AGAIN_API AGAIN_MUST_USE int again_rate_reserve(struct again_rate *rate,
                                                const struct again_rate_rule *rule, uint32_t units,
                                                again_ns most_wait_ns, again_ns now_ns,
                                                again_ns *out_wait_ns);

#ifdef __cplusplus
}
#endif
#endif
