// SPDX-License-Identifier: MIT
// What a class of outcome means for a call: tried again or not, from which base, at which cost, and whether it counts.
#include "call_kit.h"

static const uint32_t retried[] = {AGAIN_CLASS_TRANSIENT, AGAIN_CLASS_THROTTLED,
                                   AGAIN_CLASS_TIMEOUT, AGAIN_CLASS_SERVER};

static void test_failures_that_can_pass(void **)
{
	struct again_policy policy = plain();
	for (size_t i = 0; i < sizeof(retried) / sizeof(retried[0]); i++) {
		struct again_call call;
		(void)begin(&call, &policy, 0);
		struct again_decision decision =
			next(&call, &policy, (enum again_class)retried[i], 0);
		check(decision.verb == AGAIN_VERB_RETRY, "%s", again_class_name(retried[i]));
		assert_int_equal(decision.delay_ns, 1 * S);
		assert_int_equal(decision.guard, AGAIN_GUARD_NONE);
		assert_int_equal(decision.budget_left, UINT32_MAX);
	}
}

/** What may have taken effect is done twice only by who has said that this is harmless. */
static void test_ambiguous(void **)
{
	struct again_policy policy = plain();
	struct again_call call;
	(void)begin(&call, &policy, 0);
	struct again_decision decision = next(&call, &policy, AGAIN_CLASS_AMBIGUOUS, 0);
	assert_end(&decision, AGAIN_REASON_AMBIGUOUS, 1);
	policy.retry_ambiguous = 1;
	(void)begin(&call, &policy, 0);
	decision = next(&call, &policy, AGAIN_CLASS_AMBIGUOUS, 0);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	decision = next(&call, &policy, AGAIN_CLASS_PERMANENT, 0);
	assert_end(&decision, AGAIN_REASON_NOT_RETRYABLE, 2);
}

/** Every number but those of the header. */
static void test_unknown_classes(void **)
{
	struct again_policy policy = plain();
	policy.retry_ambiguous = 1;
	for (uint64_t number = AGAIN_CLASS_AMBIGUOUS + 1; number <= UINT32_MAX;
	     number = number * 3 / 2 + 1) {
		struct again_call call;
		(void)begin(&call, &policy, 0);
		struct again_decision end = next(&call, &policy, (enum again_class)number, 0);
		assert_end(&end, AGAIN_REASON_NOT_RETRYABLE, 1);
	}
}

/** AWS SDKs, 2026: 50 ms, but 1 s where the server said that it is too much. */
static void test_aws_2026_throttled_base(void **)
{
	struct again_policy policy = plain();
	policy.base_delay_ns = 50 * MS;
	policy.throttled_base_delay_ns = 1 * S;
	policy.max_delay_ns = 20 * S;
	policy.max_retries = 8;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	assert_int_equal(next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0).delay_ns, 50 * MS);
	assert_int_equal(next(&call, &policy, AGAIN_CLASS_THROTTLED, 0).delay_ns, 2 * S);
	assert_int_equal(next(&call, &policy, AGAIN_CLASS_SERVER, 0).delay_ns, 200 * MS);
	assert_int_equal(next(&call, &policy, AGAIN_CLASS_THROTTLED, 0).delay_ns, 8 * S);
	assert_int_equal(next(&call, &policy, AGAIN_CLASS_THROTTLED, 0).delay_ns, 16 * S);
	assert_int_equal(next(&call, &policy, AGAIN_CLASS_THROTTLED, 0).delay_ns, 20 * S);
	assert_int_equal(next(&call, &policy, AGAIN_CLASS_TIMEOUT, 0).delay_ns, 3200 * MS);
}

/** With the throttled base in the place of the base, and everything else the same, each delay is the same. */
static void test_throttled_base_is_a_base(void **)
{
	for (uint32_t backoff = 0; backoff < AGAIN_BACKOFF_LIST; backoff++) {
		for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
			struct again_policy one =
				policy_of((enum again_backoff)backoff, (enum again_jitter)jitter);
			one.throttled_base_delay_ns = 3 * S;
			struct again_policy other = one;
			other.base_delay_ns = 3 * S;
			other.throttled_base_delay_ns = 0;
			if (again_policy_validate(&one, NULL) != 0) {
				continue;
			}
			struct again_call a;
			struct again_call b;
			(void)begin(&a, &one, 0);
			(void)begin(&b, &other, 0);
			for (int i = 0; i < 5; i++) {
				again_ns delay = next(&a, &one, AGAIN_CLASS_THROTTLED, 0).delay_ns;
				check(delay == next(&b, &other, AGAIN_CLASS_TRANSIENT, 0).delay_ns,
				      "seed %" PRIu64 ", backoff %u, %s, retry %d", seed, backoff,
				      jitter_name(jitter), i);
			}
		}
	}
}

static void test_throttled_base_is_not_for_a_list(void **)
{
	static const again_ns list[] = {7 * S};
	struct again_policy policy = policy_of(AGAIN_BACKOFF_LIST, AGAIN_JITTER_NONE);
	policy.list = list;
	policy.list_len = 1;
	policy.throttled_base_delay_ns = 40 * S;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	assert_int_equal(next(&call, &policy, AGAIN_CLASS_THROTTLED, 0).delay_ns, 7 * S);
}

/** 14 tokens a retry, 5 after a throttling, 20 after a timeout. */
static void test_cost_by_class(void **)
{
	static const struct {
		enum again_class outcome_class;
		uint32_t cost_mt;
	} cases[] = {{AGAIN_CLASS_TRANSIENT, 14'000},
	             {AGAIN_CLASS_SERVER, 14'000},
	             {AGAIN_CLASS_THROTTLED, 5'000},
	             {AGAIN_CLASS_TIMEOUT, 20'000},
	             {AGAIN_CLASS_AMBIGUOUS, 14'000}};
	struct world world;
	world_init(&world);
	world.budget_rule.cost_mt = 14'000;
	world.budget_rule.cost_throttled_mt = 5'000;
	world.budget_rule.cost_timeout_mt = 20'000;
	world.guards.budget = &world.budget;
	struct again_policy policy = plain();
	policy.retry_ambiguous = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again_budget_init(&world.budget, &world.budget_rule, 0);
		struct again_call call;
		struct again_decision first = begin_under(&call, &policy, &world.guards, 0);
		struct again_decision decision =
			pass(&call, &policy, &world.guards, &first, cases[i].outcome_class);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(world.budget.tokens.balance_mt, 1'000'000 - cases[i].cost_mt);
		assert_int_equal(decision.budget_left, 1'000'000 / cases[i].cost_mt - 1);
	}
}

/** What was cancelled while it ran was made; what was cancelled in its wait was not. */
static void test_cancelled(void **)
{
	struct again_policy policy = plain();
	struct again_call call;
	(void)begin(&call, &policy, 0);
	(void)next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_CANCELLED, 1 * S, 2 * S);
	struct again_decision end = tell(&call, &policy, /*guards=*/NULL, outcome, 2 * S);
	assert_end(&end, AGAIN_REASON_CANCELLED, 2);
	(void)begin(&call, &policy, 0);
	(void)next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
	outcome.started_ns = AGAIN_NEVER;
	end = tell(&call, &policy, /*guards=*/NULL, outcome, 1 * MS);
	assert_end(&end, AGAIN_REASON_CANCELLED, 1);
	(void)begin(&call, &policy, 0);
	end = tell(&call, &policy, /*guards=*/NULL, outcome, 1 * MS);
	assert_end(&end, AGAIN_REASON_CANCELLED, 0);
	// Only what was cancelled is not made.
	(void)begin(&call, &policy, 0);
	outcome.outcome_class = AGAIN_CLASS_TRANSIENT;
	assert_int_equal(tell(&call, &policy, /*guards=*/NULL, outcome, 0).attempt, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures_that_can_pass),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_unknown_classes),
		cmocka_unit_test(test_aws_2026_throttled_base),
		cmocka_unit_test(test_throttled_base_is_a_base),
		cmocka_unit_test(test_throttled_base_is_not_for_a_list),
		cmocka_unit_test(test_cost_by_class),
		cmocka_unit_test(test_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
