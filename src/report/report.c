// SPDX-License-Identifier: MIT
// The report's own members; those that the JSON log has too are in fields.c.
#include "report/report.h"

#include "base/error.h"
#include "report/fields.h"

int again_report_open(struct again_report *report, struct again_error *err)
{
	*report = (struct again_report){.initial_waited_ns = AGAIN_NEVER};
	return again_history_open(&report->history, err);
}

void again_report_close(struct again_report *report)
{
	again_history_close(&report->history);
}

static void note_end(struct again_report *report, const struct again_event *event)
{
	report->ended = true;
	report->verdict = *event->verdict;
	if (event->verdict->error != NULL) {
		// The event's pointers are borrowed; the copy's points to our own copy.
		report->error = *event->verdict->error;
		report->verdict.error = &report->error;
	}
	if (event->attempt != NULL) {
		report->has_result = true;
		(void)again_attempt_words(event->attempt, report->result);
	}
}

void again_report_event(void *context, const struct again_event *event)
{
	struct again_report *report = context;
	switch (event->type) {
	case AGAIN_EVENT_RUN_START:
		report->facts = event->facts;
		report->initial_delay_ns = event->delay_ns;
		break;
	case AGAIN_EVENT_ATTEMPT_END:
		again_history_add(&report->history, event->attempt);
		break;
	case AGAIN_EVENT_WAIT_END:
		if (event->attempt != NULL) {
			again_history_waited(&report->history, event->waited_ns);
		} else if (report->initial_delay_ns > 0) {
			report->initial_waited_ns = event->waited_ns;
		}
		break;
	case AGAIN_EVENT_RUN_END:
		note_end(report, event);
		break;
	case AGAIN_EVENT_ATTEMPT_START:
	case AGAIN_EVENT_SIGNAL:
	case AGAIN_EVENT_STATUS:
		break;
	}
}

static void add_attempts(struct again_json *json, const struct again_history *history)
{
	again_json_key(json, "attempts");
	again_json_open_array(json);
	for (size_t i = 0; i < again_history_len(history); i++) {
		const struct again_history_entry *entry = again_history_at(history, i);
		again_json_open_object(json);
		again_fields_attempt(json, &entry->attempt);
		again_fields_seconds(json, "waited_seconds", entry->waited_ns);
		// No stream is watched yet.
		again_json_key(json, "stdout_bytes");
		again_json_null(json);
		again_json_key(json, "stderr_tail");
		again_json_null(json);
		again_json_close_object(json);
	}
	again_json_close_array(json);
	again_fields_u64(json, "attempts_omitted", again_history_omitted(history));
}

static void add_run(struct again_json *json, const struct again_report *report)
{
	const struct again_run_facts *facts = report->facts;
	again_fields_command(json, facts->command);
	again_fields_string(json, "name", facts->name);
	again_fields_string(json, "run_id", facts->run_id);
	again_fields_string(json, "host", facts->host);
	again_fields_utc(json, "started_at", facts->started_utc_ns);
	again_fields_seconds(json, "initial_delay_seconds", report->initial_delay_ns);
	again_fields_seconds(json, "initial_waited_seconds", report->initial_waited_ns);
	again_fields_u64(json, "seed", facts->seed);
	again_fields_max_retries(json, facts->policy);
	again_fields_policy(json, facts);
}

int again_report_write(const struct again_report *report, again_json_sink_fn *sink, void *context,
                       struct again_error *err)
{
	again_assert(report->facts != NULL && report->ended);
	char buffer[4096];
	struct again_json json;
	again_json_begin(&json, buffer, sizeof(buffer), /*pretty=*/true, sink, context);
	again_json_open_object(&json);
	again_fields_u64(&json, "schema_version", AGAIN_REPORT_SCHEMA_VERSION);
	struct again_verdict verdict = report->verdict;
	// The report may have been moved since.
	verdict.error = report->verdict.error != NULL ? &report->error : NULL;
	again_fields_verdict(&json, &verdict, report->has_result ? report->result : NULL);
	add_run(&json, report);
	add_attempts(&json, &report->history);
	again_json_close_object(&json);
	return again_json_end(&json, err);
}

int again_report_save(const struct again_report *report, struct again_output *output,
                      struct again_error *err)
{
	int rc = again_output_begin(output, err);
	if (rc == 0) {
		rc = again_report_write(report, again_output_sink, output, err);
	}
	if (rc == 0) {
		rc = again_output_commit(output, err);
	}
	if (rc != 0) {
		again_output_abandon(output);
	}
	return rc;
}
