// SPDX-License-Identifier: MIT
// What the kinds of budgets share, and what budget.c asks each of them. @pure
//
// again_budget_would_grant is what a call checks before it draws a delay: the answer of again_budget_try_withdraw,
// without a division, a payment or a count. Whoever refuses a retry for it lets again_budget_try_withdraw say no once, so
// that the refusal is counted.
#ifndef AGAIN_POLICY_BUDGET_KINDS_H
#define AGAIN_POLICY_BUDGET_KINDS_H

#include <again/budget.h>
#include <again/call.h>

#include "policy/check.h"

#include <stdbool.h>

/** No tenth of a window counts further than this from 0, so that the sum of ten and a reserve always fits. */
#define AGAIN_WINDOW_CHANGE_MAX (INT64_MAX / 16)

/** What a retry after such a failure costs; under charge_failures: what the failure costs. */
static inline uint32_t again_budget_cost(const struct again_budget_rule *rule,
                                         uint32_t outcome_class)
{
	uint32_t own = 0;
	if (outcome_class == AGAIN_CLASS_TIMEOUT) {
		own = rule->cost_timeout_mt;
	} else if (outcome_class == AGAIN_CLASS_THROTTLED) {
		own = rule->cost_throttled_mt;
	}
	return own != 0 ? own : rule->cost_mt;
}

/** What must be there for a retry that costs `cost_mt`. */
static inline uint32_t again_budget_least(const struct again_budget_rule *rule, uint32_t cost_mt)
{
	return rule->least_mt != 0 ? rule->least_mt : cost_mt;
}

/** A count stays at its largest. */
static inline void again_count(uint32_t *count)
{
	*count += *count < UINT32_MAX;
}

/** Puts in, or takes out, as much as there is room for or is there. */
void again_tokens_change(struct again_tokens *tokens, const struct again_budget_rule *rule,
                         int64_t change_mt);
uint32_t again_tokens_left(const struct again_tokens *tokens, const struct again_budget_rule *rule,
                           uint32_t cost_mt);
int again_tokens_try_withdraw(struct again_tokens *tokens, const struct again_budget_rule *rule,
                              uint32_t cost_mt, uint32_t *out_paid);

void again_window_init(struct again_window *window, const struct again_budget_rule *rule,
                       again_ns now_ns);
/** Puts in, or takes out, at `now_ns`. */
void again_window_change(struct again_window *window, const struct again_budget_rule *rule,
                         int64_t change_mt, again_ns now_ns);
/** What is there at `now_ns`, the reserve included. Negative where the deposits were forgotten before the retries. */
int64_t again_window_balance(const struct again_window *window,
                             const struct again_budget_rule *rule, again_ns now_ns);
uint32_t again_window_left(const struct again_window *window, const struct again_budget_rule *rule,
                           uint32_t cost_mt, again_ns now_ns);
int again_window_try_withdraw(struct again_window *window, const struct again_budget_rule *rule,
                              uint32_t cost_mt, again_ns now_ns, uint32_t *out_paid);

/** Retries that may still start. */
uint32_t again_gauge_left(const struct again_gauge *gauge, const struct again_budget_rule *rule);
int again_gauge_try_withdraw(struct again_gauge *gauge, const struct again_budget_rule *rule,
                             uint32_t *out_paid);
/** A retry that paid `paid` is no longer in flight; 0 is none. */
void again_gauge_retry_ends(struct again_gauge *gauge, uint32_t paid);

/** Whether a retry after a failure of this class would be granted now. Changes nothing. */
static inline bool again_budget_would_grant(const union again_budget *budget,
                                            const struct again_budget_rule *rule,
                                            uint32_t outcome_class, again_ns now_ns)
{
	uint32_t least_mt = again_budget_least(rule, again_budget_cost(rule, outcome_class));
	switch ((enum again_budget_kind)rule->kind) {
	case AGAIN_BUDGET_NONE:
		return true;
	case AGAIN_BUDGET_TOKENS:
		return budget->tokens.balance_mt >= least_mt;
	case AGAIN_BUDGET_WINDOW:
		return again_window_balance(&budget->window, rule, now_ns) >= (int64_t)least_mt;
	case AGAIN_BUDGET_CONCURRENCY:
		return again_gauge_left(&budget->gauge, rule) > 0;
	}
	again_check(false);
	return false;
}

#endif
