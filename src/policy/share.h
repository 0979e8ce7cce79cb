// SPDX-License-Identifier: MIT
// A part of a whole as a Q32 ratio: what plan.c and stats.c tell. @pure
#ifndef AGAIN_POLICY_SHARE_H
#define AGAIN_POLICY_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * part / whole, Q32, rounded down, for part <= whole; 0 where there is nothing. Bit by bit: a 128-bit division would call
 * the compiler's runtime.
 */
static inline uint64_t again_share_q32(uint64_t part, uint64_t whole)
{
	if (whole == 0) {
		return 0;
	}
	uint64_t quotient = part / whole;
	uint64_t rest = part % whole;
	for (int i = 0; i < 32; i++) {
		// The bit that a doubled rest has no room for says that it is more than any whole.
		bool above = rest >> 63 != 0;
		rest <<= 1;
		above = above || rest >= whole;
		rest -= above ? whole : 0;
		quotient = quotient << 1 | (above ? 1 : 0);
	}
	return quotient;
}

#endif
