// SPDX-License-Identifier: MIT
// The RULEs of budgets and breakers: what is read, and how it is written.
#include "text_kit.h"

static struct again_budget_rule budget_of(const char *text)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	struct again_error error = {0};
	int code = again_budget_rule_parse(&rule, text, strlen(text), &error);
	check(code == 0, "'%s': column %u: %s", text, error.column, error.text);
	assert_int_equal(again_budget_rule_validate(&rule, NULL), 0);
	return rule;
}

static struct again_breaker_rule breaker_of(const char *text)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	struct again_error error = {0};
	int code = again_breaker_rule_parse(&rule, text, strlen(text), &error);
	check(code == 0, "'%s': column %u: %s", text, error.column, error.text);
	assert_int_equal(again_breaker_rule_validate(&rule, NULL), 0);
	return rule;
}

static void assert_budget_written(const struct again_budget_rule *rule, const char *expected)
{
	char text[256];
	int len = again_budget_rule_print(rule, text, sizeof(text));
	check(len >= 0, "'%s': %s", expected, again_strerror(len));
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(text));
	struct again_budget_rule same = budget_of(text);
	check(memcmp(rule, &same, sizeof(same)) == 0, "'%s' reads back to another rule", text);
}

static void assert_breaker_written(const struct again_breaker_rule *rule, const char *expected)
{
	char text[256];
	int len = again_breaker_rule_print(rule, text, sizeof(text));
	check(len >= 0, "'%s': %s", expected, again_strerror(len));
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(text));
	struct again_breaker_rule same = breaker_of(text);
	check(memcmp(rule, &same, sizeof(same)) == 0, "'%s' reads back to another rule", text);
}

static const struct {
	const char *text;
	const char *written;
} budgets[] = {
	{"none", "none"},
	{"sre10", "sre10"},
	{"10%", "sre10"},
	{"10.0%", "sre10"},
	{"20%", "20%"},
	{"0.1%", "0.1%"},
	{"99.9%", "99.9%"},
	{"aws-2018", "aws-2018"},
	{"aws-2026", "aws-2026"},
	{"grpc", "grpc"},
	{"finagle", "finagle"},
	{"linkerd", "finagle"},
	{"envoy", "envoy"},
	{"tokens:500/cost:14/cost-throttled:5/first:1/repay-last", "aws-2026"},
	{"tokens:500/repay-last/first:1/cost-timeout:10/cost:5", "aws-2018"},
	{"window:120s/call:0.1/retry:0.1/least:0.001/cost:1.001/reserve:0.001", "sre10"},
	{"tokens:10", "tokens:10"},
	{"tokens:10/cost:1", "tokens:10"},
	{"tokens:10/cost:1.000", "tokens:10"},
	{"tokens:0.5/cost:0.125", "tokens:0.5/cost:0.125"},
	{"tokens:1000000", "tokens:1000000"},
	{"tokens:100/repay:0.1", "tokens:100/repay:0.1"},
	{"tokens:100/first:0.1/later:0.1", "tokens:100/repay:0.1"},
	{"tokens:100/first:0.1/later:0.2", "tokens:100/first:0.1/later:0.2"},
	{"tokens:100/later:0.2", "tokens:100/later:0.2"},
	{"tokens:9/least:2/call:0.3/retry:0.4/charge-failures",
         "tokens:9/least:2/call:0.3/retry:0.4/charge-failures"},
	{"window:10s/reserve:0/call:1", "window:10s/call:1"},
	{"window:1m30s/reserve:5", "window:1m30s/reserve:5"},
	{"window:10ns/reserve:5", "window:10ns/reserve:5"},
	{"window:2m/least:0.001/call:0.1/retry:0.2", "window:2m/least:0.001/call:0.1/retry:0.2"},
	{"window:2m/reserve:1/least:0.001/call:0.1/retry:0.1",
         "window:2m/reserve:1/least:0.001/call:0.1/retry:0.1"},
	{"concurrency:20%/min:3", "envoy"},
	{"concurrency:20%", "concurrency:20%"},
	{"concurrency:20%/min:0", "concurrency:20%"},
	{"concurrency:0%/min:3", "concurrency:0%/min:3"},
	{"concurrency:12.5%/min:4294967295", "concurrency:12.5%/min:4294967295"},
	{"concurrency:99.99999998%", "concurrency:99.99999998%"},
};

static void test_budgets_read_and_written(void **)
{
	for (size_t i = 0; i < COUNT(budgets); i++) {
		const struct again_budget_rule rule = budget_of(budgets[i].text);
		assert_budget_written(&rule, budgets[i].written);
	}
}

static void test_budget_words_land_in_their_fields(void **)
{
	struct again_budget_rule rule =
		budget_of("window:7s/reserve:1/cost:2/cost-timeout:3/cost-throttled:4/least:5/"
	                  "call:0.6/retry:0.7/first:0.8/later:0.9/repay-last");
	assert_int_equal(rule.kind, AGAIN_BUDGET_WINDOW);
	assert_int_equal(rule.window_ns, 7 * S);
	assert_int_equal(rule.capacity_mt, 1000);
	assert_int_equal(rule.cost_mt, 2000);
	assert_int_equal(rule.cost_timeout_mt, 3000);
	assert_int_equal(rule.cost_throttled_mt, 4000);
	assert_int_equal(rule.least_mt, 5000);
	assert_int_equal(rule.deposit_call_mt, 600);
	assert_int_equal(rule.deposit_retry_mt, 700);
	assert_int_equal(rule.deposit_first_mt, 800);
	assert_int_equal(rule.deposit_later_mt, 900);
	assert_int_equal(rule.repay_last, 1);
	assert_int_equal(rule.charge_failures, 0);
	rule = budget_of("concurrency:25%/min:7");
	assert_int_equal(rule.kind, AGAIN_BUDGET_CONCURRENCY);
	assert_int_equal(rule.ratio_q32, 1 << 30);
	assert_int_equal(rule.min_concurrency, 7);
	assert_int_equal(rule.cost_mt, 0);
	rule = budget_of("tokens:500/charge-failures");
	assert_int_equal(rule.kind, AGAIN_BUDGET_TOKENS);
	assert_int_equal(rule.capacity_mt, 500'000);
	assert_int_equal(rule.cost_mt, 1000);
	assert_int_equal(rule.charge_failures, 1);
	rule = budget_of("20%");
	assert_int_equal(rule.kind, AGAIN_BUDGET_WINDOW);
	assert_int_equal(rule.window_ns, 120 * S);
	assert_int_equal(rule.capacity_mt, 1);
	assert_int_equal(rule.cost_mt, 1001);
	assert_int_equal(rule.least_mt, 1);
	assert_int_equal(rule.deposit_call_mt, 200);
	assert_int_equal(rule.deposit_retry_mt, 200);
}

/** N%: the first retry of a fresh client is granted, and the part of retries in all requests stays about N %. */
static void test_a_percentage_is_what_it_says(void **)
{
	static const struct {
		const char *text;
		uint32_t granted_of_900;
	} cases[] = {
		// r retries of 900 + r requests: granted while r < N/100 * (900 + r).
		{"sre10", 100},
		{"10%", 100},
		{"25%", 300},
		{"1%", 10},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct again_budget_rule rule = budget_of(cases[i].text);
		union again_budget budget;
		uint32_t granted = 0;
		uint32_t paid = 0;
		again_budget_init(&budget, &rule, 0);
		for (uint32_t call = 0; call < 900; call++) {
			again_budget_call_begins(&budget, &rule, 0);
			if (call == 0) {
				granted += (uint32_t)again_budget_try_withdraw(
					&budget, &rule, AGAIN_CLASS_TRANSIENT, 0, &paid);
				assert_int_equal(granted, 1);
			}
		}
		while (again_budget_try_withdraw(&budget, &rule, AGAIN_CLASS_TRANSIENT, 0, &paid)) {
			granted++;
			check(granted <= 900, "%s never ends", cases[i].text);
		}
		check(granted == cases[i].granted_of_900, "%s: %u", cases[i].text, granted);
	}
}

/** Every valid rule has a text that says it: rules at random, of those that validate. */
static void test_any_valid_budget_has_a_text(void **)
{
	uint64_t state = 7;
	unsigned valid = 0;
	for (unsigned i = 0; i < 50'000; i++) {
		struct again_budget_rule rule;
		again_budget_rule_init(&rule, sizeof(rule));
		uint32_t *const amounts[] = {
			&rule.capacity_mt,       &rule.cost_mt,          &rule.cost_timeout_mt,
			&rule.cost_throttled_mt, &rule.least_mt,         &rule.deposit_call_mt,
			&rule.deposit_retry_mt,  &rule.deposit_first_mt, &rule.deposit_later_mt,
		};
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint64_t bits = state >> 16;
		rule.kind = (uint32_t)(bits & 3);
		rule.window_ns = rule.kind == AGAIN_BUDGET_WINDOW ? 10 + bits % S : 0;
		for (size_t j = 0; j < COUNT(amounts) && rule.kind < AGAIN_BUDGET_CONCURRENCY &&
		                   rule.kind != AGAIN_BUDGET_NONE;
		     j++) {
			state = state * UINT64_C(6364136223846793005) +
			        UINT64_C(1442695040888963407);
			uint64_t most = (uint64_t)AGAIN_BUDGET_MT_MAX >> (state >> 40) % 30;
			*amounts[j] = state >> 63 ? 0 : (uint32_t)((state >> 20) % (most + 1));
		}
		if (rule.kind == AGAIN_BUDGET_CONCURRENCY) {
			rule.ratio_q32 = (uint32_t)(bits >> 8);
			rule.min_concurrency = (uint32_t)(bits >> 3 & 7);
		} else if (rule.kind != AGAIN_BUDGET_NONE) {
			rule.repay_last = bits >> 4 & 1;
			rule.charge_failures = bits >> 5 & 1;
		}
		if (again_budget_rule_validate(&rule, NULL) != 0) {
			continue;
		}
		valid++;
		char text[512];
		int len = again_budget_rule_print(&rule, text, sizeof(text));
		check(len > 0, "rule %u: %d", i, len);
		const struct again_budget_rule same = budget_of(text);
		check(memcmp(&rule, &same, sizeof(same)) == 0, "rule %u: '%s'", i, text);
	}
	check(valid > 10'000, "only %u rules were valid", valid);
}

static const struct {
	const char *text;
	const char *written;
} breakers[] = {
	{"none", "none"},
	{"failures:5/open:30s", "failures:5/open:30s"},
	{"failures:4294967295/open:0.5", "failures:4294967295/open:500ms"},
	{"failures:5/probes:1/lease:30s/open:30s", "failures:5/open:30s"},
	{"failures:5/open:30s/lease:10s/probes:8", "failures:5/open:30s/lease:10s/probes:8"},
	{"failures:5/open:30s/lease:none", "failures:5/open:30s/lease:none"},
	{"failures:5/open:none", "failures:5/open:none"},
	{"failures:5/open:none/lease:1m", "failures:5/open:none/lease:1m"},
	{"ratio:50%/window:10s/min:20/open:5s", "ratio:50%/window:10s/min:20/open:5s"},
	{"ratio:100%/open:5s/min:1/window:5ns", "ratio:100%/window:5ns/min:1/open:5s"},
	{"ratio:12.5%/window:10s/min:20/open:5s/probes:2",
         "ratio:12.5%/window:10s/min:20/open:5s/probes:2"},
};

static void test_breakers_read_and_written(void **)
{
	for (size_t i = 0; i < COUNT(breakers); i++) {
		const struct again_breaker_rule rule = breaker_of(breakers[i].text);
		assert_breaker_written(&rule, breakers[i].written);
	}
}

static void test_breaker_words_land_in_their_fields(void **)
{
	struct again_breaker_rule rule =
		breaker_of("ratio:25%/window:1s/min:2/open:3s/lease:4s/probes:5");
	assert_int_equal(rule.kind, AGAIN_BREAKER_RATIO);
	assert_int_equal(rule.ratio_q32, UINT64_C(1) << 30);
	assert_int_equal(rule.window_ns, 1 * S);
	assert_int_equal(rule.min_calls, 2);
	assert_int_equal(rule.open_ns, 3 * S);
	assert_int_equal(rule.lease_ns, 4 * S);
	assert_int_equal(rule.probes, 5);
	rule = breaker_of("failures:6/open:7s");
	assert_int_equal(rule.kind, AGAIN_BREAKER_CONSECUTIVE);
	assert_int_equal(rule.failures, 6);
	assert_int_equal(rule.open_ns, 7 * S);
	assert_int_equal(rule.lease_ns, 7 * S);
	assert_int_equal(rule.probes, 1);
	assert_int_equal(rule.min_calls, 0);
	rule = breaker_of("failures:1/open:none");
	assert_int_equal(rule.open_ns, AGAIN_NEVER);
	assert_int_equal(rule.lease_ns, AGAIN_NEVER);
}

/** A rule is replaced: nothing of the one before is left. */
static void test_a_rule_is_replaced(void **)
{
	struct again_budget_rule budget = budget_of("aws-2018");
	assert_int_equal(again_budget_rule_parse(&budget, "tokens:5", 8, NULL), 0);
	assert_budget_written(&budget, "tokens:5");
	assert_int_equal(again_budget_rule_parse(&budget, "none", 4, NULL), 0);
	assert_budget_written(&budget, "none");
	struct again_breaker_rule breaker = breaker_of("ratio:1%/window:1s/min:1/open:1s/probes:3");
	assert_int_equal(again_breaker_rule_parse(&breaker, "failures:2/open:2s", 18, NULL), 0);
	assert_breaker_written(&breaker, "failures:2/open:2s");
	assert_int_equal(again_breaker_rule_parse(&breaker, "none", 4, NULL), 0);
	assert_breaker_written(&breaker, "none");
}

/** Only the bytes that belong to a text are looked at. */
static void test_texts_need_not_be_terminated(void **)
{
	struct again_budget_rule budget = budget_of("none");
	assert_int_equal(again_budget_rule_parse(&budget, "20%/oops", 3, NULL), 0);
	assert_budget_written(&budget, "20%");
	struct again_breaker_rule breaker = breaker_of("none");
	assert_int_equal(again_breaker_rule_parse(&breaker, "failures:1/open:2s!", 18, NULL), 0);
	assert_breaker_written(&breaker, "failures:1/open:2s");
	assert_int_equal(again_budget_rule_parse(&budget, NULL, 0, NULL), AGAIN_ERR_INVALID);
	assert_int_equal(again_breaker_rule_parse(&breaker, NULL, 0, NULL), AGAIN_ERR_INVALID);
	assert_int_equal(again_budget_rule_parse(&budget, "gr\0c", 4, NULL), AGAIN_ERR_INVALID);
	assert_int_equal(again_breaker_rule_parse(&breaker, "failures:1\0/open:1s", 19, NULL),
	                 AGAIN_ERR_SYNTAX);
}

static void test_rules_that_are_not_written(void **)
{
	char text[64] = "#";
	struct again_budget_rule budget = budget_of("tokens:5");
	struct again_breaker_rule breaker = breaker_of("failures:1/open:1s");
	assert_int_equal(again_budget_rule_print(&budget, text, 0), AGAIN_ERR_SPACE);
	assert_int_equal(again_breaker_rule_print(&breaker, text, 0), AGAIN_ERR_SPACE);
	assert_int_equal(text[0], '#');
	assert_int_equal(again_budget_rule_print(&budget, text, 8), AGAIN_ERR_SPACE);
	assert_int_equal(again_budget_rule_print(&budget, text, 9), 8);
	assert_int_equal(again_breaker_rule_print(&breaker, text, 18), AGAIN_ERR_SPACE);
	assert_int_equal(text[0], '\0');
	assert_int_equal(again_breaker_rule_print(&breaker, text, 19), 18);
	// Not valid, or of a size that is not known, or with a time that no text says.
	budget.reserved = 1;
	assert_int_equal(again_budget_rule_print(&budget, text, sizeof(text)), AGAIN_ERR_RANGE);
	budget.reserved = 0;
	budget.size = 4;
	assert_int_equal(again_budget_rule_print(&budget, text, sizeof(text)), AGAIN_ERR_RANGE);
	assert_int_equal(again_budget_rule_parse(&budget, "none", 4, NULL), AGAIN_ERR_INVALID);
	breaker.probes = 9;
	assert_int_equal(again_breaker_rule_print(&breaker, text, sizeof(text)), AGAIN_ERR_RANGE);
	breaker.size = UINT32_MAX;
	assert_int_equal(again_breaker_rule_print(&breaker, text, sizeof(text)), AGAIN_ERR_RANGE);
	assert_int_equal(again_breaker_rule_parse(&breaker, "none", 4, NULL), AGAIN_ERR_INVALID);
	budget = budget_of("window:1s/reserve:1");
	budget.window_ns = AGAIN_NEVER;
	assert_int_equal(again_budget_rule_validate(&budget, NULL), 0);
	assert_int_equal(again_budget_rule_print(&budget, text, sizeof(text)), AGAIN_ERR_RANGE);
	breaker = breaker_of("failures:1/open:1s");
	breaker.open_ns = AGAIN_NEVER - 1;
	assert_int_equal(again_breaker_rule_validate(&breaker, NULL), 0);
	assert_int_equal(again_breaker_rule_print(&breaker, text, sizeof(text)), AGAIN_ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budgets_read_and_written),
		cmocka_unit_test(test_budget_words_land_in_their_fields),
		cmocka_unit_test(test_a_percentage_is_what_it_says),
		cmocka_unit_test(test_any_valid_budget_has_a_text),
		cmocka_unit_test(test_breakers_read_and_written),
		cmocka_unit_test(test_breaker_words_land_in_their_fields),
		cmocka_unit_test(test_a_rule_is_replaced),
		cmocka_unit_test(test_texts_need_not_be_terminated),
		cmocka_unit_test(test_rules_that_are_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
