// SPDX-License-Identifier: MIT
// An attempt, a verdict and a command as JSON members.
#include "report/fields.h"

#include "base/signame.h"

#include <again/policy.h>

void again_fields_string(struct again_json *json, const char *key, const char *string)
{
	again_json_key(json, key);
	again_json_string(json, string);
}

void again_fields_u64(struct again_json *json, const char *key, uint64_t number)
{
	again_json_key(json, key);
	again_json_u64(json, number);
}

void again_fields_seconds(struct again_json *json, const char *key, again_ns ns)
{
	again_json_key(json, key);
	again_json_seconds(json, ns);
}

void again_fields_utc(struct again_json *json, const char *key, uint64_t utc_ns)
{
	again_json_key(json, key);
	again_json_utc(json, utc_ns);
}

static void add_null_or_u64(struct again_json *json, const char *key, bool there, uint64_t number)
{
	again_json_key(json, key);
	if (there) {
		again_json_u64(json, number);
	} else {
		again_json_null(json);
	}
}

/** What the process used: null where there was none. */
static void add_usage(struct again_json *json, const struct again_attempt *attempt)
{
	bool ran = attempt->kind == AGAIN_END_EXIT || attempt->kind == AGAIN_END_SIGNAL;
	const uint64_t ns_per_us = 1000;
	add_null_or_u64(json, "max_rss_bytes", ran, attempt->max_rss_bytes);
	again_fields_seconds(json, "user_seconds",
	                     ran ? attempt->user_us * ns_per_us : AGAIN_NEVER);
	again_fields_seconds(json, "system_seconds",
	                     ran ? attempt->system_us * ns_per_us : AGAIN_NEVER);
}

void again_fields_attempt(struct again_json *json, const struct again_attempt *attempt)
{
	char words[AGAIN_ATTEMPT_WORDS];
	again_fields_u64(json, "attempt", attempt->number);
	again_fields_string(json, "status", attempt->succeeded ? "success" : "failed");
	again_fields_string(json, "error",
	                    attempt->succeeded ? NULL : again_attempt_words(attempt, words));
	if (attempt->retrying) {
		again_fields_seconds(json, "delay_seconds", attempt->delay_ns);
	}
	again_fields_utc(json, "started_at", attempt->started_utc_ns);
	again_fields_seconds(json, "duration_seconds", attempt->duration_ns);
	// Where it could not be executed: 126 or 127, as a shell says it.
	bool has_code = attempt->kind == AGAIN_END_EXIT || attempt->kind == AGAIN_END_NOT_EXECUTED;
	add_null_or_u64(json, "exit_code", has_code, (uint64_t)attempt->code);
	bool died = attempt->kind == AGAIN_END_SIGNAL;
	again_fields_string(json, "signal", died ? again_signal_name(attempt->signal) : NULL);
	again_json_key(json, "timed_out");
	again_json_bool(json,
	                attempt->cut == AGAIN_CUT_TIMEOUT || attempt->cut == AGAIN_CUT_DEADLINE);
	again_fields_string(json, "rule", attempt->rule);
	add_usage(json, attempt);
}

void again_fields_verdict(struct again_json *json, const struct again_verdict *verdict,
                          const char *result)
{
	again_fields_string(json, "status", verdict->succeeded ? "success" : "failed");
	again_fields_string(json, "result", result);
	again_fields_string(json, "reason", verdict->reason);
	again_fields_u64(json, "exit_code", (uint64_t)verdict->exit_code);
	again_fields_u64(json, "total_attempts", verdict->attempts);
	again_fields_u64(json, "retries", verdict->attempts > 0 ? verdict->attempts - 1 : 0);
	again_fields_seconds(json, "total_delay_seconds", verdict->total_delay_ns);
	again_fields_seconds(json, "duration_seconds", verdict->duration_ns);
	again_fields_string(json, "stop_signal",
	                    verdict->stop_signal != 0 ? again_signal_name(verdict->stop_signal)
	                                              : NULL);
	again_json_key(json, "survivors");
	again_json_open_array(json);
	for (unsigned i = 0; i < verdict->survivor_count; i++) {
		again_json_u64(json, (uint64_t)verdict->survivors[i]);
	}
	again_json_close_array(json);
	again_fields_string(json, "internal_error",
	                    verdict->error != NULL ? verdict->error->text : NULL);
}

void again_fields_command(struct again_json *json, char *const *command)
{
	again_json_key(json, "command");
	again_json_open_array(json);
	for (; *command != NULL; command++) {
		again_json_string(json, *command);
	}
	again_json_close_array(json);
}

void again_fields_max_retries(struct again_json *json, const struct again_policy *policy)
{
	add_null_or_u64(json, "max_retries", policy->max_retries != AGAIN_UNLIMITED,
	                policy->max_retries);
}
