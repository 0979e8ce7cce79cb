// SPDX-License-Identifier: MIT
// A breaker's window (RATIO), beside a list of everything that happened; and the validation of its rule.
#include "breaker_kit.h"

#define FAIL AGAIN_CLASS_TRANSIENT
#define FINE AGAIN_CLASS_SUCCESS

static void test_fewer_attempts_than_the_least_never_open(void **)
{
	struct again_breaker_rule rule = rule_of_ratio(/*percent=*/10, /*min_calls=*/20);
	struct again_breaker breaker = {0};
	assert_valid_rule(&rule);
	attempts(&breaker, &rule, FAIL, 19, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
	attempt(&breaker, &rule, FAIL, 0);
	assert_refuses(&breaker, &rule, 0, 30 * S);
}

/** `fine` successes, then failures until it opens: how many. */
static int failures_to_open(const struct again_breaker_rule *rule, int fine)
{
	struct again_breaker breaker = {0};
	int failures = 0;
	attempts(&breaker, rule, FINE, fine, 0);
	while (again_breaker_state_at(&breaker, 0) == AGAIN_BREAKER_CLOSED) {
		attempt(&breaker, rule, FAIL, 0);
		failures++;
	}
	return failures;
}

/** It opens where failures / calls = ratio, exactly. */
static void test_the_ratio_itself_opens(void **)
{
	struct again_breaker_rule rule = rule_of_ratio(50, 1);
	for (int fine = 0; fine < 50; fine++) {
		assert_int_equal(failures_to_open(&rule, fine), fine == 0 ? 1 : fine);
	}
	rule.ratio_q32 = AGAIN_Q32_ONE / 4;
	// f / (9 + f) >= 1/4 from f = 3 on.
	assert_int_equal(failures_to_open(&rule, 9), 3);
	// One step above: 4 of 13.
	rule.ratio_q32++;
	assert_int_equal(failures_to_open(&rule, 9), 4);
	rule.ratio_q32 = 1;
	assert_int_equal(failures_to_open(&rule, 1000), 1);
}

static void test_all_of_them(void **)
{
	struct again_breaker_rule rule = rule_of_ratio(100, 3);
	struct again_breaker breaker = {0};
	assert_int_equal(rule.ratio_q32, AGAIN_Q32_ONE);
	assert_valid_rule(&rule);
	assert_int_equal(failures_to_open(&rule, 0), 3);
	attempt(&breaker, &rule, FINE, 0);
	attempts(&breaker, &rule, FAIL, 1000, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
}

/** The tenth attempt makes 9 failures of 10, but it is an answer: who has just been answered does not give up. */
static void test_a_success_never_opens(void **)
{
	struct again_breaker_rule rule = rule_of_ratio(50, 10);
	struct again_breaker breaker = {0};
	attempts(&breaker, &rule, FAIL, 9, 0);
	attempt(&breaker, &rule, FINE, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
	attempt(&breaker, &rule, FAIL, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_OPEN);
}

static void test_cancelled_is_no_attempt_and_permanent_is_one(void **)
{
	struct again_breaker_rule rule = rule_of_ratio(50, 4);
	struct again_breaker breaker = {0};
	attempts(&breaker, &rule, FAIL, 3, 0);
	attempts(&breaker, &rule, AGAIN_CLASS_CANCELLED, 100, 0);
	attempts(&breaker, &rule, AGAIN_CLASS_PERMANENT, 4, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
	attempt(&breaker, &rule, FAIL, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_OPEN);
}

/** Four failures at `first_ns`, a fifth at `last_ns`: whether those were still there. */
static bool remembers(again_ns window_ns, again_ns first_ns, again_ns last_ns)
{
	struct again_breaker_rule rule = rule_of_ratio(50, 5);
	struct again_breaker breaker = {0};
	rule.window_ns = window_ns;
	assert_valid_rule(&rule);
	attempts(&breaker, &rule, FAIL, 4, first_ns);
	attempt(&breaker, &rule, FAIL, last_ns);
	return again_breaker_state_at(&breaker, last_ns) == AGAIN_BREAKER_OPEN;
}

/** A fifth of 10 s is 2 s: what comes in one is there until four more have passed, wherever in it it came. */
static void test_the_running_fifth_and_four_before_it(void **)
{
	for (again_ns origin_ns = 0; origin_ns < 40 * S; origin_ns += 2 * S) {
		assert_true(remembers(10 * S, origin_ns, origin_ns));
		assert_true(remembers(10 * S, origin_ns, origin_ns + 10 * S - 1));
		assert_false(remembers(10 * S, origin_ns, origin_ns + 10 * S));
		assert_true(remembers(10 * S, origin_ns + 2 * S - 1, origin_ns + 10 * S - 1));
		assert_false(remembers(10 * S, origin_ns + 2 * S - 1, origin_ns + 10 * S));
		assert_false(remembers(10 * S, origin_ns, origin_ns + HOUR));
	}
}

static void test_ends_of_the_window(void **)
{
	// Fifths of 1 ns: 9 ns / 5 is rounded down.
	assert_true(remembers(5, 0, 4));
	assert_false(remembers(5, 0, 5));
	assert_true(remembers(9, 1, 5));
	assert_false(remembers(9, 1, 6));
	assert_false(remembers(9, 1, AGAIN_NEVER - 1));
	assert_true(remembers(AGAIN_NEVER, 0, AGAIN_NEVER - 1));
	assert_true(remembers(10 * S, AGAIN_NEVER - 2, AGAIN_NEVER - 1));
}

static void test_a_clock_that_goes_backwards_counts_in_the_latest_fifth(void **)
{
	assert_true(remembers(10 * S, HOUR, 0));
	struct again_breaker_rule rule = rule_of_ratio(50, 5);
	struct again_breaker breaker = {0};
	attempts(&breaker, &rule, FAIL, 2, HOUR);
	attempts(&breaker, &rule, FAIL, 2, 1 * S);
	attempt(&breaker, &rule, FAIL, HOUR + 10 * S - 1);
	assert_state(&breaker, HOUR + 10 * S - 1, AGAIN_BREAKER_OPEN);
}

static void test_closed_again_it_has_counted_nothing(void **)
{
	struct again_breaker_rule rule = rule_of_ratio(50, 5);
	rule.open_ns = 1;
	struct again_breaker breaker = {0};
	attempts(&breaker, &rule, FAIL, 5, HOUR);
	attempt(&breaker, &rule, FINE, HOUR + 1);
	assert_state(&breaker, HOUR + 1, AGAIN_BREAKER_CLOSED);
	attempts(&breaker, &rule, FAIL, 4, HOUR + 1);
	assert_state(&breaker, HOUR + 1, AGAIN_BREAKER_CLOSED);
}

/** A full fifth, made by hand: nothing wraps, and the ratio stays what it was. */
static void test_counts_saturate(void **)
{
	struct again_breaker_rule rule = rule_of_ratio(50, UINT32_MAX);
	struct again_breaker breaker = {.tally = 1800};
	for (size_t i = 0; i < 5; i++) {
		breaker.fifths[i].calls = UINT32_MAX;
		breaker.fifths[i].failures = UINT32_MAX / 2;
	}
	struct again_breaker before = breaker;
	attempts(&breaker, &rule, FAIL, 100, HOUR);
	attempts(&breaker, &rule, FINE, 100, HOUR);
	assert_memory_equal(&breaker, &before, sizeof(before));
	// 5 * 2^31 of 5 * (2^32 - 1) is more than half.
	for (size_t i = 0; i < 5; i++) {
		breaker.fifths[i].failures++;
	}
	attempt(&breaker, &rule, FAIL, HOUR);
	assert_state(&breaker, HOUR, AGAIN_BREAKER_OPEN);
}

// A list of everything.

struct past {
	uint64_t fifth;
	bool failed;
};

/** Whether a breaker that has seen these opens at the last. */
static bool opens(const struct again_breaker_rule *rule, const struct past *past, size_t count)
{
	uint64_t latest = past[count - 1].fifth;
	uint64_t calls = 0;
	uint64_t failures = 0;
	for (size_t i = 0; i < count; i++) {
		bool counts = past[i].fifth + 5 > latest;
		calls += counts ? 1 : 0;
		failures += counts && past[i].failed ? 1 : 0;
	}
	return past[count - 1].failed && calls >= rule->min_calls &&
	       failures * AGAIN_Q32_ONE >= calls * rule->ratio_q32;
}

static void live_beside_a_list(uint64_t seed, int *opened_times)
{
	struct again_rng rng = again_rng_root(seed);
	struct again_breaker_rule rule = rule_of_ratio(50, (uint32_t)again_uniform(&rng, 1, 20));
	rule.ratio_q32 = again_uniform(&rng, AGAIN_Q32_ONE / 4, AGAIN_Q32_ONE);
	rule.window_ns = again_uniform(&rng, 5, 10 * S);
	struct again_breaker breaker = {0};
	struct past past[200];
	again_ns now_ns = again_uniform(&rng, 0, HOUR);
	size_t count = 0;
	while (count < 200 && again_breaker_state_at(&breaker, now_ns) == AGAIN_BREAKER_CLOSED) {
		now_ns += again_uniform(&rng, 0, rule.window_ns / 4);
		bool failed = again_uniform(&rng, 0, 2) == 0;
		past[count] = (struct past){now_ns / (rule.window_ns / 5), failed};
		count++;
		attempt(&breaker, &rule, failed ? FAIL : FINE, now_ns);
		bool is_open = again_breaker_state_at(&breaker, now_ns) == AGAIN_BREAKER_OPEN;
		check(is_open == opens(&rule, past, count), "attempt %zu, seed %" PRIu64, count,
		      seed);
		*opened_times += is_open ? 1 : 0;
	}
}

static void test_beside_a_list(void **)
{
	int opened_times = 0;
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		live_beside_a_list(seed, &opened_times);
	}
	// Both ends were seen, often.
	assert_in_range(opened_times, 500, 1900);
}

// The rule.

static void test_defaults(void **)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	assert_int_equal(rule.size, sizeof(rule));
	assert_int_equal(rule.kind, AGAIN_BREAKER_NONE);
	assert_int_equal(rule.failures, 0);
	assert_int_equal(rule.min_calls, 0);
	assert_int_equal(rule.ratio_q32, 0);
	assert_int_equal(rule.window_ns, 0);
	assert_int_equal(rule.open_ns, 30 * S);
	assert_int_equal(rule.lease_ns, 30 * S);
	assert_int_equal(rule.probes, 1);
	assert_int_equal(rule.reserved, 0);
	assert_valid_rule(&rule);
}

static void test_init_writes_as_many_bytes_as_it_is_told(void **)
{
	struct again_breaker_rule known;
	again_breaker_rule_init(&known, sizeof(known));
	_Alignas(struct again_breaker_rule) unsigned char room[2 * sizeof(known)];
	for (size_t size = 0; size <= sizeof(room); size++) {
		memset(room, 0xA5, sizeof(room));
		again_breaker_rule_init((struct again_breaker_rule *)(void *)room, size);
		known.size = (uint32_t)size;
		size_t ours = size < sizeof(known) ? size : sizeof(known);
		assert_memory_equal(room, &known, ours);
		for (size_t i = ours; i < sizeof(room); i++) {
			check(room[i] == (i < size ? 0 : 0xA5), "byte %zu of %zu", i, size);
		}
	}
}

static void assert_rule_refused(const struct again_breaker_rule *rule, int code, const char *field)
{
	struct again_error error = {0};
	check(again_breaker_rule_validate(rule, &error) == code, "%s", field);
	assert_int_equal(error.code, code);
	assert_string_equal(error.field, field);
	assert_true(error.text[0] != '\0');
	assert_int_equal(again_breaker_rule_validate(rule, /*error=*/NULL), code);
}

/** One field of a good rule is changed, which must then be refused by that name. */
#define assert_bad(good, field_name, bad_value, code)                \
	do {                                                         \
		struct again_breaker_rule bad_rule = (good);         \
		assert_valid_rule(&bad_rule);                        \
		bad_rule.field_name = (bad_value);                   \
		assert_rule_refused(&bad_rule, (code), #field_name); \
	} while (false)

static void test_sizes_that_are_not_known_are_refused(void **)
{
	static const uint32_t bad[] = {0, 4, sizeof(struct again_breaker_rule) - 1,
	                               sizeof(struct again_breaker_rule) + 1, UINT32_MAX};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_bad(rule_in_a_row(1), size, bad[i], AGAIN_ERR_INVALID);
	}
	assert_bad(rule_in_a_row(1), reserved, 1, AGAIN_ERR_INVALID);
	// By its size alone: nothing behind it is read.
	uint32_t brief = sizeof(brief);
	assert_int_equal(again_breaker_rule_validate((void *)&brief, NULL), AGAIN_ERR_INVALID);
}

static void test_ranges(void **)
{
	assert_bad(rule_in_a_row(1), kind, AGAIN_BREAKER_RATIO + 1, AGAIN_ERR_RANGE);
	assert_bad(rule_in_a_row(1), kind, UINT32_MAX, AGAIN_ERR_RANGE);
	assert_bad(rule_in_a_row(1), failures, 0, AGAIN_ERR_RANGE);
	assert_bad(rule_of_ratio(1, 1), min_calls, 0, AGAIN_ERR_RANGE);
	assert_bad(rule_of_ratio(1, 1), ratio_q32, 0, AGAIN_ERR_RANGE);
	assert_bad(rule_of_ratio(1, 1), ratio_q32, AGAIN_Q32_ONE + 1, AGAIN_ERR_RANGE);
	assert_bad(rule_of_ratio(1, 1), window_ns, 0, AGAIN_ERR_RANGE);
	assert_bad(rule_of_ratio(1, 1), window_ns, 4, AGAIN_ERR_RANGE);
	assert_bad(rule_in_a_row(1), open_ns, 0, AGAIN_ERR_RANGE);
	assert_bad(rule_in_a_row(1), lease_ns, 0, AGAIN_ERR_RANGE);
	assert_bad(rule_in_a_row(1), probes, 0, AGAIN_ERR_RANGE);
	assert_bad(rule_in_a_row(1), probes, AGAIN_BREAKER_PROBES_MAX + 1, AGAIN_ERR_RANGE);
}

static void test_ends_of_ranges(void **)
{
	struct again_breaker_rule rule = rule_of_ratio(1, UINT32_MAX);
	rule.ratio_q32 = 1;
	rule.window_ns = 5;
	rule.open_ns = 1;
	rule.lease_ns = 1;
	rule.probes = AGAIN_BREAKER_PROBES_MAX;
	assert_valid_rule(&rule);
	rule.ratio_q32 = AGAIN_Q32_ONE;
	rule.window_ns = rule.open_ns = rule.lease_ns = AGAIN_NEVER;
	assert_valid_rule(&rule);
	rule = rule_in_a_row(UINT32_MAX);
	assert_valid_rule(&rule);
}

static void test_a_field_of_another_kind_is_refused(void **)
{
	assert_bad(rule_of_ratio(1, 1), failures, 1, AGAIN_ERR_CONFLICT);
	assert_bad(rule_in_a_row(1), min_calls, 1, AGAIN_ERR_CONFLICT);
	assert_bad(rule_in_a_row(1), ratio_q32, 1, AGAIN_ERR_CONFLICT);
	assert_bad(rule_in_a_row(1), window_ns, 1, AGAIN_ERR_CONFLICT);
	struct again_breaker_rule none;
	again_breaker_rule_init(&none, sizeof(none));
	assert_bad(none, failures, 1, AGAIN_ERR_CONFLICT);
	assert_bad(none, window_ns, 10 * S, AGAIN_ERR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fewer_attempts_than_the_least_never_open),
		cmocka_unit_test(test_the_ratio_itself_opens),
		cmocka_unit_test(test_all_of_them),
		cmocka_unit_test(test_a_success_never_opens),
		cmocka_unit_test(test_cancelled_is_no_attempt_and_permanent_is_one),
		cmocka_unit_test(test_the_running_fifth_and_four_before_it),
		cmocka_unit_test(test_ends_of_the_window),
		cmocka_unit_test(test_a_clock_that_goes_backwards_counts_in_the_latest_fifth),
		cmocka_unit_test(test_closed_again_it_has_counted_nothing),
		cmocka_unit_test(test_counts_saturate),
		cmocka_unit_test(test_beside_a_list),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_init_writes_as_many_bytes_as_it_is_told),
		cmocka_unit_test(test_sizes_that_are_not_known_are_refused),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_ends_of_ranges),
		cmocka_unit_test(test_a_field_of_another_kind_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
