// SPDX-License-Identifier: MIT
// One call's life under virtual time: what is decided, in which order it is checked, what is
// counted, what is planned; and the bugs of other libraries, each a test that is named after its
// report.
#include "call_kit.h"

static void test_size(void **)
{
	assert_true(sizeof(struct again_call) <= 48);
	assert_true(sizeof(struct again_policy) <= 128);
}

static void test_first_attempt_is_at_once(void **)
{
	struct again_policy policy = default_policy();
	struct again_call call;
	struct again_decision first = begin(&call, &policy, 17 * S);
	assert_int_equal(first.verb, AGAIN_VERB_RETRY);
	assert_int_equal(first.reason, AGAIN_REASON_NONE);
	assert_int_equal(first.attempt, 1);
	assert_int_equal(first.reserved, 0);
	assert_int_equal(first.delay_ns, 0);
	assert_int_equal(first.not_before_ns, 17 * S);
	assert_int_equal(first.attempt_timeout_ns, AGAIN_NEVER);
}

static void test_success(void **)
{
	struct again_policy policy = plain();
	struct again_call call;
	(void)begin(&call, &policy, 0);
	struct again_decision end = next(&call, &policy, AGAIN_CLASS_SUCCESS, 3 * S);
	assert_end(&end, AGAIN_REASON_SUCCESS, 1);
	assert_int_equal(end.delay_ns, 0);
	assert_int_equal(end.not_before_ns, 3 * S);
}

/** The example that the project is named by: three failures, then success, 0.1 + 0.2 + 0.4 s. */
static void test_success_after_three_retries(void **)
{
	struct again_policy policy = plain();
	policy.base_delay_ns = 100 * MS;
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, 0);
	again_ns waited = 0;
	for (int i = 0; i < 3; i++) {
		decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, decision.not_before_ns);
		waited += decision.delay_ns;
	}
	decision = next(&call, &policy, AGAIN_CLASS_SUCCESS, decision.not_before_ns);
	assert_end(&decision, AGAIN_REASON_SUCCESS, 4);
	assert_int_equal(waited, 700 * MS);
}

/** FreeRTOS's sample sleeps once more, with a stale value, when the attempts are exhausted. */
static void test_freertos_no_sleep_after_the_last_attempt(void **)
{
	struct again_policy policy = plain();
	struct story story = {0};
	live(&story, &policy);
	assert_end(&story.last, AGAIN_REASON_EXHAUSTED, 6);
	assert_int_equal(story.last.delay_ns, 0);
	assert_int_equal(story.delays_ns, (1 + 2 + 4 + 8 + 16) * S);
	assert_int_equal(story.last.not_before_ns, story.now_ns);
}

/**
 * aws-c-io's max_retries means 10, 5 and 3 in three places: ours is retries after the first
 * attempt, everywhere.
 */
static void test_aws_c_io_count_of_retries(void **)
{
	for (uint32_t retries = 0; retries < 40; retries++) {
		struct again_policy policy = plain();
		policy.max_retries = retries;
		struct story story = {0};
		live(&story, &policy);
		assert_end(&story.last, AGAIN_REASON_EXHAUSTED, retries + 1);
	}
}

/**
 * litl: max_tries = 0 is unlimited. avast: Attempts(0) is for ever. juju/retry #9. Ours: 0 is one
 * attempt.
 */
static void test_litl_zero_is_not_unlimited(void **)
{
	struct again_policy policy = plain();
	policy.max_retries = 0;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	struct again_decision end = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
	assert_end(&end, AGAIN_REASON_EXHAUSTED, 1);
	policy.max_retries = AGAIN_UNLIMITED;
	struct again_decision decision = begin(&call, &policy, 0);
	for (uint32_t attempt = 2; attempt < 100'000; attempt++) {
		decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, decision.not_before_ns);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(decision.attempt, attempt);
		assert_in_range(decision.delay_ns, 1, 60 * S);
	}
}

/**
 * After 2^32 - 1 attempts the count stays where it is, and the call goes on if it may. The count is
 * set by hand.
 */
static void test_count_saturates(void **)
{
	struct again_policy policy = plain();
	policy.max_retries = AGAIN_UNLIMITED;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	call.attempts = UINT32_MAX - 1;
	call.step = UINT32_MAX - 1;
	for (int i = 0; i < 3; i++) {
		struct again_decision decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(decision.attempt, UINT32_MAX);
		assert_int_equal(decision.delay_ns, 60 * S);
	}
	policy.max_retries = AGAIN_UNLIMITED - 1;
	struct again_decision end = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
	assert_end(&end, AGAIN_REASON_EXHAUSTED, UINT32_MAX);
}

static void test_classes(void **)
{
	static const struct {
		uint32_t outcome_class;
		uint32_t reason;
	} cases[] = {
		{AGAIN_CLASS_SUCCESS, AGAIN_REASON_SUCCESS},
		{AGAIN_CLASS_PERMANENT, AGAIN_REASON_NOT_RETRYABLE},
		{AGAIN_CLASS_CANCELLED, AGAIN_REASON_CANCELLED},
		// Of a newer header: not known to be safe to try again.
		{77, AGAIN_REASON_NOT_RETRYABLE},
		{UINT32_MAX, AGAIN_REASON_NOT_RETRYABLE},
	};
	struct again_policy policy = plain();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct again_call call;
		(void)begin(&call, &policy, 0);
		struct again_decision end =
			next(&call, &policy, (enum again_class)cases[i].outcome_class, S);
		assert_end(&end, cases[i].reason, 1);
		assert_int_equal(end.delay_ns, 0);
	}
}

/** Class, attempts, deadline, fit: where several would refuse, the first gives the reason. */
static void test_order_of_checks(void **)
{
	struct again_policy policy = plain();
	policy.max_retries = 0;
	policy.deadline_ns = 1 * S;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	struct again_decision end = next(&call, &policy, AGAIN_CLASS_PERMANENT, 9 * S);
	assert_end(&end, AGAIN_REASON_NOT_RETRYABLE, 1);
	(void)begin(&call, &policy, 0);
	end = next(&call, &policy, AGAIN_CLASS_SUCCESS, 9 * S);
	assert_end(&end, AGAIN_REASON_SUCCESS, 1);
	(void)begin(&call, &policy, 0);
	end = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 9 * S);
	assert_end(&end, AGAIN_REASON_EXHAUSTED, 1);
	policy.max_retries = 1;
	(void)begin(&call, &policy, 0);
	end = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 9 * S);
	assert_end(&end, AGAIN_REASON_DEADLINE, 1);
	(void)begin(&call, &policy, 0);
	end = next(&call, &policy, AGAIN_CLASS_TRANSIENT, S / 2);
	assert_end(&end, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 1);
}

/** aws-c-io on 32 bits: the last backoff of 10 s is kept as 1.41 s. */
static void test_aws_c_io_last_backoff_is_64_bits(void **)
{
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	policy.base_delay_ns = 10 * S;
	policy.max_delay_ns = 10 * HOUR;
	policy.max_retries = 9;
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, 0);
	again_ns last = 0;
	for (uint32_t n = 0; n < 9; n++) {
		again_ns least = 0;
		again_ns most = 0;
		again_policy_range(&policy, n, last, &least, &most);
		assert_int_equal(most,
		                 n == 0 ? 30 * S : (3 * last < 10 * HOUR ? 3 * last : 10 * HOUR));
		decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, decision.not_before_ns);
		assert_in_range(decision.delay_ns, least, most);
		last = decision.delay_ns;
	}
}

static void assert_same(const struct again_decision *a, const struct again_decision *b)
{
	assert_memory_equal(a, b, sizeof(*a));
}

/** Asking again after the end, with whatever news, changes nothing. */
static void test_end_is_stable(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 5 * S;
	static const enum again_class ends[] = {AGAIN_CLASS_SUCCESS, AGAIN_CLASS_PERMANENT,
	                                        AGAIN_CLASS_CANCELLED, AGAIN_CLASS_TRANSIENT};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct again_call call;
		(void)begin(&call, &policy, 0);
		struct again_decision end = next(&call, &policy, ends[i], 4500 * MS);
		assert_true(end.verb != AGAIN_VERB_RETRY);
		struct again_call before = call;
		for (uint32_t outcome_class = 0; outcome_class < 5; outcome_class++) {
			struct again_decision once_more =
				next(&call, &policy, (enum again_class)outcome_class,
			             400 * S * outcome_class);
			assert_same(&once_more, &end);
			again_call_begin(&call, &policy, /*guards=*/NULL, 0, &once_more);
			assert_same(&once_more, &end);
		}
		assert_memory_equal(&before, &call, sizeof(call));
	}
}

/** An attempt that ended before it started ran for no time: it is not a healthy one. */
static void test_attempt_that_ends_before_it_starts(void **)
{
	struct again_policy policy = plain();
	policy.reset_after_ns = 1 * S;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	(void)next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_TRANSIENT, 90 * S, 10 * S);
	struct again_decision decision;
	again_call_next(&call, &policy, /*guards=*/NULL, &outcome, 100 * S, &decision);
	assert_int_equal(decision.delay_ns, 2 * S);
}

/** Failsafe PR #342: the delay starts anew after a healthy run, the count does not. */
static void test_failsafe_342_reset_after_a_healthy_run(void **)
{
	struct again_policy policy = plain();
	policy.reset_after_ns = 60 * S;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	static const struct {
		again_ns ran_ns;
		again_ns delay_ns;
	} steps[] = {
		{0, 1 * S}, {60 * S - 1, 2 * S}, {60 * S, 1 * S}, {0, 2 * S}, {1 * HOUR, 1 * S}};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct again_outcome outcome =
			outcome_of(AGAIN_CLASS_TRANSIENT, 5 * S, 5 * S + steps[i].ran_ns);
		struct again_decision decision;
		again_call_next(&call, &policy, /*guards=*/NULL, &outcome, 2 * HOUR, &decision);
		check(decision.delay_ns == steps[i].delay_ns, "step %zu: %" PRIu64, i,
		      decision.delay_ns);
		assert_int_equal(decision.attempt, i + 2);
	}
	struct again_decision end = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 3 * HOUR);
	assert_end(&end, AGAIN_REASON_EXHAUSTED, 6);
}

/** After a reset decorrelated jitter has no delay before it: base to 3 * base again. */
static void test_reset_forgets_the_last_delay(void **)
{
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	policy.max_retries = AGAIN_UNLIMITED;
	policy.reset_after_ns = 10 * S;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	for (int i = 0; i < 2000; i++) {
		bool healthy = i % 10 == 9;
		struct again_outcome outcome =
			outcome_of(AGAIN_CLASS_TRANSIENT, 0, healthy ? 10 * S : 1);
		struct again_decision decision;
		again_call_next(&call, &policy, /*guards=*/NULL, &outcome, 0, &decision);
		check(decision.delay_ns <= (healthy ? 3 * S : 60 * S),
		      "seed %" PRIu64 ", attempt %d", seed, i);
	}
}

/** Without a reset even an attempt of all the time that there is is not one. */
static void test_no_reset_by_default(void **)
{
	struct again_policy policy = plain();
	struct again_call call;
	(void)begin(&call, &policy, 0);
	(void)next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_TRANSIENT, 0, AGAIN_NEVER);
	struct again_decision decision;
	again_call_next(&call, &policy, /*guards=*/NULL, &outcome, 0, &decision);
	assert_int_equal(decision.delay_ns, 2 * S);
}

static void test_initial_delay(void **)
{
	struct again_policy policy = plain();
	policy.initial_delay_ns = 10 * S;
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, 5 * S);
	assert_int_equal(decision.delay_ns, 10 * S);
	assert_int_equal(decision.not_before_ns, 15 * S);
	assert_int_equal(again_call_plan_initial(&policy, seed, 1), 10 * S);
	policy.jitter = AGAIN_JITTER_EQUAL;
	double mean = 0;
	for (uint64_t operation = 0; operation < 100'000; operation++) {
		again_call_init(&call, &policy, 0, seed, operation);
		again_call_begin(&call, &policy, /*guards=*/NULL, 0, &decision);
		assert_in_range(decision.delay_ns, 0, 10 * S);
		assert_int_equal(again_call_plan_initial(&policy, seed, operation),
		                 decision.delay_ns);
		mean += (double)decision.delay_ns / 100'000;
	}
	check(mean > 4.95e9 && mean < 5.05e9, "seed %" PRIu64 ": mean %f", seed, mean);
	policy.deadline_ns = 1;
	policy.jitter = AGAIN_JITTER_NONE;
	decision = begin(&call, &policy, 5 * S);
	assert_end(&decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 0);
	assert_int_equal(decision.delay_ns, 10 * S);
}

/**
 * The initial delay has a key of its own: it moves no other delay, and is no predecessor of one.
 */
static void test_initial_delay_moves_nothing(void **)
{
	struct again_policy without =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	struct again_policy with = without;
	with.initial_delay_ns = 10 * HOUR;
	struct again_call one;
	struct again_call other;
	(void)begin(&one, &without, 0);
	(void)begin(&other, &with, 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(next(&one, &without, AGAIN_CLASS_TRANSIENT, 0).delay_ns,
		                 next(&other, &with, AGAIN_CLASS_TRANSIENT, 0).delay_ns);
	}
}

/** The plan is what happens, for every backoff, jitter and seed. */
static void test_plan_is_what_next_decides(void **)
{
	static const again_ns list[] = {3 * S, 1 * S, 200 * S};
	for (uint32_t backoff = 0; backoff <= AGAIN_BACKOFF_LIST; backoff++) {
		for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
			struct again_policy policy =
				policy_of((enum again_backoff)backoff, (enum again_jitter)jitter);
			policy.max_retries = 50;
			policy.list = list;
			policy.list_len = 3;
			if (again_policy_validate(&policy, NULL) != 0) {
				assert_int_equal(jitter, AGAIN_JITTER_DECORRELATED);
				continue;
			}
			for (uint64_t one_seed = 0; one_seed < 100; one_seed++) {
				again_ns plan[60] = {0};
				assert_int_equal(again_call_plan(&policy, one_seed, 9, 60, plan),
				                 50);
				struct again_call call;
				struct again_decision decision;
				again_call_init(&call, &policy, 0, one_seed, 9);
				again_call_begin(&call, &policy, /*guards=*/NULL, 0, &decision);
				for (uint32_t i = 0; i < 50; i++) {
					decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
					check(decision.delay_ns == plan[i],
					      "seed %" PRIu64 ", backoff %u, %s, retry %u",
					      one_seed, backoff, jitter_name(jitter), i);
				}
				assert_int_equal(plan[50], 0);
			}
		}
	}
}

static void test_plan_of_fewer(void **)
{
	struct again_policy policy = plain();
	again_ns plan[3] = {0};
	assert_int_equal(again_call_plan(&policy, seed, 0, 0, NULL), 0);
	assert_int_equal(again_call_plan(&policy, seed, 0, 2, plan), 2);
	assert_int_equal(plan[1], 2 * S);
	assert_int_equal(plan[2], 0);
	policy.max_retries = 0;
	assert_int_equal(again_call_plan(&policy, seed, 0, 3, plan), 0);
	policy.max_retries = AGAIN_UNLIMITED;
	assert_int_equal(again_call_plan(&policy, seed, 0, 3, plan), 3);
}

/**
 * tenacity #701, backon #52: state that calls share. Here two calls are two values, and the policy
 * is constant.
 */
static void test_tenacity_701_calls_share_nothing(void **)
{
	const struct again_policy policy = default_policy();
	struct again_call one;
	struct again_call other;
	struct again_decision decision;
	again_ns plan[5];
	again_ns other_plan[5];
	(void)again_call_plan(&policy, seed, 1, 5, plan);
	(void)again_call_plan(&policy, seed, 2, 5, other_plan);
	again_call_init(&one, &policy, 0, seed, 1);
	again_call_init(&other, &policy, 0, seed, 2);
	again_call_begin(&one, &policy, /*guards=*/NULL, 0, &decision);
	again_call_begin(&other, &policy, /*guards=*/NULL, 0, &decision);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(next(&one, &policy, AGAIN_CLASS_TRANSIENT, 0).delay_ns, plan[i]);
		assert_int_equal(next(&other, &policy, AGAIN_CLASS_TRANSIENT, 0).delay_ns,
		                 other_plan[i]);
		assert_int_not_equal(plan[i], other_plan[i]);
	}
}

/** A call is plain bytes: it can be written down in the middle and taken up again. */
static void test_call_can_be_copied(void **)
{
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	struct again_call call;
	(void)begin(&call, &policy, 0);
	(void)next(&call, &policy, AGAIN_CLASS_TRANSIENT, 1 * S);
	struct again_call copy;
	memcpy(&copy, &call, sizeof(copy));
	struct again_decision here = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 9 * S);
	struct again_decision there = next(&copy, &policy, AGAIN_CLASS_TRANSIENT, 9 * S);
	assert_same(&here, &there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_first_attempt_is_at_once),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_success_after_three_retries),
		cmocka_unit_test(test_freertos_no_sleep_after_the_last_attempt),
		cmocka_unit_test(test_aws_c_io_count_of_retries),
		cmocka_unit_test(test_litl_zero_is_not_unlimited),
		cmocka_unit_test(test_count_saturates),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_order_of_checks),
		cmocka_unit_test(test_aws_c_io_last_backoff_is_64_bits),
		cmocka_unit_test(test_end_is_stable),
		cmocka_unit_test(test_attempt_that_ends_before_it_starts),
		cmocka_unit_test(test_failsafe_342_reset_after_a_healthy_run),
		cmocka_unit_test(test_reset_forgets_the_last_delay),
		cmocka_unit_test(test_no_reset_by_default),
		cmocka_unit_test(test_initial_delay),
		cmocka_unit_test(test_initial_delay_moves_nothing),
		cmocka_unit_test(test_plan_is_what_next_decides),
		cmocka_unit_test(test_plan_of_fewer),
		cmocka_unit_test(test_tenacity_701_calls_share_nothing),
		cmocka_unit_test(test_call_can_be_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
