// SPDX-License-Identifier: MIT
// What the tests of budgets share: rules that others have published, and a budget that is asked until it refuses.
#ifndef AGAIN_TESTS_BUDGET_KIT_H
#define AGAIN_TESTS_BUDGET_KIT_H

#include "policy_kit.h"

#define TOKEN UINT32_C(1000)

/** A budget with its rule, at a time. */
struct bench {
	struct again_budget_rule rule;
	union again_budget budget;
	again_ns now_ns;
	/** What the latest grant told. */
	uint32_t paid;
};

static inline struct again_budget_rule rule_of(enum again_budget_kind kind)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	rule.kind = (uint32_t)kind;
	return rule;
}

/** Full at first; a retry costs tokens, the first-try success gives some back. */
static inline struct again_budget_rule bucket(uint32_t capacity_mt, uint32_t cost_mt,
                                              uint32_t deposit_first_mt)
{
	struct again_budget_rule rule = rule_of(AGAIN_BUDGET_TOKENS);
	rule.capacity_mt = capacity_mt;
	rule.cost_mt = cost_mt;
	rule.deposit_first_mt = deposit_first_mt;
	return rule;
}

/** AWS SDKs, standard mode, 2018: 500 tokens, 5 a retry, 10 after a timeout; a success gives 1, or what was paid. */
static inline struct again_budget_rule aws_2018(void)
{
	struct again_budget_rule rule = bucket(500 * TOKEN, 5 * TOKEN, 1 * TOKEN);
	rule.cost_timeout_mt = 10 * TOKEN;
	rule.repay_last = 1;
	return rule;
}

/** AWS SDKs, 2026: 14 tokens a retry, 5 after throttling. */
static inline struct again_budget_rule aws_2026(void)
{
	struct again_budget_rule rule = bucket(500 * TOKEN, 14 * TOKEN, 1 * TOKEN);
	rule.cost_throttled_mt = 5 * TOKEN;
	rule.repay_last = 1;
	return rule;
}

/** gRPC A6 and userver (Yandex): a failure costs 1 token, a success gives `ratio_mt`; more than half must be there. */
static inline struct again_budget_rule grpc(uint32_t max_tokens, uint32_t ratio_mt)
{
	struct again_budget_rule rule = bucket(max_tokens * TOKEN, 1 * TOKEN, ratio_mt);
	rule.charge_failures = 1;
	rule.least_mt = max_tokens * TOKEN / 2 + 1;
	rule.deposit_later_mt = ratio_mt;
	return rule;
}

/** Finagle's and Linkerd's RetryBudget: so many thousandths of the calls, and 10 retries a second; ttl 10 s. */
static inline struct again_budget_rule finagle(uint32_t permille)
{
	struct again_budget_rule rule = rule_of(AGAIN_BUDGET_WINDOW);
	rule.window_ns = 10 * S;
	rule.capacity_mt = 10 * 10 * TOKEN;
	rule.cost_mt = 1 * TOKEN;
	rule.deposit_call_mt = permille;
	return rule;
}

/**
 * SRE book, chapter 21: retries below 10 % of the requests of two minutes. With n calls and r retries the balance is
 *
 *     1 + 100 n + 100 r - 1001 r = 1 + 100 n - 901 r,  and it must be at least 1:  100 n >= 901 r
 *
 * r / (n + r) < 1/10 is n >= 9 r + 1, so 100 n >= 900 r + 100, which is 100 n >= 901 r for every r up to 100. For more
 * it is a little stricter, never looser. n = r = 0 is granted: a call that began more than two minutes ago may retry.
 */
static inline struct again_budget_rule sre10(void)
{
	struct again_budget_rule rule = rule_of(AGAIN_BUDGET_WINDOW);
	rule.window_ns = 120 * S;
	rule.capacity_mt = 1;
	rule.least_mt = 1;
	rule.cost_mt = 1001;
	rule.deposit_call_mt = 100;
	rule.deposit_retry_mt = 100;
	return rule;
}

/** Envoy's retry_budget. */
static inline struct again_budget_rule envoy(uint32_t percent, uint32_t min_concurrency)
{
	struct again_budget_rule rule = rule_of(AGAIN_BUDGET_CONCURRENCY);
	rule.ratio_q32 = (uint32_t)Q32_PERCENT(percent);
	rule.min_concurrency = min_concurrency;
	return rule;
}

static inline void assert_rule_valid(const struct again_budget_rule *rule)
{
	struct again_error error = {0};
	int code = again_budget_rule_validate(rule, &error);
	check(code == 0, "%s: %s", error.field, error.text);
}

/** A new budget at time 0, in storage that was in use. */
static inline struct bench bench_of(struct again_budget_rule rule)
{
	struct bench bench = {.rule = rule};
	assert_rule_valid(&rule);
	memset(&bench.budget, 0xA5, sizeof(bench.budget));
	again_budget_init(&bench.budget, &bench.rule, bench.now_ns);
	return bench;
}

static inline uint32_t left(const struct bench *bench, enum again_class outcome_class)
{
	return again_budget_left(&bench->budget, &bench->rule, (uint32_t)outcome_class,
	                         bench->now_ns);
}

/** Asks for a retry; what was told before must agree. */
static inline bool withdraw(struct bench *bench, enum again_class outcome_class)
{
	uint32_t before = left(bench, outcome_class);
	uint32_t paid = 0xA5A5A5A5;
	int granted = again_budget_try_withdraw(&bench->budget, &bench->rule,
	                                        (uint32_t)outcome_class, bench->now_ns, &paid);
	assert_int_equal(granted, before > 0);
	if (granted == 1) {
		bench->paid = paid;
		return true;
	}
	assert_int_equal(paid, 0xA5A5A5A5);
	return false;
}

/** A failure, and the retry that is asked for because of it. */
static inline bool fails(struct bench *bench, enum again_class outcome_class)
{
	again_budget_failure(&bench->budget, &bench->rule, (uint32_t)outcome_class, bench->now_ns);
	return withdraw(bench, outcome_class);
}

/** Failures until a retry is refused; how many retries were granted. */
static inline uint32_t drain(struct bench *bench, enum again_class outcome_class)
{
	uint32_t granted = 0;
	while (fails(bench, outcome_class)) {
		granted++;
		assert_in_range(granted, 0, 1'000'000);
	}
	return granted;
}

static inline void succeed(struct bench *bench, uint32_t retries, uint32_t paid)
{
	again_budget_success(&bench->budget, &bench->rule, retries, paid, bench->now_ns);
}

static inline void refund(struct bench *bench, uint32_t paid)
{
	again_budget_refund(&bench->budget, &bench->rule, paid, bench->now_ns);
}

static inline void call_begins(struct bench *bench, uint32_t calls)
{
	for (uint32_t i = 0; i < calls; i++) {
		again_budget_call_begins(&bench->budget, &bench->rule, bench->now_ns);
	}
}

static inline void call_ends(struct bench *bench, uint32_t calls)
{
	for (uint32_t i = 0; i < calls; i++) {
		again_budget_call_ends(&bench->budget, &bench->rule);
	}
}

#endif
