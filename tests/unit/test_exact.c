// SPDX-License-Identifier: MIT
// Numbers that are written read back as the same numbers, in as few digits as that takes.
#include "base/exact.h"
#include "base/number.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ONE (UINT64_C(1) << 32)
#define S AGAIN_NS_PER_SECOND

/** What is not written where a reader refuses. */
#define UNTOUCHED UINT64_C(0x5ca1ab1e)

static char buffer[128];

static const char *duration_text(again_ns ns)
{
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add_duration(&text, ns);
	assert_false(text.cut);
	return buffer;
}

static const char *q32_text(uint64_t q32)
{
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add_q32(&text, q32);
	assert_false(text.cut);
	return buffer;
}

static const char *percent_text(uint64_t q32)
{
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add_percent(&text, q32);
	assert_false(text.cut);
	return buffer;
}

static const char *thousandths_text(uint64_t number)
{
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add_thousandths(&text, number);
	assert_false(text.cut);
	return buffer;
}

/** A small generator of its own: what it gives is not what is tested. */
static uint64_t next_number(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state ^ *state >> 29;
}

static void durations(void **)
{
	static const struct {
		again_ns ns;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{1, "1ns"},
		{1'500, "1500ns"},
		{2'000, "2us"},
		{10'000'000, "10ms"},
		{S, "1s"},
		{1'500'000'000, "1500ms"},
		{59 * S, "59s"},
		{60 * S, "1m"},
		{90 * S, "1m30s"},
		{61'500'000'000, "1m1500ms"},
		{3600 * S, "1h"},
		{86'400 * S, "1d"},
		{86'400 * S + 1, "1d1ns"},
		{90'061 * S, "1d1h1m1s"},
		{INT64_MAX, "106751d23h47m16854775807ns"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(duration_text(cases[i].ns), cases[i].text);
	}
}

static void durations_read_back(void **)
{
	uint64_t state = 1;
	for (int i = 0; i < 20'000; i++) {
		again_ns ns = next_number(&state) >> (1 + i % 63);
		again_ns same = UNTOUCHED;
		if (again_parse_duration(duration_text(ns), &same, NULL) != 0 || same != ns) {
			print_error("%" PRIu64 " ns, number %d: '%s'\n", ns, i, buffer);
			fail();
		}
	}
}

static void ratios(void **)
{
	static const struct {
		uint64_t q32;
		const char *text;
		const char *percent;
	} cases[] = {
		{0, "0", "0"},
		{ONE, "1", "100"},
		{ONE / 2, "0.5", "50"},
		{ONE / 4, "0.25", "25"},
		{858'993'459, "0.2", "20"},
		{429'496'730, "0.1", "10"},
		{42'949'673, "0.01", "1"},
		{4'294'967, "0.001", "0.1"},
		{21'474'836, "0.005", "0.5"},
		{1, "0.0000000002", "0.00000002"},
		{UINT32_MAX, "0.9999999998", "99.99999998"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_string_equal(q32_text(cases[i].q32), cases[i].text);
		assert_string_equal(percent_text(cases[i].q32), cases[i].percent);
	}
	assert_string_equal(q32_text(ONE + ONE / 2), "1.5");
	assert_string_equal(q32_text(2 * ONE), "2");
	assert_string_equal(q32_text(INT64_MAX), "2147483647.9999999998");
}

static void check_ratio(uint64_t q32)
{
	uint64_t same = UNTOUCHED;
	if (again_parse_q32(q32_text(q32), &same, NULL) != 0 || same != q32) {
		print_error("%" PRIu64 " / 2^32: '%s' is %" PRIu64 "\n", q32, buffer, same);
		fail();
	}
	same = UNTOUCHED;
	if (q32 <= ONE &&
	    (again_parse_percent(percent_text(q32), &same, NULL) != 0 || same != q32)) {
		print_error("%" PRIu64 " / 2^32: '%s%%' is %" PRIu64 "\n", q32, buffer, same);
		fail();
	}
}

static void ratios_read_back(void **)
{
	uint64_t state = 2;
	for (int i = 0; i < 20'000; i++) {
		check_ratio(next_number(&state) >> (1 + i % 63));
		check_ratio((uint64_t)i);
		check_ratio(ONE - (uint64_t)i);
	}
}

/** No decimal with fewer places reads as the same ratio. */
static void ratios_are_short(void **)
{
	uint64_t state = 3;
	for (int i = 0; i < 2'000; i++) {
		uint64_t q32 = next_number(&state) >> 32;
		const char *text = q32_text(q32);
		size_t places = strlen(text) > 2 ? strlen(text) - 2 : 0;
		if (places == 0) {
			continue;
		}
		uint64_t power = 1;
		for (size_t place = 1; place < places; place++) {
			power *= 10;
		}
		// The two neighbours with one place less, rounded as again_parse_q32 does; power is at most 10^9.
		uint64_t lower = q32 * power >> 32;
		for (uint64_t digits = lower; digits <= lower + 1; digits++) {
			uint64_t read = ((digits << 33) / power + 1) / 2;
			if (read == q32) {
				print_error("'%s' could be %" PRIu64 " / %" PRIu64 "\n", text,
				            digits, power);
				fail();
			}
		}
	}
}

static void thousandths(void **)
{
	assert_string_equal(thousandths_text(0), "0");
	assert_string_equal(thousandths_text(1), "0.001");
	assert_string_equal(thousandths_text(10), "0.01");
	assert_string_equal(thousandths_text(100), "0.1");
	assert_string_equal(thousandths_text(1'000), "1");
	assert_string_equal(thousandths_text(1'500), "1.5");
	assert_string_equal(thousandths_text(1'005), "1.005");
	for (uint64_t number = 0; number < 20'000; number++) {
		uint64_t same = UNTOUCHED;
		assert_int_equal(
			again_parse_fixed(thousandths_text(number), 3, 20'000, &same, NULL), 0);
		assert_int_equal(same, number);
	}
}

static void percentages_that_are_read(void **)
{
	static const struct {
		const char *text;
		uint64_t q32;
	} cases[] = {
		{"0", 0},
		{"00000000000000000000", 0},
		{"1", 42'949'673},
		{"01.0", 42'949'673},
		{".5", 21'474'836},
		{"0.5", 21'474'836},
		{"10", 429'496'730},
		{"50.0", ONE / 2},
		{"100", ONE},
		{"100.000", ONE},
		{"0100", ONE},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t q32 = UNTOUCHED;
		struct again_error error = {0};
		if (again_parse_percent(cases[i].text, &q32, &error) != 0 || q32 != cases[i].q32) {
			print_error("'%s': %s\n", cases[i].text, error.text);
			fail();
		}
	}
}

static void fixed_numbers_that_are_read(void **)
{
	uint64_t number = 0;
	assert_int_equal(again_parse_fixed("12", 3, 100'000, &number, NULL), 0);
	assert_int_equal(number, 12'000);
	assert_int_equal(again_parse_fixed(".5", 1, 5, &number, NULL), 0);
	assert_int_equal(number, 5);
	assert_int_equal(again_parse_fixed("18446744073709551.615", 3, UINT64_MAX, &number, NULL),
	                 0);
	assert_int_equal(number, UINT64_MAX);
	assert_int_equal(again_parse_fixed("7", 0, 7, &number, NULL), 0);
	assert_int_equal(number, 7);
}

static const struct {
	const char *text;
	int code;
	const char *reason;
} refused[] = {
	{"", AGAIN_ERR_SYNTAX, "empty"},
	{".", AGAIN_ERR_SYNTAX, "not a number"},
	{"1.", AGAIN_ERR_SYNTAX, "digits must follow the point"},
	{"-1", AGAIN_ERR_SYNTAX, "must not be negative"},
	{"+1", AGAIN_ERR_SYNTAX, "no sign is allowed"},
	{" 1", AGAIN_ERR_SYNTAX, "no space is allowed"},
	{"1e1", AGAIN_ERR_SYNTAX, "exponents are not read"},
	{"0x1", AGAIN_ERR_SYNTAX, "hexadecimal is not read"},
	{"nan", AGAIN_ERR_SYNTAX, "not a number"},
	{"inf", AGAIN_ERR_SYNTAX, "not a number"},
	{"1.2.3", AGAIN_ERR_SYNTAX, "two points"},
	{"1%", AGAIN_ERR_SYNTAX, "not a number"},
	{"0.0000000000000000000000000000000000000000000000000000000000001", AGAIN_ERR_RANGE,
         "too many digits"},
};

static void what_is_no_number_is_refused(void **)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		uint64_t number = UNTOUCHED;
		struct again_error error = {0};
		int code = again_parse_percent(refused[i].text, &number, &error);
		if (code != refused[i].code || strcmp(error.text, refused[i].reason) != 0) {
			print_error("'%s': %s\n", refused[i].text, error.text);
			fail();
		}
		assert_int_equal(again_parse_fixed(refused[i].text, 3, 10, &number, &error),
		                 refused[i].code);
		assert_string_equal(error.text, refused[i].reason);
		assert_int_equal(number, UNTOUCHED);
	}
}

static void what_is_too_much_is_refused(void **)
{
	uint64_t number = UNTOUCHED;
	struct again_error error = {0};
	assert_int_equal(again_parse_percent("100.1", &number, &error), AGAIN_ERR_RANGE);
	assert_string_equal(error.text, "must be at most 100");
	assert_int_equal(again_parse_percent("99999999999999999999999999", &number, &error),
	                 AGAIN_ERR_RANGE);
	assert_int_equal(again_parse_fixed("1.0001", 3, 10'000, &number, &error), AGAIN_ERR_RANGE);
	assert_string_equal(error.text, "too many digits after the point");
	assert_int_equal(again_parse_fixed("10.001", 3, 10'000, &number, &error), AGAIN_ERR_RANGE);
	assert_string_equal(error.text, "must be at most 10");
	assert_int_equal(again_parse_fixed("18446744073709551.616", 3, UINT64_MAX, &number, &error),
	                 AGAIN_ERR_RANGE);
	assert_int_equal(number, UNTOUCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(durations_read_back),
		cmocka_unit_test(ratios),
		cmocka_unit_test(ratios_read_back),
		cmocka_unit_test(ratios_are_short),
		cmocka_unit_test(thousandths),
		cmocka_unit_test(percentages_that_are_read),
		cmocka_unit_test(fixed_numbers_that_are_read),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(what_is_too_much_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
