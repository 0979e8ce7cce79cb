// SPDX-License-Identifier: MIT
// The run, and the report of it in memory.
#include "report_kit.h"

#include "json_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct again_policy policy;
static char *command[] = {(char[]){"curl"}, (char[]){"q\"uo\te\xFF"}, (char[]){""}, NULL};
static struct again_run_facts facts;

char written[2000000];
size_t written_len;

static int gather(void *context, const char *bytes, size_t len, struct again_error *err)
{
	(void)context;
	(void)err;
	assert_true(written_len + len < sizeof(written));
	memcpy(written + written_len, bytes, len);
	written_len += len;
	written[written_len] = '\0';
	return 0;
}

void begin(struct again_report *report, again_ns initial_delay_ns)
{
	again_policy_init(&policy, sizeof(policy));
	facts = (struct again_run_facts){
		.name = "deploy",
		.run_id = "3f2a",
		.host = "host",
		.command = command,
		.policy = &policy,
		.seed = UINT64_C(9007199254740991),
		.started_utc_ns = START,
		.kill_after_ns = 5 * S,
		.kill_leftovers = "failed",
		.success = "0",
	};
	assert_int_equal(again_report_open(report, NULL), 0);
	const struct again_event event = {
		.type = AGAIN_EVENT_RUN_START, .facts = &facts, .delay_ns = initial_delay_ns};
	again_report_event(report, &event);
}

void wait_ended(struct again_report *report, const struct again_attempt *attempt,
                again_ns waited_ns)
{
	const struct again_event event = {.type = AGAIN_EVENT_WAIT_END,
	                                  .facts = &facts,
	                                  .attempt = attempt,
	                                  .waited_ns = waited_ns};
	again_report_event(report, &event);
}

void ended(struct again_report *report, const struct again_attempt *attempt)
{
	struct again_event event = {
		.type = AGAIN_EVENT_ATTEMPT_START, .facts = &facts, .attempt = attempt};
	again_report_event(report, &event);
	event.type = AGAIN_EVENT_SIGNAL;
	again_report_event(report, &event);
	event.type = AGAIN_EVENT_STATUS;
	again_report_event(report, &event);
	event.type = AGAIN_EVENT_ATTEMPT_END;
	again_report_event(report, &event);
}

void over(struct again_report *report, const struct again_attempt *attempt,
          const struct again_verdict *verdict)
{
	const struct again_event event = {.type = AGAIN_EVENT_RUN_END,
	                                  .facts = &facts,
	                                  .attempt = attempt,
	                                  .verdict = verdict};
	again_report_event(report, &event);
}

void make_attempts(struct again_report *report, uint32_t count)
{
	begin(report, 0);
	struct again_attempt attempt = {0};
	for (uint32_t number = 1; number <= count; number++) {
		attempt = (struct again_attempt){
			.number = number, .code = 1, .retrying = number < count, .delay_ns = 1};
		ended(report, &attempt);
		if (number < count) {
			wait_ended(report, &attempt, number * S);
		}
	}
	const struct again_verdict verdict = {.reason = "exhausted",
	                                      .exit_code = 1,
	                                      .attempts = count,
	                                      .total_delay_ns = count - 1};
	over(report, &attempt, &verdict);
}

void finish(struct again_report *report)
{
	written_len = 0;
	struct again_error error = {0};
	assert_int_equal(again_report_write(report, gather, NULL, &error), 0);
	assert_true(json_is_valid(written, written_len));
	again_report_close(report);
}

void has(const char *bytes)
{
	if (strstr(written, bytes) == NULL) {
		fail_msg("no '%s' in:\n%s", bytes, written);
	}
}

void hasnt(const char *bytes)
{
	if (strstr(written, bytes) != NULL) {
		fail_msg("'%s' in:\n%s", bytes, written);
	}
}

unsigned count_of(const char *bytes)
{
	unsigned count = 0;
	for (const char *at = strstr(written, bytes); at != NULL; at = strstr(at + 1, bytes)) {
		count++;
	}
	return count;
}
