// SPDX-License-Identifier: MIT
// One small setter a setting, in a table. @pure
#include "policy/text_settings.h"

#include "policy/newer.h"
#include "policy/saturate.h"

#include <stddef.h>
#include <string.h>

#define DURATION "a duration such as 250ms or 1m30s"
#define DURATION_ABOVE_0 "a duration above 0 such as 250ms or 1m30s"

const struct again_word again_backoff_words[] = {
	{"constant", AGAIN_BACKOFF_CONSTANT},       {"linear", AGAIN_BACKOFF_LINEAR},
	{"exponential", AGAIN_BACKOFF_EXPONENTIAL}, {"fibonacci", AGAIN_BACKOFF_FIBONACCI},
	{"polynomial", AGAIN_BACKOFF_POLYNOMIAL},   {NULL, 0},
};

const struct again_word again_jitter_words[] = {
	{"none", AGAIN_JITTER_NONE},
	{"full", AGAIN_JITTER_FULL},
	{"equal", AGAIN_JITTER_EQUAL},
	{"decorrelated", AGAIN_JITTER_DECORRELATED},
	{"proportional", AGAIN_JITTER_PROPORTIONAL},
	{NULL, 0},
};

const struct again_word again_hint_words[] = {
	{"at-least", AGAIN_HINT_AT_LEAST},
	{"ignore", AGAIN_HINT_IGNORE},
	{"exact", AGAIN_HINT_EXACT},
	{"bounded", AGAIN_HINT_BOUNDED},
	{NULL, 0},
};

static struct again_policy default_policy(void)
{
	struct again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	return policy;
}

again_ns again_default_cap(const struct again_policy *policy)
{
	if (policy->backoff == AGAIN_BACKOFF_LIST) {
		return AGAIN_NEVER;
	}
	again_ns longest_base_ns =
		again_ns_max(policy->base_delay_ns, policy->throttled_base_delay_ns);
	return again_ns_max(default_policy().max_delay_ns, longest_base_ns);
}

static const struct again_word *find_word(const struct again_word *words, struct again_piece piece)
{
	while (words->word != NULL && !again_piece_is(piece, words->word)) {
		words++;
	}
	return words->word != NULL ? words : NULL;
}

/** Whether the piece begins with "word:"; then *out_rest is what follows. */
static bool opens_with(struct again_piece piece, const char *word, struct again_piece *out_rest)
{
	size_t colon = again_piece_find(piece, ':');
	if (colon == piece.len || !again_piece_is(again_piece_part(piece, 0, colon), word)) {
		return false;
	}
	*out_rest = again_piece_part(piece, colon + 1, piece.len);
	return true;
}

static int refuse_word(const struct again_value *value, struct again_error *error)
{
	// "not one of a b c": the form is the reason.
	char reason[sizeof(error->text)];
	struct again_text text = again_text_over(reason, sizeof(reason));
	again_text_add(&text, "not one of ");
	again_text_add(&text, value->form);
	struct again_value told = *value;
	told.form = NULL;
	return again_value_refuse(&told, AGAIN_ERR_INVALID, reason, error);
}

static int set_max_retries(struct again_reading *reading, const struct again_value *value,
                           struct again_error *error)
{
	if (again_piece_is(value->piece, "unlimited")) {
		reading->policy.max_retries = AGAIN_UNLIMITED;
		return 0;
	}
	return again_value_count(value, 0, AGAIN_UNLIMITED - 1, &reading->policy.max_retries,
	                         error);
}

static int set_base_delay(struct again_reading *reading, const struct again_value *value,
                          struct again_error *error)
{
	return again_value_duration(value, 1, &reading->policy.base_delay_ns, error);
}

/** A duration, or the word none, which is `none_ns`. */
static int read_limit(const struct again_value *value, again_ns least, again_ns none_ns,
                      again_ns *out_ns, struct again_error *error)
{
	if (again_piece_is(value->piece, "none")) {
		*out_ns = none_ns;
		return 0;
	}
	return again_value_duration(value, least, out_ns, error);
}

static int set_max_delay(struct again_reading *reading, const struct again_value *value,
                         struct again_error *error)
{
	return read_limit(value, 1, AGAIN_NEVER, &reading->policy.max_delay_ns, error);
}

static int set_factor(struct again_reading *reading, const struct again_value *value,
                      struct again_error *error)
{
	uint64_t q32 = 0;
	int code = again_value_q32(value, &q32, error);
	if (code == 0 && q32 < AGAIN_Q32_ONE) {
		code = again_value_refuse(value, AGAIN_ERR_RANGE, "must be at least 1", error);
	}
	if (code == 0) {
		reading->policy.factor_q32 = q32;
	}
	return code;
}

static int set_list(struct again_reading *reading, struct again_piece list,
                    struct again_error *error)
{
	uint32_t room = reading->setup->list != NULL ? reading->setup->list_cap : 0;
	uint32_t most = room < AGAIN_LIST_MAX ? room : AGAIN_LIST_MAX;
	uint32_t count = 0;
	for (size_t from = 0; from <= list.len; count++) {
		struct again_piece rest = again_piece_part(list, from, list.len);
		size_t end = from + again_piece_find(rest, '/');
		const struct again_value delay = {
			.part = "delay of ",
			.name = "backoff",
			.piece = again_piece_part(list, from, end),
			.form = "list:D/D/..., each " DURATION_ABOVE_0,
		};
		if (count == most) {
			return again_value_refuse(&delay, AGAIN_ERR_RANGE,
			                          most == 0 ? "lists are not offered here"
			                                    : "the list is too long",
			                          error);
		}
		int code = again_value_duration(&delay, 1, &reading->list[count], error);
		if (code != 0) {
			return code;
		}
		from = end + 1;
	}
	reading->policy.backoff = AGAIN_BACKOFF_LIST;
	reading->policy.list = reading->list;
	reading->policy.list_len = count;
	return 0;
}

static int set_backoff(struct again_reading *reading, const struct again_value *value,
                       struct again_error *error)
{
	struct again_policy *policy = &reading->policy;
	struct again_piece rest = {0};
	policy->list = NULL;
	policy->list_len = 0;
	policy->degree = default_policy().degree;
	if (opens_with(value->piece, "list", &rest)) {
		return set_list(reading, rest, error);
	}
	if (opens_with(value->piece, "polynomial", &rest)) {
		const struct again_value degree = {
			.part = "degree of ",
			.name = "backoff",
			.piece = rest,
			.form = "polynomial:P with P from 1 to 8",
		};
		policy->backoff = AGAIN_BACKOFF_POLYNOMIAL;
		return again_value_count(&degree, 1, AGAIN_DEGREE_MAX, &policy->degree, error);
	}
	const struct again_word *word = find_word(again_backoff_words, value->piece);
	if (word == NULL) {
		return refuse_word(value, error);
	}
	policy->backoff = word->number;
	return 0;
}

/** A part of a whole: Q32, below 1. */
static int read_ratio(const struct again_value *value, bool above_0, uint32_t *out_q32,
                      struct again_error *error)
{
	uint64_t q32 = 0;
	int code = again_value_q32(value, &q32, error);
	if (code == 0 && (q32 >= AGAIN_Q32_ONE || (above_0 && q32 == 0))) {
		code = again_value_refuse(
			value, AGAIN_ERR_RANGE,
			above_0 ? "must be above 0 and below 1" : "must be below 1", error);
	}
	if (code == 0) {
		*out_q32 = (uint32_t)q32;
	}
	return code;
}

static int set_jitter(struct again_reading *reading, const struct again_value *value,
                      struct again_error *error)
{
	struct again_policy *policy = &reading->policy;
	struct again_piece rest = {0};
	policy->jitter_q32 = default_policy().jitter_q32;
	if (opens_with(value->piece, "proportional", &rest)) {
		const struct again_value ratio = {
			.part = "ratio of ",
			.name = "jitter",
			.piece = rest,
			.form = "proportional:R such as proportional:0.2",
		};
		policy->jitter = AGAIN_JITTER_PROPORTIONAL;
		return read_ratio(&ratio, /*above_0=*/true, &policy->jitter_q32, error);
	}
	const struct again_word *word = find_word(again_jitter_words, value->piece);
	if (word == NULL) {
		return refuse_word(value, error);
	}
	policy->jitter = word->number;
	return 0;
}

static int set_timeout(struct again_reading *reading, const struct again_value *value,
                       struct again_error *error)
{
	return read_limit(value, 1, AGAIN_NEVER, &reading->policy.attempt_timeout_ns, error);
}

static int set_deadline(struct again_reading *reading, const struct again_value *value,
                        struct again_error *error)
{
	return read_limit(value, 0, AGAIN_NEVER, &reading->policy.deadline_ns, error);
}

static int set_reset_after(struct again_reading *reading, const struct again_value *value,
                           struct again_error *error)
{
	return read_limit(value, 1, AGAIN_NEVER, &reading->policy.reset_after_ns, error);
}

static int set_initial_delay(struct again_reading *reading, const struct again_value *value,
                             struct again_error *error)
{
	return again_value_duration(value, 0, &reading->policy.initial_delay_ns, error);
}

static int set_min_attempt(struct again_reading *reading, const struct again_value *value,
                           struct again_error *error)
{
	return again_value_duration(value, 0, &reading->policy.min_attempt_ns, error);
}

static int set_throttled_base_delay(struct again_reading *reading, const struct again_value *value,
                                    struct again_error *error)
{
	return read_limit(value, 1, 0, &reading->policy.throttled_base_delay_ns, error);
}

static int set_hint(struct again_reading *reading, const struct again_value *value,
                    struct again_error *error)
{
	const struct again_word *word = find_word(again_hint_words, value->piece);
	if (word == NULL) {
		return refuse_word(value, error);
	}
	reading->policy.hint_use = word->number;
	return 0;
}

static int set_hint_max(struct again_reading *reading, const struct again_value *value,
                        struct again_error *error)
{
	return read_limit(value, 1, AGAIN_NEVER, &reading->policy.hint_max_ns, error);
}

static int set_hint_jitter(struct again_reading *reading, const struct again_value *value,
                           struct again_error *error)
{
	return read_ratio(value, /*above_0=*/false, &reading->policy.hint_jitter_q32, error);
}

static int set_retry_ambiguous(struct again_reading *reading, const struct again_value *value,
                               struct again_error *error)
{
	bool yes = again_piece_is(value->piece, "yes");
	if (!yes && !again_piece_is(value->piece, "no")) {
		return refuse_word(value, error);
	}
	reading->policy.retry_ambiguous = yes ? 1 : 0;
	return 0;
}

static int set_hedge(struct again_reading *reading, const struct again_value *value,
                     struct again_error *error)
{
	if (reading->setup->hedge == NULL) {
		return again_value_refuse_part(value, error);
	}
	struct again_value delay = *value;
	size_t slash = again_piece_find(value->piece, '/');
	delay.piece = again_piece_part(value->piece, 0, slash);
	again_ns delay_ns = 0;
	int code = slash == value->piece.len ? read_limit(&delay, 1, AGAIN_NEVER, &delay_ns, error)
	                                     : again_value_duration(&delay, 1, &delay_ns, error);
	uint32_t most = 1;
	if (code == 0 && slash < value->piece.len) {
		struct again_value word = *value;
		word.piece = again_piece_part(value->piece, slash + 1, value->piece.len);
		struct again_value number = word;
		if (!opens_with(word.piece, "most", &number.piece)) {
			return again_value_refuse(&word, AGAIN_ERR_SYNTAX, "not 'most:N'", error);
		}
		code = again_value_count(&number, 1, AGAIN_HEDGES_MAX, &most, error);
	}
	if (code == 0) {
		reading->hedge.delay_ns = delay_ns;
		reading->hedge.most = most;
	}
	return code;
}

static int set_budget(struct again_reading *reading, const struct again_value *value,
                      struct again_error *error)
{
	return reading->setup->budget == NULL
	               ? again_value_refuse_part(value, error)
	               : again_budget_rule_read(value->piece, &reading->budget, error);
}

static int set_breaker(struct again_reading *reading, const struct again_value *value,
                       struct again_error *error)
{
	return reading->setup->breaker == NULL
	               ? again_value_refuse_part(value, error)
	               : again_breaker_rule_read(value->piece, &reading->breaker, error);
}

const struct again_setting again_settings_of_text[AGAIN_SETTINGS] = {
	[AGAIN_SETTING_MAX_RETRIES] = {"max-retries", "a whole number, or unlimited",
                                       set_max_retries, 0},
	[AGAIN_SETTING_BASE_DELAY] = {"base-delay", DURATION_ABOVE_0, set_base_delay, 0},
	[AGAIN_SETTING_MAX_DELAY] = {"max-delay", DURATION_ABOVE_0 ", or none", set_max_delay, 0},
	[AGAIN_SETTING_FACTOR] = {"factor", "a number from 1 such as 1.5 or 2", set_factor, 0},
	[AGAIN_SETTING_BACKOFF] =
		{"backoff", "constant linear exponential fibonacci polynomial[:P] list:D/D/...",
                 set_backoff, 0},
	[AGAIN_SETTING_JITTER] = {"jitter", "none full equal decorrelated proportional[:R]",
                                  set_jitter, 0},
	[AGAIN_SETTING_TIMEOUT] = {"timeout", DURATION_ABOVE_0 ", or none", set_timeout, 0},
	[AGAIN_SETTING_DEADLINE] = {"deadline", DURATION ", or none", set_deadline, 0},
	[AGAIN_SETTING_RESET_AFTER] = {"reset-after", DURATION_ABOVE_0 ", or none", set_reset_after,
                                       0},
	[AGAIN_SETTING_INITIAL_DELAY] = {"initial-delay", DURATION, set_initial_delay, 0},
	[AGAIN_SETTING_MIN_ATTEMPT] = {"min-attempt", DURATION, set_min_attempt, 0},
	[AGAIN_SETTING_THROTTLED_BASE_DELAY] = {"throttled-base-delay",
                                                DURATION_ABOVE_0 ", or none",
                                                set_throttled_base_delay,
                                                AGAIN_POLICY_END(throttled_base_delay_ns)},
	[AGAIN_SETTING_HINT] = {"hint", "at-least ignore exact bounded", set_hint,
                                AGAIN_POLICY_END(hint_use)},
	[AGAIN_SETTING_HINT_MAX] = {"hint-max", DURATION_ABOVE_0 ", or none", set_hint_max,
                                    AGAIN_POLICY_END(hint_max_ns)},
	[AGAIN_SETTING_HINT_JITTER] = {"hint-jitter", "a number from 0 and below 1 such as 0.2",
                                       set_hint_jitter, AGAIN_POLICY_END(hint_jitter_q32)},
	[AGAIN_SETTING_RETRY_AMBIGUOUS] = {"retry-ambiguous", "yes no", set_retry_ambiguous, 0},
	[AGAIN_SETTING_HEDGE] = {"hedge", "D, D/most:N or none with D above 0 such as 2s",
                                 set_hedge, 0},
	[AGAIN_SETTING_BUDGET] = {"budget",
                                  "a RULE such as sre10, 10% or tokens:500/cost:5, or none",
                                  set_budget, 0},
	[AGAIN_SETTING_BREAKER] = {"breaker", "a RULE such as failures:5/open:30s, or none",
                                   set_breaker, 0},
};
