// SPDX-License-Identifier: MIT
// The report: every field of it, ends and policies of every kind, and where it is written to.
#include "report_kit.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
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

static const struct again_attempt first = {
	.number = 1,
	.kind = AGAIN_END_EXIT,
	.code = 7,
	.started_utc_ns = START + S,
	.duration_ns = 310 * MS,
	.max_rss_bytes = 4096,
	.user_us = 1,
	.system_us = 2000000,
	.retrying = true,
	.delay_ns = 100 * MS,
	.rule = "retry-on exit:7",
};

static const struct again_attempt second = {
	.number = 2,
	.kind = AGAIN_END_EXIT,
	.started_utc_ns = START + 2 * S,
	.duration_ns = 1,
	.succeeded = true,
};

static const char whole_report[] = "{\n"
				   "\t\"schema_version\": 1,\n"
				   "\t\"status\": \"success\",\n"
				   "\t\"result\": \"exit 0\",\n"
				   "\t\"reason\": \"success\",\n"
				   "\t\"exit_code\": 0,\n"
				   "\t\"total_attempts\": 2,\n"
				   "\t\"retries\": 1,\n"
				   "\t\"total_delay_seconds\": 0.1,\n"
				   "\t\"duration_seconds\": 1.5,\n"
				   "\t\"stop_signal\": null,\n"
				   "\t\"survivors\": [],\n"
				   "\t\"internal_error\": null,\n"
				   "\t\"command\": [\n"
				   "\t\t\"curl\",\n"
				   "\t\t\"q\\\"uo\\te\xEF\xBF\xBD\",\n"
				   "\t\t\"\"\n"
				   "\t],\n"
				   "\t\"name\": \"deploy\",\n"
				   "\t\"run_id\": \"3f2a\",\n"
				   "\t\"host\": \"host\",\n"
				   "\t\"started_at\": \"2025-11-23T18:30:22.123Z\",\n"
				   "\t\"initial_delay_seconds\": 0,\n"
				   "\t\"initial_waited_seconds\": null,\n"
				   "\t\"seed\": 9007199254740991,\n"
				   "\t\"max_retries\": 5,\n"
				   "\t\"policy\": {\n"
				   "\t\t\"max_retries\": 5,\n"
				   "\t\t\"backoff\": \"exponential\",\n"
				   "\t\t\"base_delay_seconds\": 1,\n"
				   "\t\t\"max_delay_seconds\": 60,\n"
				   "\t\t\"factor\": 2,\n"
				   "\t\t\"degree\": null,\n"
				   "\t\t\"list_seconds\": null,\n"
				   "\t\t\"jitter\": \"equal\",\n"
				   "\t\t\"jitter_ratio\": null,\n"
				   "\t\t\"timeout_seconds\": null,\n"
				   "\t\t\"kill_after_seconds\": 5,\n"
				   "\t\t\"kill_leftovers\": \"failed\",\n"
				   "\t\t\"deadline_seconds\": null,\n"
				   "\t\t\"initial_delay_seconds\": 0,\n"
				   "\t\t\"reset_after_seconds\": null,\n"
				   "\t\t\"success\": \"0\"\n"
				   "\t},\n"
				   "\t\"attempts\": [\n"
				   "\t\t{\n"
				   "\t\t\t\"attempt\": 1,\n"
				   "\t\t\t\"status\": \"failed\",\n"
				   "\t\t\t\"error\": \"exit 7\",\n"
				   "\t\t\t\"delay_seconds\": 0.1,\n"
				   "\t\t\t\"started_at\": \"2025-11-23T18:30:23.123Z\",\n"
				   "\t\t\t\"duration_seconds\": 0.31,\n"
				   "\t\t\t\"exit_code\": 7,\n"
				   "\t\t\t\"signal\": null,\n"
				   "\t\t\t\"timed_out\": false,\n"
				   "\t\t\t\"rule\": \"retry-on exit:7\",\n"
				   "\t\t\t\"max_rss_bytes\": 4096,\n"
				   "\t\t\t\"user_seconds\": 0.000001,\n"
				   "\t\t\t\"system_seconds\": 2,\n"
				   "\t\t\t\"waited_seconds\": 0.100000007,\n"
				   "\t\t\t\"stdout_bytes\": null,\n"
				   "\t\t\t\"stderr_tail\": null\n"
				   "\t\t},\n"
				   "\t\t{\n"
				   "\t\t\t\"attempt\": 2,\n"
				   "\t\t\t\"status\": \"success\",\n"
				   "\t\t\t\"error\": null,\n"
				   "\t\t\t\"started_at\": \"2025-11-23T18:30:24.123Z\",\n"
				   "\t\t\t\"duration_seconds\": 0.000000001,\n"
				   "\t\t\t\"exit_code\": 0,\n"
				   "\t\t\t\"signal\": null,\n"
				   "\t\t\t\"timed_out\": false,\n"
				   "\t\t\t\"rule\": null,\n"
				   "\t\t\t\"max_rss_bytes\": 0,\n"
				   "\t\t\t\"user_seconds\": 0,\n"
				   "\t\t\t\"system_seconds\": 0,\n"
				   "\t\t\t\"waited_seconds\": null,\n"
				   "\t\t\t\"stdout_bytes\": null,\n"
				   "\t\t\t\"stderr_tail\": null\n"
				   "\t\t}\n"
				   "\t],\n"
				   "\t\"attempts_omitted\": 0\n"
				   "}\n";

static void a_whole_report(void **state)
{
	(void)state;
	struct again_report report;
	begin(&report, 0);
	wait_ended(&report, NULL, 123);
	ended(&report, &first);
	wait_ended(&report, &first, 100 * MS + 7);
	ended(&report, &second);
	const struct again_verdict verdict = {
		.succeeded = true,
		.reason = "success",
		.reason_text = "success",
		.attempts = 2,
		.total_delay_ns = 100 * MS,
		.duration_ns = 1500 * MS,
	};
	over(&report, &second, &verdict);
	finish(&report);
	assert_string_equal(written, whole_report);
}

static void a_run_that_ended_before_its_first_attempt(void **state)
{
	(void)state;
	struct again_report report;
	begin(&report, 2 * S);
	wait_ended(&report, NULL, 500 * MS);
	const struct again_verdict verdict = {.reason = "interrupted",
	                                      .exit_code = 130,
	                                      .stop_signal = SIGINT,
	                                      .duration_ns = 500 * MS};
	over(&report, NULL, &verdict);
	finish(&report);
	has("\t\"status\": \"failed\",\n\t\"result\": null,\n\t\"reason\": \"interrupted\",\n");
	has("\t\"exit_code\": 130,\n\t\"total_attempts\": 0,\n\t\"retries\": 0,\n");
	has("\t\"stop_signal\": \"INT\",\n");
	has("\t\"initial_delay_seconds\": 2,\n\t\"initial_waited_seconds\": 0.5,\n");
	has("\t\"attempts\": [],\n\t\"attempts_omitted\": 0\n}\n");
}

static void ends_of_every_kind(void **state)
{
	(void)state;
	struct again_attempt attempts[] = {
		{.number = 1, .kind = AGAIN_END_SIGNAL, .signal = 9, .cut = AGAIN_CUT_TIMEOUT},
		{.number = 2, .kind = AGAIN_END_SIGNAL, .signal = 11},
		{.number = 3, .kind = AGAIN_END_NOT_STARTED, .sys = EAGAIN},
		{.number = 4, .kind = AGAIN_END_EXIT, .code = 143, .cut = AGAIN_CUT_DEADLINE},
		{.number = 5, .kind = AGAIN_END_NOT_EXECUTED, .code = 126, .sys = EACCES},
	};
	struct again_report report;
	begin(&report, 0);
	for (size_t i = 0; i < COUNT(attempts); i++) {
		ended(&report, &attempts[i]);
	}
	struct again_error error = {.code = AGAIN_ERR_SYSTEM, .text = "cannot wait: i/o error"};
	struct again_verdict verdict = {
		.reason = "survivor",
		.exit_code = 125,
		.attempts = COUNT(attempts),
		.survivors = {12, 34},
		.survivor_count = 2,
		.error = &error,
	};
	over(&report, &attempts[4], &verdict);
	// What was borrowed is gone.
	memset(&error, 'x', sizeof(error));
	memset(&verdict, 'x', sizeof(verdict));
	memset(attempts, 'x', sizeof(attempts));
	struct again_report moved = report;
	memset(&report, 'x', sizeof(report));
	finish(&moved);
	has("\"result\": \"cannot run: permission denied\"");
	has("\t\"survivors\": [\n\t\t12,\n\t\t34\n\t],\n\t\"internal_error\": \"cannot wait: i/o error\",\n");
	has("\"error\": \"timeout\",");
	has("\"exit_code\": null,\n\t\t\t\"signal\": \"KILL\",\n\t\t\t\"timed_out\": true,");
	has("\"exit_code\": null,\n\t\t\t\"signal\": \"SEGV\",\n\t\t\t\"timed_out\": false,");
	has("\"error\": \"cannot start: resource temporarily unavailable\",");
	has("\"exit_code\": null,\n\t\t\t\"signal\": null,\n\t\t\t\"timed_out\": false,\n\t\t\t\"rule\": null,\n"
	    "\t\t\t\"max_rss_bytes\": null,\n\t\t\t\"user_seconds\": null,\n\t\t\t\"system_seconds\": null,");
	has("\"exit_code\": 143,\n\t\t\t\"signal\": null,\n\t\t\t\"timed_out\": true,");
	has("\"exit_code\": 126,");
	hasnt("delay_seconds\": 0.");
}

static void policies_of_every_kind(void **state)
{
	(void)state;
	static const again_ns list[] = {S, 250 * MS};
	static const char *const backoffs[] = {
		"\t\t\"backoff\": \"exponential\",\n\t\t\"base_delay_seconds\": 0.5,\n\t\t\"max_delay_seconds\": "
		"null,\n\t\t\"factor\": 1.1,\n\t\t\"degree\": null,\n\t\t\"list_seconds\": null,\n",
		"\t\t\"backoff\": \"constant\",\n\t\t\"base_delay_seconds\": 0.5,\n\t\t\"max_delay_seconds\": "
		"null,\n\t\t\"factor\": null,\n",
		"\"linear\"",
		"\"fibonacci\"",
		"\"polynomial\",\n\t\t\"base_delay_seconds\": 0.5,\n\t\t\"max_delay_seconds\": "
		"null,\n\t\t\"factor\": null,\n\t\t\"degree\": 3,\n",
		"\"list\",\n\t\t\"base_delay_seconds\": null,\n\t\t\"max_delay_seconds\": null,\n\t\t\"factor\": "
		"null,\n\t\t\"degree\": null,\n\t\t\"list_seconds\": [\n\t\t\t1,\n\t\t\t0.25\n\t\t],\n",
	};
	static const char *const jitters[] = {
		"\"jitter\": \"equal\",\n\t\t\"jitter_ratio\": null,", "\"jitter\": \"none\"",
		"\"jitter\": \"full\"", "\"jitter\": \"decorrelated\"",
		"\"jitter\": \"proportional\",\n\t\t\"jitter_ratio\": 0.2,"};
	for (uint32_t i = 0; i < COUNT(backoffs); i++) {
		struct again_report report;
		begin(&report, 0);
		const uint32_t jitter = i % COUNT(jitters);
		policy.backoff = i;
		policy.jitter = jitter;
		policy.jitter_q32 = 858993459;
		policy.factor_q32 = 4724464026;
		policy.degree = 3;
		policy.base_delay_ns = 500 * MS;
		policy.max_delay_ns = AGAIN_NEVER;
		policy.list = list;
		policy.list_len = COUNT(list);
		policy.max_retries = AGAIN_UNLIMITED;
		policy.attempt_timeout_ns = 30 * S;
		policy.deadline_ns = 60 * S;
		policy.reset_after_ns = 10 * S;
		policy.initial_delay_ns = 3 * S;
		const struct again_verdict verdict = {.reason = "deadline", .exit_code = 124};
		over(&report, NULL, &verdict);
		finish(&report);
		has(backoffs[i]);
		has(jitters[jitter]);
		assert_int_equal(count_of("\"max_retries\": null"), 2);
		has("\t\t\"timeout_seconds\": 30,\n");
		has("\t\t\"deadline_seconds\": 60,\n\t\t\"initial_delay_seconds\": 3,\n"
		    "\t\t\"reset_after_seconds\": 10,\n");
	}
}

static int refuse(void *context, const char *bytes, size_t len, struct again_error *err)
{
	(void)context;
	(void)bytes;
	(void)len;
	return again_error_system(err, ENOSPC, "cannot write 'x'");
}

static void a_report_that_cannot_be_written(void **state)
{
	(void)state;
	struct again_report report;
	make_attempts(&report, 100);
	struct again_error error = {0};
	assert_int_equal(again_report_write(&report, refuse, NULL, &error), AGAIN_ERR_SYSTEM);
	assert_string_equal(error.text, "cannot write 'x': no space left on device");
	assert_int_equal(error.sys, ENOSPC);
	again_report_close(&report);
}

static void it_is_saved_into_a_file(void **state)
{
	(void)state;
	char folder[] = "/tmp/again-report-XXXXXX";
	assert_non_null(mkdtemp(folder));
	char path[64];
	(void)snprintf(path, sizeof(path), "%s/report.json", folder);
	struct again_output output;
	assert_int_equal(again_output_open(&output, path, &again_file_calls_real, NULL), 0);
	struct again_report report;
	make_attempts(&report, 100);
	assert_int_equal(again_report_save(&report, &output, NULL), 0);
	finish(&report);
	static char content[sizeof(written)];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, content, sizeof(content)), written_len);
	assert_memory_equal(content, written, written_len);
	(void)close(fd);

	make_attempts(&report, 100);
	struct again_error error = {0};
	assert_int_equal(again_output_open(&output, "/dev/full", &again_file_calls_real, NULL), 0);
	assert_int_equal(again_report_save(&report, &output, &error), AGAIN_ERR_SYSTEM);
	assert_string_equal(error.text, "cannot write '/dev/full': no space left on device");
	assert_int_equal(output.fd, -1);
	again_report_close(&report);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_report),
		cmocka_unit_test(a_run_that_ended_before_its_first_attempt),
		cmocka_unit_test(ends_of_every_kind),
		cmocka_unit_test(policies_of_every_kind),
		cmocka_unit_test(a_report_that_cannot_be_written),
		cmocka_unit_test(it_is_saved_into_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
