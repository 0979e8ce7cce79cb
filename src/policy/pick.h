// SPDX-License-Identifier: MIT
// A delay from a draw that is already made: what call.c and jitter.c share. @pure
//
// Only what is short is inline: the range is found by one function, which is there once.
#ifndef AGAIN_POLICY_PICK_H
#define AGAIN_POLICY_PICK_H

#include <again/policy.h>

#include "policy/splitmix.h"

/** A range of delays, both ends included. */
struct again_range {
	again_ns least;
	again_ns most;
};

/** again_policy_range with another base and another enum again_jitter than the policy's. */
struct again_range again_policy_spread(const struct again_policy *policy, again_ns base_ns,
                                       uint32_t jitter, uint32_t n, again_ns last_delay_ns);

/**
 * again_policy_delay, with the draw by value, and with `base_ns` in the place of the policy's base_delay_ns: it is that,
 * or throttled_base_delay_ns.
 */
static inline again_ns again_policy_pick(const struct again_policy *policy, again_ns base_ns,
                                         uint32_t n, again_ns last_delay_ns, uint64_t draw)
{
	struct again_range range =
		again_policy_spread(policy, base_ns, policy->jitter, n, last_delay_ns);
	return again_splitmix_scale(draw, range.least, range.most);
}

#endif
