// SPDX-License-Identifier: MIT
// One small setter an option, in a table.
#include "cli/settings.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

#include <string.h>

typedef int set_fn(struct again_settings *settings, const char *value, struct again_error *err);

static int set_duration(const char *value, again_ns least, again_ns *out, struct again_error *err)
{
	again_ns ns = 0;
	const int result = again_parse_duration(value, &ns, err);
	if (result == 0 && ns < least) {
		return again_error_set(err, AGAIN_ERR_RANGE, NULL, "must be above 0");
	}
	if (result == 0) {
		*out = ns;
	}
	return result;
}

static int set_max_retries(struct again_settings *settings, const char *value,
                           struct again_error *err)
{
	if (strcmp(value, "unlimited") == 0) {
		settings->policy.max_retries = AGAIN_UNLIMITED;
		return 0;
	}
	uint64_t number = 0;
	const int result = again_parse_u64(value, 0, AGAIN_UNLIMITED - 1, &number, err);
	if (result == 0 && number == 0) {
		return again_error_set(err, AGAIN_ERR_RANGE, NULL,
		                       "must be at least 1; to run once, do not use again");
	}
	if (result == 0) {
		settings->policy.max_retries = (uint32_t)number;
	}
	return result;
}

static int set_base_delay(struct again_settings *settings, const char *value,
                          struct again_error *err)
{
	return set_duration(value, 1, &settings->policy.base_delay_ns, err);
}

static int set_max_delay(struct again_settings *settings, const char *value,
                         struct again_error *err)
{
	return set_duration(value, 1, &settings->policy.max_delay_ns, err);
}

static int set_factor(struct again_settings *settings, const char *value, struct again_error *err)
{
	uint64_t q32 = 0;
	const int result = again_parse_q32(value, &q32, err);
	if (result == 0 && q32 < AGAIN_Q32_ONE) {
		return again_error_set(err, AGAIN_ERR_RANGE, NULL, "must be at least 1");
	}
	if (result == 0) {
		settings->policy.factor_q32 = q32;
	}
	return result;
}

static int set_list(struct again_settings *settings, const char *value, struct again_error *err)
{
	uint32_t count = 0;
	for (const char *from = value;;) {
		const char *end = strchr(from, '/');
		const size_t len = end != NULL ? (size_t)(end - from) : strlen(from);
		char delay[64];
		if (count == AGAIN_LIST_MAX || len >= sizeof(delay)) {
			return again_error_format(
				err, AGAIN_ERR_RANGE, NULL,
				"the list is longer than %d delays or one of them is no delay",
				AGAIN_LIST_MAX);
		}
		memcpy(delay, from, len);
		delay[len] = '\0';
		struct again_error reason = {0};
		if (set_duration(delay, 1, &settings->list[count], &reason) != 0) {
			return again_error_format(err, reason.code, NULL,
			                          "delay '%s' of the list: %.80s", delay,
			                          reason.text);
		}
		count++;
		if (end == NULL) {
			break;
		}
		from = end + 1;
	}
	settings->policy.backoff = AGAIN_BACKOFF_LIST;
	settings->policy.list = settings->list;
	settings->policy.list_len = count;
	return 0;
}

static int set_degree(struct again_settings *settings, const char *value, struct again_error *err)
{
	uint64_t degree = 0;
	const int result = again_parse_u64(value, 1, AGAIN_DEGREE_MAX, &degree, err);
	if (result == 0) {
		settings->policy.backoff = AGAIN_BACKOFF_POLYNOMIAL;
		settings->policy.degree = (uint32_t)degree;
	}
	return result;
}

static int set_backoff(struct again_settings *settings, const char *value, struct again_error *err)
{
	static const struct {
		const char *name;
		enum again_backoff kind;
	} kinds[] = {
		{"constant", AGAIN_BACKOFF_CONSTANT},       {"linear", AGAIN_BACKOFF_LINEAR},
		{"exponential", AGAIN_BACKOFF_EXPONENTIAL}, {"fibonacci", AGAIN_BACKOFF_FIBONACCI},
		{"polynomial", AGAIN_BACKOFF_POLYNOMIAL},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(value, kinds[i].name) == 0) {
			settings->policy.backoff = kinds[i].kind;
			return 0;
		}
	}
	if (strncmp(value, "polynomial:", 11) == 0) {
		return set_degree(settings, value + 11, err);
	}
	if (strncmp(value, "list:", 5) == 0) {
		return set_list(settings, value + 5, err);
	}
	return again_error_set(err, AGAIN_ERR_INVALID, NULL, "unknown kind of backoff");
}

static int set_jitter(struct again_settings *settings, const char *value, struct again_error *err)
{
	static const struct {
		const char *name;
		enum again_jitter kind;
	} kinds[] = {
		{"none", AGAIN_JITTER_NONE},
		{"full", AGAIN_JITTER_FULL},
		{"equal", AGAIN_JITTER_EQUAL},
		{"decorrelated", AGAIN_JITTER_DECORRELATED},
		{"proportional", AGAIN_JITTER_PROPORTIONAL},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(value, kinds[i].name) == 0) {
			settings->policy.jitter = kinds[i].kind;
			return 0;
		}
	}
	if (strncmp(value, "proportional:", 13) != 0) {
		return again_error_set(err, AGAIN_ERR_INVALID, NULL, "unknown kind of jitter");
	}
	uint64_t ratio = 0;
	const int result = again_parse_q32(value + 13, &ratio, err);
	if (result == 0 && (ratio == 0 || ratio >= AGAIN_Q32_ONE)) {
		return again_error_set(err, AGAIN_ERR_RANGE, NULL,
		                       "the ratio must be above 0 and below 1");
	}
	if (result == 0) {
		settings->policy.jitter = AGAIN_JITTER_PROPORTIONAL;
		settings->policy.jitter_q32 = (uint32_t)ratio;
	}
	return result;
}

static int set_seed(struct again_settings *settings, const char *value, struct again_error *err)
{
	return again_parse_u64(value, 0, AGAIN_SEED_MAX, &settings->seed, err);
}

static int set_initial_delay(struct again_settings *settings, const char *value,
                             struct again_error *err)
{
	return set_duration(value, 0, &settings->policy.initial_delay_ns, err);
}

static int set_reset_after(struct again_settings *settings, const char *value,
                           struct again_error *err)
{
	return set_duration(value, 1, &settings->policy.reset_after_ns, err);
}

static int set_timeout(struct again_settings *settings, const char *value, struct again_error *err)
{
	return set_duration(value, 1, &settings->policy.attempt_timeout_ns, err);
}

static int set_kill_after(struct again_settings *settings, const char *value,
                          struct again_error *err)
{
	return set_duration(value, 0, &settings->kill_after_ns, err);
}

static int set_deadline(struct again_settings *settings, const char *value, struct again_error *err)
{
	return set_duration(value, 1, &settings->policy.deadline_ns, err);
}

const char *again_leftovers_name(enum again_leftovers leftovers)
{
	static const char *const names[] = {"failed", "always", "never"};
	return names[leftovers];
}

static int set_kill_leftovers(struct again_settings *settings, const char *value,
                              struct again_error *err)
{
	for (enum again_leftovers kind = AGAIN_LEFTOVERS_FAILED; kind <= AGAIN_LEFTOVERS_NEVER;
	     kind++) {
		if (strcmp(value, again_leftovers_name(kind)) == 0) {
			settings->leftovers = kind;
			return 0;
		}
	}
	return again_error_set(err, AGAIN_ERR_INVALID, NULL, "unknown word");
}

static int set_success(struct again_settings *settings, const char *value, struct again_error *err)
{
	return again_parse_success(value, &settings->rules.success, err);
}

static int set_give_up_code(struct again_settings *settings, const char *value,
                            struct again_error *err)
{
	uint64_t code = 0;
	const int result = again_parse_u64(value, 0, 255, &code, err);
	if (result == 0) {
		settings->give_up_code = (int)code;
	}
	return result;
}

static int set_log_format(struct again_settings *settings, const char *value,
                          struct again_error *err)
{
	(void)settings;
	if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0) {
		return again_error_set(err, AGAIN_ERR_INVALID, NULL, "unknown format");
	}
	return 0;
}

static int set_text(struct again_settings *settings, const char *value, struct again_error *err)
{
	(void)settings;
	return value[0] != '\0' ? 0 : again_error_set(err, AGAIN_ERR_INVALID, NULL, "is empty");
}

static int set_flag(struct again_settings *settings, const char *value, struct again_error *err)
{
	(void)settings;
	(void)value;
	(void)err;
	return 0;
}

static set_fn *const setters[AGAIN_OPTIONS] = {
	[AGAIN_OPTION_MAX_RETRIES] = set_max_retries,
	[AGAIN_OPTION_BASE_DELAY] = set_base_delay,
	[AGAIN_OPTION_MAX_DELAY] = set_max_delay,
	[AGAIN_OPTION_FACTOR] = set_factor,
	[AGAIN_OPTION_BACKOFF] = set_backoff,
	[AGAIN_OPTION_JITTER] = set_jitter,
	[AGAIN_OPTION_SEED] = set_seed,
	[AGAIN_OPTION_INITIAL_DELAY] = set_initial_delay,
	[AGAIN_OPTION_RESET_AFTER] = set_reset_after,
	[AGAIN_OPTION_TIMEOUT] = set_timeout,
	[AGAIN_OPTION_KILL_AFTER] = set_kill_after,
	[AGAIN_OPTION_DEADLINE] = set_deadline,
	[AGAIN_OPTION_KILL_LEFTOVERS] = set_kill_leftovers,
	[AGAIN_OPTION_SUCCESS] = set_success,
	[AGAIN_OPTION_EXIT_ON_GIVE_UP] = set_give_up_code,
	[AGAIN_OPTION_OUTPUT] = set_text,
	[AGAIN_OPTION_NAME] = set_text,
	[AGAIN_OPTION_LOG_FORMAT] = set_log_format,
	[AGAIN_OPTION_LOG_FILE] = set_text,
	[AGAIN_OPTION_CONFIG] = set_text,
	[AGAIN_OPTION_QUIET] = set_flag,
	[AGAIN_OPTION_VERBOSE] = set_flag,
	[AGAIN_OPTION_HELP] = set_flag,
	[AGAIN_OPTION_VERSION] = set_flag,
};

// "stop-on exit:2", ours until the settings are gone.
static char *rule_text(const struct again_option *option, const char *value)
{
	const size_t cap = strlen(option->name) + strlen(value) + 2;
	char *bytes = again_alloc(cap, 1);
	if (bytes != NULL) {
		struct again_text text = again_text_over(bytes, cap);
		again_text_add(&text, option->name);
		again_text_add(&text, " ");
		again_text_add(&text, value);
	}
	return bytes;
}

// The command line's rules stand first, in their order, then the file's.
static int add_rule(struct again_settings *settings, enum again_option_id id, const char *value,
                    struct again_origin origin, struct again_error *err)
{
	struct again_rules *rules = &settings->rules;
	struct again_rule rule = {.retry = id == AGAIN_OPTION_RETRY_ON};
	const int result = again_parse_when(value, &rule.when, err);
	if (result != 0) {
		return result;
	}
	if (rules->count == AGAIN_RULES_MAX) {
		return again_error_format(err, AGAIN_ERR_RANGE, NULL, "more than %d rules",
		                          AGAIN_RULES_MAX);
	}
	char *text = rule_text(&again_options[id], value);
	if (text == NULL) {
		return again_error_set(err, AGAIN_ERR_MEMORY, NULL, "out of memory");
	}
	rule.text = text;
	settings->rule_texts[rules->count] = text;
	unsigned at = rules->count++;
	if (origin.setter == AGAIN_SET_BY_COMMAND_LINE) {
		for (; at > settings->command_line_rules; at--) {
			rules->rules[at] = rules->rules[at - 1];
		}
		settings->command_line_rules++;
	}
	rules->rules[at] = rule;
	return 0;
}

int again_settings_set(struct again_settings *settings, enum again_option_id id, const char *value,
                       struct again_origin origin, struct again_error *err)
{
	struct again_error reason = {0};
	const bool is_rule = id == AGAIN_OPTION_RETRY_ON || id == AGAIN_OPTION_STOP_ON;
	const int result = is_rule ? add_rule(settings, id, value, origin, &reason)
	                           : setters[id](settings, value, &reason);
	if (result == AGAIN_ERR_MEMORY) {
		return again_error_set(err, result, NULL, reason.text);
	}
	if (result != 0) {
		return again_error_format(err, result, again_options[id].name, "%.110s; use %.110s",
		                          reason.text, again_options[id].form);
	}
	settings->given[id] = value;
	settings->line[id] = origin.line;
	return 0;
}

void again_settings_init(struct again_settings *settings)
{
	*settings = (struct again_settings){
		.kill_after_ns = 5 * AGAIN_NS_PER_SECOND,
		.leftovers = AGAIN_LEFTOVERS_FAILED,
		.give_up_code = -1,
	};
	again_policy_init(&settings->policy, sizeof(settings->policy));
	again_rules_init(&settings->rules);
}

void again_settings_fini(struct again_settings *settings)
{
	for (size_t i = 0; i < AGAIN_RULES_MAX; i++) {
		again_free(settings->rule_texts[i]);
		settings->rule_texts[i] = NULL;
	}
	again_free(settings->file_text);
	settings->file_text = NULL;
}
