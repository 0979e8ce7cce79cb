// SPDX-License-Identifier: MIT
// What other libraries got wrong, or their users asked for, where hints, guards and calls meet: each a test named by its
// report. (Growth, jitter, limits, deadlines, budgets and breakers alone: the tests named after them.)
#include "policy_kit.h"

/** 500 tokens, 14 a retry, 5 if throttled: AWS SDKs, 2026. */
static struct again_budget_rule bucket(uint32_t capacity, uint32_t cost)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BUDGET_TOKENS;
	rule.capacity_mt = capacity * AGAIN_TOKEN_MT;
	rule.cost_mt = cost * AGAIN_TOKEN_MT;
	rule.repay_last = 1;
	rule.deposit_first_mt = AGAIN_TOKEN_MT;
	return rule;
}

static struct again_budget_rule envoy(uint32_t min_concurrency)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BUDGET_CONCURRENCY;
	rule.min_concurrency = min_concurrency;
	rule.ratio_q32 = (uint32_t)Q32_PERCENT(20);
	return rule;
}

/** A budget with its rule, and the guards that name them. Not to be copied. */
struct shared {
	struct again_budget_rule rule;
	union again_budget budget;
	struct again_guards guards;
};

static void share(struct shared *shared, struct again_budget_rule rule)
{
	shared->rule = rule;
	again_budget_init(&shared->budget, &shared->rule, /*now_ns=*/0);
	again_guards_init(&shared->guards, sizeof(shared->guards));
	shared->guards.budget_rule = &shared->rule;
	shared->guards.budget = &shared->budget;
	struct again_error error = {0};
	check(again_guards_validate(&shared->guards, &error) == 0, "%s: %s", error.field,
	      error.text);
}

static struct again_decision begin(struct again_call *call, const struct again_policy *policy,
                                   const struct again_guards *guards, uint64_t operation)
{
	struct again_decision decision = {0};
	again_call_init(call, policy, /*now_ns=*/0, /*seed=*/1, operation);
	again_call_begin(call, policy, guards, /*now_ns=*/0, &decision);
	return decision;
}

static struct again_decision end_of(struct again_call *call, const struct again_policy *policy,
                                    const struct again_guards *guards, uint32_t outcome_class)
{
	struct again_decision decision = {0};
	struct again_outcome outcome = {.outcome_class = outcome_class};
	again_call_next(call, policy, guards, &outcome, /*now_ns=*/0, &decision);
	return decision;
}

static struct again_decision hinted(struct again_call *call, const struct again_policy *policy,
                                    again_ns hint_ns)
{
	struct again_decision decision = {0};
	struct again_outcome outcome = {
		.outcome_class = AGAIN_CLASS_THROTTLED,
		.hint_kind = AGAIN_HINT_RELATIVE,
		.hint_ns = hint_ns,
	};
	again_call_next(call, policy, NULL, &outcome, /*now_ns=*/0, &decision);
	return decision;
}

/**
 * cenkalti/backoff #159: a Retry-After longer than the limit silently means no retries; ihrwein's is never stopped by it.
 * Here the call ends at once, with the reason and the wait that was asked for.
 */
static void test_cenkalti_159_hint_beyond_the_deadline(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE);
	policy.deadline_ns = 30 * S;
	assert_valid(&policy);
	struct again_call call;
	(void)begin(&call, &policy, NULL, 0);
	struct again_decision decision = hinted(&call, &policy, 29 * S);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(decision.delay_ns, 29 * S);
	decision = hinted(&call, &policy, 31 * S);
	assert_int_equal(decision.verb, AGAIN_VERB_STOP);
	assert_int_equal(decision.reason, AGAIN_REASON_WOULD_EXCEED_DEADLINE);
	assert_int_equal(decision.delay_ns, 31 * S);
}

/** botocore #3179; failsafe-go asks its budget after the sleep: a refusal costs no wait here. */
static void test_botocore_3179_budget_before_the_wait(void **)
{
	struct shared shared;
	share(&shared, bucket(10, 10));
	struct again_policy policy = default_policy();
	struct again_call call;
	(void)begin(&call, &policy, &shared.guards, 0);
	assert_int_equal(end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT).verb,
	                 AGAIN_VERB_RETRY);
	struct again_decision decision =
		end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT);
	assert_int_equal(decision.verb, AGAIN_VERB_STOP);
	assert_int_equal(decision.reason, AGAIN_REASON_BUDGET_EMPTY);
	assert_int_equal(decision.guard, AGAIN_GUARD_BUDGET);
	assert_int_equal(decision.delay_ns, 0);
	assert_int_equal(decision.not_before_ns, 0);
}

/** aws-sdk-kotlin #1318, grpc-go #7539: what the shared quota still gives is in every decision. */
static void test_kotlin_1318_the_quota_is_seen(void **)
{
	struct shared shared;
	share(&shared, bucket(30, 10));
	struct again_policy policy = default_policy();
	struct again_call call;
	(void)begin(&call, &policy, &shared.guards, 0);
	for (uint32_t left = 3; left-- > 0;) {
		struct again_decision decision =
			end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(decision.budget_left, left);
	}
	assert_int_equal(end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT).reason,
	                 AGAIN_REASON_BUDGET_EMPTY);
	assert_int_equal(shared.budget.tokens.granted, 3);
	assert_int_equal(shared.budget.tokens.refused, 1);
}

/** aws-c-io grants with what is left: 503 tokens at 10 are 51 retries. A retry is paid in full here or not made. */
static void test_aws_c_io_no_partial_grant(void **)
{
	struct shared shared;
	share(&shared, bucket(503, 10));
	struct again_policy policy = default_policy();
	policy.max_retries = AGAIN_UNLIMITED;
	struct again_call call;
	(void)begin(&call, &policy, &shared.guards, 0);
	uint32_t granted = 0;
	while (end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT).verb ==
	       AGAIN_VERB_RETRY) {
		granted++;
	}
	assert_int_equal(granted, 50);
	assert_int_equal(shared.budget.tokens.balance_mt, 3 * AGAIN_TOKEN_MT);
}

/** aws-sdk-go-v2 #3550: a quota that never refilled. A success after a retry repays it, one without gives a token. */
static void test_aws_sdk_go_3550_the_quota_refills(void **)
{
	struct shared shared;
	share(&shared, bucket(100, 10));
	struct again_policy policy = default_policy();
	struct again_call call;
	(void)begin(&call, &policy, &shared.guards, 0);
	(void)end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT);
	(void)end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT);
	assert_int_equal(shared.budget.tokens.balance_mt, 80 * AGAIN_TOKEN_MT);
	(void)end_of(&call, &policy, &shared.guards, AGAIN_CLASS_SUCCESS);
	assert_int_equal(shared.budget.tokens.balance_mt, 90 * AGAIN_TOKEN_MT);
	(void)begin(&call, &policy, &shared.guards, 1);
	(void)end_of(&call, &policy, &shared.guards, AGAIN_CLASS_SUCCESS);
	assert_int_equal(shared.budget.tokens.balance_mt, 91 * AGAIN_TOKEN_MT);
}

/** envoy #30205: a retry that still waits counts against the budget. */
static void test_envoy_30205_a_waiting_retry_counts(void **)
{
	struct shared shared;
	share(&shared, envoy(1));
	struct again_policy policy = default_policy();
	struct again_call first;
	struct again_call second;
	(void)begin(&first, &policy, &shared.guards, 0);
	(void)begin(&second, &policy, &shared.guards, 1);
	assert_int_equal(end_of(&first, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT).verb,
	                 AGAIN_VERB_RETRY);
	// The first is in its backoff and has not run.
	struct again_decision decision =
		end_of(&second, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT);
	assert_int_equal(decision.reason, AGAIN_REASON_BUDGET_EMPTY);
	assert_int_equal(decision.guard, AGAIN_GUARD_BUDGET);
}

/** envoy-mobile #811: a budget of the active requests shrinks as failures drain them. Calls count until they end here. */
static void test_envoy_mobile_811_the_budget_does_not_shrink(void **)
{
	struct shared shared;
	share(&shared, envoy(0));
	struct again_policy policy = default_policy();
	struct again_call calls[20];
	for (uint64_t i = 0; i < 20; i++) {
		(void)begin(&calls[i], &policy, &shared.guards, i);
	}
	// All fail at one moment. The refused ones end and are 16 less, so the four that run are still a fifth of 20 - 16 + …
	uint32_t granted = 0;
	for (uint64_t i = 0; i < 4; i++) {
		granted += end_of(&calls[i], &policy, &shared.guards, AGAIN_CLASS_TRANSIENT).verb ==
		           AGAIN_VERB_RETRY;
	}
	assert_int_equal(granted, 4);
	assert_int_equal(end_of(&calls[4], &policy, &shared.guards, AGAIN_CLASS_TRANSIENT).reason,
	                 AGAIN_REASON_BUDGET_EMPTY);
}

/** failsafe-go #139: the minimum was ignored, so a caller with little traffic got no retries. */
static void test_failsafe_go_139_little_traffic(void **)
{
	struct shared shared;
	share(&shared, envoy(3));
	struct again_policy policy = default_policy();
	struct again_call call;
	(void)begin(&call, &policy, &shared.guards, 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT).verb,
		                 AGAIN_VERB_RETRY);
	}
}

/** failsafe-go #141: a budget that ran out ended hedges that were running. It only stops new ones here. */
static void test_failsafe_go_141_hedges_run_on(void **)
{
	struct shared shared;
	share(&shared, bucket(10, 10));
	struct again_policy policy = default_policy();
	struct again_hedge_rule rule;
	again_hedge_rule_init(&rule, sizeof(rule));
	rule.most = 2;
	rule.delay_ns = 1 * S;
	struct again_call call;
	struct again_hedge hedge;
	(void)begin(&call, &policy, &shared.guards, 0);
	again_hedge_init(&hedge, &rule, /*now_ns=*/0);
	struct again_decision decision = {0};
	again_hedge_next(&hedge, &rule, &call, &policy, &shared.guards, 1 * S, &decision);
	assert_int_equal(decision.verb, AGAIN_VERB_HEDGE);
	assert_int_equal(decision.delay_ns, 0);
	assert_int_equal(decision.attempt, 1);
	again_hedge_next(&hedge, &rule, &call, &policy, &shared.guards, 2 * S, &decision);
	assert_int_equal(decision.verb, AGAIN_VERB_STOP);
	assert_int_equal(decision.reason, AGAIN_REASON_BUDGET_EMPTY);
	// The call is not over: what runs may still win.
	decision = end_of(&call, &policy, &shared.guards, AGAIN_CLASS_SUCCESS);
	assert_int_equal(decision.verb, AGAIN_VERB_SUCCEED);
	assert_int_equal(decision.attempt, 1);
}

/** dcdpr/jp PR #1080, libHttpClient PR #522: sessions with one Retry-After woke together. Jitter goes upward only. */
static void test_jp_1080_one_hint_for_all(void **)
{
	struct again_policy policy = default_policy();
	policy.base_delay_ns = 1 * MS;
	bool is_early = false;
	bool is_late = false;
	for (uint64_t session = 0; session < 1000; session++) {
		struct again_call call;
		(void)begin(&call, &policy, NULL, session);
		struct again_decision decision = hinted(&call, &policy, 30 * S);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(decision.guard, AGAIN_GUARD_HINT);
		check(decision.delay_ns >= 30 * S && decision.delay_ns <= 36 * S,
		      "session %" PRIu64 ", seed 1: %" PRIu64, session, decision.delay_ns);
		is_early = is_early || decision.delay_ns < 31 * S;
		is_late = is_late || decision.delay_ns > 35 * S;
	}
	assert_true(is_early && is_late);
}

/** openai-node #2580, vercel/ai #7656: an abort in the wait must end the call, and the retry that did not run costs nothing. */
static void test_openai_2580_abort_in_the_wait(void **)
{
	struct shared shared;
	share(&shared, bucket(100, 10));
	struct again_policy policy = default_policy();
	struct again_call call;
	(void)begin(&call, &policy, &shared.guards, 0);
	(void)end_of(&call, &policy, &shared.guards, AGAIN_CLASS_TRANSIENT);
	assert_int_equal(shared.budget.tokens.balance_mt, 90 * AGAIN_TOKEN_MT);
	struct again_outcome outcome = {
		.outcome_class = AGAIN_CLASS_CANCELLED,
		.started_ns = AGAIN_NEVER,
	};
	struct again_decision decision = {0};
	again_call_next(&call, &policy, &shared.guards, &outcome, /*now_ns=*/0, &decision);
	assert_int_equal(decision.verb, AGAIN_VERB_STOP);
	assert_int_equal(decision.reason, AGAIN_REASON_CANCELLED);
	assert_int_equal(shared.budget.tokens.balance_mt, 100 * AGAIN_TOKEN_MT);
}

/** tenacity #701: statistics of one thread showed up in another's. They are the caller's own struct here. */
static void test_tenacity_701_statistics_are_not_shared(void **)
{
	struct again_policy policy = default_policy();
	struct again_stats mine;
	struct again_stats others;
	again_stats_init(&mine);
	again_stats_init(&others);
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, NULL, 0);
	again_stats_add(&mine, &decision);
	decision = end_of(&call, &policy, NULL, AGAIN_CLASS_SUCCESS);
	again_stats_add(&mine, &decision);
	assert_int_equal(mine.calls, 1);
	assert_int_equal(others.calls, 0);
	assert_int_equal(others.attempts, 0);
}

/** Polly #287, #1449: calls that share a breaker are all stopped by what one of them found out. */
static void test_polly_1449_a_shared_breaker(void **)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BREAKER_CONSECUTIVE;
	rule.failures = 1;
	struct again_breaker breaker;
	again_breaker_init(&breaker);
	struct again_guards guards;
	again_guards_init(&guards, sizeof(guards));
	guards.breaker_rule = &rule;
	guards.breaker = &breaker;
	struct again_policy policy = default_policy();
	struct again_call first;
	struct again_call second;
	struct again_decision decision = begin(&first, &policy, &guards, 0);
	struct again_outcome outcome = {
		.outcome_class = AGAIN_CLASS_SERVER,
		.lease = decision.lease,
	};
	again_call_next(&first, &policy, &guards, &outcome, /*now_ns=*/0, &decision);
	assert_int_equal(decision.reason, AGAIN_REASON_BREAKER_OPEN);
	assert_int_equal(decision.attempt, 1);
	decision = begin(&second, &policy, &guards, 1);
	assert_int_equal(decision.verb, AGAIN_VERB_STOP);
	assert_int_equal(decision.reason, AGAIN_REASON_BREAKER_OPEN);
	assert_int_equal(decision.attempt, 0);
}

/** cadence #8238, minfrin/retry #21: no jitter unless it is found and switched on. It is the default here. */
static void test_cadence_8238_jitter_is_the_default(void **)
{
	struct again_policy policy = default_policy();
	again_ns one[5];
	again_ns other[5];
	assert_int_equal(again_call_plan(&policy, /*seed=*/1, 0, 5, one), 5);
	assert_int_equal(again_call_plan(&policy, /*seed=*/2, 0, 5, other), 5);
	for (size_t i = 0; i < 5; i++) {
		check(one[i] != other[i], "retry %zu of seeds 1 and 2: %" PRIu64, i, one[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cenkalti_159_hint_beyond_the_deadline),
		cmocka_unit_test(test_botocore_3179_budget_before_the_wait),
		cmocka_unit_test(test_kotlin_1318_the_quota_is_seen),
		cmocka_unit_test(test_aws_c_io_no_partial_grant),
		cmocka_unit_test(test_aws_sdk_go_3550_the_quota_refills),
		cmocka_unit_test(test_envoy_30205_a_waiting_retry_counts),
		cmocka_unit_test(test_envoy_mobile_811_the_budget_does_not_shrink),
		cmocka_unit_test(test_failsafe_go_139_little_traffic),
		cmocka_unit_test(test_failsafe_go_141_hedges_run_on),
		cmocka_unit_test(test_jp_1080_one_hint_for_all),
		cmocka_unit_test(test_openai_2580_abort_in_the_wait),
		cmocka_unit_test(test_tenacity_701_statistics_are_not_shared),
		cmocka_unit_test(test_polly_1449_a_shared_breaker),
		cmocka_unit_test(test_cadence_8238_jitter_is_the_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
