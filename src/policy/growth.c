// SPDX-License-Identifier: MIT
// How the delay grows, without jitter: the shapes of <again/policy.h>. @pure
//
// Each shape is a function of the retry's number that saturates at AGAIN_NEVER, and the cap comes after. None loops
// over that number: the 4 * 10^9th attempt costs what the tenth does (powers and Fibonacci numbers by doubling).
#include <again/policy.h>

#include "policy/saturate.h"

#include <stdbool.h>

/** F(93) is the last Fibonacci number below 2^64. */
#define FIBONACCI_LAST 93

/** A number above 0 as digits * 2^exponent, the top bit of the digits set: 64 significant bits at any size. */
struct scaled {
	uint64_t digits;
	int exponent;
};

static struct scaled scaled_from(uint64_t number, int exponent)
{
	int shift = __builtin_clzll(number);
	return (struct scaled){.digits = number << shift, .exponent = exponent - shift};
}

/** a * b, its 64 leading bits: what is cut off is far less than the Q32 factor itself is off. */
static struct scaled scaled_mul(struct scaled a, struct scaled b)
{
	again_u128 product = (again_u128)a.digits * b.digits;
	int shift = 63 + (int)(product >> 127);
	return (struct scaled){
		.digits = (uint64_t)(product >> shift),
		.exponent = a.exponent + b.exponent + shift,
	};
}

/** The nearest whole number, half up, of one that is at least 1. */
static again_ns scaled_to_ns(struct scaled number)
{
	if (number.exponent >= 0) {
		return number.exponent == 0 ? number.digits : AGAIN_NEVER;
	}
	int shift = -number.exponent;
	return (number.digits >> shift) + ((number.digits >> (shift - 1)) & 1);
}

/** base * 2^(doublings * n): what `power` finds for such a factor, in a few instructions. It is the default's case. */
static again_ns shift(again_ns base, int doublings, uint32_t n)
{
	uint64_t bits = (uint64_t)doublings * n;
	return bits < 64 && base <= AGAIN_NEVER >> bits ? base << bits : AGAIN_NEVER;
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
		// It is 2^64 at least, and some bit of n will still multiply by it.
		if (square.exponent > 0) {
			return AGAIN_NEVER;
		}
	}
}

static again_ns exponential(again_ns base, uint64_t factor_q32, uint32_t n)
{
	if ((factor_q32 & (factor_q32 - 1)) == 0) {
		return shift(base, __builtin_ctzll(factor_q32) - 32, n);
	}
	return power(base, factor_q32, n);
}

/** F(k), F(1) = F(2) = 1, by doubling: F(2i) = F(i) * (2 F(i+1) - F(i)), F(2i+1) = F(i)^2 + F(i+1)^2. */
static uint64_t fibonacci(uint64_t k)
{
	if (k > FIBONACCI_LAST) {
		return AGAIN_NEVER;
	}
	// Modulo 2^64: the second of the last pair may not fit, the first always does.
	uint64_t here = 0;
	uint64_t next = 1;
	for (int bit = 6; bit >= 0; bit--) {
		uint64_t even = here * (2 * next - here);
		uint64_t odd = here * here + next * next;
		bool is_odd = ((k >> bit) & 1) != 0;
		here = is_odd ? odd : even;
		next = is_odd ? even + odd : odd;
	}
	return here;
}

static again_ns polynomial(again_ns base, uint64_t k, uint32_t degree)
{
	again_ns value = base;
	for (uint32_t i = 0; i < degree; i++) {
		value = again_ns_mul(value, k);
	}
	return value;
}

static again_ns uncapped(const struct again_policy *policy, uint32_t n)
{
	uint64_t k = (uint64_t)n + 1;
	switch ((enum again_backoff)policy->backoff) {
	case AGAIN_BACKOFF_EXPONENTIAL:
		return exponential(policy->base_delay_ns, policy->factor_q32, n);
	case AGAIN_BACKOFF_CONSTANT:
		return policy->base_delay_ns;
	case AGAIN_BACKOFF_LINEAR:
		return again_ns_mul(policy->base_delay_ns, k);
	case AGAIN_BACKOFF_FIBONACCI:
		return again_ns_mul(policy->base_delay_ns, fibonacci(k));
	case AGAIN_BACKOFF_POLYNOMIAL:
		return polynomial(policy->base_delay_ns, k, policy->degree);
	case AGAIN_BACKOFF_LIST:
		return policy->list[n < policy->list_len ? n : policy->list_len - 1];
	}
	return AGAIN_NEVER;
}

again_ns again_policy_growth(const struct again_policy *policy, uint32_t n)
{
	return again_ns_min(policy->max_delay_ns, uncapped(policy, n));
}
