// SPDX-License-Identifier: MIT
// A bucket of tokens (AGAIN_BUDGET_TOKENS): what is there, between 0 and the rule's capacity. @pure
//
// Time does not fill it; successes do. A retry that finds at least `least` but less than its cost takes what is there:
// so does aws-c-io with its last tokens, and so the balance is never negative.
#include "policy/budget_kinds.h"

void again_tokens_change(struct again_tokens *tokens, const struct again_budget_rule *rule,
                         int64_t change_mt)
{
	// Both are far from the type's ends: at most a capacity, and two amounts.
	int64_t balance_mt = (int64_t)tokens->balance_mt + change_mt;
	if (balance_mt < 0) {
		balance_mt = 0;
	}
	if (balance_mt > (int64_t)rule->capacity_mt) {
		balance_mt = rule->capacity_mt;
	}
	tokens->balance_mt = (uint64_t)balance_mt;
}

/** Under charge_failures: this retry, then each further one after one more failure. */
static uint32_t left_of_failures(uint32_t balance_mt, const struct again_budget_rule *rule,
                                 uint32_t cost_mt)
{
	uint32_t least_mt = again_budget_least(rule, cost_mt);
	if (balance_mt < least_mt) {
		return 0;
	}
	// The deposit of the first grant may find the bucket full, those after a failure do not.
	uint32_t most_mt = rule->capacity_mt - rule->deposit_retry_mt;
	uint32_t from_mt = balance_mt < most_mt ? balance_mt : most_mt;
	if (from_mt < least_mt) {
		return 1;
	}
	return 1 + (from_mt - least_mt) / (cost_mt - rule->deposit_retry_mt);
}

uint32_t again_tokens_left(const struct again_tokens *tokens, const struct again_budget_rule *rule,
                           uint32_t cost_mt)
{
	// A capacity fits 32 bits, and their division is the cheaper one.
	uint32_t balance_mt = (uint32_t)tokens->balance_mt;
	if (rule->charge_failures != 0) {
		return left_of_failures(balance_mt, rule, cost_mt);
	}
	uint32_t least_mt = again_budget_least(rule, cost_mt);
	uint32_t full_mt = least_mt > cost_mt ? least_mt : cost_mt;
	uint32_t left = 0;
	if (balance_mt >= full_mt) {
		uint32_t net_mt = cost_mt - rule->deposit_retry_mt;
		left = (balance_mt - full_mt) / net_mt + 1;
		balance_mt -= left * net_mt;
	}
	// One more may take what is less than its cost.
	return left + (balance_mt >= least_mt);
}

int again_tokens_try_withdraw(struct again_tokens *tokens, const struct again_budget_rule *rule,
                              uint32_t cost_mt, uint32_t *out_paid)
{
	uint64_t balance_mt = tokens->balance_mt;
	if (balance_mt < again_budget_least(rule, cost_mt)) {
		again_count(&tokens->refused);
		return 0;
	}
	uint64_t paid_mt = rule->charge_failures != 0 ? 0 : cost_mt;
	if (paid_mt > balance_mt) {
		paid_mt = balance_mt;
	}
	balance_mt += rule->deposit_retry_mt;
	balance_mt -= paid_mt;
	tokens->balance_mt = balance_mt < rule->capacity_mt ? balance_mt : rule->capacity_mt;
	again_count(&tokens->granted);
	*out_paid = (uint32_t)paid_mt; // at most cost_mt
	return 1;
}
