// SPDX-License-Identifier: MIT
// The JSON log's lines. Every one begins with event, time, run_id and name; times are UTC.
#include "report/log_json.h"

#include "base/signame.h"
#include "report/fields.h"

static const char *event_name(enum again_event_type type)
{
	static const char *const names[] = {
		[AGAIN_EVENT_RUN_START] = "run_start",
		[AGAIN_EVENT_ATTEMPT_START] = "attempt_start",
		[AGAIN_EVENT_SIGNAL] = "signal",
		[AGAIN_EVENT_ATTEMPT_END] = "attempt_end",
		[AGAIN_EVENT_WAIT_END] = "wait_end",
		[AGAIN_EVENT_STATUS] = "status",
		[AGAIN_EVENT_RUN_END] = "run_end",
	};
	return names[type];
}

/** The number of the event's attempt; null before the first. */
static void add_attempt(struct again_json *json, const struct again_event *event)
{
	again_json_key(json, "attempt");
	if (event->attempt == NULL) {
		again_json_null(json);
	} else {
		again_json_u64(json, event->attempt->number);
	}
}

static void add_run_start(struct again_json *json, const struct again_event *event, bool brief)
{
	again_fields_string(json, "host", event->facts->host);
	if (brief) {
		again_fields_string(json, "command", NULL);
	} else {
		again_fields_command(json, event->facts->command);
	}
	again_fields_max_retries(json, event->facts->policy);
	again_fields_u64(json, "seed", event->facts->seed);
	again_fields_seconds(json, "initial_delay_seconds", event->delay_ns);
}

static void add_status(struct again_json *json, const struct again_event *event)
{
	static const char *const states[] = {
		[AGAIN_STATUS_WAITING] = "waiting",
		[AGAIN_STATUS_RUNNING] = "running",
		[AGAIN_STATUS_ENDING] = "ending",
	};
	add_attempt(json, event);
	again_fields_string(json, "state", states[event->status]);
	again_fields_seconds(json, "elapsed_seconds", event->waited_ns);
	again_fields_seconds(json, "remaining_seconds", event->delay_ns);
}

static void add_run_end(struct again_json *json, const struct again_event *event)
{
	char words[AGAIN_ATTEMPT_WORDS];
	const char *result =
		event->attempt != NULL ? again_attempt_words(event->attempt, words) : NULL;
	again_fields_verdict(json, event->verdict, result);
}

static void add_attempt_end(struct again_json *json, const struct again_attempt *attempt,
                            bool brief)
{
	struct again_attempt told = *attempt;
	if (brief) {
		told.rule = NULL;
	}
	again_fields_attempt(json, &told);
}

static void add_members(struct again_json *json, const struct again_event *event, bool brief)
{
	switch (event->type) {
	case AGAIN_EVENT_RUN_START:
		add_run_start(json, event, brief);
		break;
	case AGAIN_EVENT_ATTEMPT_START:
		add_attempt(json, event);
		again_fields_u64(json, "pid", (uint64_t)event->pid);
		break;
	case AGAIN_EVENT_SIGNAL:
		add_attempt(json, event);
		again_fields_string(json, "signal", again_signal_name(event->signal));
		again_fields_u64(json, "processes", event->process_count);
		break;
	case AGAIN_EVENT_ATTEMPT_END:
		add_attempt_end(json, event->attempt, brief);
		break;
	case AGAIN_EVENT_WAIT_END:
		add_attempt(json, event);
		again_fields_seconds(json, "waited_seconds", event->waited_ns);
		break;
	case AGAIN_EVENT_STATUS:
		add_status(json, event);
		break;
	case AGAIN_EVENT_RUN_END:
		add_run_end(json, event);
		break;
	}
}

void again_log_json_event(struct again_json *json, const struct again_event *event, bool brief)
{
	again_json_open_object(json);
	again_fields_string(json, "event", event_name(event->type));
	again_fields_utc(json, "time", event->utc_ns);
	again_fields_string(json, "run_id", event->facts->run_id);
	again_fields_string(json, "name", brief ? NULL : event->facts->name);
	add_members(json, event, brief);
	again_json_close_object(json);
}
