// SPDX-License-Identifier: MIT
// The JSON writer: what comes out is one JSON text, whatever goes in and however small the buffer.
#include "base/json.h"

#include "base/error.h"
#include "json_check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Takes what the writer gives; the call number fail_at, from 1, fails. */
struct taker {
	char bytes[32768];
	size_t len;
	unsigned calls;
	unsigned fail_at;
};

static int take(void *context, const char *bytes, size_t len, struct again_error *err)
{
	struct taker *taker = context;
	taker->calls++;
	if (taker->calls == taker->fail_at) {
		return again_error_set(err, AGAIN_ERR_SYSTEM, NULL, "no space");
	}
	assert_true(len > 0);
	assert_true(taker->len + len < sizeof(taker->bytes));
	memcpy(taker->bytes + taker->len, bytes, len);
	taker->len += len;
	taker->bytes[taker->len] = '\0';
	return 0;
}

static struct taker taker;

static void begin(struct again_json *json, char *buffer, size_t cap, bool pretty)
{
	memset(&taker, 0, sizeof(taker));
	again_json_begin(json, buffer, cap, pretty, take, &taker);
}

static void end(struct again_json *json)
{
	struct again_error error = {0};
	assert_int_equal(again_json_end(json, &error), 0);
	assert_true(json_is_valid(taker.bytes, taker.len));
}

static void the_checker_knows_what_is_wrong(void **state)
{
	(void)state;
	static const char *const bad[] = {"",
	                                  "{",
	                                  "[1,]",
	                                  "{\"a\":1,}",
	                                  "{\"a\" 1}",
	                                  "01",
	                                  "1.",
	                                  ".5",
	                                  "nul",
	                                  "\"\n\"",
	                                  "\"\\x\"",
	                                  "\"\xFF\"",
	                                  "1 2",
	                                  "{1:2}",
	                                  "[1 2]",
	                                  "\"\xED\xA0\x80\"",
	                                  "\"\xC0\x80\"",
	                                  "'a'",
	                                  "\"\\u12\"",
	                                  "+1",
	                                  "NaN",
	                                  "\"abc"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(json_is_valid(bad[i], strlen(bad[i])));
	}
	static const char *const good[] = {"0", " [] ", "{\"a\":[1,-2.5e+3,true,null]}",
	                                   "\"\\u00e9\xC3\xA9\""};
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(json_is_valid(good[i], strlen(good[i])));
	}
}

static void nested_things_in_both_forms(void **state)
{
	(void)state;
	for (int pretty = 0; pretty < 2; pretty++) {
		char buffer[64];
		struct again_json json;
		begin(&json, buffer, sizeof(buffer), pretty == 1);
		again_json_open_object(&json);
		again_json_key(&json, "a");
		again_json_open_array(&json);
		again_json_u64(&json, 1);
		again_json_open_object(&json);
		again_json_close_object(&json);
		again_json_open_array(&json);
		again_json_close_array(&json);
		again_json_bool(&json, true);
		again_json_bool(&json, false);
		again_json_null(&json);
		again_json_close_array(&json);
		again_json_key(&json, "b");
		again_json_string(&json, NULL);
		again_json_close_object(&json);
		end(&json);
		assert_string_equal(
			taker.bytes,
			pretty == 1
				? "{\n\t\"a\": [\n\t\t1,\n\t\t{},\n\t\t[],\n\t\ttrue,\n\t\tfalse,"
				  "\n\t\tnull\n\t],\n\t\"b\": null\n}\n"
				: "{\"a\":[1,{},[],true,false,null],\"b\":null}\n");
	}
}

static void a_single_value_is_a_text(void **state)
{
	(void)state;
	char buffer[64];
	struct again_json json;
	begin(&json, buffer, sizeof(buffer), true);
	again_json_u64(&json, UINT64_MAX);
	end(&json);
	assert_string_equal(taker.bytes, "18446744073709551615\n");
}

static void write_string(const char *string)
{
	char buffer[64];
	struct again_json json;
	begin(&json, buffer, sizeof(buffer), false);
	again_json_string(&json, string);
	end(&json);
}

static void strings(void **state)
{
	(void)state;
	static const struct {
		const char *string;
		const char *json;
	} cases[] = {
		{"", "\"\"\n"},
		{"plain", "\"plain\"\n"},
		{"q\"uo\\te/", "\"q\\\"uo\\\\te/\"\n"},
		{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"\n"},
		{"\x01\x1F\x7F", "\"\\u0001\\u001f\\u007f\"\n"},
		{"gr\xC3\xBCn \xF0\x9F\x98\x80", "\"gr\xC3\xBCn \xF0\x9F\x98\x80\"\n"},
		{"\xFF\xFE", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},
		{"a\xC3", "\"a\xEF\xBF\xBD\"\n"},
		{"\xC3(", "\"\xEF\xBF\xBD(\"\n"},
		{"\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},
		{"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},
		{"\xF0\x9F\x98", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},
		{"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"\n"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		write_string(cases[i].string);
		assert_string_equal(taker.bytes, cases[i].json);
	}
}

static void every_string_of_three_bytes_of_a_kind(void **state)
{
	(void)state;
	// The bytes at which something changes, each with each with each; a terminator may cut them
	// anywhere.
	static const unsigned char edges[] = {0x00, 0x01, 0x1F, 0x20, '"',  '\\', 0x7E, 0x7F,
	                                      0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1,
	                                      0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
	                                      0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
	for (size_t a = 0; a < COUNT(edges); a++) {
		for (size_t b = 0; b < COUNT(edges); b++) {
			for (size_t c = 0; c < COUNT(edges); c++) {
				// On the heap and no longer than it is, so that a sanitizer sees a
				// look past the end.
				char *string = malloc(4);
				assert_non_null(string);
				memcpy(string,
				       (const char[]){(char)edges[a], (char)edges[b],
				                      (char)edges[c], '\0'},
				       4);
				write_string(string);
				free(string);
			}
		}
	}
}

static void numbers(void **state)
{
	(void)state;
	char buffer[64];
	struct again_json json;
	begin(&json, buffer, sizeof(buffer), false);
	again_json_open_array(&json);
	again_json_seconds(&json, 100000000);
	again_json_seconds(&json, 0);
	again_json_seconds(&json, 60 * AGAIN_NS_PER_SECOND);
	again_json_seconds(&json, AGAIN_NEVER - 1);
	again_json_seconds(&json, AGAIN_NEVER);
	again_json_q32(&json, UINT64_C(1) << 32);
	again_json_q32(&json, UINT64_C(3) << 31);
	again_json_q32(&json, 858993459);
	again_json_q32(&json, 0);
	again_json_q32(&json, 1);
	again_json_q32(&json, (UINT64_C(1) << 32) - 1);
	again_json_q32(&json, UINT64_MAX);
	again_json_utc(&json, UINT64_C(1763922622123000000));
	again_json_close_array(&json);
	end(&json);
	assert_string_equal(taker.bytes,
	                    "[0.1,0,60,18446744073.709551614,null,1,1.5,0.2,0,0,1,4294967296,"
	                    "\"2025-11-23T18:30:22.123Z\"]\n");
}

/** A text of every kind of value, longer than any buffer here. */
static int write_much(struct again_json *json, struct again_error *err)
{
	again_json_open_object(json);
	for (unsigned i = 0; i < 30; i++) {
		again_json_key(
			json,
			"a member with a long name, longer than the buffer is, to see it cut in pieces");
		again_json_open_array(json);
		again_json_string(json, "a \"string\"\n of \xFF bytes \xE2\x82\xAC");
		again_json_seconds(json, i);
		again_json_utc(json, i);
		again_json_close_array(json);
	}
	again_json_close_object(json);
	return again_json_end(json, err);
}

static void the_same_text_through_any_buffer(void **state)
{
	(void)state;
	static char whole[32768];
	static char large[32768];
	struct again_json json;
	begin(&json, large, sizeof(large), true);
	assert_int_equal(write_much(&json, NULL), 0);
	assert_int_equal(taker.calls, 1);
	assert_true(json_is_valid(taker.bytes, taker.len));
	memcpy(whole, taker.bytes, taker.len + 1);
	for (size_t cap = 64; cap < 200; cap++) {
		begin(&json, large, cap, true);
		assert_int_equal(write_much(&json, NULL), 0);
		assert_string_equal(taker.bytes, whole);
	}
}

static void a_sink_that_fails_is_remembered_and_left_alone(void **state)
{
	(void)state;
	char buffer[64];
	struct again_json json;
	begin(&json, buffer, sizeof(buffer), false);
	assert_int_equal(write_much(&json, NULL), 0);
	unsigned calls = taker.calls;
	for (unsigned fail_at = 1; fail_at <= calls; fail_at++) {
		begin(&json, buffer, sizeof(buffer), false);
		taker.fail_at = fail_at;
		struct again_error error = {0};
		assert_int_equal(write_much(&json, &error), AGAIN_ERR_SYSTEM);
		assert_string_equal(error.text, "no space");
		assert_int_equal(taker.calls, fail_at);
		assert_int_equal(taker.len, (fail_at - 1) * sizeof(buffer));
	}
}

static void as_deep_as_allowed(void **state)
{
	(void)state;
	char buffer[64];
	struct again_json json;
	begin(&json, buffer, sizeof(buffer), true);
	for (int i = 0; i < AGAIN_JSON_DEPTH; i++) {
		again_json_open_array(&json);
	}
	again_json_u64(&json, 1);
	again_json_u64(&json, 2);
	for (int i = 0; i < AGAIN_JSON_DEPTH; i++) {
		again_json_close_array(&json);
	}
	end(&json);
}

static void misuse_deeper(struct again_json *json)
{
	for (int i = 0; i <= AGAIN_JSON_DEPTH; i++) {
		again_json_open_array(json);
	}
}

static void misuse_close(struct again_json *json)
{
	again_json_close_object(json);
}

static void misuse_end(struct again_json *json)
{
	again_json_open_object(json);
	(void)again_json_end(json, NULL);
}

static void misuse_keys(struct again_json *json)
{
	again_json_open_object(json);
	again_json_key(json, "a");
	again_json_key(json, "b");
}

static void bugs_stop_the_program(void **state)
{
	(void)state;
	void (*const misuses[])(struct again_json *) = {misuse_deeper, misuse_close, misuse_end,
	                                                misuse_keys};
	for (size_t i = 0; i < COUNT(misuses); i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			(void)close(STDERR_FILENO);
			(void)signal(SIGABRT, SIG_DFL);
			char buffer[64];
			struct again_json json;
			begin(&json, buffer, sizeof(buffer), false);
			misuses[i](&json);
			_exit(0);
		}
		int status = 0;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checker_knows_what_is_wrong),
		cmocka_unit_test(nested_things_in_both_forms),
		cmocka_unit_test(a_single_value_is_a_text),
		cmocka_unit_test(strings),
		cmocka_unit_test(every_string_of_three_bytes_of_a_kind),
		cmocka_unit_test(numbers),
		cmocka_unit_test(the_same_text_through_any_buffer),
		cmocka_unit_test(a_sink_that_fails_is_remembered_and_left_alone),
		cmocka_unit_test(as_deep_as_allowed),
		cmocka_unit_test(bugs_stop_the_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
