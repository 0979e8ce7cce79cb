// SPDX-License-Identifier: MIT
// How the delay is spread: the range of each jitter, and one draw from it. @pure
//
// The range is made within the cap first and drawn from afterwards. To clamp the sample instead, as most libraries do,
// puts up to 100 % of the delays of a long outage on the cap itself: the herd is back when it hurts most.
#include <again/policy.h>

#include "policy/growth.h"
#include "policy/pick.h"
#include "policy/saturate.h"

/** The ceiling first, as in Polly.Contrib and aws-c-io. The first wait has the base for its predecessor. */
static struct again_range decorrelated(const struct again_policy *policy, again_ns base_ns,
                                       again_ns last_delay_ns)
{
	again_ns last = again_ns_max(last_delay_ns, base_ns);
	return (struct again_range){
		.least = base_ns,
		.most = again_ns_min(policy->max_delay_ns, again_ns_mul(last, 3)),
	};
}

/**
 * max_delay * 2^32 / (2^32 + r), rounded down. 31 bits at once are what is left of 64 beside a rest of 33, then one more: a
 * 128-bit division would call the compiler's runtime, and each division is a good part of the decision's time.
 */
static again_ns center_at_cap(again_ns max_delay_ns, uint64_t above_q32)
{
	again_ns whole = max_delay_ns / above_q32;
	uint64_t rest = (max_delay_ns % above_q32) << 31;
	again_ns half = (whole << 31) + rest / above_q32;
	rest %= above_q32;
	return 2 * half + (2 * rest >= above_q32 ? 1 : 0);
}

/**
 * c * (1 - r) rounded up to c * (1 + r) rounded down, where c leaves room for r below the cap. The two ends are equally far
 * from c, for what the one is rounded the other is too.
 */
static struct again_range proportional(const struct again_policy *policy, again_ns delay)
{
	uint64_t above = AGAIN_Q32_ONE + policy->jitter_q32;
	again_ns center = delay;
	again_u128 most = ((again_u128)center * above) >> 32;
	if (most >= policy->max_delay_ns) {
		// A cap of 1 ns alone leaves nothing; r < 1 then rounds the range to that 1 ns.
		center = center_at_cap(policy->max_delay_ns, above);
		center += center == 0 ? 1 : 0;
		most = ((again_u128)center * above) >> 32;
	}
	return (struct again_range){.least = 2 * center - (again_ns)most, .most = (again_ns)most};
}

// Not to be copied into its callers in parts: they are many, and none is faster for it.
[[gnu::noinline]] struct again_range again_policy_spread(const struct again_policy *policy,
                                                         again_ns base_ns, uint32_t jitter,
                                                         uint32_t n, again_ns last_delay_ns)
{
	if (jitter == AGAIN_JITTER_DECORRELATED) {
		return decorrelated(policy, base_ns, last_delay_ns);
	}
	again_ns delay = again_growth(policy, base_ns, n);
	switch ((enum again_jitter)jitter) {
	case AGAIN_JITTER_EQUAL:
		return (struct again_range){.least = delay - delay / 2, .most = delay};
	case AGAIN_JITTER_FULL:
		return (struct again_range){.least = 1, .most = delay};
	case AGAIN_JITTER_PROPORTIONAL:
		return proportional(policy, delay);
	case AGAIN_JITTER_NONE:
	case AGAIN_JITTER_DECORRELATED:
		break;
	}
	return (struct again_range){.least = delay, .most = delay};
}

void again_policy_range(const struct again_policy *policy, uint32_t n, again_ns last_delay_ns,
                        again_ns *out_least, again_ns *out_most)
{
	struct again_range range = again_policy_spread(policy, policy->base_delay_ns,
	                                               policy->jitter, n, last_delay_ns);
	*out_least = range.least;
	*out_most = range.most;
}

again_ns again_policy_delay(const struct again_policy *policy, uint32_t n, again_ns last_delay_ns,
                            struct again_rng *rng)
{
	return again_policy_pick(policy, policy->base_delay_ns, n, last_delay_ns,
	                         again_rng_next(rng));
}
