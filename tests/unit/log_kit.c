// SPDX-License-Identifier: MIT
// The log in memory, and the event before a test changes it.
#include "log_kit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

char taken[65536];
size_t taken_len;
unsigned writes;
const int *plan;
int room;
int longest_wait_ms;

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
struct again_log log_under_test;
struct again_policy policy;
struct again_run_facts facts;
struct again_attempt attempt;
struct again_verdict verdict;
struct again_event event;
static char *command[] = {(char[]){"curlx"}, (char[]){"-f"}, NULL};

void start(enum again_log_format format, enum again_verbosity verbosity, const char *name)
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

void tells(enum again_event_type type, const char *text)
{
	taken_len = 0;
	taken[0] = '\0';
	event.type = type;
	again_log_event(&log_under_test, &event);
	assert_string_equal(taken, text);
}
