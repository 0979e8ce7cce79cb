// SPDX-License-Identifier: MIT
// The log as text: its words, what each verbosity tells, the prefix.
#include "log_kit.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
