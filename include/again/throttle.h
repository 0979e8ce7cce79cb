/* SPDX-License-Identifier: MIT */
/*
 * Adaptive throttling: a client that sees its server refuse rejects a part of its own requests before sending them.
 *
 * SRE book, chapter 21 ("Handling Overload", client-side throttling): with the requests that this client wanted to make
 * and those that the server accepted, both of the last two minutes, a new request is rejected with the probability
 *
 *     p = max(0, (requests - k * accepts) / (requests + 1)), at most `most`
 *
 * Requests that were rejected here are counted as requests too: only so does the probability follow what users want.
 * The request that is decided on is not among `requests` yet. The window is told in tenths (window_ns / 10, rounded down)
 * from the clock's origin: the running tenth and the nine before it count. A clock that goes backwards counts in the
 * latest tenth that was seen. Counts of a tenth stay at 2^32 - 1.
 *
 * The arithmetic is exact: a draw of 64 bits rejects where draw * (requests + 1) < (requests - k * accepts) * 2^64, and
 * the draw is below most * 2^64.
 *
 * The rule is immutable once validated; the throttle is the state, the caller's, without a lock or a pointer inside.
 */
#ifndef AGAIN_THROTTLE_H
#define AGAIN_THROTTLE_H

#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fields are only ever appended; `size` says how many of them the caller knows. */
struct again_throttle_rule {
	/** sizeof the caller's struct; set by again_throttle_rule_init. */
	uint32_t size;
	/** No probability is above this, Q32, above 0; UINT32_MAX: no bound. */
	uint32_t most_q32;
	/** k, Q32, at least 1. Less throttles more. */
	uint64_t k_q32;
	/** At least 10 ns. */
	again_ns window_ns;
};

/** One tenth of the window. */
struct again_throttle_tenth {
	uint32_t requests;
	uint32_t accepts;
};

/** The state: 88 bytes. */
struct again_throttle {
	/** The latest tenth that was seen, counted from the clock's origin. */
	uint64_t tenth;
	/** That one, and the nine before it. */
	struct again_throttle_tenth tenths[10];
};

/** k = 2, two minutes, no bound. `size` is sizeof the caller's struct. */
AGAIN_API void again_throttle_rule_init(struct again_throttle_rule *rule, size_t size);

/**
 * Checks a rule. 0, or a negative enum again_code with *error filled: AGAIN_ERR_INVALID for a `size` that we do not know,
 * AGAIN_ERR_RANGE for a bad field. `error` may be NULL. What the others do with a rule that fails is undefined.
 */
AGAIN_API AGAIN_MUST_USE int again_throttle_rule_validate(const struct again_throttle_rule *rule,
                                                          struct again_error *error);

/** A throttle that has seen nothing; it rejects nothing. */
AGAIN_API void again_throttle_init(struct again_throttle *throttle);

/** The probability that a request would be rejected now, Q32, rounded down; UINT32_MAX at most. Changes nothing. */
AGAIN_API uint32_t again_throttle_reject_q32(const struct again_throttle *throttle,
                                             const struct again_throttle_rule *rule,
                                             again_ns now_ns);

/** Counts a request and decides on it by 64 random bits: 1 to send it, 0 to reject it. */
AGAIN_API AGAIN_MUST_USE int again_throttle_allow(struct again_throttle *throttle,
                                                  const struct again_throttle_rule *rule,
                                                  uint64_t draw, again_ns now_ns);

/** The server accepted a request that was allowed, whatever the answer was. */
AGAIN_API void again_throttle_accept(struct again_throttle *throttle,
                                     const struct again_throttle_rule *rule, again_ns now_ns);

#ifdef __cplusplus
}
#endif
#endif
