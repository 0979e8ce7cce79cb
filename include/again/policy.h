/* SPDX-License-Identifier: MIT */
/*
 * A retry policy: how long to wait, how often to try, when to stop. Immutable once validated; share it freely.
 *
 *     struct again_policy policy;
 *     again_policy_init(&policy, sizeof(policy));
 *     policy.max_retries = 8;
 *     policy.base_delay_ns = 100 * 1000 * 1000;
 *     struct again_error error = {0};
 *     if (again_policy_validate(&policy, &error) != 0) { … error.field, error.text … }
 *
 * The wait before retry n (n from 0) grows without jitter as
 *
 *     constant      base
 *     linear        base * (n + 1)
 *     exponential   base * factor^n
 *     fibonacci     base * F(n + 1), F = 1, 1, 2, 3, 5, …
 *     polynomial    base * (n + 1)^degree
 *     list          list[min(n, list_len - 1)]
 *
 * saturating, and is cut to e = min(max_delay, growth). The jitter then spreads it (uniform, both ends included):
 *
 *     none          e
 *     full          1 ns to e                                     (AWS Architecture Blog, 2015; never 0: it backs off)
 *     equal         e - e/2 to e                                  (same source)
 *     decorrelated  base to min(max_delay, 3 * the last delay)    (the ceiling first, as in Polly.Contrib and aws-c-io;
 *                                                                 a last delay below the base counts as the base, and so
 *                                                                 does that of the first wait, which has none)
 *     proportional  c * (1 - ratio) to c * (1 + ratio), c = min(growth, max_delay / (1 + ratio))
 *
 * So every delay is at most max_delay and at least 1 ns, and every jitter but none keeps its spread at the cap. Integers
 * only: ratios and factors are binary fixed point with 32 fraction bits (Q32), so each delay is the same on every
 * machine. The arithmetic is exact and then rounded so:
 *
 *     e/2           down
 *     proportional  c down (but 1 at least), its lower end up, its upper end down
 *     base*factor^n to the nearest ns, half up. It is found by squaring: value = base, square = factor; for each bit of n
 *                   from the lowest: if it is 1, value *= square; then square *= square. Each product keeps its 64
 *                   leading bits and the rest is cut off; so it is exact as long as 64 bits hold it (always for 2).
 */
#ifndef AGAIN_POLICY_H
#define AGAIN_POLICY_H

#include <again/rng.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the delay grows. New values may appear. */
enum again_backoff {
	AGAIN_BACKOFF_EXPONENTIAL = 0,
	AGAIN_BACKOFF_CONSTANT = 1,
	AGAIN_BACKOFF_LINEAR = 2,
	AGAIN_BACKOFF_FIBONACCI = 3,
	AGAIN_BACKOFF_POLYNOMIAL = 4,
	AGAIN_BACKOFF_LIST = 5
};

/** How the delay is spread. New values may appear. */
enum again_jitter {
	AGAIN_JITTER_EQUAL = 0,
	AGAIN_JITTER_NONE = 1,
	AGAIN_JITTER_FULL = 2,
	AGAIN_JITTER_DECORRELATED = 3,
	AGAIN_JITTER_PROPORTIONAL = 4
};

/** What is made of a server's hint. New values may appear. */
enum again_hint_use {
	/** delay = max(own, hint): the longer of the two. The growth goes on. */
	AGAIN_HINT_AT_LEAST = 0,
	/** The hint is not looked at, a refusal included. */
	AGAIN_HINT_IGNORE = 1,
	/** delay = hint, 0 included, and the growth starts anew (gRPC A6, cenkalti/backoff v5). */
	AGAIN_HINT_EXACT = 2,
	/** delay = max(own, min(hint, own + hint_max_ns)): a bad server cannot stall a client (AWS SDKs, 2026). */
	AGAIN_HINT_BOUNDED = 3
};

/** max_retries without a limit. 0 is no retry; the default is 5: three different things. */
#define AGAIN_UNLIMITED UINT32_MAX

/** 1.0 in fixed point with 32 fraction bits. */
#define AGAIN_Q32_ONE (UINT64_C(1) << 32)

/** The largest degree of a polynomial. */
#define AGAIN_DEGREE_MAX 8

/** The most delays in a list. */
#define AGAIN_LIST_MAX 256

/**
 * Fields are only ever appended; `size` says how many of them the caller knows, the others have their defaults. A size
 * that is less than the first published struct's or more than this library's is refused by again_policy_validate.
 */
struct again_policy {
	/** sizeof the caller's struct; set by again_policy_init. */
	uint32_t size;
	/** Retries after the first attempt, 0 to AGAIN_UNLIMITED. */
	uint32_t max_retries;
	/** An enum again_backoff. */
	uint32_t backoff;
	/** An enum again_jitter. */
	uint32_t jitter;
	/** Proportional jitter's ratio, Q32, above 0 and below 1. */
	uint32_t jitter_q32;
	/** The polynomial's degree, 1 to AGAIN_DEGREE_MAX. */
	uint32_t degree;
	/** The exponential's factor, Q32, at least 1. */
	uint64_t factor_q32;
	/** The first delay, above 0. Not used by a list. */
	again_ns base_delay_ns;
	/** No delay is above this, jitter included. Above 0; at least the base, if not for a list. AGAIN_NEVER: no cap. */
	again_ns max_delay_ns;
	/** Delays for AGAIN_BACKOFF_LIST, each above 0; borrowed, must outlive the policy. */
	const again_ns *list;
	/** How many they are, 1 to AGAIN_LIST_MAX. */
	uint32_t list_len;
	/** 1: an attempt that may have taken effect (AGAIN_CLASS_AMBIGUOUS) is tried again. 0: it is not. */
	uint32_t retry_ambiguous;
	/** The whole call's limit, counted from again_call_init. 0: no attempt starts. AGAIN_NEVER: none. */
	again_ns deadline_ns;
	/** One attempt's limit, above 0. AGAIN_NEVER: none. */
	again_ns attempt_timeout_ns;
	/** An attempt with less than this before the deadline is not worth its start. 0: any time above 0 is enough. */
	again_ns min_attempt_ns;
	/** An attempt that ran at least this long starts the growth anew (not the count), above 0. AGAIN_NEVER: never. */
	again_ns reset_after_ns;
	/** Before the first attempt: 0 to this, uniform; exactly this without jitter. Outside max_delay. */
	again_ns initial_delay_ns;
	/** An enum again_hint_use. */
	uint32_t hint_use;
	/** A hint is lengthened by up to this part of it, rounded down, uniform; Q32, below 1. Without jitter: not at all. */
	uint32_t hint_jitter_q32;
	/**
	 * Above 0. AT_LEAST and EXACT: a longer hint, before it is lengthened, ends the call (AGAIN_REASON_HINT_TOO_LONG).
	 * BOUNDED: what a hint, after it is lengthened, may add to the own delay. Outside max_delay. AGAIN_NEVER: no bound.
	 */
	again_ns hint_max_ns;
	/** The first delay where the server said that it is too much (AGAIN_CLASS_THROTTLED); not for a list. 0: base_delay_ns. */
	again_ns throttled_base_delay_ns;
};

/**
 * The defaults: 5 retries, exponential from 1 s by 2 up to 60 s, equal jitter (for others: degree 2, ratio 20 %), no
 * deadline, no limits; a hint is at least waited for, up to 1 h, plus up to 20 % of it. 20 % in Q32 are 858993459.
 * `size` is sizeof the caller's struct: that many bytes are written, no more; those that we do not know become 0.
 */
AGAIN_API void again_policy_init(struct again_policy *policy, size_t size);

/**
 * Checks a policy that was initialised and then changed. 0, or a negative enum again_code with *error filled
 * (error->field is the field's name in the struct): AGAIN_ERR_INVALID for a struct that we do not know (`size`,
 * `reserved`), AGAIN_ERR_RANGE for one bad field, AGAIN_ERR_CONFLICT for two that contradict. A field that the policy
 * does not use (degree without a polynomial) is checked all the same, but for list and list_len. The conflicts:
 *
 *     max_delay_ns    below base_delay_ns (not for a list); equal to it under decorrelated jitter, which leaves no spread
 *     jitter          decorrelated with another backoff than exponential, or with a factor that is not the default
 *     max_delay_ns    below throttled_base_delay_ns; equal to it under decorrelated jitter (not for a list)
 *     min_attempt_ns  above deadline_ns
 *
 * `error` may be NULL. What the other functions do with a policy that fails is undefined.
 */
AGAIN_API AGAIN_MUST_USE int again_policy_validate(const struct again_policy *policy,
                                                   struct again_error *error);

/** The un-jittered, capped delay before retry n, n from 0. No loop over n, at most one over its bits. */
AGAIN_API again_ns again_policy_growth(const struct again_policy *policy, uint32_t n);

/**
 * The range that the delay before retry n, n from 0, is drawn from, both ends included.
 * `last_delay_ns` is the delay before it (decorrelated jitter alone looks at it), 0 where there was none.
 */
AGAIN_API void again_policy_range(const struct again_policy *policy, uint32_t n,
                                  again_ns last_delay_ns, again_ns *out_least, again_ns *out_most);

/** The delay before retry n, n from 0: one number of again_policy_range, from one draw. */
AGAIN_API again_ns again_policy_delay(const struct again_policy *policy, uint32_t n,
                                      again_ns last_delay_ns, struct again_rng *rng);

#ifdef __cplusplus
}
#endif
#endif
