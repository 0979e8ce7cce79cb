// SPDX-License-Identifier: MIT
// A budget's rule: its beginning, its validation field by field, what contradicts, and its size.
#include "budget_kit.h"

static void assert_rule_refused(const struct again_budget_rule *rule, int code, const char *field)
{
	struct again_error error = {0};
	int got = again_budget_rule_validate(rule, &error);
	check(got == code, "%s: %d instead of %d: %s", field, got, code, error.text);
	assert_int_equal(error.code, code);
	assert_string_equal(error.field, field);
	assert_memory_equal(error.text, field, strlen(field));
	assert_int_equal(again_budget_rule_validate(rule, /*error=*/NULL), code);
}

/** A valid rule with one field changed, which is then refused by that name. */
#define assert_bad(valid_rule, field_name, bad_value, code)          \
	do {                                                         \
		struct again_budget_rule bad_rule = (valid_rule);    \
		assert_rule_valid(&bad_rule);                        \
		bad_rule.field_name = (bad_value);                   \
		assert_rule_refused(&bad_rule, (code), #field_name); \
	} while (false)

static void test_init_is_no_budget(void **)
{
	struct again_budget_rule rule = rule_of(AGAIN_BUDGET_NONE);
	struct again_budget_rule zeros = {.size = sizeof(zeros)};
	assert_memory_equal(&rule, &zeros, sizeof(zeros));
	assert_rule_valid(&rule);
}

/** The caller's struct may be shorter or longer than ours, with something of its own right behind it. */
static void test_init_writes_as_many_bytes_as_it_is_told(void **)
{
	_Alignas(struct again_budget_rule) unsigned char room[2 * sizeof(struct again_budget_rule)];
	for (size_t size = 0; size <= sizeof(room); size++) {
		uint32_t told = (uint32_t)size;
		memset(room, 0xA5, sizeof(room));
		again_budget_rule_init((struct again_budget_rule *)(void *)room, size);
		assert_memory_equal(room, &told, size < sizeof(told) ? size : sizeof(told));
		for (size_t i = sizeof(told); i < sizeof(room); i++) {
			check(room[i] == (i < size ? 0 : 0xA5), "byte %zu of %zu", i, size);
		}
	}
}

static void test_sizes_that_are_not_known_are_refused(void **)
{
	struct again_budget_rule rule = aws_2018();
	static const uint32_t bad[] = {0, 4, sizeof(rule) - 1, sizeof(rule) + 1, UINT32_MAX};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rule.size = bad[i];
		assert_rule_refused(&rule, AGAIN_ERR_INVALID, "size");
	}
	assert_bad(aws_2018(), reserved, 1, AGAIN_ERR_INVALID);
}

/** A short struct is refused by its size alone: under a sanitizer this would tell of a read behind it. */
static void test_validate_reads_nothing_behind_a_short_struct(void **)
{
	_Alignas(struct again_budget_rule) unsigned char brief[8];
	again_budget_rule_init((struct again_budget_rule *)(void *)brief, sizeof(brief));
	assert_int_equal(
		again_budget_rule_validate((struct again_budget_rule *)(void *)brief, NULL),
		AGAIN_ERR_INVALID);
}

static void test_kinds(void **)
{
	assert_bad(rule_of(AGAIN_BUDGET_NONE), kind, 4, AGAIN_ERR_RANGE);
	assert_bad(aws_2018(), kind, 4, AGAIN_ERR_RANGE);
	assert_bad(aws_2018(), kind, 32, AGAIN_ERR_RANGE);
	assert_bad(aws_2018(), kind, UINT32_MAX, AGAIN_ERR_RANGE);
}

/** What others have published is valid. */
static void test_published_rules_are_valid(void **)
{
	const struct again_budget_rule rules[] = {aws_2018(),   aws_2026(), grpc(10, 100),
	                                          finagle(200), sre10(),    envoy(20, 3)};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		assert_rule_valid(&rules[i]);
	}
}

/** Amounts end at a million tokens, for both kinds that have them. */
static void test_amounts(void **)
{
	const struct again_budget_rule rules[] = {aws_2018(), finagle(200)};
	for (size_t i = 0; i < 2; i++) {
		uint32_t most = AGAIN_BUDGET_MT_MAX;
		struct again_budget_rule rule = rules[i];
		rule.capacity_mt = most;
		rule.cost_mt = most;
		rule.cost_timeout_mt = most;
		rule.cost_throttled_mt = most;
		rule.least_mt = most;
		rule.deposit_call_mt = most;
		rule.deposit_first_mt = most;
		rule.deposit_later_mt = most;
		rule.deposit_retry_mt = most - 1;
		assert_bad(rule, capacity_mt, most + 1, AGAIN_ERR_RANGE);
		assert_bad(rule, cost_mt, most + 1, AGAIN_ERR_RANGE);
		assert_bad(rule, cost_mt, 0, AGAIN_ERR_RANGE);
		assert_bad(rule, cost_timeout_mt, most + 1, AGAIN_ERR_RANGE);
		assert_bad(rule, cost_throttled_mt, most + 1, AGAIN_ERR_RANGE);
		assert_bad(rule, least_mt, UINT32_MAX, AGAIN_ERR_RANGE);
		assert_bad(rule, deposit_call_mt, most + 1, AGAIN_ERR_RANGE);
		assert_bad(rule, deposit_retry_mt, most + 1, AGAIN_ERR_RANGE);
		assert_bad(rule, deposit_first_mt, most + 1, AGAIN_ERR_RANGE);
		assert_bad(rule, deposit_later_mt, most + 1, AGAIN_ERR_RANGE);
		assert_bad(rule, charge_failures, 2, AGAIN_ERR_RANGE);
		assert_bad(rule, repay_last, 2, AGAIN_ERR_RANGE);
	}
	assert_bad(aws_2018(), capacity_mt, 0, AGAIN_ERR_RANGE);
}

static void test_windows(void **)
{
	assert_bad(finagle(200), window_ns, 0, AGAIN_ERR_RANGE);
	assert_bad(finagle(200), window_ns, 9, AGAIN_ERR_RANGE);
	struct again_budget_rule rule = finagle(200);
	rule.window_ns = 10;
	assert_rule_valid(&rule);
	rule.window_ns = AGAIN_NEVER;
	assert_rule_valid(&rule);
	rule.capacity_mt = 0;
	assert_rule_valid(&rule);
}

/** A number that the kind does not look at is a mistake of whoever set it. */
static void test_fields_that_the_kind_does_not_use_are_refused(void **)
{
	assert_bad(aws_2018(), window_ns, 10, AGAIN_ERR_CONFLICT);
	const struct again_budget_rule amounts[] = {aws_2018(), finagle(200)};
	for (size_t i = 0; i < 2; i++) {
		assert_bad(amounts[i], min_concurrency, 1, AGAIN_ERR_CONFLICT);
		assert_bad(amounts[i], ratio_q32, 1, AGAIN_ERR_CONFLICT);
	}
	const struct again_budget_rule others[] = {rule_of(AGAIN_BUDGET_NONE), envoy(20, 3)};
	for (size_t i = 0; i < 2; i++) {
		assert_bad(others[i], capacity_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], cost_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], cost_timeout_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], cost_throttled_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], least_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], charge_failures, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], deposit_call_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], deposit_retry_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], deposit_first_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], deposit_later_mt, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], repay_last, 1, AGAIN_ERR_CONFLICT);
		assert_bad(others[i], window_ns, 1, AGAIN_ERR_CONFLICT);
	}
	assert_bad(others[0], min_concurrency, 1, AGAIN_ERR_CONFLICT);
	assert_bad(others[0], ratio_q32, 1, AGAIN_ERR_CONFLICT);
}

static void test_buckets_that_would_never_grant(void **)
{
	struct again_budget_rule rule = bucket(2000, 1000, 0);
	assert_bad(rule, cost_mt, 2001, AGAIN_ERR_CONFLICT);
	assert_bad(rule, cost_timeout_mt, 2001, AGAIN_ERR_CONFLICT);
	assert_bad(rule, cost_throttled_mt, 2001, AGAIN_ERR_CONFLICT);
	assert_bad(rule, least_mt, 2001, AGAIN_ERR_CONFLICT);
	rule.cost_mt = 2000;
	rule.least_mt = 2000;
	assert_rule_valid(&rule);
}

/** gRPC with maxTokens 2: a failure leaves 1, which is not above 1. With 3 it leaves 2, which is above 1.5. */
static void test_a_bucket_whose_first_failure_empties_it(void **)
{
	assert_bad(grpc(3, 100), capacity_mt, 2500, AGAIN_ERR_CONFLICT);
	struct again_budget_rule rule = grpc(2, 100);
	assert_rule_refused(&rule, AGAIN_ERR_CONFLICT, "capacity_mt");
	// Without a least of its own: the next failure's cost must be there after the first.
	rule = bucket(2000, 1000, 0);
	rule.charge_failures = 1;
	assert_bad(rule, capacity_mt, 1999, AGAIN_ERR_CONFLICT);
	struct bench bench = bench_of(rule);
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 1);
}

static void test_windows_that_would_never_grant(void **)
{
	struct again_budget_rule rule = finagle(0);
	assert_rule_valid(&rule);
	assert_bad(rule, capacity_mt, 999, AGAIN_ERR_CONFLICT);
	rule.capacity_mt = 1000;
	assert_rule_valid(&rule);
	rule.capacity_mt = 100'000;
	rule.least_mt = 100'001;
	assert_rule_refused(&rule, AGAIN_ERR_CONFLICT, "capacity_mt");
	rule.capacity_mt = 0;
	rule.deposit_first_mt = 1;
	assert_rule_valid(&rule);
}

static void test_a_gauge_that_would_never_grant(void **)
{
	struct again_budget_rule rule = envoy(0, 1);
	assert_bad(rule, min_concurrency, 0, AGAIN_ERR_CONFLICT);
	rule = envoy(1, 0);
	assert_rule_valid(&rule);
	rule.ratio_q32 = UINT32_MAX;
	rule.min_concurrency = UINT32_MAX;
	assert_rule_valid(&rule);
}

/** A retry that deposits what it costs, at any price. */
static void test_budgets_that_would_never_refuse(void **)
{
	struct again_budget_rule rule = sre10();
	assert_bad(rule, deposit_retry_mt, 1001, AGAIN_ERR_CONFLICT);
	rule.deposit_retry_mt = 1000;
	assert_rule_valid(&rule);
	rule.cost_timeout_mt = 1001;
	rule.cost_throttled_mt = 1001;
	assert_rule_valid(&rule);
	rule.cost_timeout_mt = 1000;
	assert_rule_refused(&rule, AGAIN_ERR_CONFLICT, "deposit_retry_mt");
	rule.cost_timeout_mt = 0;
	rule.cost_throttled_mt = 1000;
	assert_rule_refused(&rule, AGAIN_ERR_CONFLICT, "deposit_retry_mt");
}

/** In a bucket a partly paid retry leaves its deposit alone: 100, which would be enough for the next, for ever. */
static void test_a_bucket_that_would_never_refuse(void **)
{
	struct again_budget_rule rule = bucket(10 * TOKEN, 1 * TOKEN, 0);
	rule.least_mt = 100;
	rule.deposit_retry_mt = 100;
	assert_rule_refused(&rule, AGAIN_ERR_CONFLICT, "deposit_retry_mt");
	rule.least_mt = 101;
	struct bench bench = bench_of(rule);
	// Failures that are charged take the deposit, too.
	struct again_budget_rule charged = rule;
	charged.charge_failures = 1;
	charged.least_mt = 100;
	assert_rule_valid(&charged);
	// 10 - 11 * 0.9 = 0.1, which is less than 0.101.
	assert_int_equal(drain(&bench, AGAIN_CLASS_TRANSIENT), 11);
}

static void test_repay_last_has_nothing_to_repay_under_charge_failures(void **)
{
	assert_bad(grpc(10, 100), repay_last, 1, AGAIN_ERR_CONFLICT);
	struct again_budget_rule rule = finagle(200);
	rule.charge_failures = 1;
	assert_bad(rule, repay_last, 1, AGAIN_ERR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_is_no_budget),
		cmocka_unit_test(test_init_writes_as_many_bytes_as_it_is_told),
		cmocka_unit_test(test_sizes_that_are_not_known_are_refused),
		cmocka_unit_test(test_validate_reads_nothing_behind_a_short_struct),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_published_rules_are_valid),
		cmocka_unit_test(test_amounts),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_fields_that_the_kind_does_not_use_are_refused),
		cmocka_unit_test(test_buckets_that_would_never_grant),
		cmocka_unit_test(test_a_bucket_whose_first_failure_empties_it),
		cmocka_unit_test(test_windows_that_would_never_grant),
		cmocka_unit_test(test_a_gauge_that_would_never_grant),
		cmocka_unit_test(test_budgets_that_would_never_refuse),
		cmocka_unit_test(test_a_bucket_that_would_never_refuse),
		cmocka_unit_test(test_repay_last_has_nothing_to_repay_under_charge_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
