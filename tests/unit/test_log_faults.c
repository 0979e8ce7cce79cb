// SPDX-License-Identifier: MIT
// The log on descriptors that are slow or broken.
#include "log_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
		cmocka_unit_test(what_fails_is_remembered_and_stops_nothing),
		cmocka_unit_test(a_short_write_is_completed),
		cmocka_unit_test(lines_without_room_are_kept_for_later),
		cmocka_unit_test(the_end_waits_until_all_is_out),
		cmocka_unit_test(more_than_can_be_kept_is_dropped_by_whole_lines),
		cmocka_unit_test(a_pipe_that_nobody_reads_stops_no_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
