// SPDX-License-Identifier: MIT
// A bucket of tokens: the published rules by hand, what comes back, partial grants, and the long-run identity.
#include "budget_kit.h"

static uint64_t balance(const struct bench *bench)
{
	return bench->budget.tokens.balance_mt;
}

/** 500 / 5 = 100. */
static void test_aws_2018_grants_100_transient_retries(void **)
{
	struct bench bench = bench_of(aws_2018());
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 100);
	assert_int_equal(balance(&bench), 0);
	assert_int_equal(bench.budget.tokens.granted, 100);
	assert_int_equal(bench.budget.tokens.refused, 1);
}

/** 500 / 10 = 50. */
static void test_aws_2018_grants_50_retries_of_timeouts(void **)
{
	struct bench bench = bench_of(aws_2018());
	assert_int_equal(left(&bench, AGAIN_CLASS_TIMEOUT), 50);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TIMEOUT), 50);
	assert_int_equal(bench.paid, 10 * TOKEN);
}

/** What is not throttled or a timeout costs the same, whatever its name; throttled costs 5 as it has no cost of its own. */
static void test_aws_2018_other_classes_cost_5(void **)
{
	static const enum again_class classes[] = {AGAIN_CLASS_SERVER, AGAIN_CLASS_THROTTLED,
	                                           AGAIN_CLASS_AMBIGUOUS};
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		struct bench bench = bench_of(aws_2018());
		assert_int_equal(drain(&bench, classes[i]), 100);
		assert_int_equal(bench.paid, 5 * TOKEN);
	}
}

/** Empty after 100 retries; +1 for each first-try success: 4 are not enough for 5, the fifth is. */
static void test_aws_2018_first_try_success_gives_1(void **)
{
	struct bench bench = bench_of(aws_2018());
	(void)drain(&bench, AGAIN_CLASS_TRANSIENT);
	for (int i = 0; i < 4; i++) {
		succeed(&bench, /*retries=*/0, /*paid=*/0);
	}
	assert_int_equal(balance(&bench), 4 * TOKEN);
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	succeed(&bench, /*retries=*/0, /*paid=*/0);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	assert_int_equal(balance(&bench), 0);
}

/** 500 - 10 - 5 = 485; the last retry paid 5, so 490: the 10 of the first one are gone. */
static void test_aws_2018_later_success_repays_the_last_cost(void **)
{
	struct bench bench = bench_of(aws_2018());
	assert_true(withdraw(&bench, AGAIN_CLASS_TIMEOUT));
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	assert_int_equal(balance(&bench), 485 * TOKEN);
	succeed(&bench, /*retries=*/2, bench.paid);
	assert_int_equal(balance(&bench), 490 * TOKEN);
}

/** 35 * 14 = 490; the 10 that are left are less than 14. */
static void test_aws_2026_grants_35_transient_retries(void **)
{
	struct bench bench = bench_of(aws_2026());
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 35);
	assert_int_equal(left(&bench, AGAIN_CLASS_TIMEOUT), 35);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 35);
	assert_int_equal(balance(&bench), 10 * TOKEN);
	assert_false(withdraw(&bench, AGAIN_CLASS_TIMEOUT));
}

/** 500 / 5 = 100; and 10 left of transient failures are two retries after throttling. */
static void test_aws_2026_throttled_costs_5(void **)
{
	struct bench fresh = bench_of(aws_2026());
	assert_int_equal(drain(&fresh, AGAIN_CLASS_THROTTLED), 100);
	struct bench bench = bench_of(aws_2026());
	(void)drain(&bench, AGAIN_CLASS_TRANSIENT);
	assert_int_equal(drain(&bench, AGAIN_CLASS_THROTTLED), 2);
	assert_int_equal(balance(&bench), 0);
}

/** 500 - 14 - 5 + 5 = 486. */
static void test_aws_2026_repays_what_the_last_retry_cost(void **)
{
	struct bench bench = bench_of(aws_2026());
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	assert_true(withdraw(&bench, AGAIN_CLASS_THROTTLED));
	succeed(&bench, /*retries=*/2, bench.paid);
	assert_int_equal(balance(&bench), 486 * TOKEN);
}

/**
 * aws-c-io grants min(there, cost): of 503 tokens 50 retries take 10 each, and a 51st takes the 3 that are left, where
 * an SDK would refuse it. What comes back is what was taken.
 */
static void test_aws_c_io_grants_what_is_there(void **)
{
	struct again_budget_rule rule = bucket(503 * TOKEN, 10 * TOKEN, 1 * TOKEN);
	struct bench sdk = bench_of(rule);
	assert_int_equal(drain(&sdk, AGAIN_CLASS_TRANSIENT), 50);
	rule.least_mt = 1;
	rule.repay_last = 1;
	struct bench bench = bench_of(rule);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 51);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 51);
	assert_int_equal(bench.paid, 3 * TOKEN);
	assert_int_equal(balance(&bench), 0);
	succeed(&bench, /*retries=*/51, bench.paid);
	assert_int_equal(balance(&bench), 3 * TOKEN);
}

/** 10 - 1 = 9, 8, 7, 6 are above 5: four retries; the fifth failure leaves 5, which is not. */
static void test_grpc_a6_grants_4_and_denies_the_fifth_failure(void **)
{
	struct bench bench = bench_of(grpc(10, 100));
	for (uint32_t i = 1; i <= 4; i++) {
		assert_true(fails(&bench, AGAIN_CLASS_TRANSIENT));
		assert_int_equal(balance(&bench), (10 - i) * TOKEN);
		assert_int_equal(bench.paid, 0);
	}
	assert_false(fails(&bench, AGAIN_CLASS_TRANSIENT));
	assert_int_equal(balance(&bench), 5 * TOKEN);
	assert_int_equal(bench.budget.tokens.granted, 4);
	assert_int_equal(bench.budget.tokens.refused, 1);
}

/** A failure that is denied still costs: 5, 4, … 0, and no less. Then 51 successes of 0.1 are 5.1, which is above 5. */
static void test_grpc_a6_refused_failures_cost_too(void **)
{
	struct bench bench = bench_of(grpc(10, 100));
	for (int i = 0; i < 12; i++) {
		(void)fails(&bench, AGAIN_CLASS_TRANSIENT);
	}
	assert_int_equal(balance(&bench), 0);
	for (int i = 0; i < 50; i++) {
		succeed(&bench, (uint32_t)i % 2, /*paid=*/0);
	}
	assert_int_equal(balance(&bench), 5 * TOKEN);
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	succeed(&bench, /*retries=*/1, /*paid=*/0);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
}

/** The failure before the first has been told; from 9 the retries come at 9, 8, 7 and 6. */
static void test_grpc_a6_left_counts_the_failures_to_come(void **)
{
	struct bench bench = bench_of(grpc(10, 100));
	for (uint32_t granted = 0; granted < 4; granted++) {
		again_budget_failure(&bench.budget, &bench.rule, AGAIN_CLASS_TRANSIENT, 0);
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 4 - granted);
		assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	}
	again_budget_failure(&bench.budget, &bench.rule, AGAIN_CLASS_TRANSIENT, 0);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 0);
}

/** userver's defaults: 100 tokens, ratio 0.1. 99 … 51 are above 50: 49 retries. */
static void test_userver_grants_49(void **)
{
	struct bench bench = bench_of(grpc(100, 100));
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 49);
}

/** 30 tokens (Isaev 2023, Yandex): 30 retries at once, then one for ten first-try successes; a later one gives nothing. */
static void test_yandex_30_tokens(void **)
{
	struct bench bench = bench_of(bucket(30 * TOKEN, 1 * TOKEN, 100));
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 30);
	for (int i = 0; i < 9; i++) {
		succeed(&bench, /*retries=*/0, /*paid=*/0);
		succeed(&bench, /*retries=*/1, bench.paid);
	}
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	succeed(&bench, /*retries=*/0, /*paid=*/0);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 1);
}

/** Brooker: +0.1 per success, also after a retry, -1 per retry. In steady state 10,000 successes are 1,000 retries. */
static void test_brooker_is_a_tenth_in_steady_state(void **)
{
	struct again_budget_rule rule = bucket(10 * TOKEN, 1 * TOKEN, 100);
	rule.deposit_later_mt = 100;
	struct bench bench = bench_of(rule);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 10);
	uint32_t granted = 0;
	for (uint32_t i = 0; i < 10'000; i++) {
		succeed(&bench, i % 2, /*paid=*/0);
		granted += withdraw(&bench, AGAIN_CLASS_TRANSIENT);
	}
	assert_int_equal(granted, 1000);
}

/** tower #857 (1/percent as an integer): 0.51 and 0.99 were both 100 %. Here 510 and 990 of 1,000 successes' retries. */
static void test_tower_857_percents_are_not_rounded(void **)
{
	static const uint32_t permilles[] = {1, 300, 400, 510, 990, 999};
	for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
		struct bench bench = bench_of(bucket(1000 * TOKEN, 1 * TOKEN, permilles[i]));
		(void)drain(&bench, AGAIN_CLASS_TRANSIENT);
		for (int n = 0; n < 1000; n++) {
			succeed(&bench, /*retries=*/0, /*paid=*/0);
		}
		assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), permilles[i]);
	}
}

static void test_deposits_stop_at_the_capacity(void **)
{
	struct again_budget_rule rule = bucket(3 * TOKEN, 2 * TOKEN, AGAIN_BUDGET_MT_MAX);
	rule.deposit_call_mt = AGAIN_BUDGET_MT_MAX;
	rule.deposit_later_mt = AGAIN_BUDGET_MT_MAX;
	rule.repay_last = 1;
	struct bench bench = bench_of(rule);
	succeed(&bench, /*retries=*/0, /*paid=*/0);
	succeed(&bench, /*retries=*/1, UINT32_MAX);
	call_begins(&bench, 2);
	assert_int_equal(balance(&bench), 3 * TOKEN);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	call_begins(&bench, 1);
	assert_int_equal(balance(&bench), 3 * TOKEN);
}

/** The smallest amount, too. */
static void test_a_full_bucket_takes_not_even_a_thousandth(void **)
{
	struct bench bench = bench_of(bucket(3 * TOKEN, 1 * TOKEN, 1));
	succeed(&bench, /*retries=*/0, /*paid=*/0);
	assert_int_equal(balance(&bench), 3 * TOKEN);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	succeed(&bench, /*retries=*/0, /*paid=*/0);
	assert_int_equal(balance(&bench), 2 * TOKEN + 1);
}

static void test_refund_gives_back_what_was_paid_up_to_the_capacity(void **)
{
	struct bench bench = bench_of(aws_2018());
	assert_true(withdraw(&bench, AGAIN_CLASS_TIMEOUT));
	refund(&bench, bench.paid);
	assert_int_equal(balance(&bench), 500 * TOKEN);
	refund(&bench, 5 * TOKEN);
	assert_int_equal(balance(&bench), 500 * TOKEN);
	assert_int_equal(bench.budget.tokens.granted, 1);
}

/** A refund takes the retry's deposit back as well, and stops at 0. */
static void test_refund_takes_the_deposit_of_the_retry_back(void **)
{
	struct again_budget_rule rule = bucket(10 * TOKEN, 2 * TOKEN, 0);
	rule.deposit_retry_mt = 500;
	struct bench bench = bench_of(rule);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	assert_int_equal(balance(&bench), 8500);
	refund(&bench, bench.paid);
	assert_int_equal(balance(&bench), 10 * TOKEN);
	(void)drain(&bench, AGAIN_CLASS_TRANSIENT);
	// 10 - 6 * 1.5 = 1, which is less than 2.
	assert_int_equal(balance(&bench), 1000);
	refund(&bench, /*paid=*/0);
	refund(&bench, /*paid=*/0);
	refund(&bench, /*paid=*/0);
	assert_int_equal(balance(&bench), 0);
}

static void test_retry_ends_and_call_ends_mean_nothing_to_a_bucket(void **)
{
	struct bench bench = bench_of(aws_2018());
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	struct again_tokens before = bench.budget.tokens;
	again_budget_retry_ends(&bench.budget, &bench.rule, bench.paid);
	again_budget_call_ends(&bench.budget, &bench.rule);
	again_budget_failure(&bench.budget, &bench.rule, AGAIN_CLASS_TRANSIENT, 0);
	assert_memory_equal(&before, &bench.budget.tokens, sizeof(before));
}

/** Whoever knows the kind may give 16 bytes: under a sanitizer this would tell of a byte more. */
static void test_only_the_bucket_is_touched(void **)
{
	struct bench bench = bench_of(aws_2018());
	static const unsigned char untouched[sizeof(bench.budget) - sizeof(bench.budget.tokens)] = {
		0};
	unsigned char *behind = (unsigned char *)&bench.budget + sizeof(bench.budget.tokens);
	memset(behind, 0, sizeof(untouched));
	call_begins(&bench, 1);
	(void)drain(&bench, AGAIN_CLASS_TRANSIENT);
	succeed(&bench, 1, bench.paid);
	refund(&bench, 1);
	call_ends(&bench, 1);
	assert_memory_equal(behind, untouched, sizeof(untouched));
}

static void test_counts_saturate(void **)
{
	struct bench bench = bench_of(aws_2018());
	bench.budget.tokens.granted = UINT32_MAX - 1;
	bench.budget.tokens.refused = UINT32_MAX - 1;
	(void)drain(&bench, AGAIN_CLASS_TRANSIENT);
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	assert_int_equal(bench.budget.tokens.granted, UINT32_MAX);
	assert_int_equal(bench.budget.tokens.refused, UINT32_MAX);
}

/** A bucket has no clock. */
static void test_time_is_not_looked_at(void **)
{
	struct bench bench = bench_of(aws_2018());
	static const again_ns times_ns[] = {AGAIN_NEVER, 0, HOUR, 1};
	for (uint32_t i = 0; i < 100; i++) {
		bench.now_ns = times_ns[i % 4];
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100 - i);
		assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	}
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
}

static void test_no_budget_grants_everything(void **)
{
	struct bench bench = bench_of(rule_of(AGAIN_BUDGET_NONE));
	union again_budget before = bench.budget;
	call_begins(&bench, 1);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(left(&bench, AGAIN_CLASS_TIMEOUT), UINT32_MAX);
		assert_true(fails(&bench, AGAIN_CLASS_TIMEOUT));
		assert_int_equal(bench.paid, 0);
	}
	succeed(&bench, 1, 0);
	refund(&bench, 0);
	again_budget_retry_ends(&bench.budget, &bench.rule, 0);
	call_ends(&bench, 1);
	assert_memory_equal(&before, &bench.budget, sizeof(before));
}

/** The count that is told ahead is the count that comes, for rules of every shape. */
static void test_left_is_how_many_are_granted(void **)
{
	enum {
		SEED = 41
	};
	struct again_rng rng = again_rng_root(SEED);
	uint32_t tried = 0;
	for (int i = 0; i < 20'000; i++) {
		uint32_t capacity_mt = (uint32_t)again_uniform(&rng, 1, 2000);
		struct again_budget_rule rule =
			bucket(capacity_mt, (uint32_t)again_uniform(&rng, 1, capacity_mt), 7);
		bool has_least = again_uniform(&rng, 0, 1) == 0;
		rule.least_mt = has_least ? (uint32_t)again_uniform(&rng, 0, capacity_mt) : 0;
		rule.deposit_retry_mt = (uint32_t)again_uniform(&rng, 0, rule.cost_mt);
		rule.charge_failures = (uint32_t)again_uniform(&rng, 0, 1);
		rule.cost_timeout_mt = (uint32_t)again_uniform(&rng, 0, capacity_mt);
		if (again_budget_rule_validate(&rule, NULL) != 0) {
			continue;
		}
		struct bench bench = bench_of(rule);
		bool is_full = again_uniform(&rng, 0, 3) == 0;
		bench.budget.tokens.balance_mt =
			is_full ? capacity_mt : again_uniform(&rng, 0, capacity_mt);
		enum again_class outcome_class = again_uniform(&rng, 0, 1) == 0
		                                         ? AGAIN_CLASS_TRANSIENT
		                                         : AGAIN_CLASS_TIMEOUT;
		uint32_t told = left(&bench, outcome_class);
		uint32_t granted = withdraw(&bench, outcome_class);
		granted += granted > 0 ? drain(&bench, outcome_class) : 0;
		check(told == granted, "seed %d rule %d: %" PRIu32 " told, %" PRIu32 " granted",
		      SEED, i, told, granted);
		tried++;
	}
	assert_in_range(tried, 5000, 20'000);
}

/** One call whose attempts each fail by the stream; whether it succeeded. Counts its attempts and failures. */
static bool live(struct bench *bench, struct again_rng *rng, uint64_t *attempts, uint64_t *failed)
{
	uint64_t fails_below = UINT64_MAX / 10 * 7; // p = 0.7
	call_begins(bench, 1);
	for (uint32_t retries = 0;; retries++) {
		(*attempts)++;
		if (again_rng_next(rng) >= fails_below) {
			succeed(bench, retries, retries > 0 ? bench->paid : 0);
			return true;
		}
		(*failed)++;
		if (!fails(bench, AGAIN_CLASS_TRANSIENT)) {
			return false;
		}
	}
}

/**
 * Whatever the budget: each attempt but a call's last is a failure that was granted a retry, so calls = attempts -
 * grants, failed calls = refusals, and the calls that succeed are exactly the attempts that did not fail: attempts *
 * (1 - p), with the p that was.
 */
static void test_success_is_attempts_that_did_not_fail(void **)
{
	enum {
		SEED = 43,
		CALLS = 200'000
	};
	const struct again_budget_rule rules[] = {aws_2018(), aws_2026(), grpc(10, 100),
	                                          bucket(30 * TOKEN, 1 * TOKEN, 100)};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct bench bench = bench_of(rules[i]);
		struct again_rng rng = again_rng_root(SEED);
		uint64_t attempts = 0;
		uint64_t failed = 0;
		uint64_t successes = 0;
		for (int n = 0; n < CALLS; n++) {
			successes += live(&bench, &rng, &attempts, &failed);
		}
		const struct again_tokens *tokens = &bench.budget.tokens;
		check(successes == attempts - failed, "seed %d rule %zu", SEED, i);
		check(attempts == CALLS + (uint64_t)tokens->granted, "seed %d rule %zu", SEED, i);
		check(successes == CALLS - (uint64_t)tokens->refused, "seed %d rule %zu", SEED, i);
		check(tokens->refused > 0 && tokens->granted > 0, "seed %d rule %zu", SEED, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aws_2018_grants_100_transient_retries),
		cmocka_unit_test(test_aws_2018_grants_50_retries_of_timeouts),
		cmocka_unit_test(test_aws_2018_other_classes_cost_5),
		cmocka_unit_test(test_aws_2018_first_try_success_gives_1),
		cmocka_unit_test(test_aws_2018_later_success_repays_the_last_cost),
		cmocka_unit_test(test_aws_2026_grants_35_transient_retries),
		cmocka_unit_test(test_aws_2026_throttled_costs_5),
		cmocka_unit_test(test_aws_2026_repays_what_the_last_retry_cost),
		cmocka_unit_test(test_aws_c_io_grants_what_is_there),
		cmocka_unit_test(test_grpc_a6_grants_4_and_denies_the_fifth_failure),
		cmocka_unit_test(test_grpc_a6_refused_failures_cost_too),
		cmocka_unit_test(test_grpc_a6_left_counts_the_failures_to_come),
		cmocka_unit_test(test_userver_grants_49),
		cmocka_unit_test(test_yandex_30_tokens),
		cmocka_unit_test(test_brooker_is_a_tenth_in_steady_state),
		cmocka_unit_test(test_tower_857_percents_are_not_rounded),
		cmocka_unit_test(test_deposits_stop_at_the_capacity),
		cmocka_unit_test(test_a_full_bucket_takes_not_even_a_thousandth),
		cmocka_unit_test(test_refund_gives_back_what_was_paid_up_to_the_capacity),
		cmocka_unit_test(test_refund_takes_the_deposit_of_the_retry_back),
		cmocka_unit_test(test_retry_ends_and_call_ends_mean_nothing_to_a_bucket),
		cmocka_unit_test(test_only_the_bucket_is_touched),
		cmocka_unit_test(test_counts_saturate),
		cmocka_unit_test(test_time_is_not_looked_at),
		cmocka_unit_test(test_no_budget_grants_everything),
		cmocka_unit_test(test_left_is_how_many_are_granted),
		cmocka_unit_test(test_success_is_attempts_that_did_not_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
