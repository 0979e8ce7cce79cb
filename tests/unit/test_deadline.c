// SPDX-License-Identifier: MIT
// A call's deadline under virtual time: no start at or after it, no wait that cannot fit, no clock
// that can fool it; and the bugs of other libraries, each a test that is named after its report.
#include "call_kit.h"

/** tenacity PR #423: stop_after_delay(5) with waits of 1, 2, 4 s attempts at 0, 1, 3 and 7. */
static void test_tenacity_423_attempts_at_0_1_3(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 5 * S;
	struct story story = {0};
	live(&story, &policy);
	assert_end(&story.last, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 3);
	assert_int_equal(story.starts_ns[0], 0);
	assert_int_equal(story.starts_ns[1], 1 * S);
	assert_int_equal(story.starts_ns[2], 3 * S);
	// grpc-go and Azure sleep first and look afterwards: here the wait is refused while it is a
	// number.
	assert_int_equal(story.now_ns, 3 * S);
	assert_int_equal(story.last.delay_ns, 4 * S);
	assert_int_equal(story.last.not_before_ns, 7 * S);
}

/** A wait that ends exactly at the deadline leaves nothing to run in; one nanosecond does. */
static void test_wait_that_ends_at_the_deadline(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 1 * S;
	struct again_call call;
	(void)begin(&call, &policy, 50 * S);
	struct again_decision decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 50 * S);
	assert_end(&decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 1);
	assert_int_equal(decision.delay_ns, 1 * S);
	policy.deadline_ns = 1 * S + 1;
	(void)begin(&call, &policy, 50 * S);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 50 * S);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(decision.attempt_timeout_ns, 1);
}

/** Failsafe #46: do not sleep if the next attempt cannot finish inside the limit. */
static void test_failsafe_46_next_attempt_cannot_fit(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 4 * S;
	policy.min_attempt_ns = 3 * S;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	struct again_decision decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(decision.attempt_timeout_ns, 3 * S);
	(void)begin(&call, &policy, 0);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 1);
	assert_end(&decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 1);
	assert_int_equal(decision.delay_ns, 1 * S);
}

/** litl #186: max_time does not include the time that the attempt itself took. */
static void test_litl_186_attempts_take_time(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 10 * S;
	struct story story = {.attempt_ns = 4 * S};
	live(&story, &policy);
	// 0 to 4, a wait of 1, 5 to 9, and the wait of 2 does not fit.
	assert_end(&story.last, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 2);
	assert_int_equal(story.starts_ns[1], 5 * S);
	assert_int_equal(story.now_ns, 9 * S);
}

/**
 * Linkerd #2369, curl: retries run on past the total time. Whatever the attempts take, no start is
 * at or after it.
 */
static void test_linkerd_2369_no_start_after_the_deadline(void **)
{
	struct again_rng rng = again_rng_root(seed);
	for (int i = 0; i < 5000; i++) {
		struct again_policy policy =
			policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_FULL);
		policy.max_retries = 60;
		policy.deadline_ns = again_uniform(&rng, 1, 200 * S);
		struct story story = {.now_ns = again_rng_next(&rng) >> 8,
		                      .attempt_ns = again_uniform(&rng, 0, 5 * S)};
		again_ns deadline_at_ns = story.now_ns + policy.deadline_ns;
		live(&story, &policy);
		for (uint32_t attempt = 0; attempt < story.attempts; attempt++) {
			check(story.starts_ns[attempt] < deadline_at_ns,
			      "seed %" PRIu64 ", case %d, attempt %u", seed, i, attempt);
		}
	}
}

/**
 * Failsafe #121 and #364, resilience4j #1209: the limit of the whole bounds the running attempt
 * too.
 */
static void test_failsafe_121_deadline_bounds_the_attempt(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 10 * S;
	policy.attempt_timeout_ns = 6 * S;
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, 100 * S);
	assert_int_equal(decision.attempt_timeout_ns, 6 * S);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 106 * S);
	assert_int_equal(decision.not_before_ns, 107 * S);
	assert_int_equal(decision.attempt_timeout_ns, 3 * S);
}

static void test_deadline_that_passed_while_it_ran(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 10 * S;
	struct again_call call;
	(void)begin(&call, &policy, 0);
	struct again_decision end = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 10 * S);
	assert_end(&end, AGAIN_REASON_DEADLINE, 1);
	assert_int_equal(end.delay_ns, 0);
}

static void test_deadline_before_the_first_attempt(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 0;
	struct again_call call;
	struct again_decision end = begin(&call, &policy, 5 * S);
	assert_end(&end, AGAIN_REASON_DEADLINE, 0);
	policy.deadline_ns = 1 * S;
	again_call_init(&call, &policy, 5 * S, seed, 1);
	again_call_begin(&call, &policy, /*guards=*/NULL, 6 * S, &end);
	assert_end(&end, AGAIN_REASON_DEADLINE, 0);
}

/**
 * All the time that there is is a deadline like another, and one nanosecond less than never is not
 * never.
 */
static void test_deadlines_of_extreme_length(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = AGAIN_NEVER - 1;
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, 0);
	assert_int_equal(decision.attempt_timeout_ns, AGAIN_NEVER - 1);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, AGAIN_NEVER - 1);
	assert_end(&decision, AGAIN_REASON_DEADLINE, 1);
	// Started late, it saturates and never comes.
	decision = begin(&call, &policy, 10 * S);
	assert_int_equal(decision.attempt_timeout_ns, AGAIN_NEVER);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, AGAIN_NEVER - 1);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
}

/**
 * cenkalti #191: elapsed time overflows. backon: cumulative + next can panic. The Rust crate again:
 * overflow stops it.
 */
static void test_cenkalti_191_backon_end_of_the_clock(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.max_retries = AGAIN_UNLIMITED;
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, AGAIN_NEVER - 5);
	for (int i = 0; i < 200; i++) {
		decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, AGAIN_NEVER - 2);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		assert_int_equal(decision.not_before_ns, AGAIN_NEVER);
		assert_true(decision.delay_ns >= 1 * S);
	}
	// With a deadline the same sum does not fit, it does not wrap.
	policy.deadline_ns = 3;
	(void)begin(&call, &policy, AGAIN_NEVER - 5);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, AGAIN_NEVER - 4);
	assert_end(&decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 1);
	assert_int_equal(decision.not_before_ns, AGAIN_NEVER);
}

/**
 * A clock that goes backwards is held at its latest: nothing is negative, nothing gets a second
 * chance.
 */
static void test_time_backwards(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 100 * S;
	struct again_call call;
	(void)begin(&call, &policy, 1000 * S);
	struct again_decision decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 1010 * S);
	assert_int_equal(decision.not_before_ns, 1011 * S);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 3 * S);
	assert_int_equal(decision.not_before_ns, 1012 * S);
	assert_int_equal(decision.attempt_timeout_ns, 88 * S);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, 0);
	assert_int_equal(decision.not_before_ns, 1014 * S);
	// Before the start too.
	again_call_init(&call, &policy, 1000 * S, seed, 1);
	again_call_begin(&call, &policy, /*guards=*/NULL, 1 * S, &decision);
	assert_int_equal(decision.not_before_ns, 1000 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tenacity_423_attempts_at_0_1_3),
		cmocka_unit_test(test_wait_that_ends_at_the_deadline),
		cmocka_unit_test(test_failsafe_46_next_attempt_cannot_fit),
		cmocka_unit_test(test_litl_186_attempts_take_time),
		cmocka_unit_test(test_linkerd_2369_no_start_after_the_deadline),
		cmocka_unit_test(test_failsafe_121_deadline_bounds_the_attempt),
		cmocka_unit_test(test_deadline_that_passed_while_it_ran),
		cmocka_unit_test(test_deadline_before_the_first_attempt),
		cmocka_unit_test(test_deadlines_of_extreme_length),
		cmocka_unit_test(test_cenkalti_191_backon_end_of_the_clock),
		cmocka_unit_test(test_time_backwards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
