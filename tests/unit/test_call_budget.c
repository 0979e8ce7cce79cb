// SPDX-License-Identifier: MIT
// A call and its budget: what failures, retries and successes do to it, what comes back, and what is in flight.
#include "call_kit.h"

/** gRPC A6: maxTokens 10: each failure takes one, and a retry needs more than half of them. Four retries from full. */
static void test_grpc_a6(void **)
{
	struct again_budget_rule rule = tokens_of(10, 1);
	rule.charge_failures = 1;
	rule.least_mt = 5001;
	rule.deposit_first_mt = 100;
	rule.deposit_later_mt = 100;
	struct world world;
	world_of_budget(&world, &rule);
	struct again_policy policy = plain();
	policy.max_retries = AGAIN_UNLIMITED;
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	for (uint32_t retry = 1; retry <= 4; retry++) {
		decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(world.budget.tokens.balance_mt, 10'000 - retry * 1000);
	}
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
	assert_end(&decision, AGAIN_REASON_BUDGET_EMPTY, 5);
	assert_int_equal(decision.guard, AGAIN_GUARD_BUDGET);
	assert_int_equal(decision.budget_left, 0);
	assert_int_equal(world.budget.tokens.balance_mt, 5000);
	// A success gives back a tenth: 5.1 are more than half again, but after one more failure they are not.
	decision = begin_under(&call, &policy, &world.guards, 0);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SUCCESS);
	assert_int_equal(world.budget.tokens.balance_mt, 5100);
	assert_int_equal(decision.budget_left, 0);
}

/** Under charge_failures each failure that could pass is paid, whatever else ends the call; no other is. */
static void test_failures_are_charged(void **)
{
	struct again_budget_rule rule = tokens_of(10, 1);
	rule.charge_failures = 1;
	struct world world;
	world_of_budget(&world, &rule);
	static const struct {
		enum again_class outcome_class;
		uint32_t hint_kind;
		uint32_t reason;
		uint32_t cost_mt;
	} cases[] = {
		{AGAIN_CLASS_TRANSIENT, AGAIN_HINT_NONE, AGAIN_REASON_EXHAUSTED, 1000},
		{AGAIN_CLASS_TIMEOUT, AGAIN_HINT_REFUSAL, AGAIN_REASON_EXHAUSTED, 1000},
		{AGAIN_CLASS_PERMANENT, AGAIN_HINT_NONE, AGAIN_REASON_NOT_RETRYABLE, 0},
		{AGAIN_CLASS_CANCELLED, AGAIN_HINT_NONE, AGAIN_REASON_CANCELLED, 0},
		{AGAIN_CLASS_AMBIGUOUS, AGAIN_HINT_NONE, AGAIN_REASON_AMBIGUOUS, 0},
		{AGAIN_CLASS_SUCCESS, AGAIN_HINT_NONE, AGAIN_REASON_SUCCESS, 0},
	};
	struct again_policy policy = plain();
	policy.max_retries = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again_budget_init(&world.budget, &world.budget_rule, 0);
		struct again_call call;
		(void)begin_under(&call, &policy, &world.guards, 0);
		struct again_outcome outcome = outcome_of(cases[i].outcome_class, 0, 0);
		outcome.hint_kind = cases[i].hint_kind;
		struct again_decision end = tell(&call, &policy, &world.guards, outcome, 0);
		assert_end(&end, cases[i].reason, 1);
		assert_int_equal(world.budget.tokens.balance_mt, 10'000 - cases[i].cost_mt);
	}
	policy.max_retries = 1;
	policy.retry_ambiguous = 1;
	again_budget_init(&world.budget, &world.budget_rule, 0);
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	(void)pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_AMBIGUOUS);
	assert_int_equal(world.budget.tokens.balance_mt, 9'000);
	(void)begin_under(&call, &policy, &world.guards, 0);
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_SERVER, 0, 0);
	outcome.hint_kind = AGAIN_HINT_REFUSAL;
	decision = tell(&call, &policy, &world.guards, outcome, 0);
	assert_end(&decision, AGAIN_REASON_SERVER_REFUSED, 1);
	assert_int_equal(world.budget.tokens.balance_mt, 8'000);
}

/** AWS SDKs, 2018: 500 tokens, 5 a retry, 10 after a timeout: 100 retries from full; the last one's cost is repaid. */
static void test_aws_2018(void **)
{
	struct again_budget_rule rule = tokens_of(500, 5);
	rule.cost_timeout_mt = 10'000;
	rule.deposit_first_mt = 1000;
	rule.repay_last = 1;
	struct world world;
	world_of_budget(&world, &rule);
	struct again_policy policy = plain();
	policy.max_retries = AGAIN_UNLIMITED;
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	for (uint32_t retry = 1; retry <= 100; retry++) {
		decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_TRANSIENT);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(decision.budget_left, 100 - retry);
	}
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_TRANSIENT);
	assert_end(&decision, AGAIN_REASON_BUDGET_EMPTY, 101);
	for (int i = 0; i < 30; i++) {
		decision = begin_under(&call, &policy, &world.guards, 0);
		(void)pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SUCCESS);
	}
	assert_int_equal(world.budget.tokens.balance_mt, 30'000);
	// A retry for 5, one for 10, success: the last cost comes back, and nothing else.
	decision = begin_under(&call, &policy, &world.guards, 0);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_TRANSIENT);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_TIMEOUT);
	assert_int_equal(world.budget.tokens.balance_mt, 15'000);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SUCCESS);
	assert_int_equal(world.budget.tokens.balance_mt, 25'000);
	assert_int_equal(decision.budget_left, 5);
}

/** Each way in which a call can go leaves no call and no retry in flight behind it. */
static void test_nothing_stays_in_flight(void **)
{
	struct again_budget_rule rule = in_flight_of(1);
	static const enum again_class ends[] = {AGAIN_CLASS_SUCCESS, AGAIN_CLASS_PERMANENT,
	                                        AGAIN_CLASS_CANCELLED, AGAIN_CLASS_AMBIGUOUS};
	struct again_policy policy = plain();
	for (uint32_t retries = 0; retries < 3; retries++) {
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			struct world world;
			world_of_budget(&world, &rule);
			struct again_call call;
			struct again_decision decision =
				begin_under(&call, &policy, &world.guards, 0);
			for (uint32_t retry = 0; retry < retries; retry++) {
				decision = pass(&call, &policy, &world.guards, &decision,
				                AGAIN_CLASS_SERVER);
				assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
				assert_int_equal(decision.budget_left, 0);
				assert_int_equal(world.budget.gauge.retries, 1);
				assert_int_equal(world.budget.gauge.calls, 1);
			}
			decision = pass(&call, &policy, &world.guards, &decision, ends[i]);
			assert_true(decision.verb != AGAIN_VERB_RETRY);
			assert_int_equal(decision.budget_left, 1);
			assert_int_equal(world.budget.gauge.retries, 0);
			assert_int_equal(world.budget.gauge.calls, 0);
			(void)pass(&call, &policy, &world.guards, &decision, ends[i]);
			assert_int_equal(world.budget.gauge.calls, 0);
		}
	}
}

/** The SRE book: deposits when calls begin, refused ones among them, and for each retry that is granted. */
static void test_deposits(void **)
{
	struct again_budget_rule rule = tokens_of(100, 10);
	rule.deposit_call_mt = 1000;
	rule.deposit_retry_mt = 1000;
	struct world world;
	world_of_budget(&world, &rule);
	world.budget.tokens.balance_mt = 20'000;
	struct again_policy policy = plain();
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	assert_int_equal(world.budget.tokens.balance_mt, 21'000);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
	assert_int_equal(world.budget.tokens.balance_mt, 12'000);
	// A retry that is not made puts nothing in.
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_CANCELLED, AGAIN_NEVER, 0);
	decision = tell(&call, &policy, &world.guards, outcome, 0);
	assert_end(&decision, AGAIN_REASON_CANCELLED, 1);
	assert_int_equal(world.budget.tokens.balance_mt, 21'000);
	policy.deadline_ns = 0;
	(void)begin_under(&call, &policy, &world.guards, 0);
	assert_int_equal(world.budget.tokens.balance_mt, 22'000);
}

/** Cancelled in the wait: the budget, the unit of the rate and the breaker's place come back. */
static void test_what_was_not_made_is_not_paid(void **)
{
	struct world world;
	world_init(&world);
	world.budget_rule = in_flight_of(3);
	again_budget_init(&world.budget, &world.budget_rule, 0);
	use_all(&world);
	world.breaker_rule.failures = 1;
	world.breaker_rule.open_ns = 5 * S;
	struct again_policy policy = plain();
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	again_breaker_report(&world.breaker, &world.breaker_rule, decision.lease,
	                     AGAIN_CLASS_SERVER, 0);
	assert_int_equal(again_breaker_state_at(&world.breaker, 0), AGAIN_BREAKER_OPEN);
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_SERVER, 0, 6 * S);
	outcome.lease = decision.lease;
	decision = tell(&call, &policy, &world.guards, outcome, 6 * S);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(world.breaker.probes_out, 1);
	assert_int_equal(world.rate.arrival_ns, 7 * S);
	assert_int_equal(world.budget.gauge.retries, 1);
	outcome = outcome_of(AGAIN_CLASS_CANCELLED, AGAIN_NEVER, 6 * S);
	outcome.lease = decision.lease;
	decision = tell(&call, &policy, &world.guards, outcome, 6 * S);
	assert_end(&decision, AGAIN_REASON_CANCELLED, 1);
	assert_int_equal(world.breaker.probes_out, 0);
	assert_int_equal(world.breaker.state, AGAIN_BREAKER_HALF_OPEN);
	// The rate's unit stays taken: it may have drained long since, and would then be one more than the rate allows.
	assert_int_equal(world.rate.arrival_ns, 7 * S);
	assert_int_equal(world.budget.gauge.retries, 0);
	assert_int_equal(world.budget.gauge.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grpc_a6),
		cmocka_unit_test(test_failures_are_charged),
		cmocka_unit_test(test_aws_2018),
		cmocka_unit_test(test_nothing_stays_in_flight),
		cmocka_unit_test(test_deposits),
		cmocka_unit_test(test_what_was_not_made_is_not_paid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
