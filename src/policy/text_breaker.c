// SPDX-License-Identifier: MIT
// A breaker's RULE, read and written: the kind first, then words, each once, none left to a guess but lease and
// probes. @pure
#include "policy/text_value.h"

#include "base/exact.h"
#include "base/nearest.h"

#include <again/policy.h>

#include <string.h>

#define FORM "failures:N/open:D or ratio:P%/window:D/min:N/open:D, and lease:D, probes:N"

enum word {
	FAILURES = 0,
	RATIO,
	WINDOW,
	MIN,
	OPEN,
	LEASE,
	PROBES,
	WORDS
};

static const struct {
	const char *name;
	const char *form;
	/** Beside which kind; AGAIN_BREAKER_NONE: both. */
	uint32_t kind;
	bool is_needed;
} words[WORDS] = {
	[FAILURES] = {"failures", "a whole number above 0", AGAIN_BREAKER_CONSECUTIVE, true},
	[RATIO] = {"ratio", "a percentage above 0 such as 50%", AGAIN_BREAKER_RATIO, true},
	[WINDOW] = {"window", "a duration of at least 5ns such as 10s", AGAIN_BREAKER_RATIO, true},
	[MIN] = {"min", "a whole number above 0", AGAIN_BREAKER_RATIO, true},
	[OPEN] = {"open", "a duration above 0 such as 30s, or none", AGAIN_BREAKER_NONE, true},
	[LEASE] = {"lease", "a duration above 0 such as 30s, or none", AGAIN_BREAKER_NONE, false},
	[PROBES] = {"probes", "a whole number from 1 to 8", AGAIN_BREAKER_NONE, false},
};

struct rule_reading {
	struct again_breaker_rule rule;
	bool given[WORDS];
};

static struct again_breaker_rule new_rule(void)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	return rule;
}

static int read_ratio(const struct again_value *value, uint64_t *out_q32, struct again_error *error)
{
	uint64_t q32 = 0;
	int code = again_value_percent(value, &q32, error);
	if (code == 0 && q32 == 0) {
		code = again_value_refuse(value, AGAIN_ERR_RANGE, "must be above 0", error);
	}
	if (code == 0) {
		*out_q32 = q32;
	}
	return code;
}

static int read_limit(const struct again_value *value, again_ns *out_ns, struct again_error *error)
{
	if (again_piece_is(value->piece, "none")) {
		*out_ns = AGAIN_NEVER;
		return 0;
	}
	return again_value_duration(value, 1, out_ns, error);
}

static int read_value(struct again_breaker_rule *rule, enum word word,
                      const struct again_value *value, struct again_error *error)
{
	switch (word) {
	case FAILURES:
		rule->kind = AGAIN_BREAKER_CONSECUTIVE;
		return again_value_count(value, 1, UINT32_MAX, &rule->failures, error);
	case RATIO:
		rule->kind = AGAIN_BREAKER_RATIO;
		return read_ratio(value, &rule->ratio_q32, error);
	case WINDOW:
		return again_value_duration(value, 5, &rule->window_ns, error);
	case MIN:
		return again_value_count(value, 1, UINT32_MAX, &rule->min_calls, error);
	case OPEN:
		return read_limit(value, &rule->open_ns, error);
	case LEASE:
		return read_limit(value, &rule->lease_ns, error);
	case PROBES:
		return again_value_count(value, 1, AGAIN_BREAKER_PROBES_MAX, &rule->probes, error);
	case WORDS:
		break;
	}
	return 0;
}

static int unknown_word(struct again_piece name, struct again_error *error)
{
	struct again_nearest nearest = again_nearest_to(name.bytes, name.len);
	for (size_t i = 0; i < WORDS; i++) {
		again_nearest_try(&nearest, words[i].name);
	}
	return again_piece_unknown(name, "word of a breaker", nearest.found, FORM, error);
}

static int read_word(struct rule_reading *reading, struct again_piece piece,
                     struct again_error *error)
{
	size_t colon = again_piece_find(piece, ':');
	struct again_piece name = again_piece_part(piece, 0, colon);
	size_t id = 0;
	while (id < WORDS && !again_piece_is(name, words[id].name)) {
		id++;
	}
	if (id == WORDS) {
		return unknown_word(name, error);
	}
	struct again_value value = {
		.part = "breaker ", .name = words[id].name, .piece = piece, .form = FORM};
	uint32_t kind = reading->rule.kind;
	if (reading->given[id]) {
		return again_value_refuse(&value, AGAIN_ERR_CONFLICT, "given twice", error);
	}
	if (kind == AGAIN_BREAKER_NONE && id > RATIO) {
		return again_value_refuse(&value, AGAIN_ERR_SYNTAX, "the kind stands first", error);
	}
	if (kind != AGAIN_BREAKER_NONE && words[id].kind != AGAIN_BREAKER_NONE &&
	    words[id].kind != kind) {
		return again_value_refuse(&value, AGAIN_ERR_CONFLICT,
		                          kind == AGAIN_BREAKER_RATIO ? "does not go with ratio"
		                                                      : "does not go with failures",
		                          error);
	}
	if (colon == piece.len) {
		return again_value_refuse(&value, AGAIN_ERR_SYNTAX, "no ':VALUE' follows", error);
	}
	reading->given[id] = true;
	value.piece = again_piece_part(piece, colon + 1, piece.len);
	value.form = words[id].form;
	return read_value(&reading->rule, (enum word)id, &value, error);
}

/** What may not be left out, and what is made of what may. */
static int complete(struct rule_reading *reading, struct again_piece text,
                    struct again_error *error)
{
	struct again_breaker_rule *rule = &reading->rule;
	for (size_t i = 0; i < WORDS; i++) {
		bool is_ours = words[i].kind == AGAIN_BREAKER_NONE || words[i].kind == rule->kind;
		if (words[i].is_needed && is_ours && !reading->given[i]) {
			char reason[64];
			struct again_text missing = again_text_over(reason, sizeof(reason));
			again_text_add(&missing, words[i].name);
			again_text_add(&missing, " is missing");
			const struct again_value value = {
				.part = "", .name = "breaker", .piece = text, .form = FORM};
			return again_value_refuse(&value, AGAIN_ERR_SYNTAX, reason, error);
		}
	}
	if (!reading->given[LEASE]) {
		rule->lease_ns = rule->open_ns;
	}
	// Each value was checked by itself, and no two contradict each other; so this cannot fail, and if it could, nothing
	// would be taken.
	return again_breaker_rule_validate(rule, error);
}

int again_breaker_rule_read(struct again_piece text, struct again_breaker_rule *rule,
                            struct again_error *error)
{
	struct rule_reading reading = {.rule = new_rule()};
	int code = 0;
	if (!again_piece_is(text, "none")) {
		for (size_t from = 0; code == 0 && from <= text.len;) {
			struct again_piece rest = again_piece_part(text, from, text.len);
			size_t end = again_piece_find(rest, '/');
			code = read_word(&reading, again_piece_part(rest, 0, end), error);
			from += end + 1;
		}
		code = code == 0 ? complete(&reading, text, error) : code;
	}
	if (code == 0) {
		reading.rule.size = rule->size;
		*rule = reading.rule;
	}
	return code;
}

int again_breaker_rule_parse(struct again_breaker_rule *rule, const char *text, size_t len,
                             struct again_error *error)
{
	struct again_breaker_rule own;
	int code = again_take_breaker(rule, &own, error);
	if (code != 0) {
		return code;
	}
	const struct again_piece piece = {
		.bytes = text != NULL ? text : "", .len = len, .column = 1};
	code = again_breaker_rule_read(piece, &own, error);
	if (code == 0) {
		memcpy(rule, &own, own.size);
	}
	return code;
}

static void write_kind(struct again_writer *writer, const struct again_breaker_rule *rule)
{
	struct again_text *text = &writer->text;
	if (rule->kind == AGAIN_BREAKER_CONSECUTIVE) {
		again_text_add(text, "failures:");
		again_text_add_u64(text, rule->failures);
		return;
	}
	again_text_add(text, "ratio:");
	again_text_add_percent(text, rule->ratio_q32);
	again_text_add(text, "%/window:");
	again_write_duration(writer, rule->window_ns);
	again_text_add(text, "/min:");
	again_text_add_u64(text, rule->min_calls);
}

void again_write_breaker_rule(struct again_writer *writer, const struct again_breaker_rule *rule)
{
	struct again_text *text = &writer->text;
	if (rule->kind == AGAIN_BREAKER_NONE) {
		again_text_add(text, "none");
		return;
	}
	write_kind(writer, rule);
	again_text_add(text, "/open:");
	again_write_limit(writer, rule->open_ns);
	if (rule->lease_ns != rule->open_ns) {
		again_text_add(text, "/lease:");
		again_write_limit(writer, rule->lease_ns);
	}
	if (rule->probes != 1) {
		again_text_add(text, "/probes:");
		again_text_add_u64(text, rule->probes);
	}
}

int again_breaker_rule_print(const struct again_breaker_rule *rule, char *buffer, size_t cap)
{
	struct again_breaker_rule own;
	if (again_take_breaker(rule, &own, /*error=*/NULL) != 0 ||
	    again_breaker_rule_validate(&own, /*error=*/NULL) != 0) {
		return AGAIN_ERR_RANGE;
	}
	if (cap == 0) {
		return AGAIN_ERR_SPACE;
	}
	struct again_writer writer = again_writer_over(buffer, cap);
	again_write_breaker_rule(&writer, &own);
	return again_writer_end(&writer);
}
