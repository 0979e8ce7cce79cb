// SPDX-License-Identifier: MIT
// Text in a buffer, the words of errors and of errno, and what must not reach a terminal.
#include "base/text.h"

#include "base/error.h"
#include "base/event.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void it_never_writes_past_its_end(void **state)
{
	(void)state;
	for (size_t cap = 1; cap < 40; cap++) {
		char buffer[64];
		memset(buffer, '#', sizeof(buffer));
		struct again_text text = again_text_over(buffer, cap);
		assert_int_equal(buffer[0], '\0');
		again_text_add(&text, "abc");
		again_text_addf(&text, "%d-%s", 12345, "xyz");
		again_text_add_u64(&text, UINT64_MAX);
		again_text_add_visible(&text, "\x01\xFF");
		const char *whole = "abc12345-xyz18446744073709551615";
		assert_true(text.len < cap);
		assert_int_equal(strlen(buffer), text.len);
		assert_true(text.cut == (cap <= strlen(whole) + 8));
		assert_memory_equal(buffer, whole,
		                    text.len < strlen(whole) ? text.len : strlen(whole));
		for (size_t i = cap; i < sizeof(buffer); i++) {
			assert_int_equal(buffer[i], '#');
		}
	}
}

static void delays(void **state)
{
	(void)state;
	static const struct {
		again_ns ns;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{1, "0s"},
		{499999, "0s"},
		{500000, "0.001s"},
		{1499999, "0.001s"},
		{100000000, "0.1s"},
		{700000000, "0.7s"},
		{310000000, "0.31s"},
		{999499999, "0.999s"},
		{999500000, "1s"},
		{12000000000, "12s"},
		{60001000000, "60.001s"},
		{AGAIN_NEVER, "18446744073.71s"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char buffer[32];
		struct again_text text = again_text_over(buffer, sizeof(buffer));
		again_text_add_delay(&text, cases[i].ns);
		assert_string_equal(buffer, cases[i].text);
	}
}

static void seconds_are_exact(void **state)
{
	(void)state;
	static const struct {
		again_ns ns;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1, "0.000000001"},
		{100000000, "0.1"},
		{60000000000, "60"},
		{1234567890, "1.23456789"},
		{1000000010, "1.00000001"},
		{AGAIN_NEVER, "18446744073.709551615"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char buffer[32];
		struct again_text text = again_text_over(buffer, sizeof(buffer));
		again_text_add_seconds(&text, cases[i].ns);
		assert_string_equal(buffer, cases[i].text);
	}
}

static void times_agree_with_the_c_library(void **state)
{
	(void)state;
	// Steps that are no multiple of a day, over all years that 64 bits hold, and the days
	// around leap days.
	for (uint64_t seconds = 0; seconds < UINT64_MAX / AGAIN_NS_PER_SECOND;
	     seconds += 86399 * 13) {
		time_t moment = (time_t)seconds;
		struct tm parts;
		assert_non_null(gmtime_r(&moment, &parts));
		char wanted[40];
		size_t len = strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%S", &parts);
		(void)snprintf(wanted + len, sizeof(wanted) - len, ".%03uZ",
		               (unsigned)(seconds % 1000));
		char buffer[32];
		struct again_text text = again_text_over(buffer, sizeof(buffer));
		again_text_add_utc(&text, seconds * AGAIN_NS_PER_SECOND + seconds % 1000 * 1000000 +
		                                  999999);
		assert_string_equal(buffer, wanted);
	}
	char buffer[32];
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add_utc(&text, UINT64_C(951782400) * AGAIN_NS_PER_SECOND);
	assert_string_equal(buffer, "2000-02-29T00:00:00.000Z");
}

static void utf8_is_what_rfc_3629_says(void **state)
{
	(void)state;
	// Every sequence of up to four bytes that a code point has.
	for (uint32_t code = 1; code <= 0x110000; code++) {
		unsigned char at[5] = {0};
		size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		static const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
		for (size_t i = len - 1; i > 0; i--) {
			at[i] = (unsigned char)(0x80u | (code >> 6 * (len - 1 - i) & 0x3Fu));
		}
		at[0] = (unsigned char)(lead[len] | code >> 6 * (len - 1));
		bool good = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
		assert_int_equal(again_utf8_len((const char *)at), good ? len : 0);
	}
	static const char *const bad[] = {"",
	                                  "\x80",
	                                  "\xBF",
	                                  "\xC0\x80",
	                                  "\xC1\xBF",
	                                  "\xC2",
	                                  "\xC2\x41",
	                                  "\xE0\x9F\xBF",
	                                  "\xE2\x82",
	                                  "\xE2\x82\x41",
	                                  "\xED\xA0\x80",
	                                  "\xF0\x8F\xBF\xBF",
	                                  "\xF0\x9F\x98",
	                                  "\xF4\x90\x80\x80",
	                                  "\xF5\x80\x80\x80",
	                                  "\xFF"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(again_utf8_len(bad[i]), 0);
	}
}

static void nothing_garbles_a_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *string;
		const char *visible;
	} cases[] = {
		{"", ""},
		{"plain text", "plain text"},
		{"gr\xC3\xBCn \xE2\x82\xAC \xF0\x9F\x98\x80",
	         "gr\xC3\xBCn \xE2\x82\xAC \xF0\x9F\x98\x80"},
		{"two\nlines\r\t", "two\\x0alines\\x0d\\x09"},
		{"\x1B[31mred", "\\x1b[31mred"},
		{"\x7F", "\\x7f"},
		{"\xC2\x9B"
	         "31m",
	         "\\xc2\\x9b31m"},
		{"\xC2\xA0", "\xC2\xA0"},
		{"a\xFF\xFE"
	         "b",
	         "a\\xff\\xfeb"},
		{"cut \xE2\x82", "cut \\xe2\\x82"},
		{"\xED\xA0\x80", "\\xed\\xa0\\x80"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char buffer[64];
		struct again_text text = again_text_over(buffer, sizeof(buffer));
		again_text_add_visible(&text, cases[i].string);
		assert_string_equal(buffer, cases[i].visible);
		assert_false(text.cut);
	}
	// Neither half an escape nor half a character where it is cut.
	char buffer[6];
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add_visible(&text, "ab\n");
	assert_string_equal(buffer, "ab");
	assert_true(text.cut);
	text = again_text_over(buffer, 4);
	again_text_add_visible(&text, "ab\xE2\x82\xAC");
	assert_string_equal(buffer, "ab");
	assert_true(text.cut);
}

static void errors_fit(void **state)
{
	(void)state;
	struct again_error error = {.sys = 7, .field = "old"};
	assert_int_equal(again_error_set(&error, AGAIN_ERR_RANGE, "factor", "too small"),
	                 AGAIN_ERR_RANGE);
	assert_int_equal(error.code, AGAIN_ERR_RANGE);
	assert_int_equal(error.sys, 0);
	assert_string_equal(error.field, "factor");
	assert_string_equal(error.text, "too small");
	assert_int_equal(again_error_set(NULL, AGAIN_ERR_RANGE, NULL, "x"), AGAIN_ERR_RANGE);
	assert_int_equal(again_error_system(NULL, ENOENT, "x"), AGAIN_ERR_SYSTEM);

	// A cut sentence is not cut within a character.
	char longer[400];
	for (size_t shift = 0; shift < 3; shift++) {
		memset(longer, 'a', sizeof(longer));
		for (size_t i = shift; i + 3 < sizeof(longer); i += 3) {
			memcpy(longer + i, "\xE2\x82\xAC", 3);
		}
		longer[sizeof(longer) - 1] = '\0';
		(void)again_error_set(&error, AGAIN_ERR_INVALID, NULL, longer);
		size_t len = strlen(error.text);
		assert_in_range(len, sizeof(error.text) - 3, sizeof(error.text) - 1);
		assert_int_equal((len - shift) % 3, 0);
	}

	(void)again_error_format(&error, AGAIN_ERR_CONFLICT, "jitter", "%s and %d", "this", 5);
	assert_string_equal(error.text, "this and 5");
	assert_int_equal(again_error_system(&error, ENOENT, "cannot open '%s'", "q.db"),
	                 AGAIN_ERR_SYSTEM);
	assert_string_equal(error.text, "cannot open 'q.db': no such file or directory");
	assert_int_equal(error.sys, ENOENT);

	// What the errno means is there, however long the path.
	memset(longer, 'x', sizeof(longer) - 1);
	(void)again_error_system(&error, EACCES, "cannot open '%s'", longer);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_non_null(strstr(error.text, "xxx...: permission denied"));
}

static void errno_in_words(void **state)
{
	(void)state;
	char buffer[96];
	assert_string_equal(again_errno_text(ENOENT, buffer, sizeof(buffer)),
	                    "no such file or directory");
	assert_string_equal(again_errno_text(EACCES, buffer, sizeof(buffer)), "permission denied");
	assert_true(strlen(again_errno_text(123456, buffer, sizeof(buffer))) > 0);
	assert_string_equal(again_errno_text(ENOENT, buffer, 8), "no such");
	assert_string_equal(again_errno_text(ENOENT, buffer, 1), "");
}

static void attempts_in_words(void **state)
{
	(void)state;
	static const struct {
		struct again_attempt attempt;
		const char *words;
	} cases[] = {
		{{.kind = AGAIN_END_EXIT, .code = 7}, "exit 7"},
		{{.kind = AGAIN_END_EXIT, .succeeded = true}, "exit 0"},
		{{.kind = AGAIN_END_SIGNAL, .signal = 9}, "signal KILL"},
		{{.kind = AGAIN_END_SIGNAL, .signal = 9, .cut = AGAIN_CUT_TIMEOUT}, "timeout"},
		{{.kind = AGAIN_END_EXIT, .code = 0, .cut = AGAIN_CUT_DEADLINE}, "timeout"},
		{{.kind = AGAIN_END_EXIT, .cut = AGAIN_CUT_TIMEOUT, .succeeded = true}, "exit 0"},
		{{.kind = AGAIN_END_SIGNAL, .signal = 15, .cut = AGAIN_CUT_STOP}, "signal TERM"},
		{{.kind = AGAIN_END_NOT_STARTED, .sys = EAGAIN},
	         "cannot start: resource temporarily unavailable"},
		{{.kind = AGAIN_END_NOT_EXECUTED, .sys = ENOENT, .code = 127},
	         "cannot run: not found"},
		{{.kind = AGAIN_END_NOT_EXECUTED, .sys = EACCES, .code = 126},
	         "cannot run: permission denied"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char buffer[AGAIN_ATTEMPT_WORDS];
		assert_string_equal(again_attempt_words(&cases[i].attempt, buffer), cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_never_writes_past_its_end),
		cmocka_unit_test(delays),
		cmocka_unit_test(seconds_are_exact),
		cmocka_unit_test(times_agree_with_the_c_library),
		cmocka_unit_test(utf8_is_what_rfc_3629_says),
		cmocka_unit_test(nothing_garbles_a_terminal),
		cmocka_unit_test(errors_fit),
		cmocka_unit_test(errno_in_words),
		cmocka_unit_test(attempts_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
