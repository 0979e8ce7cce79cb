// SPDX-License-Identifier: MIT
// The integers of the policy room beyond base/number.h: 128-bit products and multiplication that saturates. @pure
//
// Every product of times goes through these, so that no delay can wrap: too much is AGAIN_NEVER, and then the cap.
#ifndef AGAIN_POLICY_SATURATE_H
#define AGAIN_POLICY_SATURATE_H

#include <again/types.h>

__extension__ typedef unsigned __int128 again_u128;

/** a * b, AGAIN_NEVER where that does not fit. */
static inline again_ns again_ns_mul(again_ns a, uint64_t b)
{
	again_ns product = 0;
	return __builtin_mul_overflow(a, b, &product) ? AGAIN_NEVER : product;
}

static inline again_ns again_ns_min(again_ns a, again_ns b)
{
	return a < b ? a : b;
}

static inline again_ns again_ns_max(again_ns a, again_ns b)
{
	return a > b ? a : b;
}

#endif
