// SPDX-License-Identifier: MIT
// Adaptive throttling: the formula of <again/throttle.h>, in integers and exact. @pure
//
// Ten tenths of 32-bit counts are less than 2^36 requests, and k is less than 2^64: every product below fits 128 bits,
// and the one quotient that is told to people is made of two 64-bit divisions. A decision divides nothing.
#include <again/throttle.h>

#include "policy/check.h"
#include "policy/rule.h"
#include "policy/saturate.h"
#include "policy/slots.h"

#include <again/policy.h>

#include <stdbool.h>

/** sizeof the first struct that was published. */
#define FIRST_SIZE (offsetof(struct again_throttle_rule, window_ns) + sizeof(again_ns))

_Static_assert(sizeof(struct again_throttle_rule) == FIRST_SIZE,
               "a field was appended: see the head of policy.c");
_Static_assert(sizeof(struct again_throttle) <= 96, "the state of a throttle");

#define TENTHS \
	(sizeof(((struct again_throttle *)NULL)->tenths) / sizeof(struct again_throttle_tenth))

static const struct again_throttle_rule defaults = {
	.most_q32 = UINT32_MAX,
	.k_q32 = 2 * AGAIN_Q32_ONE,
	.window_ns = 120 * AGAIN_NS_PER_SECOND,
};

void again_throttle_rule_init(struct again_throttle_rule *rule, size_t size)
{
	again_rule_init(rule, size, &defaults, sizeof(defaults));
}

int again_throttle_rule_validate(const struct again_throttle_rule *rule, struct again_error *error)
{
	int code = again_rule_check_size(rule->size, FIRST_SIZE, sizeof(*rule), error);
	if (code != 0) {
		return code;
	}
	if (rule->most_q32 == 0) {
		return again_rule_bad_range(error, "most_q32", "most_q32 must be above 0");
	}
	if (rule->k_q32 < AGAIN_Q32_ONE) {
		return again_rule_bad_range(error, "k_q32", "k_q32 must be at least 1");
	}
	if (rule->window_ns < TENTHS) {
		return again_rule_bad_range(error, "window_ns", "window_ns must be at least 10 ns");
	}
	return 0;
}

void again_throttle_init(struct again_throttle *throttle)
{
	*throttle = (struct again_throttle){0};
}

/** How many tenths of the window have begun since the latest that was seen. */
static uint64_t begun(const struct again_throttle *throttle, const struct again_throttle_rule *rule,
                      again_ns now_ns)
{
	again_check(rule->window_ns >= TENTHS && rule->k_q32 >= AGAIN_Q32_ONE);
	return again_slots_begun(throttle->tenth, rule->window_ns / TENTHS, now_ns);
}

static void roll(struct again_throttle *throttle, const struct again_throttle_rule *rule,
                 again_ns now_ns)
{
	uint64_t new = begun(throttle, rule, now_ns);
	if (new > 0) {
		again_slots_shift(throttle->tenths, TENTHS, sizeof(throttle->tenths[0]), new);
		throttle->tenth += new;
	}
}

static void count(uint32_t *counter)
{
	*counter += *counter < UINT32_MAX ? 1 : 0;
}

/** A probability: excess_q32 / 2^32 / whole, 0 or more and below 1. */
struct odds {
	again_u128 excess_q32;
	uint64_t whole;
};

/** Of the first `tenths` of them, above 0. */
static inline struct odds odds_of(const struct again_throttle *throttle,
                                  const struct again_throttle_rule *rule, size_t tenths)
{
	// The first by itself: it was written to a moment ago, and a vector load would wait for that.
	uint64_t requests = throttle->tenths[0].requests;
	uint64_t accepts = throttle->tenths[0].accepts;
	for (size_t i = 1; i < tenths; i++) {
		requests += throttle->tenths[i].requests;
		accepts += throttle->tenths[i].accepts;
	}
	again_u128 wanted_q32 = (again_u128)requests << 32;
	again_u128 enough_q32 = (again_u128)accepts * rule->k_q32;
	return (struct odds){
		.excess_q32 = wanted_q32 > enough_q32 ? wanted_q32 - enough_q32 : 0,
		.whole = requests + 1,
	};
}

uint32_t again_throttle_reject_q32(const struct again_throttle *throttle,
                                   const struct again_throttle_rule *rule, again_ns now_ns)
{
	uint64_t gone = begun(throttle, rule, now_ns);
	if (gone >= TENTHS) {
		return 0;
	}
	struct odds odds = odds_of(throttle, rule, TENTHS - (size_t)gone);
	// excess_q32 / whole, which is below 2^32, by schoolbook division in two digits of 16 bits.
	uint64_t rest = (uint64_t)(odds.excess_q32 >> 32);
	uint64_t low = (uint64_t)odds.excess_q32 & UINT32_MAX;
	uint64_t upper = rest << 16 | low >> 16;
	uint64_t lower = upper % odds.whole << 16 | (low & UINT16_MAX);
	uint64_t quotient = upper / odds.whole << 16 | lower / odds.whole;
	return quotient < rule->most_q32 ? (uint32_t)quotient : rule->most_q32;
}

int again_throttle_allow(struct again_throttle *throttle, const struct again_throttle_rule *rule,
                         uint64_t draw, again_ns now_ns)
{
	roll(throttle, rule, now_ns);
	struct odds odds = odds_of(throttle, rule, TENTHS);
	count(&throttle->tenths[0].requests);
	bool is_bounded = rule->most_q32 != UINT32_MAX && draw >> 32 >= rule->most_q32;
	return is_bounded || (again_u128)draw * odds.whole >= odds.excess_q32 << 32;
}

void again_throttle_accept(struct again_throttle *throttle, const struct again_throttle_rule *rule,
                           again_ns now_ns)
{
	roll(throttle, rule, now_ns);
	count(&throttle->tenths[0].accepts);
}
