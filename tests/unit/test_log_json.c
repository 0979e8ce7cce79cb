// SPDX-License-Identifier: MIT
// The log as JSON lines: every field, what quiet tells, lines of any length.
#include "log_kit.h"

#include "json_check.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/** What each line begins with. */
#define HEAD(type)           \
	"{\"event\":\"" type \
	"\",\"time\":\"2025-11-23T18:30:22.123Z\",\"run_id\":\"3f2a\",\"name\":\"curlx\","

static void the_lines_of_an_attempt(void **state)
{
	(void)state;
	start(AGAIN_LOG_JSON, AGAIN_VERBOSITY_NORMAL, "not in json");
	event.pid = 4711;
	tells(AGAIN_EVENT_ATTEMPT_START, HEAD("attempt_start") "\"attempt\":2,\"pid\":4711}\n");
	event.signal = SIGTERM;
	event.process_count = 3;
	tells(AGAIN_EVENT_SIGNAL,
	      HEAD("signal") "\"attempt\":2,\"signal\":\"TERM\",\"processes\":3}\n");
	tells(AGAIN_EVENT_ATTEMPT_END,
	      HEAD("attempt_end") "\"attempt\":2,\"status\":\"failed\",\"error\":\"exit 1\","
	                          "\"delay_seconds\":0.2,\"started_at\":\"2025-11-23T18:30:22.123Z\","
	                          "\"duration_seconds\":0.31,\"exit_code\":1,\"signal\":null,"
	                          "\"timed_out\":false,\"rule\":null,\"max_rss_bytes\":1048576,"
	                          "\"user_seconds\":0.0015,\"system_seconds\":0.00002}\n");
	event.waited_ns = 200 * MS;
	tells(AGAIN_EVENT_WAIT_END, HEAD("wait_end") "\"attempt\":2,\"waited_seconds\":0.2}\n");
	policy.max_retries = AGAIN_UNLIMITED;
	attempt = (struct again_attempt){
		.number = 1, .kind = AGAIN_END_NOT_EXECUTED, .code = 127, .sys = ENOENT};
	tells(AGAIN_EVENT_ATTEMPT_END,
	      HEAD("attempt_end") "\"attempt\":1,\"status\":\"failed\",\"error\":\"cannot run: not found\","
	                          "\"started_at\":\"1970-01-01T00:00:00.000Z\","
	                          "\"duration_seconds\":0,\"exit_code\":127,\"signal\":null,"
	                          "\"timed_out\":false,\"rule\":null,\"max_rss_bytes\":null,"
	                          "\"user_seconds\":null,\"system_seconds\":null}\n");
}

static void the_lines_of_the_run(void **state)
{
	(void)state;
	start(AGAIN_LOG_JSON, AGAIN_VERBOSITY_NORMAL, "not in json");
	tells(AGAIN_EVENT_RUN_START,
	      HEAD("run_start") "\"host\":\"host\",\"command\":[\"curlx\",\"-f\"],"
	                        "\"max_retries\":5,\"seed\":123,"
	                        "\"initial_delay_seconds\":0}\n");
	event.waited_ns = 200 * MS;
	event.delay_ns = AGAIN_NEVER;
	event.status = AGAIN_STATUS_RUNNING;
	tells(AGAIN_EVENT_STATUS,
	      HEAD("status") "\"attempt\":2,\"state\":\"running\","
	                     "\"elapsed_seconds\":0.2,\"remaining_seconds\":null}\n");
	event.attempt = NULL;
	event.delay_ns = S;
	event.status = AGAIN_STATUS_WAITING;
	tells(AGAIN_EVENT_STATUS,
	      HEAD("status") "\"attempt\":null,\"state\":\"waiting\","
	                     "\"elapsed_seconds\":0.2,\"remaining_seconds\":1}\n");
	verdict.stop_signal = SIGINT;
	verdict.survivor_count = 1;
	verdict.survivors[0] = 99;
	tells(AGAIN_EVENT_RUN_END,
	      HEAD("run_end") "\"status\":\"failed\",\"result\":null,\"reason\":\"exhausted\",\"exit_code\":7,"
	                      "\"total_attempts\":6,\"retries\":5,\"total_delay_seconds\":3.1,"
	                      "\"duration_seconds\":4,\"stop_signal\":\"INT\",\"survivors\":[99],"
	                      "\"internal_error\":null}\n");
}

static void quiet_tells_only_the_final_failure(void **state)
{
	(void)state;
	start(AGAIN_LOG_JSON, AGAIN_VERBOSITY_QUIET, NULL);
	tells(AGAIN_EVENT_RUN_START, "");
	tells(AGAIN_EVENT_ATTEMPT_END, "");
	verdict.succeeded = true;
	tells(AGAIN_EVENT_RUN_END, "");
	verdict.succeeded = false;
	event.type = AGAIN_EVENT_RUN_END;
	again_log_event(&log_under_test, &event);
	assert_true(json_is_valid(taken, taken_len));
	assert_int_equal(writes, 1);
}

static void a_line_of_any_length_is_one_write(void **state)
{
	(void)state;
	static char word[30001];
	memset(word, '\x01', sizeof(word) - 1);
	char *long_command[] = {word, NULL};
	// Around the size of a line, and far beyond it: there the command is left out.
	for (size_t len = 500; len < 5001; len += len < 720 ? 1 : 4280) {
		start(AGAIN_LOG_JSON, AGAIN_VERBOSITY_NORMAL, NULL);
		word[len] = '\0';
		facts.command = long_command;
		event.type = AGAIN_EVENT_RUN_START;
		again_log_event(&log_under_test, &event);
		word[len] = '\x01';
		assert_int_equal(writes, 1);
		assert_true(taken_len <= AGAIN_LOG_LINE);
		assert_int_equal(taken_len > 6 * len, strstr(taken, "\"command\":null") == NULL);
		assert_int_equal(taken[taken_len - 1], '\n');
		assert_true(json_is_valid(taken, taken_len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_of_an_attempt),
		cmocka_unit_test(the_lines_of_the_run),
		cmocka_unit_test(quiet_tells_only_the_final_failure),
		cmocka_unit_test(a_line_of_any_length_is_one_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
