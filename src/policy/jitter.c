// SPDX-License-Identifier: MIT
// How the delay is spread: the range of each jitter, and one draw from it. @pure
//
// The range is made within the cap first and drawn from afterwards. To clamp the sample instead, as most libraries do,
// puts up to 100 % of the delays of a long outage on the cap itself: the herd is back when it hurts most.
#include <again/policy.h>

#include "policy/pick.h"
#include "policy/saturate.h"
#include "policy/splitmix.h"

/** A range of delays, both ends included. */
struct range {
	again_ns least;
	again_ns most;
};

/** The ceiling first, as in Polly.Contrib and aws-c-io. The first wait has the base for its predecessor. */
static struct range decorrelated(const struct again_policy *policy, again_ns last_delay_ns)
{
	again_ns last = again_ns_max(last_delay_ns, policy->base_delay_ns);
	return (struct range){
		.least = policy->base_delay_ns,
		.most = again_ns_min(policy->max_delay_ns, again_ns_mul(last, 3)),
	};
}

/** max_delay / (1 + r), rounded down, by steps of 16 bits: a 128-bit division would call the compiler's runtime. */
static again_ns center_at_cap(again_ns max_delay_ns, uint64_t above_q32)
{
	again_ns quotient = max_delay_ns / above_q32;
	uint64_t rest = max_delay_ns % above_q32;
	for (int i = 0; i < 2; i++) {
		rest <<= 16;
		quotient = (quotient << 16) + rest / above_q32;
		rest %= above_q32;
	}
	return quotient;
}

/** c * (1 - r) rounded up to c * (1 + r) rounded down, where c leaves room for r below the cap. */
static struct range proportional(const struct again_policy *policy, again_ns delay)
{
	uint64_t above = AGAIN_Q32_ONE + policy->jitter_q32;
	uint64_t below = AGAIN_Q32_ONE - policy->jitter_q32;
	again_u128 center = delay;
	if ((center * above) >> 32 >= policy->max_delay_ns) {
		// A cap of 1 ns alone leaves nothing; r < 1 then rounds the range to that 1 ns.
		center = again_ns_max(center_at_cap(policy->max_delay_ns, above), 1);
	}
	return (struct range){
		.least = (again_ns)((center * below + UINT32_MAX) >> 32),
		.most = (again_ns)((center * above) >> 32),
	};
}

static struct range range_of(const struct again_policy *policy, uint32_t n, again_ns last_delay_ns)
{
	if (policy->jitter == AGAIN_JITTER_DECORRELATED) {
		return decorrelated(policy, last_delay_ns);
	}
	again_ns delay = again_policy_growth(policy, n);
	switch ((enum again_jitter)policy->jitter) {
	case AGAIN_JITTER_EQUAL:
		return (struct range){.least = delay - delay / 2, .most = delay};
	case AGAIN_JITTER_FULL:
		return (struct range){.least = 1, .most = delay};
	case AGAIN_JITTER_PROPORTIONAL:
		return proportional(policy, delay);
	case AGAIN_JITTER_NONE:
	case AGAIN_JITTER_DECORRELATED:
		break;
	}
	return (struct range){.least = delay, .most = delay};
}

void again_policy_range(const struct again_policy *policy, uint32_t n, again_ns last_delay_ns,
                        again_ns *out_least, again_ns *out_most)
{
	struct range range = range_of(policy, n, last_delay_ns);
	*out_least = range.least;
	*out_most = range.most;
}

again_ns again_policy_pick(const struct again_policy *policy, uint32_t n, again_ns last_delay_ns,
                           uint64_t draw)
{
	struct range range = range_of(policy, n, last_delay_ns);
	return again_splitmix_scale(draw, range.least, range.most);
}

again_ns again_policy_delay(const struct again_policy *policy, uint32_t n, again_ns last_delay_ns,
                            struct again_rng *rng)
{
	return again_policy_pick(policy, n, last_delay_ns, again_splitmix_next(rng));
}
