// SPDX-License-Identifier: MIT
// Policy text that is refused: how it is told, at which column, and that nothing is half done.
#include "text_kit.h"

struct refusal {
	const char *text;
	int code;
	uint32_t column;
	const char *told;
};

static const struct refusal refusals[] = {
	{"jitter=fulll", AGAIN_ERR_INVALID, 8,
         "jitter 'fulll': not one of none full equal decorrelated proportional[:R]"},
	{"jitter=", AGAIN_ERR_INVALID, 8,
         "jitter '': not one of none full equal decorrelated proportional[:R]"},
	{"jitter=Full", AGAIN_ERR_INVALID, 8,
         "jitter 'Full': not one of none full equal decorrelated proportional[:R]"},
	{"max-retries=8,jitter=proportional:1", AGAIN_ERR_RANGE, 35,
         "ratio of jitter '1': must be above 0 and below 1; use proportional:R such as "
         "proportional:0.2"},
	{"jitter=proportional:0", AGAIN_ERR_RANGE, 21,
         "ratio of jitter '0': must be above 0 and below 1; use proportional:R such as "
         "proportional:0.2"},
	{"jitter=proportional:nan", AGAIN_ERR_SYNTAX, 21,
         "ratio of jitter 'nan': not a number; use proportional:R such as proportional:0.2"},
	{"jitter=full:0.1", AGAIN_ERR_INVALID, 8,
         "jitter 'full:0.1': not one of none full equal decorrelated proportional[:R]"},
	{"backoff=exp", AGAIN_ERR_INVALID, 9,
         "backoff 'exp': not one of constant linear exponential fibonacci polynomial[:P] "
         "list:D/D/..."},
	{"backoff=polynomial:9", AGAIN_ERR_RANGE, 20,
         "degree of backoff '9': must be 1 to 8; use polynomial:P with P from 1 to 8"},
	{"backoff=list:", AGAIN_ERR_SYNTAX, 14,
         "delay of backoff '': empty; use list:D/D/..., each a duration above 0 such as 250ms "
         "or 1m30s"},
	{"backoff=list:1s/0/2s", AGAIN_ERR_RANGE, 17,
         "delay of backoff '0': must be above 0; use list:D/D/..., each a duration above 0 such "
         "as 250ms or 1m30s"},
	{"backoff=list:1s/", AGAIN_ERR_SYNTAX, 17,
         "delay of backoff '': empty; use list:D/D/..., each a duration above 0 such as 250ms "
         "or 1m30s"},
	{"base-delay=-1", AGAIN_ERR_SYNTAX, 12,
         "base-delay '-1': must not be negative; use a duration above 0 such as 250ms or 1m30s"},
	{"base-delay=0", AGAIN_ERR_RANGE, 12,
         "base-delay '0': must be above 0; use a duration above 0 such as 250ms or 1m30s"},
	{"base-delay=none", AGAIN_ERR_SYNTAX, 12,
         "base-delay 'none': not a number; use a duration above 0 such as 250ms or 1m30s"},
	{"base-delay=1 s", AGAIN_ERR_SYNTAX, 12,
         "base-delay '1 s': no space is allowed; use a duration above 0 such as 250ms or 1m30s"},
	{"base-delay=106752d", AGAIN_ERR_RANGE, 12,
         "base-delay '106752d': too long: at most 106751d (292 years); use a duration above 0 "
         "such as 250ms or 1m30s"},
	{"max-delay=5x", AGAIN_ERR_SYNTAX, 11,
         "max-delay '5x': unknown unit 'x'; units are ns us ms s m h d; use a duration above 0 "
         "such as 250ms or 1m30s, or none"},
	{"timeout=0", AGAIN_ERR_RANGE, 9,
         "timeout '0': must be above 0; use a duration above 0 such as 250ms or 1m30s, or none"},
	{"reset-after=0s", AGAIN_ERR_RANGE, 13,
         "reset-after '0s': must be above 0; use a duration above 0 such as 250ms or 1m30s, or "
         "none"},
	{"throttled-base-delay=0", AGAIN_ERR_RANGE, 22,
         "throttled-base-delay '0': must be above 0; use a duration above 0 such as 250ms or "
         "1m30s, or none"},
	{"max-retries=-1", AGAIN_ERR_SYNTAX, 13,
         "max-retries '-1': must not be negative; use a whole number, or unlimited"},
	{"max-retries=4294967295", AGAIN_ERR_RANGE, 13,
         "max-retries '4294967295': must be at most 4294967294; use a whole number, or "
         "unlimited"},
	{"max-retries=1.5", AGAIN_ERR_SYNTAX, 13,
         "max-retries '1.5': must be a whole number; use a whole number, or unlimited"},
	{"factor=0.99", AGAIN_ERR_RANGE, 8,
         "factor '0.99': must be at least 1; use a number from 1 such as 1.5 or 2"},
	{"factor=inf", AGAIN_ERR_SYNTAX, 8,
         "factor 'inf': not a number; use a number from 1 such as 1.5 or 2"},
	{"hint=maybe", AGAIN_ERR_INVALID, 6,
         "hint 'maybe': not one of at-least ignore exact bounded"},
	{"hint-max=0", AGAIN_ERR_RANGE, 10,
         "hint-max '0': must be above 0; use a duration above 0 such as 250ms or 1m30s, or none"},
	{"hint-jitter=1", AGAIN_ERR_RANGE, 13,
         "hint-jitter '1': must be below 1; use a number from 0 and below 1 such as 0.2"},
	{"retry-ambiguous=1", AGAIN_ERR_INVALID, 17, "retry-ambiguous '1': not one of yes no"},
	{"hedge=0", AGAIN_ERR_RANGE, 7,
         "hedge '0': must be above 0; use D, D/most:N or none with D above 0 such as 2s"},
	{"hedge=1s/3", AGAIN_ERR_SYNTAX, 10,
         "hedge '3': not 'most:N'; use D, D/most:N or none with D above 0 such as 2s"},
	{"hedge=1s/most:0", AGAIN_ERR_RANGE, 15,
         "hedge '0': must be 1 to 255; use D, D/most:N or none with D above 0 such as 2s"},
	{"hedge=none/most:2", AGAIN_ERR_SYNTAX, 7,
         "hedge 'none': not a number; use D, D/most:N or none with D above 0 such as 2s"},
	{"jitter=full,budget=tokens:0", AGAIN_ERR_RANGE, 27,
         "budget tokens '0': must be above 0; use a number of tokens above 0 such as 1 or 0.1"},
	{"breaker=failures:0/open:1s", AGAIN_ERR_RANGE, 18,
         "breaker failures '0': must be 1 to 4294967295; use a whole number above 0"},
};

static const struct refusal names_refused[] = {
	{"max-retires=3", AGAIN_ERR_INVALID, 1, "unknown setting 'max-retires'; use max-retries"},
	{"jitter=full, retries=3", AGAIN_ERR_INVALID, 14,
         "unknown setting 'retries'; use max-retries"},
	{"tries=3", AGAIN_ERR_INVALID, 1, "unknown setting 'tries'; use max-retries"},
	{"attempts=3", AGAIN_ERR_INVALID, 1, "unknown setting 'attempts'; use max-retries"},
	{"delay=3", AGAIN_ERR_INVALID, 1, "unknown setting 'delay'; use base-delay"},
	{"cap=3", AGAIN_ERR_INVALID, 1, "unknown setting 'cap'; use max-delay"},
	{"=3", AGAIN_ERR_INVALID, 1,
         "unknown setting ''; they are max-retries base-delay max-delay factor backoff jitter "
         "timeout deadline ..."},
	{"max-retries =3", AGAIN_ERR_INVALID, 1, "unknown setting 'max-retries '; use max-retries"},
	{"max-retries= 3", AGAIN_ERR_SYNTAX, 13,
         "max-retries ' 3': no space is allowed; use a whole number, or unlimited"},
	{"jitter=full,jitter=none", AGAIN_ERR_CONFLICT, 13,
         "jitter 'none': given twice; use it once"},
	{"jitter", AGAIN_ERR_SYNTAX, 1,
         "setting jitter 'jitter': no '=VALUE' follows; use none full equal decorrelated "
         "proportional[:R]"},
	{"aws", AGAIN_ERR_INVALID, 1, "unknown preset 'aws'; use aws-2018"},
	{"grcp", AGAIN_ERR_INVALID, 1, "unknown preset 'grcp'; use grpc"},
	{"published:immediate", AGAIN_ERR_INVALID, 1,
         "unknown preset 'published:immediate'; they are aws-2018 aws-2026 aws-2026-throttling "
         "grpc finagle linkerd envoy sre10 cenkalti polly resilience4j curl-retry k8s temporal "
         "no-retry"},
	{"max-retries=1,grpc", AGAIN_ERR_SYNTAX, 15,
         "preset 'grpc': not in first place; a preset stands before all settings"},
	{"k8s,grpc", AGAIN_ERR_SYNTAX, 5,
         "preset 'grpc': not in first place; a preset stands before all settings"},
	{",", AGAIN_ERR_SYNTAX, 1, "setting '': empty; use NAME=VALUE,NAME=VALUE,..."},
	{"jitter=full,", AGAIN_ERR_SYNTAX, 13, "setting '': empty; use NAME=VALUE,NAME=VALUE,..."},
	{"jitter=full, ", AGAIN_ERR_SYNTAX, 14, "setting '': empty; use NAME=VALUE,NAME=VALUE,..."},
	{"jitter=full,,factor=2", AGAIN_ERR_SYNTAX, 13,
         "setting '': empty; use NAME=VALUE,NAME=VALUE,..."},
	{"grpc,", AGAIN_ERR_SYNTAX, 6, "setting '': empty; use NAME=VALUE,NAME=VALUE,..."},
};

/** What again_policy_validate refuses, told at the setting that is to blame. */
static const struct refusal conflicts[] = {
	{"base-delay=10s,max-delay=5s", AGAIN_ERR_CONFLICT, 26,
         "max-delay '5s': max-delay is below base-delay; use a duration above 0 such as 250ms "
         "or 1m30s, or none"},
	{"max-delay=5s,base-delay=10s", AGAIN_ERR_CONFLICT, 11,
         "max-delay '5s': max-delay is below base-delay; use a duration above 0 such as 250ms "
         "or 1m30s, or none"},
	{"aws-2018,base-delay=30s", AGAIN_ERR_CONFLICT, 21,
         "base-delay '30s': max-delay is below base-delay; use a duration above 0 such as 250ms "
         "or 1m30s"},
	{"sre10,throttled-base-delay=20s,max-delay=10s", AGAIN_ERR_CONFLICT, 42,
         "max-delay '10s': max-delay is below throttled-base-delay; use a duration above 0 such "
         "as 250ms or 1m30s, or none"},
	{"aws-2018,base-delay=2s,throttled-base-delay=30s", AGAIN_ERR_CONFLICT, 45,
         "throttled-base-delay '30s': max-delay is below throttled-base-delay; use a duration "
         "above 0 such as 250ms or 1m30s, or none"},
	{"aws-2018,throttled-base-delay=2s,base-delay=30s", AGAIN_ERR_CONFLICT, 45,
         "base-delay '30s': max-delay is below base-delay; use a duration above 0 such as 250ms "
         "or 1m30s"},
	{"jitter=decorrelated,base-delay=2m", AGAIN_ERR_CONFLICT, 32,
         "base-delay '2m': max-delay equals a base delay: jitter decorrelated has no room; use a "
         "duration above 0 such as 250ms or 1m30s"},
	{"jitter=decorrelated,backoff=linear", AGAIN_ERR_CONFLICT, 8,
         "jitter 'decorrelated': jitter decorrelated goes with backoff exponential only; use "
         "none full equal decorrelated proportional[:R]"},
	{"deadline=1s,min-attempt=2s", AGAIN_ERR_CONFLICT, 25,
         "min-attempt '2s': min-attempt is above deadline: no attempt would ever start; use a "
         "duration such as 250ms or 1m30s"},
};

static void assert_refusal(const struct refusal *refusal)
{
	struct parts parts;
	struct parts before;
	parts_of(&parts, "max-retries=9,backoff=list:3s/4s,hedge=9s,budget=20%,"
	                 "breaker=failures:9/open:9s");
	if (refusal->code == AGAIN_ERR_CONFLICT) {
		// Defaults, so that it is the text alone that contradicts itself.
		parts_init(&parts);
	}
	before = parts;
	struct again_error error = {.column = 77};
	int code = again_setup_parse(&parts.setup, refusal->text, strlen(refusal->text), &error);
	check(code == refusal->code && error.code == code, "'%s': %d: %s", refusal->text, code,
	      error.text);
	assert_string_equal(error.text, refusal->told);
	check(error.column == refusal->column, "'%s': column %u: %s", refusal->text, error.column,
	      error.text);
	check(memcmp(&parts, &before, sizeof(parts)) == 0, "'%s' has changed parts", refusal->text);
	assert_int_equal(
		again_setup_parse(&parts.setup, refusal->text, strlen(refusal->text), NULL), code);
}

static void test_bad_values_are_refused(void **)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		assert_refusal(&refusals[i]);
	}
}

static void test_bad_names_are_refused(void **)
{
	for (size_t i = 0; i < COUNT(names_refused); i++) {
		assert_refusal(&names_refused[i]);
	}
}

static void test_contradictions_are_refused(void **)
{
	for (size_t i = 0; i < COUNT(conflicts); i++) {
		assert_refusal(&conflicts[i]);
	}
}

/** The other setting is to blame where the field's own was there before. */
static void test_contradictions_to_what_was_there(void **)
{
	struct parts parts;
	struct again_error error = {0};
	parts_of(&parts, "max-delay=20s");
	assert_int_equal(again_setup_parse(&parts.setup, "base-delay=30s", 14, &error),
	                 AGAIN_ERR_CONFLICT);
	assert_int_equal(error.column, 12);
	parts_of(&parts, "min-attempt=20s");
	assert_int_equal(again_setup_parse(&parts.setup, "deadline=10s", 12, &error),
	                 AGAIN_ERR_CONFLICT);
	assert_int_equal(error.column, 10);
	parts_of(&parts, "factor=3");
	assert_int_equal(again_setup_parse(&parts.setup, "jitter=decorrelated", 19, &error),
	                 AGAIN_ERR_CONFLICT);
	assert_int_equal(error.column, 8);
	parts_of(&parts, "jitter=decorrelated");
	assert_int_equal(again_setup_parse(&parts.setup, "max-retries=1,factor=3", 22, &error),
	                 AGAIN_ERR_CONFLICT);
	assert_int_equal(error.column, 22);
	assert_string_equal(error.field, "factor");
	// A preset is one word.
	parts_of(&parts, "jitter=decorrelated");
	assert_int_equal(
		again_setup_parse(&parts.setup, " k8s,jitter=decorrelated,factor=1", 33, &error),
		AGAIN_ERR_CONFLICT);
	parts_of(&parts, "min-attempt=16m");
	assert_int_equal(again_setup_parse(&parts.setup, " cenkalti", 9, &error),
	                 AGAIN_ERR_CONFLICT);
	assert_int_equal(error.column, 2);
	assert_non_null(strstr(error.text, "preset 'cenkalti': min-attempt is above deadline"));
}

/** Bytes that do not print are told as \xNN, few of them, and a zero byte is a byte. */
static void test_any_bytes(void **)
{
	static const struct {
		const char *text;
		size_t len;
		uint32_t column;
		const char *told;
	} cases[] = {
		{"max-retries=5\0", 14, 13, "max-retries '5\\x00': not a number; use"},
		{"max-retries=\0", 13, 13, "max-retries '\\x00': not a number; use"},
		{"jitter=fu\033[1mll", 15, 8, "jitter 'fu\\x1b[1mll': not one of"},
		{"jit\0ter=full", 12, 1, "unknown setting 'jit\\x00ter'; use jitter"},
		{"jitter=f\xc3\xbcll", 12, 8, "jitter 'f\xc3\xbcll': not one of"},
		{"jitter=\xff\xfe", 9, 8, "jitter '\\xff\\xfe': not one of"},
		{"\0", 1, 1, "unknown preset '\\x00'; they are"},
		{"grpc\0", 5, 1, "unknown preset 'grpc\\x00'; use grpc"},
		{"factor=1\n5", 10, 8, "factor '1\\x0a5': no space is allowed; use"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct parts parts;
		parts_init(&parts);
		struct again_error error = {0};
		assert_true(again_setup_parse(&parts.setup, cases[i].text, cases[i].len, &error) <
		            0);
		check(strncmp(error.text, cases[i].told, strlen(cases[i].told)) == 0, "%s",
		      error.text);
		assert_int_equal(error.column, cases[i].column);
		assert_told(&error);
	}
}

static void test_long_values_are_cut_in_messages(void **)
{
	char text[1024];
	memset(text, 'x', sizeof(text));
	memcpy(text, "jitter=", 7);
	struct parts parts;
	parts_init(&parts);
	struct again_error error = {0};
	assert_true(again_setup_parse(&parts.setup, text, sizeof(text), &error) < 0);
	assert_non_null(strstr(error.text, "xxx...': not one of none full"));
	memset(text + 7, '\n', sizeof(text) - 8);
	assert_true(again_setup_parse(&parts.setup, text, sizeof(text), &error) < 0);
	assert_non_null(strstr(error.text, "\\x0a...': not one of none full"));
	// A number of a thousand digits too.
	memcpy(text, "factor=", 7);
	memset(text + 7, '1', sizeof(text) - 7);
	assert_int_equal(again_setup_parse(&parts.setup, text, sizeof(text), &error),
	                 AGAIN_ERR_SYNTAX);
	assert_non_null(strstr(error.text, "...': too long; use"));
}

/** The longest that a message repeats still leaves room for what is accepted. */
static void test_long_names_leave_room(void **)
{
	static const struct {
		const char *before;
		const char *after;
		const char *end;
	} cases[] = {
		{"", "", " temporal no-retry"},
		{"", "=1", " timeout deadline ..."},
		{"budget=", "", " concurrency:P%/..."},
		{"budget=tokens:1/", ":1", " repay-last charge-failures"},
		{"breaker=", ":1", ", and lease:D, probes:N"},
		{"breaker=failures:", "", "; use a whole number above 0"},
		{"throttled-base-delay=", "", " such as 250ms or 1m30s, or none"},
		{"backoff=list:", "", " each a duration above 0 such as 250ms or 1m30s"},
		{"max-retries=1,sre10", "", " temporal no-retry"},
	};
	static const char fillings[] = {'~', '\n', '\0', '\xff'};
	for (size_t i = 0; i < COUNT(cases) * sizeof(fillings); i++) {
		char text[512];
		char filling = fillings[i % sizeof(fillings)];
		size_t before = strlen(cases[i / sizeof(fillings)].before);
		size_t after = strlen(cases[i / sizeof(fillings)].after);
		const char *end = cases[i / sizeof(fillings)].end;
		memset(text, filling, sizeof(text));
		memcpy(text, cases[i / sizeof(fillings)].before, before);
		memcpy(text + sizeof(text) - after, cases[i / sizeof(fillings)].after, after);
		// Blanks at both ends would not belong to the word.
		text[before] = '~';
		text[sizeof(text) - after - 1] = '~';
		struct parts parts;
		struct again_error error = {0};
		parts_init(&parts);
		assert_true(again_setup_parse(&parts.setup, text, sizeof(text), &error) < 0);
		assert_told(&error);
		size_t len = strlen(error.text);
		check(len > strlen(end) && strcmp(error.text + len - strlen(end), end) == 0,
		      "case %zu: %s", i, error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_values_are_refused),
		cmocka_unit_test(test_bad_names_are_refused),
		cmocka_unit_test(test_contradictions_are_refused),
		cmocka_unit_test(test_contradictions_to_what_was_there),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_long_values_are_cut_in_messages),
		cmocka_unit_test(test_long_names_leave_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
