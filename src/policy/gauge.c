// SPDX-License-Identifier: MIT
// A gauge (AGAIN_BUDGET_CONCURRENCY): retries in flight, against the calls in flight. @pure
//
// Neither count goes below 0: an end without a begin is not counted.
#include "policy/budget_kinds.h"

/**
 * max(min_concurrency, ratio * calls), rounded down, for the ratio as it was meant: Q32 may have cut up to half a unit from
 * it (0.2 of 5 calls would be 0), so half a unit is put back. That keeps any ratio of three decimals exact up to four
 * million calls.
 */
static uint32_t most_retries(const struct again_gauge *gauge, const struct again_budget_rule *rule)
{
	uint64_t scaled_q32 = (uint64_t)rule->ratio_q32 * gauge->calls + gauge->calls / 2;
	uint32_t most = (uint32_t)(scaled_q32 >> 32);
	return most > rule->min_concurrency ? most : rule->min_concurrency;
}

uint32_t again_gauge_left(const struct again_gauge *gauge, const struct again_budget_rule *rule)
{
	uint32_t most = most_retries(gauge, rule);
	return most > gauge->retries ? most - gauge->retries : 0;
}

int again_gauge_try_withdraw(struct again_gauge *gauge, const struct again_budget_rule *rule,
                             uint32_t *out_paid)
{
	if (again_gauge_left(gauge, rule) == 0) {
		again_count(&gauge->refused);
		return 0;
	}
	gauge->retries++;
	again_count(&gauge->granted);
	*out_paid = 1; // what tells a retry's end from that of a first attempt
	return 1;
}

void again_gauge_retry_ends(struct again_gauge *gauge, uint32_t paid)
{
	gauge->retries -= paid != 0 && gauge->retries > 0;
}
