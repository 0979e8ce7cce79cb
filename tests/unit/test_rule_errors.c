// SPDX-License-Identifier: MIT
// RULEs that are refused: which word is wrong, why, and what is accepted.
#include "text_kit.h"

static struct again_budget_rule a_budget(void)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	assert_int_equal(again_budget_rule_parse(&rule, "grpc", 4, NULL), 0);
	return rule;
}

static struct again_breaker_rule a_breaker(void)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	assert_int_equal(again_breaker_rule_parse(&rule, "failures:7/open:7s", 18, NULL), 0);
	return rule;
}

struct refusal {
	const char *text;
	int code;
	uint32_t column;
	const char *told;
};

static const struct refusal bad_budgets[] = {
	{"", AGAIN_ERR_INVALID, 1,
         "unknown budget ''; they are sre10 aws-2018 aws-2026 grpc finagle linkerd envoy none N% "
         "tokens:CAP/... window:D/... concurrency:P%/..."},
	{"sre20", AGAIN_ERR_INVALID, 1, "unknown budget 'sre20'; use sre10"},
	{"token:5", AGAIN_ERR_INVALID, 1, "unknown budget 'token:5'; use tokens"},
	{"10", AGAIN_ERR_INVALID, 1,
         "unknown budget '10'; they are sre10 aws-2018 aws-2026 grpc finagle linkerd envoy none "
         "N% tokens:CAP/... window:D/... concurrency:P%/..."},
	{"cost:5", AGAIN_ERR_SYNTAX, 1,
         "budget 'cost:5': the kind is missing; use tokens:CAP, window:D or concurrency:P% before "
         "it"},
	{"cost:5/tokens:5", AGAIN_ERR_SYNTAX, 1,
         "budget 'cost:5': the kind is missing; use tokens:CAP, window:D or concurrency:P% before "
         "it"},
	{"sre10/least:1", AGAIN_ERR_SYNTAX, 1,
         "budget 'sre10/least:1': no words follow a whole rule; use it alone"},
	{"10%/min:1", AGAIN_ERR_SYNTAX, 1,
         "budget '10%/min:1': no words follow a whole rule; use it alone"},
	{"none/", AGAIN_ERR_SYNTAX, 1,
         "budget 'none/': no words follow a whole rule; use it alone"},
	{"0%", AGAIN_ERR_RANGE, 1,
         "budget '0%': must be above 0; use N% with N above 0, below 100 and with at most one "
         "decimal, such as 10%"},
	{"100%", AGAIN_ERR_RANGE, 1,
         "budget '100%': must be below 100; use N% with N above 0, below 100 and with at most one "
         "decimal, such as 10%"},
	{"99999999999%", AGAIN_ERR_RANGE, 1,
         "budget '99999999999%': must be at most 100; use N% with N above 0, below 100 and with at "
         "most one decimal, such as 10%"},
	{"0.05%", AGAIN_ERR_RANGE, 1,
         "budget '0.05%': too many digits after the point; use N% with N above 0, below 100 and "
         "with at most one decimal, such as 10%"},
	{"-5%", AGAIN_ERR_SYNTAX, 1,
         "budget '-5%': must not be negative; use N% with N above 0, below 100 and with at most "
         "one decimal, such as 10%"},
	{"%", AGAIN_ERR_SYNTAX, 1,
         "budget '%': empty; use N% with N above 0, below 100 and with at most one decimal, such "
         "as 10%"},
	{"tokens", AGAIN_ERR_SYNTAX, 1,
         "budget tokens 'tokens': no ':VALUE' follows; use a number of tokens above 0 such as 1 "
         "or 0.1"},
	{"tokens:", AGAIN_ERR_SYNTAX, 8,
         "budget tokens '': empty; use a number of tokens above 0 such as 1 or 0.1"},
	{"tokens:0", AGAIN_ERR_RANGE, 8,
         "budget tokens '0': must be above 0; use a number of tokens above 0 such as 1 or 0.1"},
	{"tokens:-1", AGAIN_ERR_SYNTAX, 8,
         "budget tokens '-1': must not be negative; use a number of tokens above 0 such as 1 or "
         "0.1"},
	{"tokens:1000000.001", AGAIN_ERR_RANGE, 8,
         "budget tokens '1000000.001': must be at most 1000000; use a number of tokens above 0 "
         "such as 1 or 0.1"},
	{"tokens:10/cost:1.0001", AGAIN_ERR_RANGE, 16,
         "budget cost '1.0001': too many digits after the point; use a number of tokens above 0 "
         "such as 1 or 0.1"},
	{"tokens:10/cost:0", AGAIN_ERR_RANGE, 16,
         "budget cost '0': must be above 0; use a number of tokens above 0 such as 1 or 0.1"},
	{"tokens:10/cots:1", AGAIN_ERR_INVALID, 11, "unknown word of a budget 'cots'; use cost"},
	{"tokens:10/", AGAIN_ERR_INVALID, 11,
         "unknown word of a budget ''; they are reserve min cost cost-timeout cost-throttled "
         "least call retry first later repay repay-last charge-failures"},
	{"tokens:10//cost:1", AGAIN_ERR_INVALID, 11,
         "unknown word of a budget ''; they are reserve min cost cost-timeout cost-throttled "
         "least call retry first later repay repay-last charge-failures"},
	{"tokens:10/cost:1/cost:1", AGAIN_ERR_CONFLICT, 18, "budget cost 'cost:1': given twice"},
	{"tokens:10/window:1s", AGAIN_ERR_CONFLICT, 11, "budget window 'window:1s': a second kind"},
	{"tokens:10/tokens:1", AGAIN_ERR_CONFLICT, 11, "budget tokens 'tokens:1': a second kind"},
	{"tokens:10/reserve:1", AGAIN_ERR_CONFLICT, 11,
         "budget reserve 'reserve:1': goes with window only"},
	{"tokens:10/min:0", AGAIN_ERR_CONFLICT, 11,
         "budget min 'min:0': goes with concurrency only"},
	{"concurrency:20%/cost:1", AGAIN_ERR_CONFLICT, 17,
         "budget cost 'cost:1': does not go with concurrency"},
	{"concurrency:20%/repay-last", AGAIN_ERR_CONFLICT, 17,
         "budget repay-last 'repay-last': does not go with concurrency"},
	{"tokens:10/first:1/repay:1", AGAIN_ERR_CONFLICT, 19,
         "budget repay 'repay:1': repay stands for first and later"},
	{"tokens:10/repay:1/later:1", AGAIN_ERR_CONFLICT, 19,
         "budget later 'later:1': repay stands for first and later"},
	{"tokens:10/repay-last:1", AGAIN_ERR_SYNTAX, 11,
         "budget repay-last 'repay-last:1': takes no value"},
	{"tokens:10/cost", AGAIN_ERR_SYNTAX, 11,
         "budget cost 'cost': no ':VALUE' follows; use a number of tokens above 0 such as 1 or "
         "0.1"},
	{"window:9ns/reserve:1", AGAIN_ERR_RANGE, 8,
         "budget window '9ns': too short to be told apart; use a duration of at least 10ns such "
         "as 10s"},
	{"window:none", AGAIN_ERR_SYNTAX, 8,
         "budget window 'none': not a number; use a duration of at least 10ns such as 10s"},
	{"concurrency:20", AGAIN_ERR_SYNTAX, 13,
         "budget concurrency '20': not a percentage; use a percentage such as 20%"},
	{"concurrency:100%", AGAIN_ERR_RANGE, 13,
         "budget concurrency '100%': must be below 100%; use a percentage such as 20%"},
	{"concurrency:101%", AGAIN_ERR_RANGE, 13,
         "budget concurrency '101%': must be at most 100; use a percentage such as 20%"},
	{"concurrency:20%/min:1.5", AGAIN_ERR_SYNTAX, 21,
         "budget min '1.5': must be a whole number; use a whole number"},
	// What the rule's validation refuses.
	{"tokens:5/cost:6", AGAIN_ERR_CONFLICT, 15,
         "budget cost '6': cost is above tokens: no retry would be granted"},
	{"tokens:0.5", AGAIN_ERR_CONFLICT, 8,
         "budget tokens '0.5': cost is above tokens: no retry would be granted"},
	{"tokens:5/retry:1", AGAIN_ERR_CONFLICT, 16,
         "budget retry '1': retry is not below the cost of a retry: none would be refused"},
	{"tokens:5/repay-last/charge-failures", AGAIN_ERR_CONFLICT, 10,
         "budget repay-last 'repay-last': repay-last has nothing to repay: under charge-failures "
         "a retry costs nothing"},
	{"window:10s", AGAIN_ERR_CONFLICT, 8,
         "budget window '10s': reserve is too little without a deposit: no retry would be "
         "granted"},
	{"window:10s/reserve:0.5", AGAIN_ERR_CONFLICT, 20,
         "budget reserve '0.5': reserve is too little without a deposit: no retry would be "
         "granted"},
	{"concurrency:0%", AGAIN_ERR_CONFLICT, 13,
         "budget concurrency '0%': min and concurrency are both 0: no retry would be granted"},
};

static const struct refusal bad_breakers[] = {
	{"", AGAIN_ERR_INVALID, 1,
         "unknown word of a breaker ''; they are failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"failure:5/open:1s", AGAIN_ERR_INVALID, 1,
         "unknown word of a breaker 'failure'; use failures"},
	{"sre10", AGAIN_ERR_INVALID, 1,
         "unknown word of a breaker 'sre10'; they are failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"failures:5", AGAIN_ERR_SYNTAX, 1,
         "breaker 'failures:5': open is missing; use failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"ratio:50%/min:1/open:1s", AGAIN_ERR_SYNTAX, 1,
         "breaker 'ratio:50%/min:1/open:1s': window is missing; use failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"ratio:50%/window:1s/open:1s", AGAIN_ERR_SYNTAX, 1,
         "breaker 'ratio:50%/window:1s/open:1s': min is missing; use failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"open:1s/failures:1", AGAIN_ERR_SYNTAX, 1,
         "breaker open 'open:1s': the kind stands first; use failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"failures:5/open:1s/", AGAIN_ERR_INVALID, 20,
         "unknown word of a breaker ''; they are failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"failures:5/open:1s/open:1s", AGAIN_ERR_CONFLICT, 20,
         "breaker open 'open:1s': given twice; use failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"failures:5/ratio:5%", AGAIN_ERR_CONFLICT, 12,
         "breaker ratio 'ratio:5%': does not go with failures; use failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"ratio:5%/failures:5", AGAIN_ERR_CONFLICT, 10,
         "breaker failures 'failures:5': does not go with ratio; use failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"failures:5/open", AGAIN_ERR_SYNTAX, 12,
         "breaker open 'open': no ':VALUE' follows; use failures:N/open:D or "
         "ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"},
	{"failures:0/open:1s", AGAIN_ERR_RANGE, 10,
         "breaker failures '0': must be 1 to 4294967295; use a whole number above 0"},
	{"failures:1/open:0", AGAIN_ERR_RANGE, 17,
         "breaker open '0': must be above 0; use a duration above 0 such as 30s, or none"},
	{"failures:1/open:1s/lease:0", AGAIN_ERR_RANGE, 26,
         "breaker lease '0': must be above 0; use a duration above 0 such as 30s, or none"},
	{"failures:1/open:1s/probes:0", AGAIN_ERR_RANGE, 27,
         "breaker probes '0': must be 1 to 8; use a whole number from 1 to 8"},
	{"failures:1/open:1s/probes:9", AGAIN_ERR_RANGE, 27,
         "breaker probes '9': must be 1 to 8; use a whole number from 1 to 8"},
	{"ratio:0%/window:1s/min:1/open:1s", AGAIN_ERR_RANGE, 7,
         "breaker ratio '0%': must be above 0; use a percentage above 0 such as 50%"},
	{"ratio:100.1%/window:1s/min:1/open:1s", AGAIN_ERR_RANGE, 7,
         "breaker ratio '100.1%': must be at most 100; use a percentage above 0 such as 50%"},
	{"ratio:0.5/window:1s/min:1/open:1s", AGAIN_ERR_SYNTAX, 7,
         "breaker ratio '0.5': not a percentage; use a percentage above 0 such as 50%"},
	{"ratio:5%/window:4ns/min:1/open:1s", AGAIN_ERR_RANGE, 17,
         "breaker window '4ns': too short to be told apart; use a duration of at least 5ns such "
         "as 10s"},
	{"ratio:5%/window:1s/min:0/open:1s", AGAIN_ERR_RANGE, 24,
         "breaker min '0': must be 1 to 4294967295; use a whole number above 0"},
};

static void assert_told_as(const struct refusal *refusal, int code, const struct again_error *error)
{
	check(code == refusal->code && error->code == code, "'%s': %d: %s", refusal->text, code,
	      error->text);
	assert_string_equal(error->text, refusal->told);
	check(error->column == refusal->column, "'%s': column %u", refusal->text, error->column);
	assert_told(error);
}

static void test_bad_budgets_are_refused(void **)
{
	for (size_t i = 0; i < COUNT(bad_budgets); i++) {
		const struct again_budget_rule before = a_budget();
		struct again_budget_rule rule = before;
		struct again_error error = {0};
		size_t len = strlen(bad_budgets[i].text);
		int code = again_budget_rule_parse(&rule, bad_budgets[i].text, len, &error);
		assert_told_as(&bad_budgets[i], code, &error);
		assert_memory_equal(&rule, &before, sizeof(rule));
		assert_int_equal(again_budget_rule_parse(&rule, bad_budgets[i].text, len, NULL),
		                 code);
	}
}

static void test_bad_breakers_are_refused(void **)
{
	for (size_t i = 0; i < COUNT(bad_breakers); i++) {
		const struct again_breaker_rule before = a_breaker();
		struct again_breaker_rule rule = before;
		struct again_error error = {0};
		size_t len = strlen(bad_breakers[i].text);
		int code = again_breaker_rule_parse(&rule, bad_breakers[i].text, len, &error);
		assert_told_as(&bad_breakers[i], code, &error);
		assert_memory_equal(&rule, &before, sizeof(rule));
		assert_int_equal(again_breaker_rule_parse(&rule, bad_breakers[i].text, len, NULL),
		                 code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_budgets_are_refused),
		cmocka_unit_test(test_bad_breakers_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
