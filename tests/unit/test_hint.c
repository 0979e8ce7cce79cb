// SPDX-License-Identifier: MIT
// Hints as text. Retry-After: seconds, the three forms of date, their validity, and a table of what is no hint;
// milliseconds; gRPC's pushback.
#include "policy_kit.h"

#include <stdio.h>

/** 1994-11-06 08:49:37 UTC, the RFC's own example. */
#define RFC_EXAMPLE UINT64_C(784111777)

/** 2026-01-01 00:00:00 UTC. */
#define NOW UINT64_C(1767225600)

static void assert_hint(const char *value, uint64_t now_unix_s, again_ns expected)
{
	again_ns delay = 12345;
	int code = again_parse_retry_after(value, strlen(value), now_unix_s, &delay);
	check(code == 0, "'%s' is no hint", value);
	check(delay == expected, "'%s' is %" PRIu64 ", not %" PRIu64, value, delay, expected);
}

static void assert_no_hint(const char *value, size_t len)
{
	again_ns delay = 12345;
	int code = again_parse_retry_after(value, len, NOW, &delay);
	check(code == AGAIN_ERR_SYNTAX, "'%.*s' is %d", (int)len, value, code);
	assert_int_equal(delay, 12345);
}

static void test_seconds(void **)
{
	assert_hint("120", NOW, 120 * S);
	assert_hint("1", NOW, 1 * S);
	assert_hint("007", NOW, 7 * S);
	assert_hint("86400", NOW, 86400 * S);
	assert_hint("18446744073", NOW, 18446744073 * S);
}

/** curl treats 0 as "use the own backoff"; here it is explicit, and the caller decides. */
static void test_curl_zero_is_a_hint(void **)
{
	assert_hint("0", NOW, 0);
	assert_hint("0000000000000000000000000000000000", NOW, 0);
}

static void test_white_space_around(void **)
{
	assert_hint(" 5", NOW, 5 * S);
	assert_hint("5\t \t", NOW, 5 * S);
	assert_hint("\t Sun, 06 Nov 1994 08:49:37 GMT  ", RFC_EXAMPLE - 1, 1 * S);
}

/**
 * grpc-go: 9300000000000 becomes a negative duration. Here whatever does not fit is the longest
 * delay that is one.
 */
static void test_grpc_go_overflow_saturates(void **)
{
	assert_hint("9300000000000", NOW, AGAIN_NEVER - 1);
	assert_hint("18446744074", NOW, AGAIN_NEVER - 1);
	assert_hint("18446744073709551615", NOW, AGAIN_NEVER - 1);
	assert_hint("18446744073709551616", NOW, AGAIN_NEVER - 1);
	assert_hint("99999999999999999999999999999999999999999999999999999999999999999999", NOW,
	            AGAIN_NEVER - 1);
	assert_hint("Fri, 31 Dec 9999 23:59:59 GMT", 0, AGAIN_NEVER - 1);
}

static void test_the_three_forms(void **)
{
	assert_hint("Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE - 90, 90 * S);
	assert_hint("Sunday, 06-Nov-94 08:49:37 GMT", RFC_EXAMPLE - 90, 90 * S);
	assert_hint("Sun Nov  6 08:49:37 1994", RFC_EXAMPLE - 90, 90 * S);
	assert_hint("Sun Nov 16 08:49:37 1994", RFC_EXAMPLE, 10 * 86400 * S);
	// asctime's day is padded with a space; two digits are two digits.
	assert_hint("Sun Nov 06 08:49:37 1994", RFC_EXAMPLE - 90, 90 * S);
	assert_hint("Sun, 06 Nov 1994 08:49:37 GMT", 0, RFC_EXAMPLE * S);
}

static void test_dates_that_are_past(void **)
{
	assert_hint("Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE, 0);
	assert_hint("Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE + 1, 0);
	assert_hint("Sun, 06 Nov 1994 08:49:37 GMT", UINT64_MAX, 0);
	assert_hint("Wed, 31 Dec 1969 23:59:59 GMT", 0, 0);
	assert_hint("Sat, 01 Jan 0000 00:00:00 GMT", 0, 0);
	assert_hint("Thu, 01 Jan 1970 00:00:01 GMT", 0, 1 * S);
}

static void test_every_name(void **)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const long_days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
	                                        "Thursday", "Friday", "Saturday"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	static const uint64_t days_before[] = {0,   31,  59,  90,  120, 151,
	                                       181, 212, 243, 273, 304, 334};
	char text[64];
	for (size_t day = 0; day < 7; day++) {
		for (size_t month = 0; month < 12; month++) {
			again_ns expected = (days_before[month] * 86400 + 61) * S;
			(void)snprintf(text, sizeof(text), "%s, 01 %s 2026 00:01:01 GMT", days[day],
			               months[month]);
			assert_hint(text, NOW, expected);
			(void)snprintf(text, sizeof(text), "%s, 01-%s-26 00:01:01 GMT",
			               long_days[day], months[month]);
			assert_hint(text, NOW, expected);
			(void)snprintf(text, sizeof(text), "%s %s  1 00:01:01 2026", days[day],
			               months[month]);
			assert_hint(text, NOW, expected);
		}
	}
}

static void test_leap_years(void **)
{
	assert_hint("Thu, 29 Feb 2024 00:00:00 GMT", UINT64_C(1709164800) - 5, 5 * S);
	assert_hint("Tue, 29 Feb 2000 00:00:00 GMT", UINT64_C(951782400) - 5, 5 * S);
	assert_hint("Fri, 01 Mar 2024 00:00:00 GMT", UINT64_C(1709164800), 86400 * S);
	assert_hint("Mon, 01 Mar 2100 00:00:00 GMT", UINT64_C(4107456000), 86400 * S);
	assert_hint("Tuesday, 29-Feb-28 00:00:00 GMT", NOW, (UINT64_C(1835395200) - NOW) * S);
	static const char *const bad[] = {
		"Thu, 29 Feb 2023 00:00:00 GMT",   "Mon, 29 Feb 2100 00:00:00 GMT",
		"Sat, 29 Feb 1900 00:00:00 GMT",   "Fri, 30 Feb 2024 00:00:00 GMT",
		"Tuesday, 29-Feb-27 00:00:00 GMT", "Thu Feb 29 00:00:00 2023",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_no_hint(bad[i], strlen(bad[i]));
	}
}

/** The second after it is the same moment: POSIX time has no leap seconds. */
static void test_leap_second(void **)
{
	assert_hint("Sat, 31 Dec 2016 23:59:60 GMT", UINT64_C(1483228799), 1 * S);
	assert_hint("Sun, 01 Jan 2017 00:00:00 GMT", UINT64_C(1483228799), 1 * S);
}

/** At most 50 years ahead, or it is of the century before. */
static void test_two_digit_years(void **)
{
	assert_hint("Thursday, 31-Dec-26 23:59:59 GMT", NOW, (365 * 86400 - 1) * S);
	// 2075 is 50 years ahead at its end; 77 is 1977.
	assert_hint("Tuesday, 31-Dec-75 00:00:00 GMT", NOW, UINT64_C(1577750400) * S);
	assert_hint("Friday, 31-Dec-77 00:00:00 GMT", NOW, 0);
	assert_hint("Friday, 31-Dec-99 00:00:00 GMT", NOW, 0);
	assert_hint("Saturday, 01-Jan-00 00:00:00 GMT", NOW, 0);
	// 50 years of 31,556,952 s are 1,577,847,600 s: 2076-01-01 03:00:00.
	assert_hint("Wednesday, 01-Jan-76 03:00:00 GMT", NOW, UINT64_C(1577847600) * S);
	assert_hint("Wednesday, 01-Jan-76 03:00:01 GMT", NOW, 0);
	// Across a century: in 1999, 00 is 2000 and 49 is 2049; in 2099, 05 is 2105.
	assert_hint("Saturday, 01-Jan-00 00:00:00 GMT", UINT64_C(946684799), 1 * S);
	assert_hint("Thursday, 01-Jan-05 00:00:00 GMT", UINT64_C(4102444799),
	            (UINT64_C(157766400) + 1) * S);
	// A clock that is off: at the epoch, and far beyond any date.
	assert_hint("Thursday, 01-Jan-70 00:00:10 GMT", 0, 10 * S);
	assert_hint("Thursday, 01-Jan-20 00:00:10 GMT", 0, UINT64_C(1577836810) * S);
	assert_hint("Thursday, 01-Jan-21 00:00:10 GMT", 0, 0);
	assert_hint("Thursday, 01-Jan-20 00:00:10 GMT", UINT64_MAX, 0);
}

static const char *const no_hints[] = {
	"",
	" ",
	"\t",
	"-1",
	"+1",
	"1.5",
	"1,5",
	"1e3",
	"0x10",
	"1 2",
	"1s",
	"s",
	"120 seconds",
	"１",
	"∞",
	"\n5",
	"5\r\n",
	"5\v",
	"never",
	"null",
	"NaN",
	// Names: wrong, of another case, of another form.
	"sun, 06 Nov 1994 08:49:37 GMT",
	"SUN, 06 Nov 1994 08:49:37 GMT",
	"Sun, 06 nov 1994 08:49:37 GMT",
	"Sun, 06 NOV 1994 08:49:37 GMT",
	"Sunday, 06 Nov 1994 08:49:37 GMT",
	"Sun, 06-Nov-94 08:49:37 GMT",
	"Sunday Nov  6 08:49:37 1994",
	"Son, 06 Nov 1994 08:49:37 GMT",
	"Sun, 06 Okt 1994 08:49:37 GMT",
	", 06 Nov 1994 08:49:37 GMT",
	"06 Nov 1994 08:49:37 GMT",
	"Sun, 06 November 1994 08:49:37 GMT",
	// Zones.
	"Sun, 06 Nov 1994 08:49:37 UTC",
	"Sun, 06 Nov 1994 08:49:37 gmt",
	"Sun, 06 Nov 1994 08:49:37 +0000",
	"Sun, 06 Nov 1994 08:49:37 GMT+1",
	"Sun, 06 Nov 1994 08:49:37",
	"Sun, 06 Nov 1994 08:49:37 ",
	"Sun, 06 Nov 1994 08:49:37 GM",
	"Sun Nov  6 08:49:37 1994 GMT",
	"Sunday, 06-Nov-94 08:49:37 EST",
	// Spaces.
	"Sun,06 Nov 1994 08:49:37 GMT",
	"Sun, 06  Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994  08:49:37 GMT",
	"Sun,\t06 Nov 1994 08:49:37 GMT",
	"Sun Nov 6 08:49:37 1994",
	"Sun Nov   6 08:49:37 1994",
	"Sun , 06 Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994 08:49:37GMT",
	"Sun, 06 Nov 1994 08 :49:37 GMT",
	// Numbers: too short, too long, signed, out of range.
	"Sun, 6 Nov 1994 08:49:37 GMT",
	"Sun, 006 Nov 1994 08:49:37 GMT",
	"Sun,  6 Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 94 08:49:37 GMT",
	"Sun, 06 Nov 19944 08:49:37 GMT",
	"Sun, 06 Nov -994 08:49:37 GMT",
	"Sun, 06 Nov 1994 8:49:37 GMT",
	"Sun, 06 Nov 1994 08:49 GMT",
	"Sun, 06 Nov 1994 08:49:37.0 GMT",
	"Sun, 06 Nov 1994 08:49:7 GMT",
	"Sun, 06 Nov 1994 08.49.37 GMT",
	"Sunday, 06-Nov-1994 08:49:37 GMT",
	"Sunday, 6-Nov-94 08:49:37 GMT",
	"Sunday, 06 Nov 94 08:49:37 GMT",
	"Sun Nov  6 08:49:37 94",
	"Sun, 00 Nov 1994 08:49:37 GMT",
	"Sun, 31 Nov 1994 08:49:37 GMT",
	"Sun, 32 Jan 1994 08:49:37 GMT",
	"Sun Nov  0 08:49:37 1994",
	"Sun, 06 Nov 1994 24:00:00 GMT",
	"Sun, 06 Nov 1994 08:60:37 GMT",
	"Sun, 06 Nov 1994 08:49:60 GMT",
	"Sun, 06 Nov 1994 23:58:60 GMT",
	"Sun, 06 Nov 1994 22:59:60 GMT",
	"Sun, 06 Nov 1994 23:59:61 GMT",
	"Sun, 06 Nov 1994 99:99:99 GMT",
	"Sun, 99 Nov 1994 08:49:37 GMT",
	// Other dates that people write.
	"1994-11-06T08:49:37Z",
	"1994-11-06 08:49:37",
	"06/11/1994",
	"784111777.5",
	"Sun, 06 Nov 1994",
	"Sun, 06 Nov 1994 08:49:37 GMT, 120",
	"Sun, 06 Nov 1994 08:49:37 GMT;",
};

static void test_what_is_no_hint(void **)
{
	for (size_t i = 0; i < sizeof(no_hints) / sizeof(no_hints[0]); i++) {
		assert_no_hint(no_hints[i], strlen(no_hints[i]));
	}
}

/** The length counts, not a terminator; and a byte is a byte. */
static void test_bytes(void **)
{
	again_ns delay = 0;
	assert_int_equal(again_parse_retry_after("1234", 2, NOW, &delay), 0);
	assert_int_equal(delay, 12 * S);
	assert_no_hint("12\0", 3);
	assert_no_hint("\0", 1);
	assert_no_hint("12", 0);
	assert_no_hint(NULL, 0);
	assert_no_hint("\xff\xfe", 2);
	static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	for (size_t len = 0; len < sizeof(date) - 1; len++) {
		assert_no_hint(date, len);
	}
}

/**
 * One byte of a date replaced by each other byte: a hint only where that is another weekday, digit
 * or name.
 */
static void test_each_byte_counts(void **)
{
	static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	for (size_t i = 0; i < sizeof(date) - 1; i++) {
		for (int byte = 0; byte < 256; byte++) {
			char text[sizeof(date)];
			memcpy(text, date, sizeof(date));
			text[i] = (char)byte;
			again_ns delay = 0;
			bool taken = again_parse_retry_after(text, sizeof(date) - 1, RFC_EXAMPLE,
			                                     &delay) == 0;
			bool was_digit = date[i] >= '0' && date[i] <= '9';
			bool is_digit = byte >= '0' && byte <= '9';
			check(!taken || byte == (unsigned char)date[i] || (was_digit && is_digit),
			      "byte %zu is %d", i, byte);
		}
	}
}

static void test_milliseconds(void **)
{
	static const struct {
		const char *value;
		again_ns delay;
	} cases[] = {
		{"0", 0},
		{"1", MS},
		{" 1500\t", 1500 * MS},
		{"18446744073709", 18446744073709 * MS},
		// grpc-go makes a negative duration of this one.
		{"9300000000000", 9300000000000 * MS},
		{"18446744073710", AGAIN_NEVER - 1},
		{"99999999999999999999999", AGAIN_NEVER - 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again_ns delay = 12345;
		const char *value = cases[i].value;
		assert_int_equal(again_parse_ms_header(value, strlen(value), &delay), 0);
		check(delay == cases[i].delay, "'%s' is %" PRIu64, value, delay);
	}
}

static void test_what_is_no_milliseconds(void **)
{
	static const char *const values[] = {"",  " ",   "-1",  "+1",  "1.5", "1 2",
	                                     "x", "1ms", "0x1", "1e3", "nan", "inf"};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		again_ns delay = 12345;
		check(again_parse_ms_header(values[i], strlen(values[i]), &delay) ==
		              AGAIN_ERR_SYNTAX,
		      "'%s' is a hint", values[i]);
		assert_int_equal(delay, 12345);
	}
}

/** gRFC A6: a negative or unparseable pushback is "do not retry". */
static void test_grpc_pushback(void **)
{
	static const struct {
		const char *value;
		again_ns delay;
	} given[] = {{"0", 0}, {"1", MS}, {"250", 250 * MS}, {"2147483647", 2147483647 * MS}};
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		again_ns delay = 12345;
		const char *value = given[i].value;
		check(again_parse_pushback_ms(value, strlen(value), &delay) == AGAIN_HINT_RELATIVE,
		      "'%s' is a refusal", value);
		check(delay == given[i].delay, "'%s' is %" PRIu64, value, delay);
	}
	// The last is the one that grpc-go makes a negative duration of.
	static const char *const refusals[] = {"-1", "",   "junk", "1.5",        "+1",
	                                       "01", "00", " 1",   "2147483648", "9300000000000"};
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		again_ns delay = 12345;
		const char *value = refusals[i];
		check(again_parse_pushback_ms(value, strlen(value), &delay) == AGAIN_HINT_REFUSAL,
		      "'%s' is no refusal", value);
		assert_int_equal(delay, 12345);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_curl_zero_is_a_hint),
		cmocka_unit_test(test_white_space_around),
		cmocka_unit_test(test_grpc_go_overflow_saturates),
		cmocka_unit_test(test_the_three_forms),
		cmocka_unit_test(test_dates_that_are_past),
		cmocka_unit_test(test_every_name),
		cmocka_unit_test(test_leap_years),
		cmocka_unit_test(test_leap_second),
		cmocka_unit_test(test_two_digit_years),
		cmocka_unit_test(test_what_is_no_hint),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_each_byte_counts),
		cmocka_unit_test(test_milliseconds),
		cmocka_unit_test(test_what_is_no_milliseconds),
		cmocka_unit_test(test_grpc_pushback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
