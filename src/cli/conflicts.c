// SPDX-License-Identifier: MIT
// Options that contradict each other, and defaults that depend on other options.
#include "cli/settings.h"

#include "base/error.h"
#include "base/text.h"

const char *again_settings_quote(const struct again_settings *settings, enum again_option_id id,
                                 char *buffer, size_t cap)
{
	struct again_text text = again_text_over(buffer, cap);
	again_text_add(&text, "--");
	again_text_add(&text, again_options[id].name);
	if (again_options[id].argument != NULL && settings->given[id] != NULL) {
		again_text_add(&text, " '");
		again_text_add_visible(&text, settings->given[id]);
		again_text_add(&text, "'");
	}
	return buffer;
}

// "--factor '3': reason; use form", with the place before it where the value comes from a file.
static int refuse(const struct again_settings *settings, enum again_option_id id,
                  const char *reason, struct again_error *err)
{
	char quoted[64];
	const char *quote = again_settings_quote(settings, id, quoted, sizeof(quoted));
	if (settings->line[id] == 0) {
		return again_error_format(err, AGAIN_ERR_CONFLICT, again_options[id].name, "%s: %s",
		                          quote, reason);
	}
	return again_error_format(err, AGAIN_ERR_CONFLICT, again_options[id].name,
	                          "%.60s:%u: %s: %s", settings->given[AGAIN_OPTION_CONFIG],
	                          settings->line[id], quote + 2, reason);
}

static bool given(const struct again_settings *settings, enum again_option_id id)
{
	return settings->given[id] != NULL;
}

static int check_delays(const struct again_settings *settings, struct again_error *err)
{
	const struct again_policy *policy = &settings->policy;
	const bool is_list = policy->backoff == AGAIN_BACKOFF_LIST;
	if (is_list && given(settings, AGAIN_OPTION_BASE_DELAY)) {
		return refuse(
			settings, AGAIN_OPTION_BASE_DELAY,
			"a list of delays has no base delay; use either --base-delay or --backoff list:...",
			err);
	}
	if (given(settings, AGAIN_OPTION_FACTOR) && policy->backoff != AGAIN_BACKOFF_EXPONENTIAL) {
		return refuse(settings, AGAIN_OPTION_FACTOR,
		              "only exponential backoff has a factor; use --backoff exponential",
		              err);
	}
	if (!is_list && policy->max_delay_ns < policy->base_delay_ns) {
		char reason[96];
		struct again_text text = again_text_over(reason, sizeof(reason));
		again_text_add(&text, "is below the base delay of ");
		again_text_add_seconds(&text, policy->base_delay_ns);
		again_text_add(&text, "s; use a duration that is at least --base-delay");
		return refuse(settings, AGAIN_OPTION_MAX_DELAY, reason, err);
	}
	return 0;
}

static int check_decorrelated(const struct again_settings *settings, struct again_error *err)
{
	const struct again_policy *policy = &settings->policy;
	if (policy->jitter != AGAIN_JITTER_DECORRELATED) {
		return 0;
	}
	if (policy->backoff != AGAIN_BACKOFF_EXPONENTIAL) {
		return refuse(
			settings, AGAIN_OPTION_JITTER,
			"decorrelated jitter has its own growth; use it with --backoff exponential",
			err);
	}
	if (given(settings, AGAIN_OPTION_FACTOR)) {
		return refuse(settings, AGAIN_OPTION_JITTER,
		              "decorrelated jitter has its own growth; use it without --factor",
		              err);
	}
	if (policy->max_delay_ns == policy->base_delay_ns) {
		return refuse(
			settings, AGAIN_OPTION_JITTER,
			"has no room between the base delay and the cap; use a larger --max-delay",
			err);
	}
	return 0;
}

static int check_limits(const struct again_settings *settings, struct again_error *err)
{
	const struct again_policy *policy = &settings->policy;
	if (given(settings, AGAIN_OPTION_RESET_AFTER) &&
	    policy->reset_after_ns > policy->attempt_timeout_ns) {
		return refuse(
			settings, AGAIN_OPTION_RESET_AFTER,
			"no attempt can run that long; use a duration that is at most --timeout",
			err);
	}
	if (given(settings, AGAIN_OPTION_INITIAL_DELAY) &&
	    policy->initial_delay_ns >= policy->deadline_ns) {
		return refuse(
			settings, AGAIN_OPTION_INITIAL_DELAY,
			"the first attempt might never start; use a duration below --deadline",
			err);
	}
	if (given(settings, AGAIN_OPTION_QUIET) && given(settings, AGAIN_OPTION_VERBOSE)) {
		return refuse(settings, AGAIN_OPTION_QUIET,
		              "contradicts --verbose; use one of them", err);
	}
	return 0;
}

int again_settings_complete(struct again_settings *settings, struct again_error *err)
{
	struct again_policy *policy = &settings->policy;
	if (!given(settings, AGAIN_OPTION_MAX_DELAY)) {
		if (policy->backoff == AGAIN_BACKOFF_LIST) {
			policy->max_delay_ns = AGAIN_NEVER;
		} else if (policy->max_delay_ns < policy->base_delay_ns) {
			policy->max_delay_ns = policy->base_delay_ns;
		}
	}
	int result = check_delays(settings, err);
	if (result == 0) {
		result = check_decorrelated(settings, err);
	}
	if (result == 0) {
		result = check_limits(settings, err);
	}
	// The library has the last word; what it refuses now is a gap in the checks above, and told all the same.
	return result != 0 ? result : again_policy_validate(policy, err);
}
