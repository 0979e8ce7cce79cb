// SPDX-License-Identifier: MIT
// Numbers, ratios and durations as people type them.
#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define US UINT64_C(1000)
#define MS (1000 * US)
#define S (1000 * MS)
#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/** What is not written where a parser refuses. */
#define UNTOUCHED UINT64_C(0x5ca1ab1e)

static const struct {
	const char *text;
	again_ns ns;
} read_durations[] = {
	{"0", 0},
	{"0s", 0},
	{"0.000", 0},
	{"0ns", 0},
	{"0.1", 100 * MS},
	{".5", 500 * MS},
	{"1", S},
	{"007", 7 * S},
	{"250ms", 250 * MS},
	{"1m30s", 90 * S},
	{"1.5h", 90 * MINUTE},
	{"2h", 2 * HOUR},
	{"0.5us", 500},
	{"1ns", 1},
	{"1d2h3m4s5ms6us7ns", DAY + 2 * HOUR + 3 * MINUTE + 4 * S + 5 * MS + 6 * US + 7},
	{"1.5h30m", 2 * HOUR},
	{"1h0m", HOUR},
	{"90m", 90 * MINUTE},
	{"0.000000001", 1},
	{"0.0000000019", 2},
	{"1.4ns", 1},
	{"1.5ns", 2},
	{"1.4999999999999999999999999999999999ns", 1},
	{"0.123456789123456789123456789", 123456789},
	{"106751d", 106751 * DAY},
	{"9223372036.854775807", INT64_MAX},
	{"9223372036854775807ns", INT64_MAX},
	{"9223372036854775806.5ns", INT64_MAX},
};

static void durations_that_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(read_durations); i++) {
		again_ns ns = UNTOUCHED;
		struct again_error error = {0};
		if (again_parse_duration(read_durations[i].text, &ns, &error) != 0 ||
		    ns != read_durations[i].ns) {
			fail_msg("'%s': %llu, not %llu: %s", read_durations[i].text,
			         (unsigned long long)ns, (unsigned long long)read_durations[i].ns,
			         error.text);
		}
		assert_int_equal(error.code, 0);
	}
}

static const struct {
	const char *text;
	int code;
	const char *reason;
} refused_durations[] = {
	{"", AGAIN_ERR_SYNTAX, "empty"},
	{" 1", AGAIN_ERR_SYNTAX, "no space is allowed"},
	{"1 ", AGAIN_ERR_SYNTAX, "no space is allowed"},
	{"1 s", AGAIN_ERR_SYNTAX, "no space is allowed"},
	{"1m 30s", AGAIN_ERR_SYNTAX, "no space is allowed"},
	{"1\n", AGAIN_ERR_SYNTAX, "no space is allowed"},
	{"-1", AGAIN_ERR_SYNTAX, "must not be negative"},
	{"-0", AGAIN_ERR_SYNTAX, "must not be negative"},
	{"1m-30s", AGAIN_ERR_SYNTAX, "must not be negative"},
	{"+1", AGAIN_ERR_SYNTAX, "no sign is allowed"},
	{"nan", AGAIN_ERR_SYNTAX, "not a number"},
	{"inf", AGAIN_ERR_SYNTAX, "not a number"},
	{"infinity", AGAIN_ERR_SYNTAX, "not a number"},
	{"s", AGAIN_ERR_SYNTAX, "not a number"},
	{".", AGAIN_ERR_SYNTAX, "not a number"},
	{".s", AGAIN_ERR_SYNTAX, "not a number"},
	{"1.", AGAIN_ERR_SYNTAX, "digits must follow the point"},
	{"1.s", AGAIN_ERR_SYNTAX, "digits must follow the point"},
	{"..1", AGAIN_ERR_SYNTAX, "two points"},
	{"1..2", AGAIN_ERR_SYNTAX, "two points"},
	{"1.2.3", AGAIN_ERR_SYNTAX, "two points"},
	{"1,5", AGAIN_ERR_SYNTAX, "write a point, not a comma"},
	{"1e3", AGAIN_ERR_SYNTAX, "exponents are not read"},
	{"1E-3", AGAIN_ERR_SYNTAX, "exponents are not read"},
	{"0x1", AGAIN_ERR_SYNTAX, "hexadecimal is not read"},
	{"0X1", AGAIN_ERR_SYNTAX, "hexadecimal is not read"},
	{"1x", AGAIN_ERR_SYNTAX, "unknown unit 'x'; units are ns us ms s m h d"},
	{"1min", AGAIN_ERR_SYNTAX, "unknown unit 'min'; units are ns us ms s m h d"},
	{"1S", AGAIN_ERR_SYNTAX, "unknown unit 'S'; units are ns us ms s m h d"},
	{"1w", AGAIN_ERR_SYNTAX, "unknown unit 'w'; units are ns us ms s m h d"},
	{"1\xC2\xB5s", AGAIN_ERR_SYNTAX, "not a number"},
	{"1abcdefghijklmnopqrstuvwxyz", AGAIN_ERR_SYNTAX,
         "unknown unit 'abcdefghijklmnopqrstuvwx...'; units are ns us ms s m h d"},
	{"1h30", AGAIN_ERR_SYNTAX, "'30' has no unit"},
	{"1h0.5", AGAIN_ERR_SYNTAX, "'0.5' has no unit"},
	{"1s1m", AGAIN_ERR_SYNTAX, "larger units come first"},
	{"1m1m", AGAIN_ERR_SYNTAX, "unit 'm' stands twice"},
	{"1h1m1h", AGAIN_ERR_SYNTAX, "larger units come first"},
	{"0.0000000001", AGAIN_ERR_RANGE, "less than a nanosecond"},
	{"0.9ns", AGAIN_ERR_RANGE, "less than a nanosecond"},
	{"99999999999999999999", AGAIN_ERR_RANGE, "too long: at most 106751d (292 years)"},
	{"18446744073709551616ns", AGAIN_ERR_RANGE, "too long: at most 106751d (292 years)"},
	{"9223372036.854775808", AGAIN_ERR_RANGE, "too long: at most 106751d (292 years)"},
	{"9223372036854775807.5ns", AGAIN_ERR_RANGE, "too long: at most 106751d (292 years)"},
	{"106751d24h", AGAIN_ERR_RANGE, "too long: at most 106751d (292 years)"},
};

static void durations_that_are_refused_with_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused_durations); i++) {
		again_ns ns = UNTOUCHED;
		struct again_error error = {0};
		int rc = again_parse_duration(refused_durations[i].text, &ns, &error);
		if (rc != refused_durations[i].code ||
		    strcmp(error.text, refused_durations[i].reason) != 0) {
			fail_msg("'%s': %d \"%s\"", refused_durations[i].text, rc, error.text);
		}
		assert_int_equal(error.code, rc);
		assert_true(ns == UNTOUCHED);
		assert_int_equal(again_parse_duration(refused_durations[i].text, &ns, NULL),
		                 refused_durations[i].code);
	}
}

static void whole_numbers(void **state)
{
	(void)state;
	uint64_t number = UNTOUCHED;
	assert_int_equal(again_parse_u64("0", 0, 9, &number, NULL), 0);
	assert_true(number == 0);
	assert_int_equal(again_parse_u64("18446744073709551615", 0, UINT64_MAX, &number, NULL), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(again_parse_u64("0009", 1, 9, &number, NULL), 0);
	assert_true(number == 9);
	static const struct {
		const char *text;
		uint64_t least;
		uint64_t most;
		int code;
		const char *reason;
	} cases[] = {
		{"", 0, 9, AGAIN_ERR_SYNTAX, "empty"},
		{"x", 0, 9, AGAIN_ERR_SYNTAX, "not a number"},
		{"1x", 0, 9, AGAIN_ERR_SYNTAX, "not a number"},
		{"1.0", 0, 9, AGAIN_ERR_SYNTAX, "must be a whole number"},
		{".", 0, 9, AGAIN_ERR_SYNTAX, "must be a whole number"},
		{"-1", 0, 9, AGAIN_ERR_SYNTAX, "must not be negative"},
		{"+1", 0, 9, AGAIN_ERR_SYNTAX, "no sign is allowed"},
		{"1 ", 0, 9, AGAIN_ERR_SYNTAX, "no space is allowed"},
		{"\t1", 0, 9, AGAIN_ERR_SYNTAX, "no space is allowed"},
		{"1e1", 0, 9, AGAIN_ERR_SYNTAX, "exponents are not read"},
		{"0x1", 0, 9, AGAIN_ERR_SYNTAX, "hexadecimal is not read"},
		{"0", 1, 9, AGAIN_ERR_RANGE, "must be 1 to 9"},
		{"10", 1, 9, AGAIN_ERR_RANGE, "must be 1 to 9"},
		{"10", 0, 9, AGAIN_ERR_RANGE, "must be at most 9"},
		{"0", 1, UINT64_MAX, AGAIN_ERR_RANGE, "must be at least 1"},
		{"18446744073709551616", 0, 9, AGAIN_ERR_RANGE, "must be at most 9"},
		{"99999999999999999999999", 0, 9, AGAIN_ERR_RANGE, "must be at most 9"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		number = UNTOUCHED;
		struct again_error error = {0};
		int rc = again_parse_u64(cases[i].text, cases[i].least, cases[i].most, &number,
		                         &error);
		if (rc != cases[i].code || strcmp(error.text, cases[i].reason) != 0) {
			fail_msg("'%s': %d \"%s\"", cases[i].text, rc, error.text);
		}
		assert_true(number == UNTOUCHED);
	}
}

static void ratios(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t q32;
	} cases[] = {
		{"0", 0},
		{"1", UINT64_C(1) << 32},
		{"2", UINT64_C(2) << 32},
		{"1.5", UINT64_C(3) << 31},
		{".25", UINT64_C(1) << 30},
		{"0.2", 858993459},
		{"1.1", 4724464026},
		// Half a unit in the last place, exactly, rounds up; a hair less does not.
		{"0.000000000116415321826934814453125", 1},
		{"0.000000000116415321826934814453124", 0},
		{"2147483647", UINT64_C(2147483647) << 32},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t q32 = UNTOUCHED;
		assert_int_equal(again_parse_q32(cases[i].text, &q32, NULL), 0);
		if (q32 != cases[i].q32) {
			fail_msg("'%s': %llu", cases[i].text, (unsigned long long)q32);
		}
	}
	static const char *const refused[] = {"",
	                                      ".",
	                                      "1.",
	                                      "1..2",
	                                      "-1",
	                                      "+1",
	                                      " 1",
	                                      "1e3",
	                                      "0x1",
	                                      "nan",
	                                      "inf",
	                                      "1s",
	                                      "1,5",
	                                      "2147483648",
	                                      "2147483647.99999999999",
	                                      "99999999999999999999"};
	for (size_t i = 0; i < COUNT(refused); i++) {
		uint64_t q32 = UNTOUCHED;
		struct again_error error = {0};
		if (again_parse_q32(refused[i], &q32, &error) == 0 || q32 != UNTOUCHED ||
		    error.text[0] == '\0') {
			fail_msg("'%s' was read", refused[i]);
		}
	}
}

static void arithmetic_saturates(void **state)
{
	(void)state;
	assert_true(again_ns_add(1, 2) == 3);
	assert_true(again_ns_add(AGAIN_NEVER, 1) == AGAIN_NEVER);
	assert_true(again_ns_add(AGAIN_NEVER - 1, 1) == AGAIN_NEVER);
	assert_true(again_ns_sub(3, 2) == 1);
	assert_true(again_ns_sub(2, 3) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_that_are_read),
		cmocka_unit_test(durations_that_are_refused_with_a_reason),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(ratios),
		cmocka_unit_test(arithmetic_saturates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
