// SPDX-License-Identifier: MIT
// The settings of a policy text: what text.c knows of each when it reads, and where it puts what it has read. @pure
#ifndef AGAIN_POLICY_TEXT_SETTINGS_H
#define AGAIN_POLICY_TEXT_SETTINGS_H

#include "policy/text_value.h"

enum again_setting_id {
	AGAIN_SETTING_MAX_RETRIES = 0,
	AGAIN_SETTING_BASE_DELAY,
	AGAIN_SETTING_MAX_DELAY,
	AGAIN_SETTING_FACTOR,
	AGAIN_SETTING_BACKOFF,
	AGAIN_SETTING_JITTER,
	AGAIN_SETTING_TIMEOUT,
	AGAIN_SETTING_DEADLINE,
	AGAIN_SETTING_RESET_AFTER,
	AGAIN_SETTING_INITIAL_DELAY,
	AGAIN_SETTING_MIN_ATTEMPT,
	AGAIN_SETTING_THROTTLED_BASE_DELAY,
	AGAIN_SETTING_HINT,
	AGAIN_SETTING_HINT_MAX,
	AGAIN_SETTING_HINT_JITTER,
	AGAIN_SETTING_RETRY_AMBIGUOUS,
	AGAIN_SETTING_HEDGE,
	AGAIN_SETTING_BUDGET,
	AGAIN_SETTING_BREAKER,
	AGAIN_SETTINGS
};

/** A text that is being read: our copies of the parts, and what was named where. */
struct again_reading {
	const struct again_setup *setup;
	struct again_policy policy;
	again_ns list[AGAIN_LIST_MAX];
	struct again_budget_rule budget;
	struct again_breaker_rule breaker;
	struct again_hedge_rule hedge;
	/** The settings of the caller's text; `bytes` is NULL for one that it does not give. */
	struct again_piece given[AGAIN_SETTINGS];
	/** Given by the text or its preset. */
	bool named[AGAIN_SETTINGS];
	/** The name of the preset; `bytes` is NULL without one. */
	struct again_piece preset;
	/** What is read now is the preset's text. */
	bool in_preset;
};

/** Reads the value of a setting into a copy of the parts. */
typedef int again_setting_fn(struct again_reading *reading, const struct again_value *value,
                             struct again_error *error);

struct again_setting {
	const char *name;
	/** What is accepted. */
	const char *form;
	again_setting_fn *set;
	/** The least size of a policy that has its field; 0: all have. */
	size_t policy_size;
};

/** By enum again_setting_id. */
extern const struct again_setting again_settings_of_text[AGAIN_SETTINGS];

/** A word for a number. */
struct again_word {
	const char *word;
	uint32_t number;
};

/** Words of backoff, jitter and hint, in the order of help; each list ends with a NULL. */
extern const struct again_word again_backoff_words[];
extern const struct again_word again_jitter_words[];
extern const struct again_word again_hint_words[];

/** The policy's cap where the text gives none: 60 s, or the first delay if that is longer; none for a list. */
again_ns again_default_cap(const struct again_policy *policy);

#endif
