// SPDX-License-Identifier: MIT
// The log: its words, what each verbosity tells, JSON lines, and descriptors that are slow or
// broken.
#include "report/log.h"

#include "base/alloc.h"
#include "json_check.h"

#include <again/policy.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S AGAIN_NS_PER_SECOND
#define MS (S / 1000)

/** What was written, and how often. */
static char taken[65536];
static size_t taken_len;
static unsigned writes;

/** What the next writes do: -errno, or the most that is taken; 0 ends the list. */
static const int *plan;
/** Whether there is room; -1: ask the list of writes. */
static int room;
static int longest_wait_ms;

static ssize_t take(int fd, const void *bytes, size_t len)
{
	assert_int_equal(fd, 42);
	writes++;
	int step = *plan != 0 ? *plan++ : (int)len;
	if (step < 0) {
		errno = -step;
		return -1;
	}
	size_t count = (size_t)step < len ? (size_t)step : len;
	assert_true(taken_len + count < sizeof(taken));
	memcpy(taken + taken_len, bytes, count);
	taken_len += count;
	taken[taken_len] = '\0';
	return (ssize_t)count;
}

static int wait_for_room(int fd, int timeout_ms)
{
	assert_int_equal(fd, 42);
	if (timeout_ms < 0 || timeout_ms > longest_wait_ms) {
		longest_wait_ms = timeout_ms;
	}
	// A wait without end ends with room.
	return timeout_ms < 0 ? 1 : room;
}

static struct again_file_calls files;
static struct again_log log_under_test;
static struct again_policy policy;
static struct again_run_facts facts;
static struct again_attempt attempt;
static struct again_verdict verdict;
static struct again_event event;
static char *command[] = {(char[]){"curlx"}, (char[]){"-f"}, NULL};

static void start(enum again_log_format format, enum again_verbosity verbosity, const char *name)
{
	files = again_file_calls_real;
	files.write = take;
	files.wait_writable = wait_for_room;
	static const int all[] = {0};
	plan = all;
	room = 1;
	longest_wait_ms = 0;
	writes = 0;
	taken_len = 0;
	taken[0] = '\0';
	const struct again_log_config config = {42, format, verbosity, name, &files};
	again_log_init(&log_under_test, &config);

	again_policy_init(&policy, sizeof(policy));
	facts = (struct again_run_facts){
		.name = "curlx",
		.run_id = "3f2a",
		.host = "host",
		.command = command,
		.policy = &policy,
		.seed = 123,
		.started_utc_ns = UINT64_C(1763922622123456789),
		.kill_after_ns = 5 * S,
		.kill_leftovers = "failed",
		.success = "0",
	};
	attempt = (struct again_attempt){
		.number = 2,
		.kind = AGAIN_END_EXIT,
		.code = 1,
		.started_utc_ns = UINT64_C(1763922622123456789),
		.duration_ns = 310 * MS,
		.max_rss_bytes = 1048576,
		.user_us = 1500,
		.system_us = 20,
		.retrying = true,
		.delay_ns = 200 * MS,
	};
	verdict = (struct again_verdict){
		.reason = "exhausted",
		.reason_text = "retries exhausted",
		.exit_code = 7,
		.attempts = 6,
		.total_delay_ns = 3100 * MS,
		.duration_ns = 4 * S,
	};
	event = (struct again_event){
		.utc_ns = UINT64_C(1763922622123456789),
		.facts = &facts,
		.attempt = &attempt,
		.verdict = &verdict,
	};
}

/** Tells the event and compares all that was written for it. */
static void tells(enum again_event_type type, const char *text)
{
	taken_len = 0;
	taken[0] = '\0';
	event.type = type;
	again_log_event(&log_under_test, &event);
	assert_string_equal(taken, text);
}

static void failed_attempts(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n");
	attempt.number = 6;
	attempt.code = 7;
	attempt.retrying = false;
	tells(AGAIN_EVENT_ATTEMPT_END, "again: attempt 6/6 failed: exit 7 after 0.31s\n");
	attempt.kind = AGAIN_END_SIGNAL;
	attempt.signal = SIGKILL;
	tells(AGAIN_EVENT_ATTEMPT_END, "again: attempt 6/6 failed: signal KILL after 0.31s\n");
	attempt.cut = AGAIN_CUT_TIMEOUT;
	tells(AGAIN_EVENT_ATTEMPT_END, "again: attempt 6/6 failed: timeout after 0.31s\n");
	attempt.kind = AGAIN_END_NOT_STARTED;
	attempt.cut = AGAIN_CUT_NONE;
	attempt.sys = ENOMEM;
	attempt.duration_ns = 0;
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again: attempt 6/6 failed: cannot start: cannot allocate memory after 0s\n");
	policy.max_retries = AGAIN_UNLIMITED;
	attempt.number = 2;
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again: attempt 2 failed: cannot start: cannot allocate memory after 0s\n");
	assert_int_equal(again_log_failure(&log_under_test), 0);
}

static void successes(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	attempt.succeeded = true;
	attempt.code = 0;
	attempt.retrying = false;
	tells(AGAIN_EVENT_ATTEMPT_END, "");
	verdict.succeeded = true;
	verdict.reason = verdict.reason_text = "success";
	verdict.total_delay_ns = 700 * MS;
	verdict.attempts = 1;
	tells(AGAIN_EVENT_RUN_END, "");
	verdict.attempts = 2;
	tells(AGAIN_EVENT_RUN_END, "again: Success after 1 retry (total delay: 0.7s)\n");
	verdict.attempts = 4;
	tells(AGAIN_EVENT_RUN_END, "again: Success after 3 retries (total delay: 0.7s)\n");
}

static void failures(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	attempt.code = 7;
	tells(AGAIN_EVENT_RUN_END,
	      "again: Failed after 5 retries (total delay: 3.1s): exit 7 (retries exhausted)\n");
	verdict.attempts = 1;
	verdict.total_delay_ns = 0;
	attempt.code = 2;
	verdict.reason_text = "not retryable";
	tells(AGAIN_EVENT_RUN_END,
	      "again: Failed after 0 retries (total delay: 0s): exit 2 (not retryable)\n");
	// The deadline came before the first attempt.
	verdict.attempts = 0;
	event.attempt = NULL;
	verdict.reason_text = "deadline reached";
	tells(AGAIN_EVENT_RUN_END,
	      "again: Failed after 0 retries (total delay: 0s): deadline reached\n");
}

static void commands_that_cannot_be_run(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	attempt = (struct again_attempt){
		.number = 1, .kind = AGAIN_END_NOT_EXECUTED, .code = 127, .sys = ENOENT};
	verdict.attempts = 1;
	verdict.reason = "not_executable";
	tells(AGAIN_EVENT_ATTEMPT_END, "");
	tells(AGAIN_EVENT_RUN_END, "again: cannot run 'curlx': not found\n");
	attempt.sys = EACCES;
	attempt.code = 126;
	tells(AGAIN_EVENT_RUN_END, "again: cannot run 'curlx': permission denied\n");
	char *odd[] = {(char[]){"two\nlines"}, NULL};
	facts.command = odd;
	tells(AGAIN_EVENT_RUN_END, "again: cannot run 'two\\x0alines': permission denied\n");
}

static void other_ends(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	attempt.code = 7;
	verdict.attempts = 3;
	verdict.total_delay_ns = 300 * MS;
	verdict.stop_signal = SIGTERM;
	verdict.reason = verdict.reason_text = "interrupted";
	tells(AGAIN_EVENT_RUN_END,
	      "again: Failed after 2 retries (total delay: 0.3s): exit 7 (interrupted by TERM)\n");
	verdict.attempts = 0;
	verdict.total_delay_ns = 0;
	event.attempt = NULL;
	tells(AGAIN_EVENT_RUN_END,
	      "again: Failed after 0 retries (total delay: 0s): interrupted by TERM\n");

	event.attempt = &attempt;
	attempt.cut = AGAIN_CUT_TIMEOUT;
	verdict.attempts = 2;
	verdict.total_delay_ns = 100 * MS;
	verdict.reason = "survivor";
	verdict.survivor_count = 2;
	verdict.survivors[0] = 123;
	verdict.survivors[1] = 456;
	tells(AGAIN_EVENT_RUN_END,
	      "again: Failed after 1 retry (total delay: 0.1s): timeout (processes 123, 456 outlived KILL)\n");
	verdict.survivor_count = 1;
	tells(AGAIN_EVENT_RUN_END,
	      "again: Failed after 1 retry (total delay: 0.1s): timeout (process 123 outlived KILL)\n");

	verdict.survivor_count = 0;
	struct again_error error = {.code = AGAIN_ERR_SYSTEM,
	                            .text = "cannot wait for events: i\x1Bo"};
	verdict.error = &error;
	tells(AGAIN_EVENT_RUN_END, "again: cannot wait for events: i\\x1bo\n");
}

static void the_state_on_request(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_QUIET, NULL);
	attempt.number = 3;
	event.status = AGAIN_STATUS_RUNNING;
	event.waited_ns = 12400 * MS;
	event.delay_ns = AGAIN_NEVER;
	tells(AGAIN_EVENT_STATUS, "again: attempt 3/6 running for 12.4s\n");
	event.delay_ns = 17600 * MS;
	tells(AGAIN_EVENT_STATUS, "again: attempt 3/6 running for 12.4s (timeout in 17.6s)\n");
	event.status = AGAIN_STATUS_ENDING;
	tells(AGAIN_EVENT_STATUS, "again: ending attempt 3/6, started 12.4s ago\n");
	event.status = AGAIN_STATUS_WAITING;
	event.delay_ns = 1200 * MS;
	tells(AGAIN_EVENT_STATUS, "again: waiting for 1.2s more before attempt 4/6\n");
	event.attempt = NULL;
	tells(AGAIN_EVENT_STATUS, "again: waiting for 1.2s more before attempt 1/6\n");
}

static void quiet_tells_only_the_final_failure(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_QUIET, NULL);
	tells(AGAIN_EVENT_RUN_START, "");
	tells(AGAIN_EVENT_ATTEMPT_START, "");
	tells(AGAIN_EVENT_SIGNAL, "");
	tells(AGAIN_EVENT_ATTEMPT_END, "");
	tells(AGAIN_EVENT_WAIT_END, "");
	verdict.succeeded = true;
	tells(AGAIN_EVENT_RUN_END, "");
	verdict.succeeded = false;
	tells(AGAIN_EVENT_RUN_END,
	      "again: Failed after 5 retries (total delay: 3.1s): exit 1 (retries exhausted)\n");
}

static void verbose_tells_everything(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_VERBOSE, NULL);
	event.attempt = NULL;
	tells(AGAIN_EVENT_RUN_START, "again: run 3f2a starts: up to 6 attempts, seed 123\n");
	// No wait was decided, so none is told.
	event.waited_ns = 17;
	tells(AGAIN_EVENT_WAIT_END, "");
	policy.max_retries = AGAIN_UNLIMITED;
	event.delay_ns = 1500 * MS;
	tells(AGAIN_EVENT_RUN_START,
	      "again: run 3f2a starts: attempts without limit, seed 123, the first in 1.5s\n");
	event.waited_ns = 1500 * MS;
	tells(AGAIN_EVENT_WAIT_END, "again: waited 1.5s\n");
	policy.max_retries = 5;
	event.attempt = &attempt;
	event.pid = 4711;
	tells(AGAIN_EVENT_ATTEMPT_START, "again: attempt 2/6 starts: pid 4711\n");
	event.signal = SIGTERM;
	event.process_count = 3;
	tells(AGAIN_EVENT_SIGNAL, "again: sent TERM to 3 processes\n");
	event.process_count = 1;
	tells(AGAIN_EVENT_SIGNAL, "again: sent TERM to 1 process\n");
	attempt.rule = "stop-on exit:2";
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again: attempt 2/6 matched 'stop-on exit:2'\n"
	      "again: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n");
	event.waited_ns = 200 * MS;
	tells(AGAIN_EVENT_WAIT_END, "again: waited 0.2s\n");
	attempt.rule = NULL;
	attempt.succeeded = true;
	attempt.retrying = false;
	attempt.code = 0;
	tells(AGAIN_EVENT_ATTEMPT_END, "again: attempt 2/6 succeeded: exit 0 after 0.31s\n");
}

static void normal_tells_neither_starts_nor_signals(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	tells(AGAIN_EVENT_RUN_START, "");
	tells(AGAIN_EVENT_ATTEMPT_START, "");
	tells(AGAIN_EVENT_SIGNAL, "");
	tells(AGAIN_EVENT_WAIT_END, "");
	attempt.rule = "stop-on exit:2";
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n");
}

static void the_name_is_in_the_prefix(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, "nightly build");
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again[nightly build]: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n");
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, "a\nb\x1B[0m");
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again[a\\x0ab\\x1b[0m]: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n");
	static char longer[10000];
	memset(longer, 'n', sizeof(longer) - 1);
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, longer);
	event.type = AGAIN_EVENT_ATTEMPT_END;
	again_log_event(&log_under_test, &event);
	assert_non_null(
		strstr(taken, "n...]: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n"));
	assert_int_equal(writes, 1);
}

static void json_lines(void **state)
{
	(void)state;
#define HEAD(type)           \
	"{\"event\":\"" type \
	"\",\"time\":\"2025-11-23T18:30:22.123Z\",\"run_id\":\"3f2a\",\"name\":\"curlx\","
	start(AGAIN_LOG_JSON, AGAIN_VERBOSITY_NORMAL, "not in json");
	tells(AGAIN_EVENT_RUN_START,
	      HEAD("run_start") "\"host\":\"host\",\"command\":[\"curlx\",\"-f\"],"
	                        "\"max_retries\":5,\"seed\":123,"
	                        "\"initial_delay_seconds\":0}\n");
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
	policy.max_retries = AGAIN_UNLIMITED;
	attempt = (struct again_attempt){
		.number = 1, .kind = AGAIN_END_NOT_EXECUTED, .code = 127, .sys = ENOENT};
	event.attempt = &attempt;
	tells(AGAIN_EVENT_ATTEMPT_END,
	      HEAD("attempt_end") "\"attempt\":1,\"status\":\"failed\",\"error\":\"cannot run: not found\","
	                          "\"started_at\":\"1970-01-01T00:00:00.000Z\","
	                          "\"duration_seconds\":0,\"exit_code\":127,\"signal\":null,"
	                          "\"timed_out\":false,\"rule\":null,\"max_rss_bytes\":null,"
	                          "\"user_seconds\":null,\"system_seconds\":null}\n");
#undef HEAD
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

static void a_json_line_of_any_length_is_one_write(void **state)
{
	(void)state;
	static char word[30001];
	memset(word, '\x01', sizeof(word) - 1);
	char *long_command[] = {word, NULL};
	// Around the size of the line's own room, and far beyond it.
	for (size_t len = 500; len < 5001; len += len < 720 ? 1 : 4280) {
		start(AGAIN_LOG_JSON, AGAIN_VERBOSITY_NORMAL, NULL);
		word[len] = '\0';
		facts.command = long_command;
		event.type = AGAIN_EVENT_RUN_START;
		again_log_event(&log_under_test, &event);
		word[len] = '\x01';
		assert_int_equal(writes, 1);
		assert_true(taken_len > 6 * len);
		assert_int_equal(taken[taken_len - 1], '\n');
		assert_true(json_is_valid(taken, taken_len));
	}
}

static void what_fails_is_remembered_and_stops_nothing(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	plan = (const int[]){-EINTR, -ENOSPC, 0};
	tells(AGAIN_EVENT_ATTEMPT_END, "");
	assert_int_equal(again_log_failure(&log_under_test), ENOSPC);
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n");
	plan = (const int[]){-EPIPE, -EPIPE, -EPIPE, -EPIPE, 0};
	tells(AGAIN_EVENT_ATTEMPT_END, "");
	tells(AGAIN_EVENT_RUN_END, "");
	assert_int_equal(again_log_failure(&log_under_test), ENOSPC);
}

static void a_short_write_is_completed(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	plan = (const int[]){3, 5, -EINTR, 0};
	tells(AGAIN_EVENT_ATTEMPT_END,
	      "again: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n");
	assert_int_equal(again_log_failure(&log_under_test), 0);
}

static void lines_without_room_are_kept_for_later(void **state)
{
	(void)state;
	const char *line = "again: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n";
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	room = 0;
	event.type = AGAIN_EVENT_ATTEMPT_END;
	again_log_event(&log_under_test, &event);
	again_log_event(&log_under_test, &event);
	assert_int_equal(writes, 0);
	// Room for a part only, then none; the rest of the line comes before the next one.
	room = 1;
	plan = (const int[]){10, -EAGAIN, 0};
	again_log_event(&log_under_test, &event);
	again_log_event(&log_under_test, &event);
	assert_int_equal(taken_len, 4 * strlen(line));
	for (size_t i = 0; i < 4; i++) {
		assert_memory_equal(taken + i * strlen(line), line, strlen(line));
	}
	// The run did not wait for any of that.
	assert_int_equal(longest_wait_ms, 0);
	assert_int_equal(again_log_failure(&log_under_test), 0);
}

static void the_end_waits_until_all_is_out(void **state)
{
	(void)state;
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	room = 0;
	event.type = AGAIN_EVENT_ATTEMPT_END;
	again_log_event(&log_under_test, &event);
	tells(AGAIN_EVENT_RUN_END,
	      "again: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n"
	      "again: Failed after 5 retries (total delay: 3.1s): exit 1 (retries exhausted)\n");
	assert_int_equal(longest_wait_ms, -1);
	assert_int_equal(again_log_failure(&log_under_test), 0);

	// Told to stop, it gives up soon.
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	room = 0;
	verdict.stop_signal = SIGTERM;
	tells(AGAIN_EVENT_RUN_END, "");
	assert_int_equal(longest_wait_ms, 1000);
	assert_int_equal(again_log_failure(&log_under_test), EAGAIN);
}

static void more_than_can_be_kept_is_dropped_by_whole_lines(void **state)
{
	(void)state;
	const char *line = "again: attempt 2/6 failed: exit 1 after 0.31s; retrying in 0.2s\n";
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	room = 0;
	event.type = AGAIN_EVENT_ATTEMPT_END;
	for (int i = 0; i < 1000; i++) {
		again_log_event(&log_under_test, &event);
	}
	assert_int_equal(again_log_failure(&log_under_test), EAGAIN);
	room = 1;
	again_log_event(&log_under_test, &event);
	size_t kept = AGAIN_LOG_KEPT / strlen(line) + 1;
	assert_int_equal(taken_len, kept * strlen(line));
	for (size_t i = 0; i < kept; i++) {
		assert_memory_equal(taken + i * strlen(line), line, strlen(line));
	}
}

static void a_pipe_that_nobody_reads_stops_no_run(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
	start(AGAIN_LOG_TEXT, AGAIN_VERBOSITY_NORMAL, NULL);
	const struct again_log_config config = {
		.fd = ends[1], .format = AGAIN_LOG_TEXT, .files = &again_file_calls_real};
	again_log_init(&log_under_test, &config);
	event.type = AGAIN_EVENT_ATTEMPT_END;
	// A blocking descriptor: were it written to without asking, this would hang.
	for (int i = 0; i < 1000; i++) {
		again_log_event(&log_under_test, &event);
	}
	assert_int_equal(again_log_failure(&log_under_test), EAGAIN);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_attempts),
		cmocka_unit_test(successes),
		cmocka_unit_test(failures),
		cmocka_unit_test(commands_that_cannot_be_run),
		cmocka_unit_test(other_ends),
		cmocka_unit_test(the_state_on_request),
		cmocka_unit_test(quiet_tells_only_the_final_failure),
		cmocka_unit_test(verbose_tells_everything),
		cmocka_unit_test(normal_tells_neither_starts_nor_signals),
		cmocka_unit_test(the_name_is_in_the_prefix),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(a_json_line_of_any_length_is_one_write),
		cmocka_unit_test(what_fails_is_remembered_and_stops_nothing),
		cmocka_unit_test(a_short_write_is_completed),
		cmocka_unit_test(lines_without_room_are_kept_for_later),
		cmocka_unit_test(the_end_waits_until_all_is_out),
		cmocka_unit_test(more_than_can_be_kept_is_dropped_by_whole_lines),
		cmocka_unit_test(a_pipe_that_nobody_reads_stops_no_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
