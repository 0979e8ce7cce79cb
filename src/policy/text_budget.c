// SPDX-License-Identifier: MIT
// A budget's RULE, read. @pure
//
// A rule is a preset's name, N%, or words, the kind first. Each word stands once and only with a kind that uses it, so
// what a rule says is what it does.
#include "policy/text_budget.h"

#include "base/nearest.h"
#include "policy/check.h"

#include <string.h>

/** The window of N%. */
#define PERCENT_WINDOW_NS (120 * AGAIN_NS_PER_SECOND)

/** Kinds as a set. */
enum {
	TOKENS = 1 << AGAIN_BUDGET_TOKENS,
	WINDOW = 1 << AGAIN_BUDGET_WINDOW,
	BUCKETS = TOKENS | WINDOW,
	CONCURRENCY = 1 << AGAIN_BUDGET_CONCURRENCY,
};

#define FIELD(name) offsetof(struct again_budget_rule, name)

const struct again_budget_word again_budget_words[AGAIN_BUDGET_WORDS] = {
	[AGAIN_WORD_TOKENS] = {"tokens", TOKENS, AGAIN_WORD_AMOUNT, FIELD(capacity_mt), false},
	[AGAIN_WORD_WINDOW] = {"window", WINDOW, AGAIN_WORD_TIME, FIELD(window_ns), false},
	[AGAIN_WORD_CONCURRENCY] = {"concurrency", CONCURRENCY, AGAIN_WORD_PERCENT,
                                    FIELD(ratio_q32), true},
	[AGAIN_WORD_RESERVE] = {"reserve", WINDOW, AGAIN_WORD_AMOUNT, FIELD(capacity_mt), true},
	[AGAIN_WORD_MIN] = {"min", CONCURRENCY, AGAIN_WORD_COUNT, FIELD(min_concurrency), true},
	[AGAIN_WORD_COST] = {"cost", BUCKETS, AGAIN_WORD_AMOUNT, FIELD(cost_mt), false},
	[AGAIN_WORD_COST_TIMEOUT] = {"cost-timeout", BUCKETS, AGAIN_WORD_AMOUNT,
                                     FIELD(cost_timeout_mt), false},
	[AGAIN_WORD_COST_THROTTLED] = {"cost-throttled", BUCKETS, AGAIN_WORD_AMOUNT,
                                       FIELD(cost_throttled_mt), false},
	[AGAIN_WORD_LEAST] = {"least", BUCKETS, AGAIN_WORD_AMOUNT, FIELD(least_mt), false},
	[AGAIN_WORD_CALL] = {"call", BUCKETS, AGAIN_WORD_AMOUNT, FIELD(deposit_call_mt), false},
	[AGAIN_WORD_RETRY] = {"retry", BUCKETS, AGAIN_WORD_AMOUNT, FIELD(deposit_retry_mt), false},
	[AGAIN_WORD_FIRST] = {"first", BUCKETS, AGAIN_WORD_AMOUNT, FIELD(deposit_first_mt), false},
	[AGAIN_WORD_LATER] = {"later", BUCKETS, AGAIN_WORD_AMOUNT, FIELD(deposit_later_mt), false},
	[AGAIN_WORD_REPAY] = {"repay", BUCKETS, AGAIN_WORD_REPAYMENT, FIELD(deposit_first_mt),
                              false},
	[AGAIN_WORD_REPAY_LAST] = {"repay-last", BUCKETS, AGAIN_WORD_FLAG, FIELD(repay_last),
                                   false},
	[AGAIN_WORD_CHARGE_FAILURES] = {"charge-failures", BUCKETS, AGAIN_WORD_FLAG,
                                        FIELD(charge_failures), false},
};

static struct again_budget_rule new_rule(void)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	return rule;
}

struct again_budget_rule again_budget_percent_rule(uint32_t part_mt)
{
	// SRE book, chapter 21: "a retry will only be attempted as long as this ratio is below 10%", of retries to
	// requests. The two thousandths let a call that began before the window, and so finds nothing in it, retry once.
	struct again_budget_rule rule = new_rule();
	rule.kind = AGAIN_BUDGET_WINDOW;
	rule.window_ns = PERCENT_WINDOW_NS;
	rule.capacity_mt = 1;
	rule.cost_mt = AGAIN_TOKEN_MT + 1;
	rule.least_mt = 1;
	rule.deposit_call_mt = part_mt;
	rule.deposit_retry_mt = part_mt;
	return rule;
}

/** A rule that is being read. */
struct rule_reading {
	struct again_budget_rule rule;
	/** The values of the words; `bytes` is NULL for one that is not given. */
	struct again_piece given[AGAIN_BUDGET_WORDS];
};

static int read_amount(const struct again_value *value, const struct again_budget_word *word,
                       uint32_t *out_mt, struct again_error *error)
{
	uint32_t amount_mt = 0;
	int code = again_value_fixed(value, /*unit_len=*/0, /*places=*/3, AGAIN_BUDGET_MT_MAX,
	                             &amount_mt, error);
	if (code == 0 && amount_mt == 0 && !word->may_be_0) {
		code = again_value_refuse(value, AGAIN_ERR_RANGE, "must be above 0", error);
	}
	if (code == 0) {
		*out_mt = amount_mt;
	}
	return code;
}

static int read_ratio(const struct again_value *value, uint32_t *out_q32, struct again_error *error)
{
	uint64_t q32 = 0;
	int code = again_value_percent(value, &q32, error);
	if (code == 0 && q32 > UINT32_MAX) {
		code = again_value_refuse(value, AGAIN_ERR_RANGE, "must be below 100%", error);
	}
	if (code == 0) {
		*out_q32 = (uint32_t)q32;
	}
	return code;
}

/** What is accepted; NULL for a word that has no value. */
static const char *form_of(const struct again_budget_word *word)
{
	switch (word->type) {
	case AGAIN_WORD_AMOUNT:
	case AGAIN_WORD_REPAYMENT:
		return word->may_be_0 ? "a number of tokens such as 1 or 0.1"
		                      : "a number of tokens above 0 such as 1 or 0.1";
	case AGAIN_WORD_TIME:
		return "a duration of at least 10ns such as 10s";
	case AGAIN_WORD_PERCENT:
		return "a percentage such as 20%";
	case AGAIN_WORD_COUNT:
		return "a whole number";
	case AGAIN_WORD_FLAG:
		break;
	}
	return NULL;
}

static int read_number(struct again_budget_rule *rule, const struct again_budget_word *word,
                       const struct again_value *value, uint32_t *out_number,
                       struct again_error *error)
{
	switch (word->type) {
	case AGAIN_WORD_AMOUNT:
	case AGAIN_WORD_REPAYMENT:
		return read_amount(value, word, out_number, error);
	case AGAIN_WORD_TIME:
		return again_value_duration(value, 10, &rule->window_ns, error);
	case AGAIN_WORD_PERCENT:
		return read_ratio(value, out_number, error);
	case AGAIN_WORD_COUNT:
		return again_value_count(value, 0, UINT32_MAX, out_number, error);
	case AGAIN_WORD_FLAG:
		*out_number = 1;
		break;
	}
	return 0;
}

static int read_value(struct again_budget_rule *rule, const struct again_budget_word *word,
                      const struct again_value *value, struct again_error *error)
{
	uint32_t number = 0;
	int code = read_number(rule, word, value, &number, error);
	if (code != 0 || word->type == AGAIN_WORD_TIME) {
		return code;
	}
	memcpy((char *)rule + word->offset, &number, sizeof(number));
	if (word->type == AGAIN_WORD_REPAYMENT) {
		rule->deposit_later_mt = number;
	}
	return 0;
}

static const struct again_budget_word *find_word(struct again_piece name)
{
	for (size_t i = 0; i < AGAIN_BUDGET_WORDS; i++) {
		if (again_piece_is(name, again_budget_words[i].name)) {
			return &again_budget_words[i];
		}
	}
	return NULL;
}

static int unknown_word(struct again_piece name, struct again_error *error)
{
	struct again_nearest nearest = again_nearest_to(name.bytes, name.len);
	for (size_t i = AGAIN_BUDGET_KINDS; i < AGAIN_BUDGET_WORDS; i++) {
		again_nearest_try(&nearest, again_budget_words[i].name);
	}
	return again_piece_unknown(name, "word of a budget", nearest.found,
	                           "reserve min cost cost-timeout cost-throttled least call retry "
	                           "first later repay repay-last charge-failures",
	                           error);
}

/** Why a word that is known may not stand here; NULL where it may. */
static const char *misplaced(const struct rule_reading *reading,
                             const struct again_budget_word *word)
{
	size_t id = (size_t)(word - again_budget_words);
	if (id < AGAIN_BUDGET_KINDS && reading->rule.kind != AGAIN_BUDGET_NONE) {
		return "a second kind";
	}
	if (reading->given[id].bytes != NULL) {
		return "given twice";
	}
	bool deposits = reading->given[AGAIN_WORD_FIRST].bytes != NULL ||
	                reading->given[AGAIN_WORD_LATER].bytes != NULL;
	if ((id == AGAIN_WORD_REPAY && deposits) ||
	    ((id == AGAIN_WORD_FIRST || id == AGAIN_WORD_LATER) &&
	     reading->given[AGAIN_WORD_REPAY].bytes != NULL)) {
		return "repay stands for first and later";
	}
	if (id >= AGAIN_BUDGET_KINDS && (word->kinds & (1u << reading->rule.kind)) == 0) {
		return word->kinds == CONCURRENCY ? "goes with concurrency only"
		       : word->kinds == WINDOW    ? "goes with window only"
		                                  : "does not go with concurrency";
	}
	return NULL;
}

static int read_word(struct rule_reading *reading, struct again_piece piece,
                     struct again_error *error)
{
	size_t colon = again_piece_find(piece, ':');
	struct again_piece name = again_piece_part(piece, 0, colon);
	const struct again_budget_word *word = find_word(name);
	if (word == NULL) {
		return unknown_word(name, error);
	}
	struct again_value value = {.part = "budget ", .name = word->name, .piece = piece};
	const char *reason = misplaced(reading, word);
	if (reason != NULL) {
		return again_value_refuse(&value, AGAIN_ERR_CONFLICT, reason, error);
	}
	bool has_value = colon < piece.len;
	value.form = form_of(word);
	if (has_value == (word->type == AGAIN_WORD_FLAG)) {
		return again_value_refuse(&value, AGAIN_ERR_SYNTAX,
		                          has_value ? "takes no value" : "no ':VALUE' follows",
		                          error);
	}
	value.piece = has_value ? again_piece_part(piece, colon + 1, piece.len) : piece;
	size_t id = (size_t)(word - again_budget_words);
	reading->given[id] = value.piece;
	if (id < AGAIN_BUDGET_KINDS) {
		reading->rule.kind = (uint32_t)id + 1;
	}
	return read_value(&reading->rule, word, &value, error);
}

/** The first is for WINDOW alone. */
static const struct again_field_name field_names[] = {
	{"capacity_mt", "reserve"},
	{"capacity_mt", "tokens"},
	{"cost_mt", "cost"},
	{"cost_timeout_mt", "cost-timeout"},
	{"cost_throttled_mt", "cost-throttled"},
	{"least_mt", "least"},
	{"deposit_call_mt", "call"},
	{"deposit_retry_mt", "retry"},
	{"deposit_first_mt", "first"},
	{"deposit_later_mt", "later"},
	{"repay_last", "repay-last"},
	{"charge_failures", "charge-failures"},
	{"min_concurrency", "min"},
	{"ratio_q32", "concurrency"},
	{"window_ns", "window"},
	{NULL, NULL},
};

/** A rule that is not valid, told at the word whose field it is, or else at the kind. */
static int refuse_whole(const struct rule_reading *reading, const struct again_error *said,
                        struct again_error *error)
{
	const struct again_field_name *names =
		field_names + (reading->rule.kind == AGAIN_BUDGET_WINDOW ? 0 : 1);
	const char *name = again_field_name_of(names, said->field);
	size_t id = reading->rule.kind - 1;
	for (size_t i = 0; name != NULL && i < AGAIN_BUDGET_WORDS; i++) {
		if (strcmp(again_budget_words[i].name, name) == 0 &&
		    reading->given[i].bytes != NULL) {
			id = i;
		}
	}
	char reason[sizeof(error->text)];
	struct again_text text = again_text_over(reason, sizeof(reason));
	again_text_add_translated(&text, said->text, names);
	const struct again_value value = {.part = "budget ",
	                                  .name = again_budget_words[id].name,
	                                  .piece = reading->given[id]};
	return again_value_refuse(&value, said->code, reason, error);
}

/** The kind and what follows it. */
static int read_words(struct again_piece text, struct again_budget_rule *rule,
                      struct again_error *error)
{
	struct rule_reading reading = {.rule = new_rule()};
	int code = 0;
	for (size_t from = 0; code == 0 && from <= text.len;) {
		struct again_piece rest = again_piece_part(text, from, text.len);
		size_t end = again_piece_find(rest, '/');
		code = read_word(&reading, again_piece_part(rest, 0, end), error);
		from += end + 1;
	}
	if (code != 0) {
		return code;
	}
	bool costs = reading.rule.kind != AGAIN_BUDGET_CONCURRENCY;
	if (costs && reading.given[AGAIN_WORD_COST].bytes == NULL) {
		reading.rule.cost_mt = AGAIN_TOKEN_MT;
	}
	struct again_error said = {0};
	if (again_budget_rule_validate(&reading.rule, &said) != 0) {
		return refuse_whole(&reading, &said, error);
	}
	*rule = reading.rule;
	return 0;
}

static int read_percent(struct again_piece text, struct again_budget_rule *rule,
                        struct again_error *error)
{
	struct again_value value = {
		.part = "",
		.name = "budget",
		.piece = text,
		.form = "N% with N above 0, below 100 and with at most one decimal, such as 10%",
	};
	uint32_t part_mt = 0;
	int code = again_value_fixed(&value, /*unit_len=*/1, /*places=*/1, AGAIN_TOKEN_MT, &part_mt,
	                             error);
	if (code == 0 && (part_mt == 0 || part_mt >= AGAIN_TOKEN_MT)) {
		code = again_value_refuse(&value, AGAIN_ERR_RANGE,
		                          part_mt == 0 ? "must be above 0" : "must be below 100",
		                          error);
	}
	if (code == 0) {
		*rule = again_budget_percent_rule(part_mt);
	}
	return code;
}

/** What is neither none, nor N%, nor begins with a kind. */
static int unknown_rule(struct again_piece head, struct again_error *error)
{
	size_t count = 0;
	const struct again_preset *presets = again_budget_presets(&count);
	struct again_nearest nearest = again_nearest_to(head.bytes, again_piece_find(head, ':'));
	for (size_t i = 0; i < AGAIN_BUDGET_KINDS; i++) {
		again_nearest_try(&nearest, again_budget_words[i].name);
	}
	char names[sizeof(error->text)];
	struct again_text others = again_text_over(names, sizeof(names));
	for (size_t i = 0; i < count; i++) {
		again_nearest_try(&nearest, presets[i].name);
		again_text_add(&others, presets[i].name);
		again_text_add(&others, " ");
	}
	again_text_add(&others, "none N% tokens:CAP/... window:D/... concurrency:P%/...");
	return again_piece_unknown(head, "budget", nearest.found, names, error);
}

static const struct again_preset *find_preset(struct again_piece name)
{
	size_t count = 0;
	const struct again_preset *presets = again_budget_presets(&count);
	for (size_t i = 0; i < count; i++) {
		if (again_piece_is(name, presets[i].name)) {
			return &presets[i];
		}
	}
	return NULL;
}

struct again_budget_rule again_budget_preset_rule(const struct again_preset *preset)
{
	const struct again_piece text = {
		.bytes = preset->text, .len = strlen(preset->text), .column = 1};
	struct again_budget_rule rule = new_rule();
	int code = read_words(text, &rule, /*error=*/NULL);
	again_check(code == 0);
	(void)code;
	return rule;
}

int again_budget_rule_read(struct again_piece text, struct again_budget_rule *rule,
                           struct again_error *error)
{
	struct again_piece head = again_piece_part(text, 0, again_piece_find(text, '/'));
	size_t colon = again_piece_find(head, ':');
	const struct again_budget_word *kind = find_word(again_piece_part(head, 0, colon));
	const struct again_preset *preset = find_preset(head);
	bool is_none = again_piece_is(head, "none");
	bool is_percent = head.len > 0 && colon == head.len && head.bytes[head.len - 1] == '%';
	bool is_name = is_none || is_percent || preset != NULL;
	if (is_name && head.len < text.len) {
		const struct again_value value = {
			.part = "", .name = "budget", .piece = text, .form = "it alone"};
		return again_value_refuse(&value, AGAIN_ERR_SYNTAX, "no words follow a whole rule",
		                          error);
	}
	uint32_t size = rule->size;
	int code = 0;
	if (is_none) {
		*rule = new_rule();
	} else if (is_percent) {
		code = read_percent(head, rule, error);
	} else if (preset != NULL) {
		*rule = again_budget_preset_rule(preset);
	} else if (kind != NULL && kind < again_budget_words + AGAIN_BUDGET_KINDS) {
		code = read_words(text, rule, error);
	} else if (kind != NULL) {
		const struct again_value value = {
			.part = "",
			.name = "budget",
			.piece = head,
			.form = "tokens:CAP, window:D or concurrency:P% before it",
		};
		code = again_value_refuse(&value, AGAIN_ERR_SYNTAX, "the kind is missing", error);
	} else {
		code = unknown_rule(head, error);
	}
	rule->size = size;
	return code;
}

int again_budget_rule_parse(struct again_budget_rule *rule, const char *text, size_t len,
                            struct again_error *error)
{
	struct again_budget_rule own;
	int code = again_take_budget(rule, &own, error);
	if (code != 0) {
		return code;
	}
	const struct again_piece piece = {
		.bytes = text != NULL ? text : "", .len = len, .column = 1};
	code = again_budget_rule_read(piece, &own, error);
	if (code == 0) {
		memcpy(rule, &own, own.size);
	}
	return code;
}
