// SPDX-License-Identifier: MIT
// The fields of a policy that came after its first struct: read through here alone, for a caller's may end before. @pure
//
// What is not there has its default, which policy.c gives to what is there. A valid size ends with a field (see
// policy.c), so whether the last byte is there tells of the whole.
#ifndef AGAIN_POLICY_NEWER_H
#define AGAIN_POLICY_NEWER_H

#include <again/call.h>
#include <again/policy.h>

#include <stddef.h>

/** 0.2, rounded half up. */
#define AGAIN_HINT_JITTER_DEFAULT UINT32_C(858993459)
#define AGAIN_HINT_MAX_DEFAULT (3600 * AGAIN_NS_PER_SECOND)

/** The end of a field, which is a valid size. */
#define AGAIN_POLICY_END(field) \
	(offsetof(struct again_policy, field) + sizeof(((struct again_policy *)NULL)->field))

/** sizeof the first struct that was published. */
#define AGAIN_POLICY_FIRST_SIZE AGAIN_POLICY_END(initial_delay_ns)

static inline uint32_t again_policy_hint_use(const struct again_policy *policy)
{
	return policy->size >= AGAIN_POLICY_END(hint_use) ? policy->hint_use
	                                                  : (uint32_t)AGAIN_HINT_AT_LEAST;
}

static inline uint32_t again_policy_hint_jitter(const struct again_policy *policy)
{
	return policy->size >= AGAIN_POLICY_END(hint_jitter_q32) ? policy->hint_jitter_q32
	                                                         : AGAIN_HINT_JITTER_DEFAULT;
}

static inline again_ns again_policy_hint_max(const struct again_policy *policy)
{
	return policy->size >= AGAIN_POLICY_END(hint_max_ns) ? policy->hint_max_ns
	                                                     : AGAIN_HINT_MAX_DEFAULT;
}

/** 0 where it is base_delay_ns. */
static inline again_ns again_policy_throttled_base(const struct again_policy *policy)
{
	return policy->size >= AGAIN_POLICY_END(throttled_base_delay_ns)
	               ? policy->throttled_base_delay_ns
	               : 0;
}

/** The first delay after an attempt of this class. */
static inline again_ns again_policy_base(const struct again_policy *policy, uint32_t outcome_class)
{
	again_ns throttled_ns =
		outcome_class == AGAIN_CLASS_THROTTLED ? again_policy_throttled_base(policy) : 0;
	return throttled_ns != 0 ? throttled_ns : policy->base_delay_ns;
}

#endif
