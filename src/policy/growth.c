// SPDX-License-Identifier: MIT
// The shapes of policy/growth.h that take more than a few instructions: powers, Fibonacci numbers, polynomials. @pure
//
// Nothing here loops over the retry's number: a power takes a step for each of its bits, and what reaches the cap anyway
// is told before that by one product.
#include "policy/growth.h"

#include "policy/pick.h"
#include "policy/saturate.h"

#include <stdbool.h>

/** F(93) is the last Fibonacci number below 2^64, F(24) below 2^16. */
#define FIBONACCI_LAST 93
#define FIBONACCI_SMALL 24

static const uint16_t fibonacci_small[FIBONACCI_SMALL + 1] = {
	0,   1,   1,   2,   3,    5,    8,    13,   21,    34,    55,    89,    144,
	233, 377, 610, 987, 1597, 2584, 4181, 6765, 10946, 17711, 28657, 46368,
};

/** A number above 0 as digits / 2^63 * 2^exponent, the top bit of the digits set: 64 significant bits at any size. */
struct scaled {
	uint64_t digits;
	int exponent;
};

static struct scaled scaled_from(uint64_t number, int exponent)
{
	int shift = __builtin_clzll(number);
	return (struct scaled){.digits = number << shift, .exponent = exponent + 63 - shift};
}

/** a * b, its 64 leading bits: what is cut off is far less than the Q32 factor itself is off. */
static struct scaled scaled_mul(struct scaled a, struct scaled b)
{
	again_u128 product = (again_u128)a.digits * b.digits;
	uint64_t high = (uint64_t)(product >> 64);
	int carry = (int)(high >> 63);
	return (struct scaled){
		.digits = carry != 0 ? high : (uint64_t)(product >> 63),
		.exponent = a.exponent + b.exponent + carry,
	};
}

/** The nearest whole number, half up, of one that is at least 1. */
static again_ns scaled_to_ns(struct scaled number)
{
	if (number.exponent >= 63) {
		return number.exponent == 63 ? number.digits : AGAIN_NEVER;
	}
	uint64_t twice = number.digits >> (62 - number.exponent);
	return (twice >> 1) + (twice & 1);
}

/** base * factor^n by squaring, from the lowest bit of n. */
static again_ns power(again_ns base, uint64_t factor_q32, uint32_t n)
{
	struct scaled value = scaled_from(base, 0);
	struct scaled square = scaled_from(factor_q32, -32);
	for (;;) {
		if ((n & 1) != 0) {
			value = scaled_mul(value, square);
		}
		n >>= 1;
		if (n == 0) {
			return scaled_to_ns(value);
		}
		square = scaled_mul(square, square);
	}
}

/**
 * Whether base * factor^n is the cap at least, by a bound from below: the factor is 2^k * (1 + f), log2(1 + f) is f at
 * least, so the power is at least base * 2^(n * (k + f)). Where f is not 0, log2(1 + f) is above f by 2^-34 or more, and
 * so the bound also holds for what `power` finds, which cuts off less than n * 2^-60 of it.
 */
static bool reaches(again_ns base, uint64_t factor_q32, uint32_t n, again_ns cap)
{
	int k = 31 - __builtin_clzll(factor_q32);
	// k + f, Q32: the factor shifted by k is 1 + f.
	uint64_t least_log2_q32 = (factor_q32 >> k) + ((uint64_t)(k - 1) << 32);
	uint64_t bits = (uint64_t)(((again_u128)least_log2_q32 * n) >> 32);
	return bits >= 64 || base > cap >> bits;
}

again_ns again_growth_power(again_ns base_ns, uint64_t factor_q32, uint32_t n, again_ns cap_ns)
{
	return reaches(base_ns, factor_q32, n, cap_ns) ? cap_ns : power(base_ns, factor_q32, n);
}

/** By doubling, from two that are known: F(2i) = F(i) * (2 F(i+1) - F(i)), F(2i+1) = F(i)^2 + F(i+1)^2. */
uint64_t again_fibonacci(uint64_t k)
{
	if (k > FIBONACCI_LAST) {
		return AGAIN_NEVER;
	}
	int bits = 0;
	while (k >> bits >= FIBONACCI_SMALL) {
		bits++;
	}
	// Modulo 2^64: the second of the last pair may not fit, the first always does.
	uint64_t here = fibonacci_small[k >> bits];
	uint64_t next = fibonacci_small[(k >> bits) + 1];
	while (bits > 0) {
		bits--;
		uint64_t even = here * (2 * next - here);
		uint64_t odd = here * here + next * next;
		bool is_odd = ((k >> bits) & 1) != 0;
		here = is_odd ? odd : even;
		next = is_odd ? even + odd : odd;
	}
	return here;
}

again_ns again_growth_polynomial(again_ns base_ns, uint64_t k, uint32_t degree)
{
	again_ns value = base_ns;
	uint64_t square = k;
	for (;;) {
		if ((degree & 1) != 0) {
			value = again_ns_mul(value, square);
		}
		degree >>= 1;
		if (degree == 0) {
			return value;
		}
		// Some bit will multiply by it: where it does not fit, the whole does not.
		square = again_ns_mul(square, square);
	}
}

again_ns again_policy_growth(const struct again_policy *policy, uint32_t n)
{
	return again_policy_spread(policy, policy->base_delay_ns, AGAIN_JITTER_NONE, n,
	                           /*last_delay_ns=*/0)
	        .most;
}
