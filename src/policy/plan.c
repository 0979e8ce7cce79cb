// SPDX-License-Identifier: MIT
// What a policy will do: distributions of its delays and of their sum, and the chance of so many attempts. @pure
//
// Nothing here knows a formula of its own. Bounds come from again_policy_range, delays from again_policy_delay under the
// keys that calls draw with, chances from again_call_begin and again_call_next under a clock that is moved by hand. Only
// decorrelated jitter looks at the delay before: where a loop walks from retry to retry, it is for its sake.
#include <again/plan.h>

#include "base/number.h"
#include "policy/check.h"
#include "policy/saturate.h"
#include "policy/share.h"
#include "policy/splitmix.h"

#include <again/call.h>

#include <stdbool.h>
#include <string.h>

/** The stream of one call of the sample. */
static struct again_rng stream_of(uint64_t seed, size_t operation)
{
	return again_splitmix_split(again_splitmix_root(seed), operation);
}

/** The delay before retry n of that call: its key is the number of the attempt that has failed, as in call.c. */
static again_ns delay_of(const struct again_policy *policy, struct again_rng stream, uint32_t n,
                         again_ns last_delay_ns)
{
	struct again_rng rng = again_splitmix_split(stream, n < UINT32_MAX ? n + 1 : UINT32_MAX);
	return again_policy_delay(policy, n, last_delay_ns, &rng);
}

/** Restores the heap below `at`, whose children are heaps: the largest value is first. */
static void sift(again_ns *values, size_t count, size_t at)
{
	again_ns value = values[at];
	size_t child = 2 * at + 1;
	while (child < count) {
		child += child + 1 < count && values[child] < values[child + 1] ? 1 : 0;
		if (values[child] <= value) {
			break;
		}
		values[at] = values[child];
		at = child;
		child = 2 * at + 1;
	}
	values[at] = value;
}

/** Heapsort: in place, never worse than n log n. */
static void sort(again_ns *values, size_t count)
{
	for (size_t i = count / 2; i > 0; i--) {
		sift(values, count, i - 1);
	}
	for (size_t last = count - 1; last > 0; last--) {
		again_ns largest = values[0];
		values[0] = values[last];
		values[last] = largest;
		sift(values, last, 0);
	}
}

/** Rounded down. The sum is kept as a multiple of the count and a rest, for it can be longer than 64 bits. */
static again_ns mean(const again_ns *values, size_t count)
{
	again_ns whole = 0;
	again_ns rest = 0;
	for (size_t i = 0; i < count; i++) {
		whole += values[i] / count;
		rest += values[i] % count;
		if (rest >= count) {
			rest -= count;
			whole++;
		}
	}
	return whole;
}

/** The least value that `percent` of all do not exceed. */
static again_ns quantile(const again_ns *sorted, size_t count, size_t percent)
{
	return sorted[count / 100 * percent + (count % 100 * percent + 99) / 100 - 1];
}

/** Sorts the sample and tells what it is like. */
static void measure(again_ns *values, size_t count, again_ns least_ns, again_ns most_ns,
                    struct again_spread *out_spread)
{
	sort(values, count);
	*out_spread = (struct again_spread){
		.least_ns = least_ns,
		.most_ns = most_ns,
		.mean_ns = mean(values, count),
		.p05_ns = quantile(values, count, 5),
		.median_ns = quantile(values, count, 50),
		.p95_ns = quantile(values, count, 95),
		.p99_ns = quantile(values, count, 99),
	};
}

/** The sum of the delays before the retries from..upto - 1 of one call. *last_ns is the delay before them, and then theirs. */
static again_ns walk(const struct again_policy *policy, struct again_rng stream, uint64_t from,
                     uint64_t upto, again_ns *last_ns)
{
	again_ns sum_ns = 0;
	for (uint64_t n = from; n < upto; n++) {
		*last_ns = delay_of(policy, stream, (uint32_t)n, *last_ns);
		sum_ns = again_ns_add(sum_ns, *last_ns);
	}
	return sum_ns;
}

/** The shortest and the longest of them, and of their sum. The longest delay comes after the longest before it. */
struct bounds {
	again_ns least_ns;
	again_ns most_ns;
	again_ns least_sum_ns;
	again_ns most_sum_ns;
};

static void bound(const struct again_policy *policy, uint64_t from, uint64_t upto,
                  struct bounds *bounds)
{
	for (uint64_t n = from; n < upto; n++) {
		again_policy_range(policy, (uint32_t)n, bounds->most_ns, &bounds->least_ns,
		                   &bounds->most_ns);
		bounds->least_sum_ns = again_ns_add(bounds->least_sum_ns, bounds->least_ns);
		bounds->most_sum_ns = again_ns_add(bounds->most_sum_ns, bounds->most_ns);
	}
}

void again_plan_delay(const struct again_policy *policy, uint32_t n, uint64_t seed, again_ns *work,
                      size_t samples, struct again_spread *out_spread)
{
	again_check(samples > 0);
	uint64_t from = policy->jitter == AGAIN_JITTER_DECORRELATED ? 0 : n;
	uint64_t upto = (uint64_t)n + 1;
	struct bounds bounds = {0};
	for (size_t i = 0; i < samples; i++) {
		work[i] = 0;
		(void)walk(policy, stream_of(seed, i), from, upto, &work[i]);
	}
	bound(policy, from, upto, &bounds);
	measure(work, samples, bounds.least_ns, bounds.most_ns, out_spread);
}

void again_plan_delays(const struct again_policy *policy, uint32_t retries, uint64_t seed,
                       again_ns *work, size_t samples, struct again_spread *out_spreads)
{
	again_check(samples > 0);
	again_ns *sorted = work + samples;
	struct bounds bounds = {0};
	memset(work, 0, samples * sizeof(*work));
	for (uint64_t n = 0; n < retries; n++) {
		for (size_t i = 0; i < samples; i++) {
			(void)walk(policy, stream_of(seed, i), n, n + 1, &work[i]);
		}
		memcpy(sorted, work, samples * sizeof(*work));
		bound(policy, n, n + 1, &bounds);
		measure(sorted, samples, bounds.least_ns, bounds.most_ns, &out_spreads[n]);
	}
}

void again_plan_total(const struct again_policy *policy, uint32_t retries, uint64_t seed,
                      again_ns *work, size_t samples, struct again_spread *out_spread)
{
	again_check(samples > 0);
	struct bounds bounds = {0};
	for (size_t i = 0; i < samples; i++) {
		again_ns last_ns = 0;
		work[i] = walk(policy, stream_of(seed, i), 0, retries, &last_ns);
	}
	bound(policy, 0, retries, &bounds);
	measure(work, samples, bounds.least_sum_ns, bounds.most_sum_ns, out_spread);
}

/** Whether a call that only fails makes so many attempts. Its clock stands at 0 when it begins. */
static bool reaches(const struct again_policy *policy, uint32_t attempts, again_ns attempt_ns,
                    uint64_t seed, size_t operation)
{
	struct again_call call;
	struct again_decision next;
	again_call_init(&call, policy, /*now_ns=*/0, seed, operation);
	again_call_begin(&call, policy, /*guards=*/NULL, /*now_ns=*/0, &next);
	while (next.verb == AGAIN_VERB_RETRY && next.attempt < attempts) {
		again_ns limited_ns = again_ns_min(attempt_ns, next.attempt_timeout_ns);
		struct again_outcome outcome = {
			.outcome_class = AGAIN_CLASS_TRANSIENT,
			.started_ns = next.not_before_ns,
			.ended_ns = again_ns_add(next.not_before_ns, limited_ns),
		};
		again_call_next(&call, policy, /*guards=*/NULL, &outcome, outcome.ended_ns, &next);
	}
	return next.attempt >= attempts;
}

uint64_t again_plan_chance(const struct again_policy *policy, uint32_t attempts,
                           again_ns attempt_ns, uint64_t seed, size_t samples)
{
	again_check(samples > 0);
	size_t reaching = 0;
	for (size_t i = 0; i < samples; i++) {
		reaching += reaches(policy, attempts, attempt_ns, seed, i) ? 1 : 0;
	}
	return again_share_q32(reaching, samples);
}
