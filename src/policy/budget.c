// SPDX-License-Identifier: MIT
// A budget of any kind: the public functions, each of which asks the kind that the rule says. @pure
//
// What a kind does not have (time for a bucket, calls in flight for a window) is left out here, so the kinds stay plain
// arithmetic: tokens.c, window.c, gauge.c. A rule's kind is trusted: again_budget_rule_validate has seen it.
#include <again/budget.h>

#include "policy/budget_kinds.h"
#include "policy/check.h"

#include <stdbool.h>

_Static_assert(sizeof(struct again_tokens) == 16, "a bucket fits two words");
_Static_assert(sizeof(struct again_gauge) == 16, "a gauge fits two words");

/** Puts in, or takes out, where the kind has a balance. Nothing is no change: it does not tell the time either. */
static void change(union again_budget *budget, const struct again_budget_rule *rule,
                   int64_t change_mt, again_ns now_ns)
{
	if (change_mt == 0) {
		return;
	}
	if (rule->kind == AGAIN_BUDGET_TOKENS) {
		again_tokens_change(&budget->tokens, rule, change_mt);
	} else if (rule->kind == AGAIN_BUDGET_WINDOW) {
		again_window_change(&budget->window, rule, change_mt, now_ns);
	}
}

void again_budget_init(union again_budget *budget, const struct again_budget_rule *rule,
                       again_ns now_ns)
{
	switch ((enum again_budget_kind)rule->kind) {
	case AGAIN_BUDGET_NONE:
		return;
	case AGAIN_BUDGET_TOKENS:
		budget->tokens = (struct again_tokens){.balance_mt = rule->capacity_mt};
		return;
	case AGAIN_BUDGET_WINDOW:
		again_window_init(&budget->window, rule, now_ns);
		return;
	case AGAIN_BUDGET_CONCURRENCY:
		budget->gauge = (struct again_gauge){0};
		return;
	}
	again_check(false);
}

void again_budget_call_begins(union again_budget *budget, const struct again_budget_rule *rule,
                              again_ns now_ns)
{
	if (rule->kind == AGAIN_BUDGET_CONCURRENCY) {
		again_count(&budget->gauge.calls);
		return;
	}
	change(budget, rule, rule->deposit_call_mt, now_ns);
}

void again_budget_call_ends(union again_budget *budget, const struct again_budget_rule *rule)
{
	if (rule->kind == AGAIN_BUDGET_CONCURRENCY) {
		budget->gauge.calls -= budget->gauge.calls > 0;
	}
}

void again_budget_failure(union again_budget *budget, const struct again_budget_rule *rule,
                          uint32_t outcome_class, again_ns now_ns)
{
	if (rule->charge_failures != 0) {
		change(budget, rule, -(int64_t)again_budget_cost(rule, outcome_class), now_ns);
	}
}

uint32_t again_budget_left(const union again_budget *budget, const struct again_budget_rule *rule,
                           uint32_t outcome_class, again_ns now_ns)
{
	uint32_t cost_mt = again_budget_cost(rule, outcome_class);
	switch ((enum again_budget_kind)rule->kind) {
	case AGAIN_BUDGET_NONE:
		return UINT32_MAX;
	case AGAIN_BUDGET_TOKENS:
		return again_tokens_left(&budget->tokens, rule, cost_mt);
	case AGAIN_BUDGET_WINDOW:
		return again_window_left(&budget->window, rule, cost_mt, now_ns);
	case AGAIN_BUDGET_CONCURRENCY:
		return again_gauge_left(&budget->gauge, rule);
	}
	again_check(false);
	return 0;
}

int again_budget_try_withdraw(union again_budget *budget, const struct again_budget_rule *rule,
                              uint32_t outcome_class, again_ns now_ns, uint32_t *out_paid)
{
	uint32_t cost_mt = again_budget_cost(rule, outcome_class);
	switch ((enum again_budget_kind)rule->kind) {
	case AGAIN_BUDGET_NONE:
		*out_paid = 0;
		return 1;
	case AGAIN_BUDGET_TOKENS:
		return again_tokens_try_withdraw(&budget->tokens, rule, cost_mt, out_paid);
	case AGAIN_BUDGET_WINDOW:
		return again_window_try_withdraw(&budget->window, rule, cost_mt, now_ns, out_paid);
	case AGAIN_BUDGET_CONCURRENCY:
		return again_gauge_try_withdraw(&budget->gauge, rule, out_paid);
	}
	again_check(false);
	return 0;
}

void again_budget_refund(union again_budget *budget, const struct again_budget_rule *rule,
                         uint32_t paid, again_ns now_ns)
{
	if (rule->kind == AGAIN_BUDGET_CONCURRENCY) {
		again_gauge_retry_ends(&budget->gauge, paid);
		return;
	}
	// A window forgets by itself, and may have forgotten this payment long since.
	if (rule->kind == AGAIN_BUDGET_TOKENS) {
		// A retry that is not made is not among the requests either.
		change(budget, rule, (int64_t)paid - (int64_t)rule->deposit_retry_mt, now_ns);
	}
}

void again_budget_retry_ends(union again_budget *budget, const struct again_budget_rule *rule,
                             uint32_t paid)
{
	if (rule->kind == AGAIN_BUDGET_CONCURRENCY) {
		again_gauge_retry_ends(&budget->gauge, paid);
	}
}

void again_budget_success(union again_budget *budget, const struct again_budget_rule *rule,
                          uint32_t retries, uint32_t paid, again_ns now_ns)
{
	int64_t deposit_mt = rule->deposit_first_mt;
	if (retries > 0) {
		deposit_mt = rule->deposit_later_mt;
		deposit_mt += rule->repay_last != 0 ? (int64_t)paid : 0;
	}
	change(budget, rule, deposit_mt, now_ns);
}
