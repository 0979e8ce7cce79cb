// SPDX-License-Identifier: MIT
// The words of the log. What comes from outside (names, commands, rules) is made visible and
// shortened.
#include "report/lines.h"

#include "base/error.h"
#include "base/signame.h"

#include <again/policy.h>

/** The most that is shown of a string that is not ours. */
#define SHOWN 256

static void add_foreign(struct again_text *text, const char *string)
{
	char buffer[SHOWN];
	struct again_text shown = again_text_over(buffer, sizeof(buffer));
	again_text_add_visible(&shown, string);
	again_text_add(text, buffer);
	again_text_add(text, shown.cut ? "..." : "");
}

static void add_plural(struct again_text *text, uint64_t count, const char *one, const char *more)
{
	again_text_add_u64(text, count);
	again_text_add(text, " ");
	again_text_add(text, count == 1 ? one : more);
}

/** "attempt 2/6", or "attempt 2" without a limit. */
static void add_attempt(struct again_text *text, const struct again_event *event, uint64_t number)
{
	again_text_add(text, "attempt ");
	again_text_add_u64(text, number);
	uint64_t retries = event->facts->policy->max_retries;
	if (retries != AGAIN_UNLIMITED) {
		again_text_add(text, "/");
		again_text_add_u64(text, retries + 1);
	}
}

static void add_words(struct again_text *text, const struct again_attempt *attempt)
{
	char words[AGAIN_ATTEMPT_WORDS];
	again_text_add(text, again_attempt_words(attempt, words));
}

static void add_run_start(struct again_text *text, const struct again_event *event)
{
	again_text_add(text, "run ");
	again_text_add(text, event->facts->run_id);
	again_text_add(text, " starts: ");
	uint64_t retries = event->facts->policy->max_retries;
	if (retries == AGAIN_UNLIMITED) {
		again_text_add(text, "attempts without limit");
	} else {
		again_text_add(text, "up to ");
		add_plural(text, retries + 1, "attempt", "attempts");
	}
	again_text_add(text, ", seed ");
	again_text_add_u64(text, event->facts->seed);
	if (event->delay_ns > 0) {
		again_text_add(text, ", the first in ");
		again_text_add_delay(text, event->delay_ns);
	}
}

static void add_attempt_start(struct again_text *text, const struct again_event *event)
{
	add_attempt(text, event, event->attempt->number);
	again_text_addf(text, " starts: pid %d", event->pid);
}

static void add_signal(struct again_text *text, const struct again_event *event)
{
	again_text_add(text, "sent ");
	again_text_add(text, again_signal_name(event->signal));
	again_text_add(text, " to ");
	add_plural(text, event->process_count, "process", "processes");
}

static void add_attempt_end(struct again_text *text, const struct again_event *event)
{
	const struct again_attempt *attempt = event->attempt;
	add_attempt(text, event, attempt->number);
	again_text_add(text, attempt->succeeded ? " succeeded: " : " failed: ");
	add_words(text, attempt);
	again_text_add(text, " after ");
	again_text_add_delay(text, attempt->duration_ns);
	if (attempt->retrying) {
		again_text_add(text, "; retrying in ");
		again_text_add_delay(text, attempt->delay_ns);
	}
}

static void add_wait_end(struct again_text *text, const struct again_event *event)
{
	again_text_add(text, "waited ");
	again_text_add_delay(text, event->waited_ns);
}

static void add_status(struct again_text *text, const struct again_event *event)
{
	uint64_t number = event->attempt == NULL ? 0 : event->attempt->number;
	switch (event->status) {
	case AGAIN_STATUS_WAITING:
		again_text_add(text, "waiting for ");
		again_text_add_delay(text, event->delay_ns);
		again_text_add(text, " more before ");
		add_attempt(text, event, number + 1);
		return;
	case AGAIN_STATUS_RUNNING:
		add_attempt(text, event, number);
		again_text_add(text, " running for ");
		again_text_add_delay(text, event->waited_ns);
		if (event->delay_ns != AGAIN_NEVER) {
			again_text_add(text, " (timeout in ");
			again_text_add_delay(text, event->delay_ns);
			again_text_add(text, ")");
		}
		return;
	case AGAIN_STATUS_ENDING:
		again_text_add(text, "ending ");
		add_attempt(text, event, number);
		again_text_add(text, ", started ");
		again_text_add_delay(text, event->waited_ns);
		again_text_add(text, " ago");
		return;
	}
}

/** " after 3 retries (total delay: 0.7s)" */
static void add_retries(struct again_text *text, const struct again_verdict *verdict)
{
	again_text_add(text, " after ");
	add_plural(text, verdict->attempts > 0 ? verdict->attempts - 1 : 0, "retry", "retries");
	again_text_add(text, " (total delay: ");
	again_text_add_delay(text, verdict->total_delay_ns);
	again_text_add(text, ")");
}

/** "processes 12, 34 outlived KILL" */
static void add_survivors(struct again_text *text, const struct again_verdict *verdict)
{
	again_text_add(text, verdict->survivor_count == 1 ? "process" : "processes");
	for (unsigned i = 0; i < verdict->survivor_count; i++) {
		again_text_addf(text, "%s %d", i == 0 ? "" : ",", verdict->survivors[i]);
	}
	again_text_add(text, " outlived KILL");
}

static void add_failure(struct again_text *text, const struct again_event *event)
{
	const struct again_verdict *verdict = event->verdict;
	again_text_add(text, "Failed");
	add_retries(text, verdict);
	again_text_add(text, ": ");
	if (event->attempt != NULL) {
		add_words(text, event->attempt);
		again_text_add(text, " (");
	}
	if (verdict->survivor_count > 0) {
		add_survivors(text, verdict);
	} else {
		again_text_add(text, verdict->reason_text);
	}
	again_text_add(text, event->attempt != NULL ? ")" : "");
}

static void add_interruption(struct again_text *text, const struct again_event *event)
{
	again_text_add(text, "Failed");
	add_retries(text, event->verdict);
	again_text_add(text, ": ");
	if (event->attempt != NULL) {
		add_words(text, event->attempt);
	}
	again_text_add(text, event->attempt != NULL ? " (interrupted by " : "interrupted by ");
	again_text_add(text, again_signal_name(event->verdict->stop_signal));
	again_text_add(text, event->attempt != NULL ? ")" : "");
}

static void add_not_executed(struct again_text *text, const struct again_event *event)
{
	char cause[AGAIN_ATTEMPT_WORDS];
	again_text_add(text, "cannot run '");
	add_foreign(text, event->facts->command[0]);
	again_text_add(text, "': ");
	again_text_add(text, again_attempt_cause(event->attempt, cause));
}

static void add_run_end(struct again_text *text, const struct again_event *event)
{
	const struct again_verdict *verdict = event->verdict;
	if (verdict->succeeded) {
		if (verdict->attempts > 1) {
			again_text_add(text, "Success");
			add_retries(text, verdict);
		}
	} else if (verdict->error != NULL) {
		add_foreign(text, verdict->error->text);
	} else if (verdict->stop_signal != 0 && verdict->survivor_count == 0) {
		add_interruption(text, event);
	} else if (event->attempt != NULL && event->attempt->kind == AGAIN_END_NOT_EXECUTED) {
		add_not_executed(text, event);
	} else {
		add_failure(text, event);
	}
}

void again_lines_prefix(struct again_text *text, const char *name)
{
	again_text_add(text, "again");
	if (name != NULL) {
		again_text_add(text, "[");
		add_foreign(text, name);
		again_text_add(text, "]");
	}
	again_text_add(text, ": ");
}

void again_lines_rule(struct again_text *text, const struct again_event *event)
{
	add_attempt(text, event, event->attempt->number);
	again_text_add(text, " matched '");
	add_foreign(text, event->attempt->rule);
	again_text_add(text, "'");
}

void again_lines_event(struct again_text *text, const struct again_event *event)
{
	switch (event->type) {
	case AGAIN_EVENT_RUN_START:
		add_run_start(text, event);
		break;
	case AGAIN_EVENT_ATTEMPT_START:
		add_attempt_start(text, event);
		break;
	case AGAIN_EVENT_SIGNAL:
		add_signal(text, event);
		break;
	case AGAIN_EVENT_ATTEMPT_END:
		add_attempt_end(text, event);
		break;
	case AGAIN_EVENT_WAIT_END:
		add_wait_end(text, event);
		break;
	case AGAIN_EVENT_STATUS:
		add_status(text, event);
		break;
	case AGAIN_EVENT_RUN_END:
		add_run_end(text, event);
		break;
	}
}
