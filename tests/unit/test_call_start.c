// SPDX-License-Identifier: MIT
// A call with a rate, a throttle and a breaker; and the asking once more when a wait is over.
#include "call_kit.h"

// Rate, throttle, breaker.

/** A burst of three retries for all calls, then one a second; first attempts are not limited. */
static void test_rate(void **)
{
	struct world world;
	world_init(&world);
	world.rate_rule.burst = 3;
	world.guards.rate = &world.rate;
	struct again_policy policy = plain();
	for (int i = 0; i < 5; i++) {
		struct again_call call;
		struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
		decision = tell(&call, &policy, &world.guards, outcome_of(AGAIN_CLASS_SERVER, 0, 0),
		                i < 4 ? 0 : 1 * S);
		if (i == 3) {
			assert_end(&decision, AGAIN_REASON_RATE_LIMITED, 1);
			assert_int_equal(decision.guard, AGAIN_GUARD_RATE);
		} else {
			assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		}
	}
}

/** What a throttle is told of each class: the server accepted what it answered. */
static void test_throttle_accepts(void **)
{
	struct again_policy policy = plain();
	for (uint32_t outcome_class = 0; outcome_class <= AGAIN_CLASS_AMBIGUOUS; outcome_class++) {
		struct world world;
		world_init(&world);
		world.guards.throttle = &world.throttle;
		struct again_call call;
		struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
		(void)pass(&call, &policy, &world.guards, &decision,
		           (enum again_class)outcome_class);
		bool is_accepted = outcome_class == AGAIN_CLASS_SUCCESS ||
		                   outcome_class == AGAIN_CLASS_PERMANENT;
		assert_int_equal(world.throttle.tenths[0].accepts, is_accepted ? 1 : 0);
	}
}

/** A decision's throttle takes the second number of the stream whose first is the delay's. */
static void test_throttle_draw(void **)
{
	struct again_policy policy = plain();
	uint32_t rejected = 0;
	for (uint64_t operation = 0; operation < 2000; operation++) {
		struct world world;
		world_init(&world);
		world.guards.throttle = &world.throttle;
		struct again_call call;
		struct again_decision decision;
		again_call_init(&call, &policy, 0, seed, operation);
		again_call_begin(&call, &policy, &world.guards, 0, &decision);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		world.throttle.tenths[0].requests = 999;
		world.throttle.tenths[0].accepts = 250;
		struct again_throttle copy = world.throttle;
		struct again_rng rng =
			again_rng_split(again_rng_split(again_rng_root(seed), operation), 1);
		(void)again_rng_next(&rng);
		uint64_t draw = again_rng_next(&rng);
		int sent = again_throttle_allow(&copy, &world.throttle_rule, draw, 0);
		decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
		check((decision.verb == AGAIN_VERB_RETRY) == (sent != 0),
		      "seed %" PRIu64 ", operation %" PRIu64, seed, operation);
		assert_memory_equal(&copy, &world.throttle, sizeof(copy));
		rejected += sent == 0;
	}
	assert_in_range(rejected, 900, 1100); // 0.499
}

/** The failure that opens the breaker ends its own call, and the probe's lease lasts from the decision. */
static void test_breaker(void **)
{
	struct world world;
	world_init(&world);
	world.breaker_rule.failures = 2;
	world.breaker_rule.open_ns = 10 * S;
	world.breaker_rule.lease_ns = 5 * S;
	world.guards.breaker = &world.breaker;
	struct again_policy policy = plain();
	policy.base_delay_ns = 20 * S;
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	// It would be half open when the next wait is over, but it is not now.
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
	assert_end(&decision, AGAIN_REASON_BREAKER_OPEN, 2);
	assert_int_equal(decision.guard, AGAIN_GUARD_BREAKER);
	assert_int_equal(decision.delay_ns, 0);
	policy.initial_delay_ns = 3 * S;
	decision = begin_under(&call, &policy, &world.guards, 30 * S);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(world.breaker.state, AGAIN_BREAKER_HALF_OPEN);
	assert_int_equal(world.breaker.until_ns, (30 + 5) * S);
	// The probe's place is taken.
	struct again_call other;
	struct again_decision refused = begin_under(&other, &policy, &world.guards, 30 * S);
	assert_end(&refused, AGAIN_REASON_BREAKER_OPEN, 0);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_PERMANENT);
	assert_end(&decision, AGAIN_REASON_NOT_RETRYABLE, 1);
	assert_int_equal(world.breaker.state, AGAIN_BREAKER_CLOSED);
}

// Starting.

static void test_start_changes_nothing(void **)
{
	struct world world;
	world_init(&world);
	use_all(&world);
	struct again_policy policy = plain();
	policy.deadline_ns = 10 * S;
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
	struct again_decision before = decision;
	struct world world_before = world;
	again_call_start(&call, &policy, &world.guards, decision.not_before_ns, &decision);
	assert_memory_equal(&before, &decision, sizeof(before));
	assert_memory_equal(&world_before, &world, sizeof(world));
	again_call_start(&call, &policy, /*guards=*/NULL, 10 * S - 1, &decision);
	assert_int_equal(decision.attempt_timeout_ns, 1);
	decision.attempt_timeout_ns = before.attempt_timeout_ns;
	assert_memory_equal(&before, &decision, sizeof(before));
}

static void test_start_after_the_deadline(void **)
{
	struct world world;
	world_init(&world);
	use_all(&world);
	struct again_policy policy = plain();
	policy.deadline_ns = 10 * S;
	for (int with = 0; with < 2; with++) {
		const struct again_guards *guards = with != 0 ? &world.guards : NULL;
		struct again_call call;
		struct again_decision decision = begin_under(&call, &policy, guards, 0);
		decision = pass(&call, &policy, guards, &decision, AGAIN_CLASS_SERVER);
		assert_int_equal(decision.attempt, 2);
		again_call_start(&call, &policy, guards, 10 * S, &decision);
		assert_end(&decision, AGAIN_REASON_DEADLINE, 1);
		assert_int_equal(decision.guard, AGAIN_GUARD_NONE);
		assert_int_equal(decision.delay_ns, 0);
		assert_int_equal(decision.not_before_ns, 10 * S);
	}
	assert_int_equal(world.budget.tokens.balance_mt, 1'000'000);
	assert_int_equal(world.rate.arrival_ns, 1 * S);
}

/** Who sleeps too long has less time than was decided, and at some point too little. */
static void test_start_too_late(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 10 * S;
	policy.min_attempt_ns = 2 * S;
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, NULL, 0);
	decision = pass(&call, &policy, NULL, &decision, AGAIN_CLASS_SERVER);
	again_call_start(&call, &policy, NULL, 8 * S, &decision);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(decision.attempt_timeout_ns, 2 * S);
	again_call_start(&call, &policy, NULL, 8 * S + 1, &decision);
	assert_end(&decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 1);
}

/** A client that waits an hour for its turn must not hold the only probe for an hour. */
static void test_a_waiting_probe_lapses(void **)
{
	struct world world;
	world_init(&world);
	world.breaker_rule.failures = 1;
	world.breaker_rule.open_ns = 10 * S;
	world.breaker_rule.lease_ns = 5 * S;
	world.guards.breaker = &world.breaker;
	struct again_policy policy = plain();
	struct again_call patient;
	struct again_call other;
	struct again_decision decision = begin_under(&patient, &policy, &world.guards, 0);
	again_breaker_report(&world.breaker, &world.breaker_rule, decision.lease,
	                     AGAIN_CLASS_SERVER, 0);
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_SERVER, 0, 11 * S);
	outcome.hint_kind = AGAIN_HINT_RELATIVE;
	outcome.hint_ns = 1 * HOUR;
	outcome.lease = decision.lease;
	decision = tell(&patient, &policy, &world.guards, outcome, 11 * S);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(begin_under(&other, &policy, &world.guards, 15 * S).reason,
	                 AGAIN_REASON_BREAKER_OPEN);
	struct again_decision probe = begin_under(&other, &policy, &world.guards, 16 * S);
	assert_int_equal(probe.verb, AGAIN_VERB_RETRY);
	// Its own lease does not hold any more; starting asks for another.
	(void)pass(&other, &policy, &world.guards, &probe, AGAIN_CLASS_SUCCESS);
	assert_int_equal(world.breaker.state, AGAIN_BREAKER_CLOSED);
	again_lease old = decision.lease;
	again_call_start(&patient, &policy, &world.guards, decision.not_before_ns, &decision);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_true(decision.lease != old);
}

/** After again_call_load there is no decision: a zeroed one is completed, and gets its lease. */
static void test_start_completes_a_zeroed_decision(void **)
{
	struct world world;
	world_init(&world);
	world.breaker_rule.failures = 1;
	world.guards.breaker = &world.breaker;
	struct again_policy policy = plain();
	policy.deadline_ns = 10 * S;
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	(void)decision;
	struct again_decision resumed = {0};
	again_call_start(&call, &policy, &world.guards, 4 * S, &resumed);
	assert_int_equal(resumed.verb, AGAIN_VERB_RETRY);
	assert_int_equal(resumed.attempt, 1);
	assert_int_equal(resumed.attempt_timeout_ns, 6 * S);
	assert_true(resumed.lease != 0);
	again_breaker_force_open(&world.breaker);
	resumed = (struct again_decision){0};
	again_call_start(&call, &policy, &world.guards, 4 * S, &resumed);
	assert_end(&resumed, AGAIN_REASON_BREAKER_OPEN, 0);
}

/** Another call finds out in the wait that the server is down: this one need not. */
static void test_breaker_opens_in_the_wait(void **)
{
	struct world world;
	world_init(&world);
	use_all(&world);
	world.guards.throttle = NULL;
	world.breaker_rule.failures = 3;
	world.breaker_rule.open_ns = 10 * S;
	struct again_policy policy = plain();
	struct again_call waiting;
	struct again_call other;
	struct again_decision wait = begin_under(&waiting, &policy, &world.guards, 0);
	wait = pass(&waiting, &policy, &world.guards, &wait, AGAIN_CLASS_SERVER);
	struct again_decision decision = begin_under(&other, &policy, &world.guards, 0);
	decision = pass(&other, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
	decision = pass(&other, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
	assert_int_equal(decision.reason, AGAIN_REASON_BREAKER_OPEN);
	assert_int_equal(world.budget.tokens.balance_mt, 998'000);
	struct again_call early = waiting;
	struct again_decision early_wait = wait;
	again_call_start(&waiting, &policy, &world.guards, 1 * S, &wait);
	assert_end(&wait, AGAIN_REASON_BREAKER_OPEN, 1);
	assert_int_equal(wait.guard, AGAIN_GUARD_BREAKER);
	assert_int_equal(wait.budget_left, 999);
	assert_int_equal(world.budget.tokens.balance_mt, 999'000);
	// A longer wait finds it half open, and is its probe.
	again_lease lease = early_wait.lease;
	again_call_start(&early, &policy, &world.guards, 60 * S, &early_wait);
	assert_int_equal(early_wait.verb, AGAIN_VERB_RETRY);
	assert_true(early_wait.lease != lease);
	assert_int_equal(world.breaker.state, AGAIN_BREAKER_HALF_OPEN);
	assert_int_equal(world.breaker.probes_out, 1);
	assert_int_equal(early_wait.attempt, 2);
	decision = pass(&early, &policy, &world.guards, &early_wait, AGAIN_CLASS_SUCCESS);
	assert_end(&decision, AGAIN_REASON_SUCCESS, 2);
	assert_int_equal(world.breaker.state, AGAIN_BREAKER_CLOSED);
}

/** A place that is held for an attempt that will not start is free at once. */
static void test_start_gives_the_probe_back(void **)
{
	struct world world;
	world_init(&world);
	use_all(&world);
	world.guards.throttle = NULL;
	world.breaker_rule.failures = 1;
	struct again_policy policy = plain();
	policy.initial_delay_ns = 1 * S;
	policy.deadline_ns = 2 * S;
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	again_breaker_report(&world.breaker, &world.breaker_rule, decision.lease,
	                     AGAIN_CLASS_SERVER, 0);
	decision = begin_under(&call, &policy, &world.guards, 40 * S);
	assert_int_equal(world.breaker.probes_out, 1);
	again_call_start(&call, &policy, &world.guards, 42 * S, &decision);
	assert_end(&decision, AGAIN_REASON_DEADLINE, 0);
	assert_int_equal(world.breaker.probes_out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_throttle_accepts),
		cmocka_unit_test(test_throttle_draw),
		cmocka_unit_test(test_breaker),
		cmocka_unit_test(test_start_changes_nothing),
		cmocka_unit_test(test_start_after_the_deadline),
		cmocka_unit_test(test_start_too_late),
		cmocka_unit_test(test_a_waiting_probe_lapses),
		cmocka_unit_test(test_start_completes_a_zeroed_decision),
		cmocka_unit_test(test_breaker_opens_in_the_wait),
		cmocka_unit_test(test_start_gives_the_probe_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
