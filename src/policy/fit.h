// SPDX-License-Identifier: MIT
// What the deadline leaves an attempt that starts then: call.c and hedge.c ask the same. @pure
#ifndef AGAIN_POLICY_FIT_H
#define AGAIN_POLICY_FIT_H

#include <again/call.h>
#include <again/policy.h>

#include "base/number.h"
#include "policy/saturate.h"

#include <stdbool.h>

/** AGAIN_NEVER without a deadline, 0 where it is over by then. */
static inline again_ns again_call_left(const struct again_call *call, again_ns start_ns)
{
	return call->deadline_at_ns != AGAIN_NEVER ? again_ns_sub(call->deadline_at_ns, start_ns)
	                                           : AGAIN_NEVER;
}

/** An attempt needs some time, and at least what the policy says. */
static inline bool again_call_fits(const struct again_call *call, const struct again_policy *policy,
                                   again_ns start_ns)
{
	again_ns left_ns = again_call_left(call, start_ns);
	return left_ns > 0 && left_ns >= policy->min_attempt_ns;
}

/** The attempt's limit. */
static inline again_ns again_call_limit(const struct again_call *call,
                                        const struct again_policy *policy, again_ns start_ns)
{
	return again_ns_min(policy->attempt_timeout_ns, again_call_left(call, start_ns));
}

#endif
