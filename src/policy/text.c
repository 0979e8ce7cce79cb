// SPDX-License-Identifier: MIT
// Policy text, read: settings joined by commas over the parts of a setup. @pure
//
// Everything is read into copies and validated as a whole; the caller's parts are written when nothing can fail any
// more. What again_policy_validate and its like refuse is told in the words of the text, at the column of the setting
// that is to blame: the field's own, or the one that contradicts it, or the preset.
#include "policy/text_settings.h"

#include "base/error.h"
#include "base/nearest.h"
#include "policy/check.h"

#include <string.h>

/** The first struct that was published. */
#define FIRST_SIZE sizeof(struct again_setup)

void again_setup_init(struct again_setup *setup, size_t size)
{
	const uint32_t known_size = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	const struct again_setup known = {.size = known_size};
	memset(setup, 0, size);
	memcpy(setup, &known, size < sizeof(known) ? size : sizeof(known));
}

/** What others call it, or what is often meant. */
static const struct {
	const char *name;
	enum again_setting_id id;
} synonyms[] = {
	{"retries", AGAIN_SETTING_MAX_RETRIES},
	{"tries", AGAIN_SETTING_MAX_RETRIES},
	{"attempts", AGAIN_SETTING_MAX_RETRIES},
	{"max-attempts", AGAIN_SETTING_MAX_RETRIES},
	{"max-tries", AGAIN_SETTING_MAX_RETRIES},
	{"times", AGAIN_SETTING_MAX_RETRIES},
	{"retry", AGAIN_SETTING_MAX_RETRIES},
	{"delay", AGAIN_SETTING_BASE_DELAY},
	{"retry-delay", AGAIN_SETTING_BASE_DELAY},
	{"interval", AGAIN_SETTING_BASE_DELAY},
	{"sleep", AGAIN_SETTING_BASE_DELAY},
	{"wait", AGAIN_SETTING_BASE_DELAY},
	{"initial-interval", AGAIN_SETTING_BASE_DELAY},
	{"cap", AGAIN_SETTING_MAX_DELAY},
	{"max-interval", AGAIN_SETTING_MAX_DELAY},
	{"multiplier", AGAIN_SETTING_FACTOR},
	{"max-time", AGAIN_SETTING_DEADLINE},
	{"max-elapsed", AGAIN_SETTING_DEADLINE},
	{"attempt-timeout", AGAIN_SETTING_TIMEOUT},
	{"retry-after", AGAIN_SETTING_HINT},
	{"circuit-breaker", AGAIN_SETTING_BREAKER},
};

static const struct again_preset *find_preset(struct again_piece name)
{
	size_t count = 0;
	const struct again_preset *presets = again_policy_presets(&count);
	for (size_t i = 0; i < count; i++) {
		if (again_piece_is(name, presets[i].name)) {
			return &presets[i];
		}
	}
	return NULL;
}

/** AGAIN_SETTINGS where there is none of that name. */
static enum again_setting_id find_setting(struct again_piece name)
{
	unsigned id = 0;
	while (id < AGAIN_SETTINGS && !again_piece_is(name, again_settings_of_text[id].name)) {
		id++;
	}
	return (enum again_setting_id)id;
}

static int unknown_setting(struct again_piece name, struct again_error *error)
{
	struct again_nearest nearest = again_nearest_to(name.bytes, name.len);
	for (size_t i = 0; i < AGAIN_SETTINGS; i++) {
		again_nearest_try(&nearest, again_settings_of_text[i].name);
	}
	const char *meant = nearest.found;
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		if (again_piece_is(name, synonyms[i].name)) {
			meant = again_settings_of_text[synonyms[i].id].name;
		}
	}
	return again_piece_unknown(
		name, "setting", meant,
		"max-retries base-delay max-delay factor backoff jitter timeout deadline ...",
		error);
}

/** A word without a '=' that is no preset. */
static int unknown_word(struct again_piece word, struct again_error *error)
{
	enum again_setting_id id = find_setting(word);
	if (id != AGAIN_SETTINGS) {
		const struct again_value value = {
			.part = "setting ",
			.name = again_settings_of_text[id].name,
			.piece = word,
			.form = again_settings_of_text[id].form,
		};
		return again_value_refuse(&value, AGAIN_ERR_SYNTAX, "no '=VALUE' follows", error);
	}
	size_t count = 0;
	const struct again_preset *presets = again_policy_presets(&count);
	struct again_nearest nearest = again_nearest_to(word.bytes, word.len);
	char names[sizeof(error->text)];
	struct again_text others = again_text_over(names, sizeof(names));
	for (size_t i = 0; i < count; i++) {
		again_nearest_try(&nearest, presets[i].name);
		again_text_add(&others, i > 0 ? " " : "");
		again_text_add(&others, presets[i].name);
	}
	return again_piece_unknown(word, "preset", nearest.found, names, error);
}

static int read_settings(struct again_reading *reading, struct again_piece text,
                         struct again_error *error);

static int read_preset(struct again_reading *reading, struct again_piece name, bool is_first,
                       struct again_error *error)
{
	const struct again_preset *preset = find_preset(name);
	if (preset == NULL) {
		return unknown_word(name, error);
	}
	const struct again_value value = {.part = "", .name = "preset", .piece = name};
	if (!is_first) {
		return again_value_refuse(&value, AGAIN_ERR_SYNTAX,
		                          "not in first place; a preset stands before all settings",
		                          error);
	}
	const struct again_piece text = {.bytes = preset->text, .len = strlen(preset->text)};
	reading->preset = name;
	reading->in_preset = true;
	struct again_error reason = {0};
	int code = read_settings(reading, text, &reason);
	reading->in_preset = false;
	// Its text is right, so it can only want something that the setup has not.
	return code == 0 ? 0 : again_value_refuse(&value, code, reason.text, error);
}

static int read_setting(struct again_reading *reading, struct again_piece item, size_t equals,
                        struct again_error *error)
{
	struct again_piece name = again_piece_part(item, 0, equals);
	enum again_setting_id id = find_setting(name);
	if (id == AGAIN_SETTINGS) {
		return unknown_setting(name, error);
	}
	struct again_value value = {
		.part = "",
		.name = again_settings_of_text[id].name,
		.piece = again_piece_part(item, equals + 1, item.len),
		.form = again_settings_of_text[id].form,
	};
	if (reading->given[id].bytes != NULL) {
		value.piece.column = name.column;
		value.form = "it once";
		return again_value_refuse(&value, AGAIN_ERR_CONFLICT, "given twice", error);
	}
	reading->named[id] = true;
	if (!reading->in_preset) {
		reading->given[id] = value.piece;
	}
	if (again_settings_of_text[id].policy_size > reading->policy.size) {
		return again_value_refuse_part(&value, error);
	}
	return again_settings_of_text[id].set(reading, &value, error);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct again_piece without_blanks(struct again_piece piece)
{
	size_t from = 0;
	size_t to = piece.len;
	while (from < to && is_blank(piece.bytes[from])) {
		from++;
	}
	while (to > from && is_blank(piece.bytes[to - 1])) {
		to--;
	}
	return again_piece_part(piece, from, to);
}

static int read_settings(struct again_reading *reading, struct again_piece text,
                         struct again_error *error)
{
	if (without_blanks(text).len == 0) {
		return 0;
	}
	int code = 0;
	for (size_t from = 0; code == 0 && from <= text.len;) {
		struct again_piece rest = again_piece_part(text, from, text.len);
		size_t comma = again_piece_find(rest, ',');
		struct again_piece item = without_blanks(again_piece_part(rest, 0, comma));
		size_t equals = again_piece_find(item, '=');
		if (item.len == 0) {
			const struct again_value value = {.part = "",
			                                  .name = "setting",
			                                  .piece = item,
			                                  .form = "NAME=VALUE,NAME=VALUE,..."};
			code = again_value_refuse(&value, AGAIN_ERR_SYNTAX, "empty", error);
		} else if (equals == item.len) {
			code = read_preset(reading, item, from == 0, error);
		} else {
			code = read_setting(reading, item, equals, error);
		}
		from += comma + 1;
	}
	return code;
}

/** What a field is called in text, and which settings can contradict it. */
static const struct again_field_name field_names[] = {
	{"max_retries", "max-retries"},
	{"base_delay_ns", "base-delay"},
	{"max_delay_ns", "max-delay"},
	{"factor_q32", "factor"},
	{"backoff", "backoff"},
	{"degree", "backoff"},
	{"list", "backoff"},
	{"list_len", "backoff"},
	{"jitter", "jitter"},
	{"jitter_q32", "jitter"},
	{"attempt_timeout_ns", "timeout"},
	{"deadline_ns", "deadline"},
	{"reset_after_ns", "reset-after"},
	{"initial_delay_ns", "initial-delay"},
	{"min_attempt_ns", "min-attempt"},
	{"throttled_base_delay_ns", "throttled-base-delay"},
	{"hint_use", "hint"},
	{"hint_max_ns", "hint-max"},
	{"hint_jitter_q32", "hint-jitter"},
	{"retry_ambiguous", "retry-ambiguous"},
	{NULL, NULL},
};

/** Whom to blame where the field's own setting was not given: the first of these that was. */
static const struct {
	enum again_setting_id field;
	enum again_setting_id other;
} rivals[] = {
	{AGAIN_SETTING_MAX_DELAY, AGAIN_SETTING_THROTTLED_BASE_DELAY},
	{AGAIN_SETTING_MAX_DELAY, AGAIN_SETTING_BASE_DELAY},
	{AGAIN_SETTING_MAX_DELAY, AGAIN_SETTING_JITTER},
	{AGAIN_SETTING_MAX_DELAY, AGAIN_SETTING_BACKOFF},
	{AGAIN_SETTING_JITTER, AGAIN_SETTING_BACKOFF},
	{AGAIN_SETTING_JITTER, AGAIN_SETTING_FACTOR},
	{AGAIN_SETTING_MIN_ATTEMPT, AGAIN_SETTING_DEADLINE},
};

static enum again_setting_id to_blame(const struct again_reading *reading,
                                      enum again_setting_id field)
{
	if (reading->given[field].bytes != NULL) {
		return field;
	}
	// Of the two first delays the longer one is what a cap is too short for.
	const struct again_policy *policy = &reading->policy;
	bool base_is_longer = policy->base_delay_ns >= policy->throttled_base_delay_ns;
	for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++) {
		enum again_setting_id other = rivals[i].other;
		if (rivals[i].field == field && reading->given[other].bytes != NULL &&
		    (other != AGAIN_SETTING_THROTTLED_BASE_DELAY || !base_is_longer)) {
			return other;
		}
	}
	return AGAIN_SETTINGS;
}

/** Whole parts that are not valid, told as the text's fault. */
static int refuse_whole(const struct again_reading *reading, struct again_piece whole,
                        const struct again_error *said, struct again_error *error)
{
	const char *name = again_field_name_of(field_names, said->field);
	const struct again_piece field = {.bytes = name, .len = name != NULL ? strlen(name) : 0};
	enum again_setting_id own = find_setting(field);
	enum again_setting_id id = own != AGAIN_SETTINGS ? to_blame(reading, own) : own;
	char reason[sizeof(error->text)];
	struct again_text text = again_text_over(reason, sizeof(reason));
	again_text_add_translated(&text, said->text, field_names);
	struct again_value value = {.part = "", .name = "policy", .piece = whole};
	if (id != AGAIN_SETTINGS) {
		value.name = again_settings_of_text[id].name;
		value.piece = reading->given[id];
		value.form = again_settings_of_text[id].form;
	} else if (reading->preset.bytes != NULL) {
		value.name = "preset";
		value.piece = reading->preset;
	}
	return again_value_refuse(&value, said->code, reason, error);
}

static int take_parts(struct again_reading *reading, struct again_error *error)
{
	const struct again_setup *setup = reading->setup;
	if (setup->size < FIRST_SIZE || setup->size > sizeof(*setup)) {
		return again_error_set(
			error, AGAIN_ERR_INVALID, "size",
			setup->size < FIRST_SIZE
				? "size is less than any setup's: use again_setup_init"
				: "size is that of a newer libagain");
	}
	again_check(setup->policy != NULL);
	int code = again_take_policy(setup->policy, &reading->policy, error);
	if (code == 0 && setup->budget != NULL) {
		code = again_take_budget(setup->budget, &reading->budget, error);
	}
	if (code == 0 && setup->breaker != NULL) {
		code = again_take_breaker(setup->breaker, &reading->breaker, error);
	}
	if (code == 0 && setup->hedge != NULL) {
		code = again_take_hedge(setup->hedge, &reading->hedge, error);
	}
	return code;
}

/** Rules of the text are right; this is for those that were there before. */
static int check_rules(const struct again_reading *reading, struct again_error *error)
{
	const struct again_setup *setup = reading->setup;
	int code = 0;
	if (setup->budget != NULL) {
		code = again_budget_rule_validate(&reading->budget, error);
	}
	if (code == 0 && setup->breaker != NULL) {
		code = again_breaker_rule_validate(&reading->breaker, error);
	}
	if (code == 0 && setup->hedge != NULL) {
		code = again_hedge_rule_validate(&reading->hedge, error);
	}
	return code;
}

/** Nothing fails here. */
static void give_parts(struct again_reading *reading)
{
	const struct again_setup *setup = reading->setup;
	if (reading->policy.list == reading->list) {
		memcpy(setup->list, reading->list, reading->policy.list_len * sizeof(again_ns));
		reading->policy.list = setup->list;
	}
	memcpy(setup->policy, &reading->policy, reading->policy.size);
	if (setup->budget != NULL) {
		memcpy(setup->budget, &reading->budget, reading->budget.size);
	}
	if (setup->breaker != NULL) {
		memcpy(setup->breaker, &reading->breaker, reading->breaker.size);
	}
	if (setup->hedge != NULL) {
		memcpy(setup->hedge, &reading->hedge, reading->hedge.size);
	}
}

int again_setup_parse(struct again_setup *setup, const char *text, size_t len,
                      struct again_error *error)
{
	const struct again_piece whole = {
		.bytes = text != NULL ? text : "", .len = len, .column = 1};
	struct again_reading reading = {.setup = setup};
	int code = take_parts(&reading, error);
	if (code != 0) {
		return code;
	}
	struct again_policy *policy = &reading.policy;
	bool has_default_cap = policy->max_delay_ns == again_default_cap(policy);
	code = read_settings(&reading, whole, error);
	if (code != 0) {
		return code;
	}
	if (has_default_cap && !reading.named[AGAIN_SETTING_MAX_DELAY]) {
		policy->max_delay_ns = again_default_cap(policy);
	}
	struct again_error said = {0};
	if (again_policy_validate(policy, &said) != 0) {
		return refuse_whole(&reading, whole, &said, error);
	}
	code = check_rules(&reading, error);
	if (code != 0) {
		return code;
	}
	give_parts(&reading);
	return 0;
}
