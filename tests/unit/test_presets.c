// SPDX-License-Identifier: MIT
// Presets: all are there, right, cited, and behave as what they are named after.
#include "budget_kit.h"
#include "text_kit.h"

static const char *const policy_names[] = {
	"aws-2018",     "aws-2026",   "aws-2026-throttling",
	"grpc",         "finagle",    "linkerd",
	"envoy",        "sre10",      "cenkalti",
	"polly",        "k8s",        "temporal",
	"resilience4j", "curl-retry", "no-retry",
};

static const char *const budget_names[] = {
	"sre10", "aws-2018", "aws-2026", "grpc", "finagle", "linkerd", "envoy",
};

static const struct again_preset *find(const struct again_preset *presets, size_t count,
                                       const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(presets[i].name, name) == 0) {
			return &presets[i];
		}
	}
	fail_msg("there is no preset '%s'", name);
	return NULL;
}

static void test_all_are_there_once(void **)
{
	size_t count = 0;
	const struct again_preset *policies = again_policy_presets(&count);
	assert_int_equal(count, COUNT(policy_names));
	for (size_t i = 0; i < COUNT(policy_names); i++) {
		(void)find(policies, count, policy_names[i]);
	}
	const struct again_preset *budgets = again_budget_presets(&count);
	assert_int_equal(count, COUNT(budget_names));
	for (size_t i = 0; i < COUNT(budget_names); i++) {
		(void)find(budgets, count, budget_names[i]);
	}
}

/** Whose it is and where it is published; a rule of nobody has no address. */
static void test_all_are_cited(void **)
{
	size_t count = 0;
	const struct again_preset *presets = again_policy_presets(&count);
	for (size_t i = 0; i < count; i++) {
		bool is_cited = strstr(presets[i].source, "https://") != NULL;
		check(is_cited == (strcmp(presets[i].name, "no-retry") != 0), "%s",
		      presets[i].name);
	}
	presets = again_budget_presets(&count);
	for (size_t i = 0; i < count; i++) {
		check(strstr(presets[i].source, "https://") != NULL, "%s", presets[i].name);
	}
}

/** The text of a preset is what its name stands for, and it reads back. */
static void test_a_name_is_its_text(void **)
{
	size_t count = 0;
	const struct again_preset *presets = again_policy_presets(&count);
	for (size_t i = 0; i < count; i++) {
		struct parts by_name;
		struct parts by_text;
		struct parts by_print;
		char text[AGAIN_TEXT_MAX];
		parts_of(&by_name, presets[i].name);
		parts_of(&by_text, presets[i].text);
		check(are_equal(&by_name, &by_text), "%s", presets[i].name);
		assert_true(again_setup_print(&by_name.setup, text, sizeof(text)) >= 0);
		parts_of(&by_print, text);
		check(are_equal(&by_name, &by_print), "%s: '%s'", presets[i].name, text);
	}
}

static void test_budgets_are_their_texts(void **)
{
	size_t count = 0;
	const struct again_preset *presets = again_budget_presets(&count);
	for (size_t i = 0; i < count; i++) {
		struct again_budget_rule by_name;
		struct again_budget_rule by_text;
		again_budget_rule_init(&by_name, sizeof(by_name));
		again_budget_rule_init(&by_text, sizeof(by_text));
		assert_int_equal(again_budget_rule_parse(&by_name, presets[i].name,
		                                         strlen(presets[i].name), NULL),
		                 0);
		assert_int_equal(again_budget_rule_parse(&by_text, presets[i].text,
		                                         strlen(presets[i].text), NULL),
		                 0);
		assert_memory_equal(&by_name, &by_text, sizeof(by_name));
	}
}

/** The longest delays before each retry, 0 behind the last. */
static const struct {
	const char *name;
	uint32_t max_retries;
	again_ns most_ns[5];
} schedules[] = {
	{"aws-2018", 2, {1 * S, 2 * S, 4 * S, 8 * S, 16 * S}},
	{"aws-2026", 2, {50 * MS, 100 * MS, 200 * MS, 400 * MS, 800 * MS}},
	{"aws-2026-throttling", 2, {1 * S, 2 * S, 4 * S, 8 * S, 16 * S}},
	{"finagle", 20, {1 * MS, 1 * MS, 1 * MS, 1 * MS, 1 * MS}},
	{"linkerd", 1, {1 * MS, 1 * MS, 1 * MS, 1 * MS, 1 * MS}},
	{"envoy", 1, {25 * MS, 50 * MS, 100 * MS, 200 * MS, 250 * MS}},
	{"sre10", 2, {1 * S, 2 * S, 4 * S, 8 * S, 16 * S}},
	{"cenkalti",
         AGAIN_UNLIMITED,
         {750 * MS, 1'125 * MS, 1'687'500 * US, 2'531'250 * US, 3'796'875 * US}},
	{"polly", 3, {2 * S, 2 * S, 2 * S, 2 * S, 2 * S}},
	{"resilience4j", 2, {500 * MS, 500 * MS, 500 * MS, 500 * MS, 500 * MS}},
	{"curl-retry", 5, {1 * S, 2 * S, 4 * S, 8 * S, 16 * S}},
	{"k8s", AGAIN_UNLIMITED, {10 * S, 20 * S, 40 * S, 80 * S, 160 * S}},
	{"temporal", AGAIN_UNLIMITED, {1 * S, 2 * S, 4 * S, 8 * S, 16 * S}},
};

static void test_schedules(void **)
{
	for (size_t i = 0; i < COUNT(schedules); i++) {
		struct parts parts;
		parts_of(&parts, schedules[i].name);
		assert_int_equal(parts.policy.max_retries, schedules[i].max_retries);
		for (uint32_t n = 0; n < COUNT(schedules[i].most_ns); n++) {
			again_ns least_ns = 0;
			again_ns most_ns = 0;
			again_policy_range(&parts.policy, n, 0, &least_ns, &most_ns);
			check(most_ns == schedules[i].most_ns[n], "%s, retry %u: %" PRIu64,
			      schedules[i].name, n, most_ns);
		}
	}
}

static again_ns cap_of(const char *name)
{
	struct parts parts;
	parts_of(&parts, name);
	return again_policy_growth(&parts.policy, 1000);
}

static void test_caps(void **)
{
	assert_int_equal(cap_of("aws-2018"), 20 * S);
	assert_int_equal(cap_of("aws-2026"), 20 * S);
	assert_int_equal(cap_of("grpc"), 1 * S);
	assert_int_equal(cap_of("envoy"), 250 * MS);
	assert_int_equal(cap_of("cenkalti"), 60 * S);
	assert_int_equal(cap_of("curl-retry"), 600 * S);
	assert_int_equal(cap_of("k8s"), 300 * S);
	assert_int_equal(cap_of("temporal"), 100 * S);
}

static void test_what_else_the_policies_say(void **)
{
	struct parts parts;
	parts_of(&parts, "no-retry");
	assert_int_equal(parts.policy.max_retries, 0);
	parts_of(&parts, "aws-2026");
	assert_int_equal(parts.policy.throttled_base_delay_ns, 1 * S);
	assert_int_equal(parts.policy.hint_use, AGAIN_HINT_BOUNDED);
	assert_int_equal(parts.policy.hint_max_ns, 5 * S);
	assert_int_equal(parts.policy.hint_jitter_q32, 0);
	parts_of(&parts, "aws-2026-throttling");
	assert_int_equal(parts.policy.throttled_base_delay_ns, 0);
	assert_int_equal(parts.policy.hint_use, AGAIN_HINT_BOUNDED);
	assert_int_equal(parts.budget.cost_mt, 5000);
	assert_int_equal(parts.budget.cost_timeout_mt, 0);
	parts_of(&parts, "grpc");
	assert_int_equal(parts.policy.max_retries, 3);
	assert_int_equal(parts.policy.base_delay_ns, 100 * MS);
	assert_int_equal(parts.policy.jitter, AGAIN_JITTER_PROPORTIONAL);
	assert_int_equal(parts.policy.jitter_q32, Q32_PERCENT(20));
	assert_int_equal(parts.policy.hint_use, AGAIN_HINT_EXACT);
	parts_of(&parts, "cenkalti");
	assert_int_equal(parts.policy.deadline_ns, 900 * S);
	assert_int_equal(parts.policy.jitter_q32, Q32_PERCENT(50));
	parts_of(&parts, "k8s");
	assert_int_equal(parts.policy.reset_after_ns, 600 * S);
	assert_int_equal(parts.policy.jitter, AGAIN_JITTER_NONE);
	parts_of(&parts, "curl-retry");
	assert_int_equal(parts.policy.hint_use, AGAIN_HINT_AT_LEAST);
}

/** How many retries one after the other a full budget grants after failures of a class, the failures told. */
static uint32_t granted(const char *name, uint32_t outcome_class, uint32_t calls)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	assert_int_equal(again_budget_rule_parse(&rule, name, strlen(name), NULL), 0);
	union again_budget budget;
	again_budget_init(&budget, &rule, 0);
	for (uint32_t i = 0; i < calls; i++) {
		again_budget_call_begins(&budget, &rule, 0);
	}
	uint32_t count = 0;
	uint32_t paid = 0;
	for (; count < 10'000; count++) {
		again_budget_failure(&budget, &rule, outcome_class, 0);
		if (!again_budget_try_withdraw(&budget, &rule, outcome_class, 0, &paid)) {
			break;
		}
	}
	return count;
}

/** The numbers that the published rules give by hand. */
static void test_grants_of_the_budgets(void **)
{
	assert_int_equal(granted("aws-2018", AGAIN_CLASS_TRANSIENT, 0), 100);
	assert_int_equal(granted("aws-2018", AGAIN_CLASS_TIMEOUT, 0), 50);
	assert_int_equal(granted("aws-2026", AGAIN_CLASS_TRANSIENT, 0), 35);
	assert_int_equal(granted("aws-2026", AGAIN_CLASS_TIMEOUT, 0), 35);
	assert_int_equal(granted("aws-2026", AGAIN_CLASS_THROTTLED, 0), 100);
	assert_int_equal(granted("tokens:500/cost:5/first:1/repay-last", AGAIN_CLASS_TRANSIENT, 0),
	                 100);
	// 10 tokens: the fifth failure leaves 5, which is not more than the half.
	assert_int_equal(granted("grpc", AGAIN_CLASS_TRANSIENT, 0), 4);
	// A cold start allows ten seconds of ten retries; then a fifth of the requests.
	assert_int_equal(granted("finagle", AGAIN_CLASS_TRANSIENT, 0), 100);
	assert_int_equal(granted("linkerd", AGAIN_CLASS_TRANSIENT, 50), 110);
	assert_int_equal(granted("envoy", AGAIN_CLASS_TRANSIENT, 1), 3);
	assert_int_equal(granted("envoy", AGAIN_CLASS_TRANSIENT, 100), 20);
	assert_int_equal(granted("sre10", AGAIN_CLASS_TRANSIENT, 0), 1);
	assert_int_equal(granted("sre10", AGAIN_CLASS_TRANSIENT, 1), 1);
	assert_int_equal(granted("sre10", AGAIN_CLASS_TRANSIENT, 900), 100);
}

/** The rules of that name that the tests of budgets work out by hand. */
static void test_budgets_are_those_that_are_tested(void **)
{
	const struct {
		const char *name;
		struct again_budget_rule rule;
	} cases[] = {
		{"sre10", sre10()},      {"aws-2018", aws_2018()},  {"aws-2026", aws_2026()},
		{"grpc", grpc(10, 100)}, {"finagle", finagle(200)}, {"linkerd", finagle(200)},
		{"envoy", envoy(20, 3)},
	};
	assert_int_equal(COUNT(cases), COUNT(budget_names));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct again_budget_rule rule;
		again_budget_rule_init(&rule, sizeof(rule));
		assert_int_equal(
			again_budget_rule_parse(&rule, cases[i].name, strlen(cases[i].name), NULL),
			0);
		check(memcmp(&rule, &cases[i].rule, sizeof(rule)) == 0, "%s", cases[i].name);
	}
}

/** A policy's budget is the budget of that name. */
static void test_budgets_of_the_policies(void **)
{
	static const char *const names[] = {"aws-2018", "aws-2026", "grpc", "finagle",
	                                    "linkerd",  "envoy",    "sre10"};
	for (size_t i = 0; i < COUNT(names); i++) {
		struct parts parts;
		struct again_budget_rule rule;
		parts_of(&parts, names[i]);
		again_budget_rule_init(&rule, sizeof(rule));
		assert_int_equal(again_budget_rule_parse(&rule, names[i], strlen(names[i]), NULL),
		                 0);
		assert_memory_equal(&parts.budget, &rule, sizeof(rule));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_there_once),
		cmocka_unit_test(test_all_are_cited),
		cmocka_unit_test(test_a_name_is_its_text),
		cmocka_unit_test(test_budgets_are_their_texts),
		cmocka_unit_test(test_schedules),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_what_else_the_policies_say),
		cmocka_unit_test(test_grants_of_the_budgets),
		cmocka_unit_test(test_budgets_are_those_that_are_tested),
		cmocka_unit_test(test_budgets_of_the_policies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
