/* SPDX-License-Identifier: MIT */
/*
 * What a policy will do, before anything runs: the distribution of each delay and of their sum, and the chance that so
 * many attempts fit its deadline.
 *
 * The bounds are exact. Everything else is read off a sample: `samples` calls of the very code that decides, under
 * the operations 0 to samples - 1 of one seed, so the same arguments give the same numbers everywhere. A share that is
 * read off n calls has a standard error of at most 0.5 / sqrt(n): 0.5 % for 10,000.
 *
 * The cost is that of the delays that are drawn, a few nanoseconds each, and of one sort of `samples` values for each
 * distribution. max_retries is looked at by again_plan_chance alone.
 */
#ifndef AGAIN_PLAN_H
#define AGAIN_PLAN_H

#include <again/policy.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A distribution of times. Sums saturate at AGAIN_NEVER. */
struct again_spread {
	/** No value is below or above these. */
	again_ns least_ns;
	again_ns most_ns;
	/** Of the sample: the mean, rounded down, and the least value that 5 %, half, 95 % and 99 % of it do not exceed. */
	again_ns mean_ns;
	again_ns p05_ns;
	again_ns median_ns;
	again_ns p95_ns;
	again_ns p99_ns;
};

/**
 * The delay before retry n, n from 0, if no hint comes and no attempt resets the growth. `work` is the caller's memory
 * for `samples` values, above 0; it is overwritten. Draws `samples` delays; under decorrelated jitter, where each follows
 * from the one before, samples * (n + 1).
 */
AGAIN_API void again_plan_delay(const struct again_policy *policy, uint32_t n, uint64_t seed,
                                again_ns *work, size_t samples, struct again_spread *out_spread);

/**
 * What again_plan_delay tells of each n below `retries`, at once: draws samples * retries delays under every jitter.
 * `work` has room for 2 * samples values.
 */
AGAIN_API void again_plan_delays(const struct again_policy *policy, uint32_t retries, uint64_t seed,
                                 again_ns *work, size_t samples, struct again_spread *out_spreads);

/**
 * The sum of the delays before the first `retries` retries; without the initial delay. Draws samples * retries delays;
 * for AGAIN_UNLIMITED that is for ever, so the caller names the number that matters.
 */
AGAIN_API void again_plan_total(const struct again_policy *policy, uint32_t retries, uint64_t seed,
                                again_ns *work, size_t samples, struct again_spread *out_spread);

/**
 * The chance, Q32 (AGAIN_Q32_ONE: certain), that a call under this policy makes at least `attempts` attempts, each of
 * which takes `attempt_ns` (or attempt_timeout_ns, if that is less) and fails: max_retries, the initial delay, the delays,
 * the deadline and min_attempt_ns are what again_call_next makes of them. `samples` is above 0. Makes at most
 * samples * attempts decisions.
 */
AGAIN_API uint64_t again_plan_chance(const struct again_policy *policy, uint32_t attempts,
                                     again_ns attempt_ns, uint64_t seed, size_t samples);

#ifdef __cplusplus
}
#endif
#endif
