// SPDX-License-Identifier: MIT
// What an attempt's end means, why a run ended, and what again exits with.
#include "run/rules.h"
#include "run/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct again_attempt exit_7 = {.number = 1, .kind = AGAIN_END_EXIT, .code = 7};
static const struct again_attempt exit_0 = {.number = 1, .kind = AGAIN_END_EXIT, .code = 0};
static const struct again_attempt killed = {.number = 1, .kind = AGAIN_END_SIGNAL, .signal = 9};
static const struct again_attempt timed_out = {
	.number = 1, .kind = AGAIN_END_SIGNAL, .signal = 15, .cut = AGAIN_CUT_TIMEOUT};
static const struct again_attempt out_of_time = {
	.number = 1, .kind = AGAIN_END_EXIT, .code = 0, .cut = AGAIN_CUT_DEADLINE};
static const struct again_attempt not_found = {
	.number = 1, .kind = AGAIN_END_NOT_EXECUTED, .code = 127, .sys = 2};
static const struct again_attempt not_started = {
	.number = 1, .kind = AGAIN_END_NOT_STARTED, .sys = 11};

static void test_success_codes(void **state)
{
	(void)state;
	struct again_rules rules;
	again_rules_init(&rules);
	assert_true(again_rules_success(&rules, &exit_0));
	assert_false(again_rules_success(&rules, &exit_7));
	assert_false(again_rules_success(&rules, &killed));
	assert_false(again_rules_success(&rules, &out_of_time)); // exit 0 after TERM is no success
	assert_false(again_rules_success(&rules, &not_found));
	assert_false(again_rules_success(&rules, &not_started));
	again_ends_add_exit(&rules.success, 7);
	assert_true(again_rules_success(&rules, &exit_7));
}

static void test_every_code_and_signal_is_its_own(void **state)
{
	(void)state;
	for (unsigned code = 0; code <= 255; code++) {
		struct again_ends ends = {0};
		again_ends_add_exit(&ends, code);
		for (int other = 0; other <= 255; other++) {
			const struct again_attempt attempt = {.kind = AGAIN_END_EXIT,
			                                      .code = other};
			assert_int_equal(again_ends_has(&ends, &attempt), other == (int)code);
		}
		assert_false(again_ends_has(&ends, &killed));
	}
	for (unsigned number = 1; number <= 64; number++) {
		struct again_ends ends = {0};
		again_ends_add_signal(&ends, number);
		for (int other = 1; other <= 64; other++) {
			const struct again_attempt attempt = {.kind = AGAIN_END_SIGNAL,
			                                      .signal = other};
			assert_int_equal(again_ends_has(&ends, &attempt), other == (int)number);
		}
		assert_false(again_ends_has(&ends, &exit_7));
	}
}

static void test_a_timeout_is_nothing_else(void **state)
{
	(void)state;
	struct again_ends term = {0};
	again_ends_add_signal(&term, 15);
	assert_false(again_ends_has(&term, &timed_out));
	const struct again_ends timeout = {.timeout = true};
	assert_true(again_ends_has(&timeout, &timed_out));
	assert_true(again_ends_has(&timeout, &out_of_time));
	assert_false(again_ends_has(&timeout, &killed));
}

static void test_any_has_every_end_but_not_executed(void **state)
{
	(void)state;
	const struct again_ends any = again_ends_any();
	assert_true(again_ends_has(&any, &exit_7));
	assert_true(again_ends_has(&any, &killed));
	assert_true(again_ends_has(&any, &timed_out));
	assert_true(again_ends_has(&any, &not_started));
	assert_false(again_ends_has(&any, &not_found));
}

static void test_first_match_wins(void **state)
{
	(void)state;
	struct again_rules rules;
	const char *rule = "unset";
	again_rules_init(&rules);
	assert_int_equal(again_rules_class(&rules, &exit_7, &rule), AGAIN_CLASS_TRANSIENT);
	assert_null(rule);
	rules.rules[0] = (struct again_rule){.retry = false, .text = "stop"};
	again_ends_add_exit(&rules.rules[0].when, 7);
	rules.count = 1;
	assert_int_equal(again_rules_class(&rules, &exit_7, &rule), AGAIN_CLASS_PERMANENT);
	assert_string_equal(rule, "stop");
	assert_int_equal(again_rules_class(&rules, &killed, &rule), AGAIN_CLASS_TRANSIENT);
	rules.rules[1] =
		(struct again_rule){.when = again_ends_any(), .retry = true, .text = "retry"};
	rules.count = 2;
	assert_int_equal(again_rules_class(&rules, &exit_7, &rule), AGAIN_CLASS_PERMANENT);
	assert_int_equal(again_rules_class(&rules, &killed, &rule), AGAIN_CLASS_TRANSIENT);
	assert_string_equal(rule, "retry");
	const struct again_attempt good = {.kind = AGAIN_END_EXIT, .succeeded = true};
	assert_int_equal(again_rules_class(&rules, &good, &rule), AGAIN_CLASS_SUCCESS);
	assert_null(rule);
}

static void test_a_retry_rule_makes_stop_the_default(void **state)
{
	(void)state;
	struct again_rules rules;
	const char *rule = NULL;
	again_rules_init(&rules);
	rules.rules[0] = (struct again_rule){.retry = true, .text = "retry"};
	again_ends_add_exit(&rules.rules[0].when, 6);
	rules.count = 1;
	assert_int_equal(again_rules_class(&rules, &exit_7, &rule), AGAIN_CLASS_PERMANENT);
	assert_null(rule);
}

static struct again_verdict judge(const struct again_super *super,
                                  const struct again_attempt *attempt, enum again_reason policy,
                                  int give_up_code)
{
	struct again_verdict verdict = {0};
	again_verdict_judge(&verdict, super, attempt, policy, give_up_code);
	return verdict;
}

static void test_exit_codes(void **state)
{
	(void)state;
	const struct again_super calm = {0};
	const struct {
		const struct again_attempt *attempt;
		enum again_reason policy;
		int give_up_code;
		int code;
		const char *reason;
	} cases[] = {
		{&exit_0, AGAIN_REASON_SUCCESS, -1, 0, "success"},
		{&exit_7, AGAIN_REASON_SUCCESS, -1, 0, "success"},
		{&exit_7, AGAIN_REASON_SUCCESS, 9, 0, "success"},
		{&exit_7, AGAIN_REASON_EXHAUSTED, -1, 7, "exhausted"},
		{&exit_0, AGAIN_REASON_EXHAUSTED, -1, 1, "exhausted"},
		{&exit_7, AGAIN_REASON_EXHAUSTED, 9, 9, "exhausted"},
		{&exit_7, AGAIN_REASON_WOULD_EXCEED_DEADLINE, -1, 7, "would_exceed_deadline"},
		{&exit_7, AGAIN_REASON_DEADLINE, -1, 7, "deadline"},
		{&exit_7, AGAIN_REASON_NOT_RETRYABLE, -1, 7, "not_retryable"},
		{&killed, AGAIN_REASON_EXHAUSTED, -1, 137, "exhausted"},
		{&timed_out, AGAIN_REASON_EXHAUSTED, -1, 124, "exhausted"},
		{&out_of_time, AGAIN_REASON_NONE, -1, 124, "deadline"},
		{&out_of_time, AGAIN_REASON_NONE, 3, 3, "deadline"},
		{&not_found, AGAIN_REASON_NONE, -1, 127, "not_executable"},
		{&not_started, AGAIN_REASON_EXHAUSTED, -1, 125, "exhausted"},
		{NULL, AGAIN_REASON_DEADLINE, -1, 124, "deadline"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct again_verdict verdict =
			judge(&calm, cases[i].attempt, cases[i].policy, cases[i].give_up_code);
		assert_int_equal(verdict.exit_code, cases[i].code);
		assert_string_equal(verdict.reason, cases[i].reason);
		assert_int_equal(verdict.succeeded, strcmp(cases[i].reason, "success") == 0);
		assert_true(strlen(verdict.reason_text) > 0);
	}
}

static void test_what_is_above_the_policy(void **state)
{
	(void)state;
	const struct again_super stopped = {.stop_signal = 15};
	struct again_verdict verdict = judge(&stopped, &exit_0, AGAIN_REASON_SUCCESS, 3);
	assert_string_equal(verdict.reason, "interrupted");
	assert_int_equal(verdict.exit_code, 143);
	assert_int_equal(verdict.stop_signal, 15);
	assert_false(verdict.succeeded);
	const struct again_super broken = {.stop_signal = 15, .broken = true};
	verdict = judge(&broken, &exit_0, AGAIN_REASON_SUCCESS, 3);
	assert_string_equal(verdict.reason, "internal_error");
	assert_int_equal(verdict.exit_code, 125);
	const struct again_super survived = {.stop_signal = 15, .broken = true, .survived = true};
	verdict = judge(&survived, &exit_0, AGAIN_REASON_SUCCESS, 3);
	assert_string_equal(verdict.reason, "survivor");
	assert_int_equal(verdict.exit_code, 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_success_codes),
		cmocka_unit_test(test_every_code_and_signal_is_its_own),
		cmocka_unit_test(test_a_timeout_is_nothing_else),
		cmocka_unit_test(test_any_has_every_end_but_not_executed),
		cmocka_unit_test(test_first_match_wins),
		cmocka_unit_test(test_a_retry_rule_makes_stop_the_default),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_what_is_above_the_policy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
