// SPDX-License-Identifier: MIT
// A window: Finagle's and the SRE book's budgets by hand, forgetting, the clock's ends, and sums that saturate.
#include "budget_kit.h"

static void advance_to(struct bench *bench, again_ns now_ns)
{
	bench->now_ns = now_ns;
}

/** The reserve is 10 a second for 10 s. */
static void test_finagle_cold_start_grants_100(void **)
{
	struct bench bench = bench_of(finagle(200));
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 100);
	assert_int_equal(bench.paid, 1 * TOKEN);
	assert_int_equal(bench.budget.window.granted, 100);
	assert_int_equal(bench.budget.window.refused, 1);
}

/** 100 of the reserve and 20 % of 500. */
static void test_finagle_calls_deposit_a_fifth(void **)
{
	struct bench bench = bench_of(finagle(200));
	call_begins(&bench, 500);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 200);
	call_begins(&bench, 4);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 0);
	call_begins(&bench, 1);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 1);
}

/** Deposits of the first tenth (0 to 1 s) count until 10 s, however late in it they were made. */
static void test_finagle_deposits_are_forgotten_after_ttl(void **)
{
	static const again_ns deposited_ns[] = {0, 1 * S - 1};
	for (size_t i = 0; i < 2; i++) {
		struct bench bench = bench_of(finagle(200));
		advance_to(&bench, deposited_ns[i]);
		call_begins(&bench, 500);
		advance_to(&bench, 10 * S - 1);
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 200);
		advance_to(&bench, 10 * S);
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100);
		assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 100);
	}
}

/** A drained reserve is whole again when the retries are forgotten, a tenth after the other. */
static void test_finagle_retries_are_forgotten_after_ttl(void **)
{
	struct bench bench = bench_of(finagle(200));
	for (int i = 0; i < 60; i++) {
		assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	}
	advance_to(&bench, 5 * S);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 40);
	advance_to(&bench, 10 * S - 1);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 0);
	advance_to(&bench, 10 * S);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 60);
	advance_to(&bench, 15 * S);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100);
}

/** Old deposits go before newer retries do: a reserve of 100 and deposits of 100 paid for 200; then 100 - 200 is left. */
static void test_balance_may_be_negative(void **)
{
	struct bench bench = bench_of(finagle(200));
	call_begins(&bench, 500);
	advance_to(&bench, 9 * S);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 200);
	advance_to(&bench, 10 * S);
	// 100 - 200 = -100: 500 calls more are just 0, and 5 more are 1.
	call_begins(&bench, 500);
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	call_begins(&bench, 5);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 1);
}

/** tower #857: 0.51 and 0.99 were both 100 %, 0.3 was 33 %, 0.4 was 50 %. */
static void test_tower_857_percents_are_not_rounded(void **)
{
	static const uint32_t permilles[] = {1, 300, 400, 510, 990, 999, 1000};
	for (size_t i = 0; i < sizeof(permilles) / sizeof(permilles[0]); i++) {
		struct bench bench = bench_of(finagle(permilles[i]));
		call_begins(&bench, 1000);
		assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 100 + permilles[i]);
	}
}

/** 0 of 1 request is below 10 %. Then 1 of 2 … 1 of 10 are not; 1 of 11 is. */
static void test_sre_first_retry_of_a_fresh_client_is_granted(void **)
{
	struct bench bench = bench_of(sre10());
	call_begins(&bench, 1);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	for (uint32_t calls = 1; calls <= 9; calls++) {
		assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
		call_begins(&bench, 1);
	}
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
}

/** Exact up to 100 retries: granted if, and only if, 10 r < n + r, or nothing is known. */
static void test_sre_is_below_ten_percent_of_the_requests(void **)
{
	enum {
		SEED = 47,
		RUNS = 200
	};
	struct again_rng rng = again_rng_root(SEED);
	for (int run = 0; run < RUNS; run++) {
		struct bench bench = bench_of(sre10());
		uint64_t calls = 0;
		uint64_t retries = 0;
		uint64_t most_calls = again_uniform(&rng, 1, 20);
		while (retries < 100) {
			bool is_below = 10 * retries < calls + retries || calls + retries == 0;
			bool is_granted = withdraw(&bench, AGAIN_CLASS_TRANSIENT);
			check(is_granted == is_below,
			      "seed %d run %d: %" PRIu64 " retries, %" PRIu64 " calls", SEED, run,
			      retries, calls);
			retries += is_granted;
			uint64_t more = again_uniform(&rng, 0, most_calls);
			call_begins(&bench, (uint32_t)more);
			calls += more;
		}
	}
}

/** Beyond 100 retries it is never looser than below 10 %, and never stricter than below 9.99 %. */
static void test_sre_many_requests(void **)
{
	struct bench bench = bench_of(sre10());
	call_begins(&bench, 1'000'000);
	uint64_t retries = drain(&bench, AGAIN_CLASS_TRANSIENT);
	// 100 n >= 901 r: the last grant found r = 110,987 of them, so there are 110,988.
	assert_int_equal(retries, 110'988);
	assert_true(10 * (retries - 1) < 1'000'000 + retries - 1);
	assert_true(10'000 * retries > 999 * (1'000'000 + retries));
}

/** A call that lasted longer than the window finds nothing in it: one retry, and none more until that is forgotten. */
static void test_sre_a_long_call_may_retry_once_a_window(void **)
{
	struct bench bench = bench_of(sre10());
	call_begins(&bench, 1);
	for (again_ns hours = 1; hours <= 3; hours++) {
		advance_to(&bench, hours * HOUR);
		assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 1);
		advance_to(&bench, hours * HOUR + 120 * S - 1);
		assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 0);
		advance_to(&bench, hours * HOUR + 120 * S);
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 1);
	}
}

/**
 * Without the two thousandths it is exact for any number: 100 n + 100 r - 1000 r >= 1 is 9 r < n. But then a call that
 * lasted longer than the window, and so finds 0 of 0, is never granted a retry.
 */
static void test_sre_without_a_reserve(void **)
{
	struct again_budget_rule rule = sre10();
	rule.capacity_mt = 0;
	rule.cost_mt = 1 * TOKEN;
	struct bench bench = bench_of(rule);
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	call_begins(&bench, 1);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	call_begins(&bench, 8);
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	call_begins(&bench, 999'991);
	// r is below 1,000,000 / 9 = 111,111.1 at each grant, from 0 to 111,111.
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 111'111);
	advance_to(&bench, 120 * S);
	assert_false(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
}

/**
 * 100 calls: 12 retries, as 100 * 100 >= 901 * r holds for r from 0 to 11. Two minutes later the calls are as if they had
 * not been.
 */
static void test_sre_two_minutes_later(void **)
{
	struct bench bench = bench_of(sre10());
	call_begins(&bench, 100);
	advance_to(&bench, 120 * S - 1);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 12);
	advance_to(&bench, 120 * S);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 1);
}

/** What was paid may be forgotten when the wait is over: a refund would then grant from nothing. */
static void test_no_refund_outlives_its_payment(void **)
{
	struct bench bench = bench_of(finagle(1));
	uint32_t before = left(&bench, AGAIN_CLASS_TRANSIENT);
	for (int i = 0; i < 5; i++) {
		assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
		advance_to(&bench, (uint64_t)(i + 1) * 60 * S);
		refund(&bench, bench.paid);
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), before);
	}
}

static void test_success_deposits_and_repays(void **)
{
	struct again_budget_rule rule = finagle(0);
	rule.deposit_first_mt = 100;
	rule.deposit_later_mt = 10;
	rule.cost_throttled_mt = 3 * TOKEN;
	rule.repay_last = 1;
	struct bench bench = bench_of(rule);
	assert_true(withdraw(&bench, AGAIN_CLASS_THROTTLED));
	assert_int_equal(bench.budget.window.change_mt[0], -3000);
	succeed(&bench, /*retries=*/1, bench.paid);
	assert_int_equal(bench.budget.window.change_mt[0], 10);
	succeed(&bench, /*retries=*/0, /*paid=*/0);
	assert_int_equal(bench.budget.window.change_mt[0], 110);
}

/** A reserve of 3, a failure costs 1: 2, 1, 0: two retries; then 1, when the oldest failure is forgotten. */
static void test_failures_may_be_charged(void **)
{
	struct again_budget_rule rule = finagle(0);
	rule.capacity_mt = 3 * TOKEN;
	rule.charge_failures = 1;
	struct bench bench = bench_of(rule);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 3);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 2);
	assert_int_equal(bench.paid, 0);
	advance_to(&bench, 10 * S);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 3);
}

/** Held in the tenth that was reached: what is deposited then is dated there. */
static void test_a_clock_that_goes_backwards_is_held(void **)
{
	struct bench bench = bench_of(finagle(200));
	advance_to(&bench, 30 * S);
	call_begins(&bench, 5);
	advance_to(&bench, 0);
	call_begins(&bench, 5);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 102);
	assert_true(withdraw(&bench, AGAIN_CLASS_TRANSIENT));
	assert_int_equal(bench.budget.window.tenth, 30);
	advance_to(&bench, 40 * S - 1);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 101);
	advance_to(&bench, 40 * S);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100);
}

/** Jumps of every length, with one deposit at 0: it counts for nine tenths, then never again. */
static void test_jumps(void **)
{
	for (uint64_t tenths = 0; tenths < 64; tenths++) {
		struct bench bench = bench_of(finagle(1000));
		call_begins(&bench, 7);
		advance_to(&bench, tenths * S);
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), tenths < 10 ? 107 : 100);
		call_begins(&bench, 1);
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), tenths < 10 ? 108 : 101);
		assert_int_equal(bench.budget.window.tenth, tenths);
	}
}

/** At the end of time, with the shortest tenths: the numbers of tenths are as large as they can be. */
static void test_the_end_of_time(void **)
{
	struct again_budget_rule rule = finagle(1000);
	rule.window_ns = 10;
	struct bench bench = bench_of(rule);
	call_begins(&bench, 1);
	advance_to(&bench, AGAIN_NEVER);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100);
	call_begins(&bench, 1);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 101);
	assert_int_equal(bench.budget.window.tenth, AGAIN_NEVER);
	advance_to(&bench, AGAIN_NEVER - 1);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 101);
	again_budget_init(&bench.budget, &bench.rule, AGAIN_NEVER - 5);
	advance_to(&bench, AGAIN_NEVER - 5);
	call_begins(&bench, 1);
	advance_to(&bench, AGAIN_NEVER);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 101);
}

/** A window without end forgets nothing. */
static void test_the_longest_window(void **)
{
	struct again_budget_rule rule = finagle(1000);
	rule.window_ns = AGAIN_NEVER;
	struct bench bench = bench_of(rule);
	call_begins(&bench, 3);
	advance_to(&bench, AGAIN_NEVER / 10 * 9);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 103);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 103);
}

/** A window that ten does not divide: tenths of 1 ns. */
static void test_a_window_of_19_ns_has_tenths_of_1_ns(void **)
{
	struct again_budget_rule rule = finagle(1000);
	rule.window_ns = 19;
	struct bench bench = bench_of(rule);
	call_begins(&bench, 1);
	advance_to(&bench, 9);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 101);
	advance_to(&bench, 10);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100);
}

/** A new budget starts at its clock, whatever that is: the first hour is not a jump. */
static void test_a_budget_starts_at_its_clock(void **)
{
	struct bench bench = bench_of(finagle(200));
	memset(&bench.budget, 0xA5, sizeof(bench.budget));
	again_budget_init(&bench.budget, &bench.rule, 1000 * HOUR);
	assert_int_equal(bench.budget.window.tenth, 1000 * 3600);
	assert_int_equal(bench.budget.window.granted, 0);
	assert_int_equal(bench.budget.window.refused, 0);
	advance_to(&bench, 1000 * HOUR);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 100);
}

/** Sums and counts stop at their ends, and a budget that is that full still tells how much. */
static void test_sums_saturate(void **)
{
	struct again_budget_rule rule = finagle(0);
	rule.deposit_first_mt = AGAIN_BUDGET_MT_MAX;
	struct bench bench = bench_of(rule);
	struct again_window *window = &bench.budget.window;
	for (int i = 0; i < 10; i++) {
		window->change_mt[i] = INT64_MAX / 16 - 1;
	}
	succeed(&bench, /*retries=*/0, /*paid=*/0);
	assert_int_equal(window->change_mt[0], INT64_MAX / 16);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), UINT32_MAX);
	for (int i = 0; i < 10; i++) {
		window->change_mt[i] = 1 - INT64_MAX / 16;
	}
	bench.rule.charge_failures = 1;
	window->refused = UINT32_MAX;
	assert_false(fails(&bench, AGAIN_CLASS_TRANSIENT));
	assert_int_equal(window->change_mt[0], -(INT64_MAX / 16));
	assert_int_equal(window->refused, UINT32_MAX);
	assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT), 0);
}

/** UINT32_MAX - 1 retries are told exactly, one more and more are UINT32_MAX. */
static void test_left_saturates(void **)
{
	struct again_budget_rule rule = finagle(0);
	rule.capacity_mt = 0;
	rule.cost_mt = 1;
	rule.deposit_first_mt = 1;
	struct bench bench = bench_of(rule);
	static const uint64_t there[] = {UINT32_MAX - 1, UINT32_MAX, UINT32_MAX + UINT64_C(1)};
	for (size_t i = 0; i < 3; i++) {
		bench.budget.window.change_mt[0] = (int64_t)there[i];
		assert_int_equal(left(&bench, AGAIN_CLASS_TRANSIENT),
		                 i == 0 ? UINT32_MAX - 1 : UINT32_MAX);
	}
}

/** To ask changes nothing, also where the clock has gone far. */
static void test_left_changes_nothing(void **)
{
	struct bench bench = bench_of(sre10());
	call_begins(&bench, 50);
	union again_budget before = bench.budget;
	static const again_ns times_ns[] = {0, 119 * S, 120 * S, HOUR, AGAIN_NEVER};
	for (size_t i = 0; i < sizeof(times_ns) / sizeof(times_ns[0]); i++) {
		advance_to(&bench, times_ns[i]);
		(void)left(&bench, AGAIN_CLASS_TRANSIENT);
		assert_memory_equal(&before, &bench.budget, sizeof(before));
	}
}

/** One deposit or retry with the tenth that it was made in. */
struct entry {
	uint64_t tenth;
	int64_t change_mt;
};

/** The balance as a list of all that ever happened: what the last ten tenths say. */
static int64_t balance_of(const struct bench *bench, const struct entry *entries, size_t count,
                          uint64_t latest)
{
	int64_t balance_mt = bench->rule.capacity_mt;
	for (size_t i = 0; i < count; i++) {
		balance_mt += latest - entries[i].tenth < 10 ? entries[i].change_mt : 0;
	}
	return balance_mt;
}

static void test_random_lives_beside_a_list_of_events(void **)
{
	enum {
		SEED = 53,
		RUNS = 100,
		EVENTS = 400
	};
	struct again_rng rng = again_rng_root(SEED);
	for (int run = 0; run < RUNS; run++) {
		struct bench bench = bench_of(finagle((uint32_t)again_uniform(&rng, 0, 1000)));
		bench.rule.capacity_mt = (uint32_t)again_uniform(&rng, 0, 3 * TOKEN);
		bench.rule.least_mt = (uint32_t)again_uniform(&rng, 0, 1200);
		int64_t least_mt = bench.rule.least_mt > 0 ? bench.rule.least_mt : TOKEN;
		struct entry entries[EVENTS] = {0};
		uint64_t latest = 0;
		for (size_t i = 0; i < EVENTS; i++) {
			again_ns now_ns = bench.now_ns + again_uniform(&rng, 0, 800 * MS);
			bool goes_back = again_uniform(&rng, 0, 20) == 0;
			advance_to(&bench, goes_back ? now_ns / 2 : now_ns);
			latest = bench.now_ns / S > latest ? bench.now_ns / S : latest;
			entries[i].tenth = latest;
			if (again_uniform(&rng, 0, 2) > 0) {
				call_begins(&bench, 1);
				entries[i].change_mt = bench.rule.deposit_call_mt;
				continue;
			}
			int64_t there_mt = balance_of(&bench, entries, i, latest);
			bool is_granted = withdraw(&bench, AGAIN_CLASS_TRANSIENT);
			check(is_granted == (there_mt >= least_mt),
			      "seed %d run %d event %zu: %" PRId64, SEED, run, i, there_mt);
			entries[i].change_mt = is_granted ? -(int64_t)TOKEN : 0;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finagle_cold_start_grants_100),
		cmocka_unit_test(test_finagle_calls_deposit_a_fifth),
		cmocka_unit_test(test_finagle_deposits_are_forgotten_after_ttl),
		cmocka_unit_test(test_finagle_retries_are_forgotten_after_ttl),
		cmocka_unit_test(test_balance_may_be_negative),
		cmocka_unit_test(test_tower_857_percents_are_not_rounded),
		cmocka_unit_test(test_sre_first_retry_of_a_fresh_client_is_granted),
		cmocka_unit_test(test_sre_is_below_ten_percent_of_the_requests),
		cmocka_unit_test(test_sre_many_requests),
		cmocka_unit_test(test_sre_a_long_call_may_retry_once_a_window),
		cmocka_unit_test(test_sre_without_a_reserve),
		cmocka_unit_test(test_sre_two_minutes_later),
		cmocka_unit_test(test_no_refund_outlives_its_payment),
		cmocka_unit_test(test_success_deposits_and_repays),
		cmocka_unit_test(test_failures_may_be_charged),
		cmocka_unit_test(test_a_clock_that_goes_backwards_is_held),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_the_end_of_time),
		cmocka_unit_test(test_the_longest_window),
		cmocka_unit_test(test_a_window_of_19_ns_has_tenths_of_1_ns),
		cmocka_unit_test(test_a_budget_starts_at_its_clock),
		cmocka_unit_test(test_sums_saturate),
		cmocka_unit_test(test_left_saturates),
		cmocka_unit_test(test_left_changes_nothing),
		cmocka_unit_test(test_random_lives_beside_a_list_of_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
