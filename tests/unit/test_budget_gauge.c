// SPDX-License-Identifier: MIT
// A gauge of retries in flight: Envoy's retry_budget by hand, its rounding, and that nothing goes below 0.
#include "budget_kit.h"

#include "policy/budget_kinds.h"

static const struct again_gauge *gauge_of(const struct bench *bench)
{
	return &bench->budget.gauge;
}

static void retry_ends(struct bench *bench, uint32_t paid)
{
	again_budget_retry_ends(&bench->budget, &bench->rule, paid);
}

/** Envoy's defaults, 20 % and 3: max(3, calls / 5), for every number of calls. */
static void test_envoy_is_the_larger_of_3_and_a_fifth(void **)
{
	struct bench bench = bench_of(envoy(20, 3));
	for (uint32_t calls = 0; calls <= 10'000; calls++) {
		uint32_t fifth = calls / 5;
		uint32_t expected = fifth > 3 ? fifth : 3;
		uint32_t got = left(&bench, AGAIN_CLASS_TRANSIENT);
		check(got == expected, "%" PRIu32 " calls: %" PRIu32, calls, got);
		call_begins(&bench, 1);
	}
}

/** failsafe-go #139: the minimum was ignored, and callers with little traffic got no retry at all. */
static void test_failsafe_go_139_minimum_counts_for_low_traffic(void **)
{
	struct bench bench = bench_of(envoy(20, 3));
	call_begins(&bench, 1);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 3);
	assert_int_equal(gauge_of(&bench)->granted, 3);
	assert_int_equal(gauge_of(&bench)->refused, 1);
	retry_ends(&bench, bench.paid);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 1);
}

/** Q32 cannot say 0.2; cut down, a fifth of 5 would be 0. Every percent of every hundred calls is a whole number. */
static void test_ratios_are_as_they_were_meant(void **)
{
	struct bench bench = bench_of(envoy(20, 0));
	bench.budget.gauge.calls = 4;
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 0);
	bench.budget.gauge.calls = 5;
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 1);
	static const uint32_t hundreds[] = {1, 2, 3, 7, 999, 42'949};
	for (uint32_t percent = 1; percent < 100; percent++) {
		bench.rule = envoy(percent, 0);
		for (size_t i = 0; i < sizeof(hundreds) / sizeof(hundreds[0]); i++) {
			uint32_t exact = percent * hundreds[i];
			bench.budget.gauge.calls = hundreds[i] * 100;
			check(left(&bench, AGAIN_CLASS_TRANSIENT) == exact, "%" PRIu32 " %%",
			      percent);
			// percent < 100: one call less is less than the whole number.
			bench.budget.gauge.calls--;
			check(left(&bench, AGAIN_CLASS_TRANSIENT) == exact - 1, "%" PRIu32 " %%",
			      percent);
		}
	}
}

/** tower #857: 0.51 and 0.99 differ. */
static void test_tower_857_percents_are_not_rounded(void **)
{
	struct bench bench = bench_of(envoy(51, 0));
	call_begins(&bench, 100);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 51);
	bench = bench_of(envoy(99, 0));
	call_begins(&bench, 100);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 99);
}

/**
 * envoy-mobile #811: where only running requests count, the budget shrinks while calls wait for their retry. Here a call
 * counts until it is over, and its retry from the grant on.
 */
static void test_envoy_mobile_811_waiting_calls_count(void **)
{
	struct bench bench = bench_of(envoy(20, 0));
	call_begins(&bench, 50);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 10);
	assert_int_equal(gauge_of(&bench)->calls, 50);
	assert_int_equal(gauge_of(&bench)->retries, 10);
	retry_ends(&bench, bench.paid);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 1);
}

/** Calls that end while their retries run leave more retries than are allowed: none is granted until they are fewer. */
static void test_more_retries_than_allowed(void **)
{
	struct bench bench = bench_of(envoy(20, 1));
	call_begins(&bench, 50);
	(void)drain(&bench, AGAIN_CLASS_TRANSIENT);
	call_ends(&bench, 45);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 0);
	for (int i = 0; i < 9; i++) {
		assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
		retry_ends(&bench, bench.paid);
	}
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	retry_ends(&bench, bench.paid);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
}

static void test_refund_ends_a_retry(void **)
{
	struct bench bench = bench_of(envoy(20, 1));
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	assert_true(bench.paid > 0);
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	refund(&bench, bench.paid);
	assert_int_equal(gauge_of(&bench)->retries, 0);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
}

/** A first attempt has paid nothing: its end is no retry's end. */
static void test_the_end_of_a_first_attempt_is_no_retrys_end(void **)
{
	struct bench bench = bench_of(envoy(20, 1));
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	retry_ends(&bench, /*paid=*/0);
	refund(&bench, /*paid=*/0);
	assert_int_equal(gauge_of(&bench)->retries, 1);
}

static void test_nothing_goes_below_zero(void **)
{
	struct bench bench = bench_of(envoy(20, 1));
	call_ends(&bench, 3);
	retry_ends(&bench, 1);
	refund(&bench, 1);
	assert_int_equal(gauge_of(&bench)->calls, 0);
	assert_int_equal(gauge_of(&bench)->retries, 0);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 1);
}

static void test_counts_saturate(void **)
{
	struct bench bench = bench_of(envoy(20, UINT32_MAX));
	bench.budget.gauge = (struct again_gauge){.calls = UINT32_MAX,
	                                          .retries = UINT32_MAX - 1,
	                                          .granted = UINT32_MAX,
	                                          .refused = UINT32_MAX};
	call_begins(&bench, 1);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 1);
	assert_int_equal(gauge_of(&bench)->calls, UINT32_MAX);
	assert_int_equal(gauge_of(&bench)->retries, UINT32_MAX);
	assert_int_equal(gauge_of(&bench)->granted, UINT32_MAX);
	assert_int_equal(gauge_of(&bench)->refused, UINT32_MAX);
}

/** The largest ratio of the most calls is still less than all of them: 2^32 - 2, where it is exactly 2^32 - 1.5. */
static void test_the_largest_ratio_does_not_wrap(void **)
{
	struct again_budget_rule rule = envoy(20, 0);
	rule.ratio_q32 = UINT32_MAX;
	struct bench bench = bench_of(rule);
	bench.budget.gauge.calls = UINT32_MAX;
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), UINT32_MAX - 1);
}

/** Success, failure and time are nothing to a gauge; 16 bytes are all that is touched. */
static void test_only_the_gauge_is_touched(void **)
{
	struct bench bench = bench_of(envoy(20, 2));
	static const unsigned char untouched[sizeof(bench.budget) - sizeof(bench.budget.gauge)] = {
		0};
	unsigned char *behind = (unsigned char *)&bench.budget + sizeof(bench.budget.gauge);
	memset(behind, 0, sizeof(untouched));
	call_begins(&bench, 1);
	assert_true(fails(&bench, AGAIN_CLASS_TIMEOUT));
	struct again_gauge before = *gauge_of(&bench);
	bench.now_ns = AGAIN_NEVER;
	again_budget_failure(&bench.budget, &bench.rule, AGAIN_CLASS_TIMEOUT, bench.now_ns);
	succeed(&bench, 1, bench.paid);
	assert_memory_equal(&before, gauge_of(&bench), sizeof(before));
	retry_ends(&bench, bench.paid);
	call_ends(&bench, 1);
	assert_memory_equal(behind, untouched, sizeof(untouched));
}

/** What the call asks inside is what the public functions answer, for each kind. */
static void test_would_grant_is_try_withdraw(void **)
{
	enum {
		SEED = 59,
		EVENTS = 20'000
	};
	const struct again_budget_rule rules[] = {rule_of(AGAIN_BUDGET_NONE), aws_2018(),
	                                          grpc(10, 100), sre10(), envoy(20, 3)};
	static const enum again_class classes[] = {AGAIN_CLASS_TRANSIENT, AGAIN_CLASS_THROTTLED,
	                                           AGAIN_CLASS_TIMEOUT};
	struct again_rng rng = again_rng_root(SEED);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct bench bench = bench_of(rules[i]);
		uint32_t refused = 0;
		for (int event = 0; event < EVENTS; event++) {
			enum again_class outcome_class = classes[again_uniform(&rng, 0, 2)];
			bench.now_ns += again_uniform(&rng, 0, 2 * S);
			call_begins(&bench, again_uniform(&rng, 0, 7) == 0);
			again_budget_failure(&bench.budget, &bench.rule, (uint32_t)outcome_class,
			                     bench.now_ns);
			bool would = again_budget_would_grant(
				&bench.budget, &bench.rule, (uint32_t)outcome_class, bench.now_ns);
			bool is_granted = withdraw(&bench, outcome_class);
			check(would == is_granted, "seed %d rule %zu event %d", SEED, i, event);
			refused += !is_granted;
			if (again_uniform(&rng, 0, 5) == 0) {
				succeed(&bench, is_granted, bench.paid);
				retry_ends(&bench, bench.paid);
			}
		}
		check((refused > 0) == (i != 0), "rule %zu: %" PRIu32, i, refused);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envoy_is_the_larger_of_3_and_a_fifth),
		cmocka_unit_test(test_failsafe_go_139_minimum_counts_for_low_traffic),
		cmocka_unit_test(test_ratios_are_as_they_were_meant),
		cmocka_unit_test(test_tower_857_percents_are_not_rounded),
		cmocka_unit_test(test_envoy_mobile_811_waiting_calls_count),
		cmocka_unit_test(test_more_retries_than_allowed),
		cmocka_unit_test(test_refund_ends_a_retry),
		cmocka_unit_test(test_the_end_of_a_first_attempt_is_no_retrys_end),
		cmocka_unit_test(test_nothing_goes_below_zero),
		cmocka_unit_test(test_counts_saturate),
		cmocka_unit_test(test_the_largest_ratio_does_not_wrap),
		cmocka_unit_test(test_only_the_gauge_is_touched),
		cmocka_unit_test(test_would_grant_is_try_withdraw),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
