// SPDX-License-Identifier: MIT
// Options: what each accepts, what it refuses and how it says so, and which of them go together.
#include "cli/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MS UINT64_C(1'000'000)

static struct again_settings settings;
static struct again_error error;

static int read_words(const char *const *words)
{
	char *argv[24] = {NULL};
	size_t count = 0;
	while (words[count] != NULL) {
		argv[count] = strdup(words[count]);
		assert_non_null(argv[count]);
		count++;
	}
	int command = -1;
	again_settings_fini(&settings);
	again_settings_init(&settings);
	memset(&error, 0, sizeof(error));
	const int result =
		again_arguments_read(&settings, argv, 0, &again_file_calls_real, &command, &error);
	for (size_t i = 0; i < count; i++) {
		free(argv[i]);
	}
	return result == 0 ? command : result;
}

#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})

static void test_defaults(void **state)
{
	(void)state;
	assert_int_equal(READ("true"), 0);
	assert_int_equal(settings.policy.max_retries, 5);
	assert_int_equal(settings.policy.base_delay_ns, 1000 * MS);
	assert_int_equal(settings.policy.max_delay_ns, 60'000 * MS);
	assert_int_equal(settings.policy.backoff, AGAIN_BACKOFF_EXPONENTIAL);
	assert_int_equal(settings.policy.jitter, AGAIN_JITTER_EQUAL);
	assert_int_equal(settings.kill_after_ns, 5000 * MS);
	assert_int_equal(settings.give_up_code, -1);
}

static void test_ways_to_write_an_option(void **state)
{
	(void)state;
	assert_int_equal(READ("-n", "3", "true"), 2);
	assert_int_equal(settings.policy.max_retries, 3);
	assert_int_equal(READ("-n3", "true"), 1);
	assert_int_equal(settings.policy.max_retries, 3);
	assert_int_equal(READ("--max-retries=3", "true"), 1);
	assert_int_equal(settings.policy.max_retries, 3);
	assert_int_equal(READ("-vn3", "--", "-x"), 2);
	assert_int_equal(settings.policy.max_retries, 3);
	assert_non_null(settings.given[AGAIN_OPTION_VERBOSE]);
	assert_int_equal(READ("-n", "3", "-n", "unlimited", "true", "-n", "4"), 4);
	assert_int_equal(settings.policy.max_retries, AGAIN_UNLIMITED);
	assert_int_equal(READ("-"), 0); // a word like others
}

static void test_default_cap_follows_the_base(void **state)
{
	(void)state;
	assert_int_equal(READ("-d", "5m", "true"), 2);
	assert_int_equal(settings.policy.max_delay_ns, 300'000 * MS);
	assert_int_equal(READ("--backoff", "list:2m/1s", "true"), 2);
	assert_true(settings.policy.max_delay_ns == AGAIN_NEVER);
	assert_int_equal(settings.policy.list_len, 2);
	assert_int_equal(settings.policy.list[0], 120'000 * MS);
}

// Refused, with all of these words in the one sentence.
static void refuses(const char *words[], const char *told[])
{
	const int result = read_words(words);
	if (result >= 0) {
		fail_msg("%s %s was accepted", words[0], words[1]);
	}
	for (size_t i = 0; told[i] != NULL; i++) {
		if (strstr(error.text, told[i]) == NULL) {
			fail_msg("'%s' does not say '%s'", error.text, told[i]);
		}
	}
	assert_null(strchr(error.text, '\n'));
	// Not cut off: an accepted form ends it.
	assert_non_null(strstr(error.text, "use "));
}

#define WORDS(...) ((const char *[]){__VA_ARGS__, NULL})

static const char *const bad_values[][2] = {
	{"--max-retries", "0"},
	{"--max-retries", "-1"},
	{"--max-retries", "abc"},
	{"--max-retries", "1e99"},
	{"--max-retries", ""},
	{"--max-retries", "4294967295"},
	{"--base-delay", "-1"},
	{"--base-delay", "0"},
	{"--base-delay", "nan"},
	{"--base-delay", "1x"},
	{"--base-delay", "1h30"},
	{"--base-delay", ""},
	{"--max-delay", "0"},
	{"--max-delay", "0.5"},
	{"--factor", "0.5"},
	{"--factor", "-2"},
	{"--factor", "inf"},
	{"--backoff", "quadratic"},
	{"--backoff", "polynomial:0"},
	{"--backoff", "polynomial:9"},
	{"--backoff", "list:"},
	{"--backoff", "list:1s//2s"},
	{"--backoff", "list:0"},
	{"--jitter", "some"},
	{"--jitter", "proportional:0"},
	{"--jitter", "proportional:1"},
	{"--seed", "-1"},
	{"--seed", "9007199254740992"},
	{"--timeout", "0"},
	{"--deadline", "0"},
	{"--reset-after", "0"},
	{"--kill-leftovers", "perhaps"},
	{"--success", "256"},
	{"--success", ""},
	{"--success", "!0-255"},
	{"--success", "3-1"},
	{"--success", "0,"},
	{"--retry-on", "exit"},
	{"--retry-on", "exit:"},
	{"--retry-on", "exit:1&timeout"},
	{"--stop-on", "signal:NONE"},
	{"--stop-on", ""},
	{"--stop-on", "any&"},
	{"--exit-on-give-up", "256"},
	{"--name", ""},
	{"--log-format", "xml"},
	{"--output", ""},
	{"--config", "/nonexistent/file"},
	{"--stop-on", "stdout:/x/"},
};

static void test_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_values) / sizeof(bad_values[0]); i++) {
		if (strcmp(bad_values[i][0], "--config") == 0) {
			assert_true(READ(bad_values[i][0], bad_values[i][1], "true") < 0);
			continue;
		}
		char quoted[64];
		(void)snprintf(quoted, sizeof(quoted), "%s '%s'", bad_values[i][0],
		               bad_values[i][1]);
		refuses(WORDS(bad_values[i][0], bad_values[i][1], "true"), WORDS(quoted));
	}
}

static void test_contradictions(void **state)
{
	(void)state;
	refuses(WORDS("-d", "5", "--max-delay", "1s", "true"), WORDS("--max-delay '1s'", "base"));
	refuses(WORDS("--factor", "3", "--backoff", "constant", "true"), WORDS("--factor '3'"));
	refuses(WORDS("--jitter", "decorrelated", "--backoff", "linear", "true"),
	        WORDS("--jitter 'decorrelated'"));
	refuses(WORDS("--jitter", "decorrelated", "--factor", "2", "true"),
	        WORDS("--jitter", "--factor"));
	refuses(WORDS("--jitter", "decorrelated", "-d", "60s", "true"),
	        WORDS("--jitter", "--max-delay"));
	refuses(WORDS("-d", "1s", "--backoff", "list:1s", "true"), WORDS("--base-delay '1s'"));
	refuses(WORDS("--reset-after", "2s", "-t", "1s", "true"),
	        WORDS("--reset-after '2s'", "--timeout"));
	refuses(WORDS("--initial-delay", "2s", "-D", "1s", "true"),
	        WORDS("--initial-delay '2s'", "--deadline"));
	refuses(WORDS("-q", "-v", "true"), WORDS("--quiet", "--verbose"));
}

static void test_unknown_options_are_answered(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{"--max-retrys", "--max-retries N"},
		{"--retries", "--max-retries N"},
		{"--tries", "--max-retries N"},
		{"--attempts", "--max-retries N"},
		{"--max-attempts", "--max-retries N"},
		{"--delay", "--base-delay D"},
		{"--jiter", "--jitter KIND"},
		{"--timout=3", "--timeout D"},
		{"--verbos", "--verbose"},
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		refuses(WORDS(pairs[i][0], "x"), WORDS("unknown option", pairs[i][1]));
	}
	assert_true(READ("--xyzzy", "true") < 0);
	assert_non_null(strstr(error.text, "--help"));
	assert_true(READ("-z", "true") < 0);
	refuses(WORDS("--quiet=yes", "x"), WORDS("--quiet", "no value"));
	refuses(WORDS("-v", "--max-retries"), WORDS("--max-retries", "missing"));
	refuses(WORDS("-v", "-n"), WORDS("--max-retries", "missing"));
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_files(void **state)
{
	(void)state;
	char folder[] = "/tmp/again-config-XXXXXX";
	char path[64];
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/retry.conf", folder);
	write_file(path, "# ours\n\n  max-retries   7 \nstop-on exit:1\r\nquiet\njitter none");
	assert_int_equal(READ("--stop-on", "exit:2", "--config", path, "-n", "3", "true"), 6);
	assert_int_equal(settings.policy.max_retries, 3); // the command line wins
	assert_int_equal(settings.policy.jitter, AGAIN_JITTER_NONE);
	assert_non_null(settings.given[AGAIN_OPTION_QUIET]);
	assert_int_equal(settings.rules.count, 2);
	assert_string_equal(settings.rules.rules[0].text, "stop-on exit:2");
	assert_string_equal(settings.rules.rules[1].text, "stop-on exit:1");
	static const char *const bad[][3] = {
		{"max-retries 0\n", ":1: max-retries '0'", "at least 1"},
		{"\n# x\nbase-delay  -1\n", ":3: base-delay '-1'", "use"},
		{"retries 3\n", ":1: retries", "max-retries"},
		{"quiet yes\n", ":1: quiet 'yes'", "no value"},
		{"\nconfig other\n", ":2: config", "command line"},
		{"factor 3\nbackoff constant\n", ":1: factor '3'", "exponential"},
		{"jitter\n", ":1: jitter ''", "use"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file(path, bad[i][0]);
		refuses(WORDS("--config", path, "true"), WORDS(path, bad[i][1], bad[i][2]));
	}
	refuses(WORDS("--config", path, "--config", path, "true"), WORDS("--config", "twice"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void test_rules_keep_their_order_and_their_number(void **state)
{
	(void)state;
	assert_int_equal(READ("--stop-on", "exit:1", "--retry-on", "any", "--stop-on",
	                      "signal:9,TERM", "true"),
	                 6);
	assert_int_equal(settings.rules.count, 3);
	assert_string_equal(settings.rules.rules[1].text, "retry-on any");
	assert_true(settings.rules.rules[1].retry);
	again_settings_fini(&settings);
	again_settings_init(&settings);
	const struct again_origin origin = {AGAIN_SET_BY_COMMAND_LINE, 0};
	for (int i = 0; i < AGAIN_RULES_MAX; i++) {
		assert_int_equal(
			again_settings_set(&settings, AGAIN_OPTION_STOP_ON, "any", origin, &error),
			0);
	}
	assert_true(again_settings_set(&settings, AGAIN_OPTION_STOP_ON, "any", origin, &error) < 0);
}

static int finish(void **state)
{
	(void)state;
	again_settings_fini(&settings);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_ways_to_write_an_option),
		cmocka_unit_test(test_default_cap_follows_the_base),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_unknown_options_are_answered),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_rules_keep_their_order_and_their_number),
	};
	return cmocka_run_group_tests(tests, NULL, finish);
}
