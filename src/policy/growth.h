// SPDX-License-Identifier: MIT
// How the delay grows, without jitter: the shapes of <again/policy.h>. @pure
//
// Each shape is a function of the retry's number that saturates at AGAIN_NEVER, and the cap comes after. None loops over
// that number: the 4 * 10^9th attempt costs what the tenth does. What takes a few instructions is inline here, for
// jitter.c alone; the rest is in growth.c.
#ifndef AGAIN_POLICY_GROWTH_H
#define AGAIN_POLICY_GROWTH_H

#include <again/policy.h>

#include "policy/saturate.h"

/** base * factor^n, or the cap where that is less. The factor is no power of two. */
again_ns again_growth_power(again_ns base_ns, uint64_t factor_q32, uint32_t n, again_ns cap_ns);

/** base * k^degree, k and the degree above 0. */
again_ns again_growth_polynomial(again_ns base_ns, uint64_t k, uint32_t degree);

/** F(k), F(1) = F(2) = 1; AGAIN_NEVER where it does not fit. */
uint64_t again_fibonacci(uint64_t k);

/** base * factor^n. A power of two, the default's case, is a shift, and exact as the other way is. */
static inline again_ns again_growth_exponential(const struct again_policy *policy, again_ns base_ns,
                                                uint32_t n)
{
	uint64_t factor_q32 = policy->factor_q32;
	if ((factor_q32 & (factor_q32 - 1)) != 0) {
		return again_growth_power(base_ns, factor_q32, n, policy->max_delay_ns);
	}
	uint64_t bits = (uint64_t)(__builtin_ctzll(factor_q32) - 32) * n;
	return bits < 64 && base_ns <= AGAIN_NEVER >> bits ? base_ns << bits : AGAIN_NEVER;
}

static inline again_ns again_growth_uncapped(const struct again_policy *policy, again_ns base_ns,
                                             uint32_t n)
{
	// Most policies have it: one branch instead of a jump by a table.
	if (policy->backoff == AGAIN_BACKOFF_EXPONENTIAL) {
		return again_growth_exponential(policy, base_ns, n);
	}
	uint64_t k = (uint64_t)n + 1;
	switch ((enum again_backoff)policy->backoff) {
	case AGAIN_BACKOFF_EXPONENTIAL:
		break;
	case AGAIN_BACKOFF_CONSTANT:
		return base_ns;
	case AGAIN_BACKOFF_LINEAR:
		return again_ns_mul(base_ns, k);
	case AGAIN_BACKOFF_FIBONACCI:
		return again_ns_mul(base_ns, again_fibonacci(k));
	case AGAIN_BACKOFF_POLYNOMIAL:
		return again_growth_polynomial(base_ns, k, policy->degree);
	case AGAIN_BACKOFF_LIST:
		return policy->list[n < policy->list_len ? n : policy->list_len - 1];
	}
	return AGAIN_NEVER;
}

static inline again_ns again_growth(const struct again_policy *policy, again_ns base_ns, uint32_t n)
{
	return again_ns_min(policy->max_delay_ns, again_growth_uncapped(policy, base_ns, n));
}

#endif
