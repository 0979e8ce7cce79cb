// SPDX-License-Identifier: MIT
// Hedges: when they start, what they pay, what stops them, and that they never stop what runs.
#include "call_kit.h"

static struct again_hedge_rule rule_of(uint32_t most, again_ns delay_ns)
{
	struct again_hedge_rule rule;
	struct again_error error = {0};
	again_hedge_rule_init(&rule, sizeof(rule));
	rule.most = most;
	rule.delay_ns = delay_ns;
	check(again_hedge_rule_validate(&rule, &error) == 0, "%s: %s", error.field, error.text);
	return rule;
}

/** An attempt that runs from 0 on, and its hedges. */
struct race {
	struct again_hedge_rule rule;
	struct again_hedge hedge;
	struct again_call call;
	struct again_policy policy;
	const struct again_guards *guards;
	struct again_decision first;
};

static void run(struct race *race, uint32_t most, again_ns delay_ns)
{
	race->rule = rule_of(most, delay_ns);
	race->first = begin_under(&race->call, &race->policy, race->guards, 0);
	assert_int_equal(race->first.verb, AGAIN_VERB_RETRY);
	again_hedge_init(&race->hedge, &race->rule, 0);
}

static struct again_decision ask(struct race *race, again_ns now_ns)
{
	struct again_decision decision;
	memset(&decision, 0xA5, sizeof(decision));
	again_hedge_next(&race->hedge, &race->rule, &race->call, &race->policy, race->guards,
	                 now_ns, &decision);
	assert_int_equal(decision.reserved, 0);
	return decision;
}

static void assert_waits(struct again_decision decision, again_ns delay_ns)
{
	assert_int_equal(decision.verb, AGAIN_VERB_HEDGE);
	assert_int_equal(decision.reason, AGAIN_REASON_NONE);
	assert_int_equal(decision.delay_ns, delay_ns);
	assert_int_equal(decision.attempt_timeout_ns, 0);
	assert_int_equal(decision.lease, 0);
}

static void assert_starts(struct again_decision decision, again_ns now_ns)
{
	assert_int_equal(decision.verb, AGAIN_VERB_HEDGE);
	assert_int_equal(decision.delay_ns, 0);
	assert_int_equal(decision.not_before_ns, now_ns);
	assert_true(decision.attempt_timeout_ns > 0);
}

static void assert_stops(struct again_decision decision, uint32_t reason, uint32_t guard)
{
	check(decision.reason == reason, "%s", again_reason_name(decision.reason));
	assert_int_equal(decision.verb, AGAIN_VERB_STOP);
	assert_int_equal(decision.guard, guard);
	assert_int_equal(decision.attempt_timeout_ns, 0);
	assert_int_equal(decision.lease, 0);
}

/** Two hedges, each so long after the latest start. */
static void test_times(void **)
{
	struct race race = {.policy = plain()};
	race.policy.attempt_timeout_ns = 9 * S;
	run(&race, 2, 3 * S);
	struct again_decision decision = ask(&race, 0);
	assert_waits(decision, 3 * S);
	assert_int_equal(decision.not_before_ns, 3 * S);
	assert_int_equal(decision.attempt, 1);
	assert_int_equal(decision.budget_left, UINT32_MAX);
	assert_waits(ask(&race, 1 * S), 2 * S);
	assert_waits(ask(&race, 3 * S - 1), 1);
	decision = ask(&race, 4 * S);
	assert_starts(decision, 4 * S);
	assert_int_equal(decision.attempt, 1);
	assert_int_equal(decision.attempt_timeout_ns, 9 * S);
	assert_waits(ask(&race, 4 * S), 3 * S);
	assert_starts(ask(&race, 7 * S), 7 * S);
	assert_stops(ask(&race, 7 * S), AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE);
	assert_stops(ask(&race, 100 * S), AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE);
	// It is the call's clock, and it is held.
	decision = next(&race.call, &race.policy, AGAIN_CLASS_SERVER, 8 * S);
	assert_int_equal(decision.not_before_ns, 101 * S);
	assert_int_equal(decision.attempt, 2);
	again_hedge_init(&race.hedge, &race.rule, 101 * S);
	decision = ask(&race, 50 * S);
	assert_waits(decision, 4 * S);
	assert_int_equal(decision.not_before_ns, 104 * S);
	assert_int_equal(decision.attempt, 2);
}

/** A hedge is no retry: a call without any has its hedges, and the growth does not move. */
static void test_hedges_are_not_counted(void **)
{
	struct race race = {.policy = plain()};
	race.policy.max_retries = 1;
	run(&race, 3, 1 * S);
	for (again_ns now_ns = 1 * S; now_ns <= 3 * S; now_ns += 1 * S) {
		assert_starts(ask(&race, now_ns), now_ns);
	}
	struct again_decision decision = next(&race.call, &race.policy, AGAIN_CLASS_SERVER, 3 * S);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(decision.attempt, 2);
	assert_int_equal(decision.delay_ns, 1 * S);
}

/** What cannot start in time is told at once, not when it is due; the limit is what the deadline leaves. */
static void test_deadline(void **)
{
	struct race race = {.policy = plain()};
	race.policy.deadline_ns = 10 * S;
	run(&race, 3, 4 * S);
	struct again_decision decision = ask(&race, 5 * S);
	assert_starts(decision, 5 * S);
	assert_int_equal(decision.attempt_timeout_ns, 5 * S);
	assert_waits(ask(&race, 5 * S), 4 * S);
	decision = ask(&race, 9 * S);
	assert_starts(decision, 9 * S);
	assert_int_equal(decision.attempt_timeout_ns, 1 * S);
	decision = ask(&race, 9 * S);
	assert_stops(decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, AGAIN_GUARD_NONE);
	assert_int_equal(decision.delay_ns, 4 * S);
	assert_int_equal(decision.not_before_ns, 13 * S);
	race.policy.min_attempt_ns = 2 * S;
	run(&race, 1, 8 * S + 1);
	assert_stops(ask(&race, 0), AGAIN_REASON_WOULD_EXCEED_DEADLINE, AGAIN_GUARD_NONE);
	run(&race, 1, 8 * S);
	assert_waits(ask(&race, 0), 8 * S);
	assert_starts(ask(&race, 8 * S), 8 * S);
}

static void test_budget(void **)
{
	struct again_budget_rule rule = tokens_of(20, 5);
	rule.cost_timeout_mt = 20'000;
	struct world world;
	world_of_budget(&world, &rule);
	struct race race = {.policy = plain(), .guards = &world.guards};
	run(&race, 9, 1 * S);
	struct again_decision decision = ask(&race, 0);
	assert_waits(decision, 1 * S);
	// Nothing is paid for waiting.
	assert_int_equal(decision.budget_left, 4);
	assert_int_equal(world.budget.tokens.balance_mt, 20'000);
	for (uint32_t i = 1; i <= 4; i++) {
		decision = ask(&race, i * S);
		assert_starts(decision, i * S);
		assert_int_equal(decision.budget_left, 4 - i);
		assert_int_equal(world.budget.tokens.balance_mt, 20'000 - i * 5'000);
	}
	struct again_call before = race.call;
	struct again_hedge hedge_before = race.hedge;
	decision = ask(&race, 5 * S);
	assert_stops(decision, AGAIN_REASON_BUDGET_EMPTY, AGAIN_GUARD_BUDGET);
	assert_int_equal(decision.budget_left, 0);
	assert_int_equal(world.budget.tokens.refused, 1);
	// The call goes on, and knows nothing of it but the time.
	before.latest_ns = 5 * S;
	assert_memory_equal(&before, &race.call, sizeof(before));
	assert_memory_equal(&hedge_before, &race.hedge, sizeof(hedge_before));
	decision = next(&race.call, &race.policy, AGAIN_CLASS_SUCCESS, 6 * S);
	assert_end(&decision, AGAIN_REASON_SUCCESS, 1);
}

/** Hedges are in flight like retries, until the attempt is over: of the first attempt, and of a retry. */
static void test_in_flight(void **)
{
	struct again_budget_rule rule = in_flight_of(3);
	static const enum again_class ends[] = {AGAIN_CLASS_SUCCESS, AGAIN_CLASS_SERVER,
	                                        AGAIN_CLASS_CANCELLED};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct world world;
		world_of_budget(&world, &rule);
		struct race race = {.policy = plain(), .guards = &world.guards};
		run(&race, 2, 1 * S);
		assert_starts(ask(&race, 1 * S), 1 * S);
		assert_starts(ask(&race, 2 * S), 2 * S);
		assert_int_equal(world.budget.gauge.retries, 2);
		struct again_outcome outcome = outcome_of(AGAIN_CLASS_SERVER, 0, 2 * S);
		struct again_decision decision =
			tell(&race.call, &race.policy, race.guards, outcome, 2 * S);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(world.budget.gauge.retries, 1);
		again_hedge_init(&race.hedge, &race.rule, 3 * S);
		assert_starts(ask(&race, 4 * S), 4 * S);
		assert_starts(ask(&race, 5 * S), 5 * S);
		assert_int_equal(world.budget.gauge.retries, 3);
		outcome = outcome_of(ends[i], 3 * S, 5 * S);
		decision = tell(&race.call, &race.policy, race.guards, outcome, 5 * S);
		bool goes_on = decision.verb == AGAIN_VERB_RETRY;
		assert_int_equal(world.budget.gauge.retries, goes_on ? 1 : 0);
		assert_int_equal(world.budget.gauge.calls, goes_on ? 1 : 0);
	}
}

/** A lease for each; a breaker that opens stops hedging and nothing else. */
static void test_breaker(void **)
{
	struct world world;
	world_init(&world);
	world.guards.breaker = &world.breaker;
	world.guards.budget = &world.budget;
	world.breaker_rule.failures = 1;
	struct race race = {.policy = plain(), .guards = &world.guards};
	run(&race, 3, 1 * S);
	struct again_decision hedge = ask(&race, 1 * S);
	assert_starts(hedge, 1 * S);
	assert_true(hedge.lease != 0);
	// The hedge fails while the first runs.
	again_breaker_report(&world.breaker, &world.breaker_rule, hedge.lease, AGAIN_CLASS_SERVER,
	                     2 * S);
	assert_waits(ask(&race, 2 * S - 1), 1);
	assert_stops(ask(&race, 2 * S), AGAIN_REASON_BREAKER_OPEN, AGAIN_GUARD_BREAKER);
	assert_int_equal(world.budget.tokens.granted, 1);
	assert_int_equal(world.budget.tokens.refused, 0);
	struct again_decision end =
		pass(&race.call, &race.policy, race.guards, &race.first, AGAIN_CLASS_SUCCESS);
	assert_end(&end, AGAIN_REASON_SUCCESS, 1);
}

/** The breaker is asked before the budget. */
static void test_order(void **)
{
	struct world world;
	world_init(&world);
	world.guards.breaker = &world.breaker;
	world.guards.budget = &world.budget;
	struct race race = {.policy = plain(), .guards = &world.guards};
	race.policy.deadline_ns = 10 * S;
	run(&race, 1, 1 * S);
	world.budget.tokens.balance_mt = 0;
	again_breaker_force_open(&world.breaker);
	assert_stops(ask(&race, 1 * S), AGAIN_REASON_BREAKER_OPEN, AGAIN_GUARD_BREAKER);
	assert_int_equal(world.budget.tokens.refused, 0);
	assert_stops(ask(&race, 10 * S), AGAIN_REASON_WOULD_EXCEED_DEADLINE, AGAIN_GUARD_NONE);
	race.hedge.left = 0;
	assert_stops(ask(&race, 10 * S), AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE);
}

/** Neither a throttle nor a rate is asked: a hedge is no retry and no request of the user's. */
static void test_other_guards(void **)
{
	struct world world;
	world_init(&world);
	use_all(&world);
	struct race race = {.policy = plain(), .guards = &world.guards};
	run(&race, 1, 1 * S);
	world.rate.arrival_ns = 10 * HOUR;
	world.throttle.tenths[0].requests = 1'000'000;
	assert_starts(ask(&race, 1 * S), 1 * S);
	assert_int_equal(world.throttle.tenths[0].requests, 1'000'000);
}

/** What the winning hedge of a retry paid is what comes back. */
static void test_repay(void **)
{
	struct again_budget_rule rule = tokens_of(100, 5);
	rule.repay_last = 1;
	rule.cost_timeout_mt = 10'000;
	struct world world;
	world_of_budget(&world, &rule);
	struct race race = {.policy = plain(), .guards = &world.guards};
	run(&race, 1, 1 * S);
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_TIMEOUT, 0, 1 * S);
	(void)tell(&race.call, &race.policy, race.guards, outcome, 1 * S);
	again_hedge_init(&race.hedge, &race.rule, 2 * S);
	assert_starts(ask(&race, 3 * S), 3 * S);
	assert_int_equal(world.budget.tokens.balance_mt, 85'000);
	outcome = outcome_of(AGAIN_CLASS_SUCCESS, 2 * S, 4 * S);
	(void)tell(&race.call, &race.policy, race.guards, outcome, 4 * S);
	assert_int_equal(world.budget.tokens.balance_mt, 90'000);
}

/** After the call's end there is nothing to hedge, and the end stays as it was. */
static void test_after_the_end(void **)
{
	struct race race = {.policy = plain()};
	run(&race, 1, 1 * S);
	struct again_decision end = next(&race.call, &race.policy, AGAIN_CLASS_SUCCESS, S / 2);
	struct again_call before = race.call;
	assert_stops(ask(&race, 5 * S), AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE);
	assert_memory_equal(&before, &race.call, sizeof(before));
	struct again_decision told = next(&race.call, &race.policy, AGAIN_CLASS_SERVER, 9 * S);
	assert_memory_equal(&told, &end, sizeof(end));
}

/** A delay without end, and the end of the clock. */
static void test_never(void **)
{
	struct race race = {.policy = plain()};
	run(&race, 1, AGAIN_NEVER);
	assert_stops(ask(&race, 0), AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE);
	assert_stops(ask(&race, AGAIN_NEVER), AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE);
	run(&race, 2, AGAIN_NEVER - 1);
	assert_waits(ask(&race, 1), AGAIN_NEVER - 2);
	assert_starts(ask(&race, AGAIN_NEVER - 1), AGAIN_NEVER - 1);
	assert_stops(ask(&race, AGAIN_NEVER - 1), AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE);
}

static void assert_rule_refused(const struct again_hedge_rule *rule, int code, const char *field)
{
	struct again_error error = {0};
	assert_int_equal(again_hedge_rule_validate(rule, &error), code);
	assert_string_equal(error.field, field);
	assert_int_equal(again_hedge_rule_validate(rule, /*error=*/NULL), code);
}

static void test_rules(void **)
{
	struct again_hedge_rule rule;
	again_hedge_rule_init(&rule, sizeof(rule));
	assert_int_equal(again_hedge_rule_validate(&rule, NULL), 0);
	assert_int_equal(rule.most, 1);
	assert_int_equal(rule.delay_ns, 1 * S);
	rule.most = 0;
	assert_rule_refused(&rule, AGAIN_ERR_RANGE, "most");
	rule.most = AGAIN_HEDGES_MAX + 1;
	assert_rule_refused(&rule, AGAIN_ERR_RANGE, "most");
	rule.most = AGAIN_HEDGES_MAX;
	assert_int_equal(again_hedge_rule_validate(&rule, NULL), 0);
	rule.delay_ns = 0;
	assert_rule_refused(&rule, AGAIN_ERR_RANGE, "delay_ns");
	rule.delay_ns = AGAIN_NEVER;
	assert_int_equal(again_hedge_rule_validate(&rule, NULL), 0);
	rule.size--;
	assert_rule_refused(&rule, AGAIN_ERR_INVALID, "size");
	rule.size += 2;
	assert_rule_refused(&rule, AGAIN_ERR_INVALID, "size");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),     cmocka_unit_test(test_hedges_are_not_counted),
		cmocka_unit_test(test_deadline),  cmocka_unit_test(test_budget),
		cmocka_unit_test(test_in_flight), cmocka_unit_test(test_breaker),
		cmocka_unit_test(test_order),     cmocka_unit_test(test_other_guards),
		cmocka_unit_test(test_repay),     cmocka_unit_test(test_after_the_end),
		cmocka_unit_test(test_never),     cmocka_unit_test(test_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
