// SPDX-License-Identifier: MIT
// The policy as a JSON object: what was asked for, in the words of the command line.
//
// Every key is always there, so that a table can be made of many reports; what does not apply to
// this kind of backoff or jitter, and a limit that was not set, is null.
#include "report/fields.h"

#include <again/policy.h>

static const char *backoff_name(uint32_t backoff)
{
	static const char *const names[] = {
		[AGAIN_BACKOFF_EXPONENTIAL] = "exponential",
		[AGAIN_BACKOFF_CONSTANT] = "constant",
		[AGAIN_BACKOFF_LINEAR] = "linear",
		[AGAIN_BACKOFF_FIBONACCI] = "fibonacci",
		[AGAIN_BACKOFF_POLYNOMIAL] = "polynomial",
		[AGAIN_BACKOFF_LIST] = "list",
	};
	return backoff < sizeof(names) / sizeof(names[0]) ? names[backoff] : NULL;
}

static const char *jitter_name(uint32_t jitter)
{
	static const char *const names[] = {
		[AGAIN_JITTER_EQUAL] = "equal",
		[AGAIN_JITTER_NONE] = "none",
		[AGAIN_JITTER_FULL] = "full",
		[AGAIN_JITTER_DECORRELATED] = "decorrelated",
		[AGAIN_JITTER_PROPORTIONAL] = "proportional",
	};
	return jitter < sizeof(names) / sizeof(names[0]) ? names[jitter] : NULL;
}

static void add_q32(struct again_json *json, const char *key, bool applies, uint64_t q32)
{
	again_json_key(json, key);
	if (applies) {
		again_json_q32(json, q32);
	} else {
		again_json_null(json);
	}
}

static void add_list(struct again_json *json, const struct again_policy *policy)
{
	again_json_key(json, "list_seconds");
	if (policy->backoff != AGAIN_BACKOFF_LIST) {
		again_json_null(json);
		return;
	}
	again_json_open_array(json);
	for (uint32_t i = 0; i < policy->list_len; i++) {
		again_json_seconds(json, policy->list[i]);
	}
	again_json_close_array(json);
}

static void add_backoff(struct again_json *json, const struct again_policy *policy)
{
	again_fields_string(json, "backoff", backoff_name(policy->backoff));
	bool has_base = policy->backoff != AGAIN_BACKOFF_LIST;
	again_fields_seconds(json, "base_delay_seconds",
	                     has_base ? policy->base_delay_ns : AGAIN_NEVER);
	again_fields_seconds(json, "max_delay_seconds", policy->max_delay_ns);
	add_q32(json, "factor", policy->backoff == AGAIN_BACKOFF_EXPONENTIAL, policy->factor_q32);
	again_json_key(json, "degree");
	if (policy->backoff == AGAIN_BACKOFF_POLYNOMIAL) {
		again_json_u64(json, policy->degree);
	} else {
		again_json_null(json);
	}
	add_list(json, policy);
}

void again_fields_policy(struct again_json *json, const struct again_run_facts *facts)
{
	const struct again_policy *policy = facts->policy;
	again_json_key(json, "policy");
	again_json_open_object(json);
	again_fields_max_retries(json, policy);
	add_backoff(json, policy);
	again_fields_string(json, "jitter", jitter_name(policy->jitter));
	add_q32(json, "jitter_ratio", policy->jitter == AGAIN_JITTER_PROPORTIONAL,
	        policy->jitter_q32);
	again_fields_seconds(json, "timeout_seconds", policy->attempt_timeout_ns);
	again_fields_seconds(json, "kill_after_seconds", facts->kill_after_ns);
	again_fields_string(json, "kill_leftovers", facts->kill_leftovers);
	again_fields_seconds(json, "deadline_seconds", policy->deadline_ns);
	again_fields_seconds(json, "initial_delay_seconds", policy->initial_delay_ns);
	again_fields_seconds(json, "reset_after_seconds", policy->reset_after_ns);
	again_fields_string(json, "success", facts->success);
	again_json_close_object(json);
}
