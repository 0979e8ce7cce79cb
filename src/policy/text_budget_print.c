// SPDX-License-Identifier: MIT
// A budget's RULE, written. @pure
//
// A rule that is a preset's is written as that preset's name (of two presets with the same rule, the first), one that
// is a plain part of the requests as N%, any other in words.
#include "policy/text_budget.h"

#include "base/exact.h"

#include <string.h>

static uint32_t get_u32(const struct again_budget_rule *rule, size_t offset)
{
	uint32_t number = 0;
	memcpy(&number, (const char *)rule + offset, sizeof(number));
	return number;
}

/** The same in everything but how much of it its owner knows. */
static bool is_same(const struct again_budget_rule *a, const struct again_budget_rule *b)
{
	struct again_budget_rule other = *b;
	other.size = a->size;
	return memcmp(a, &other, sizeof(other)) == 0;
}

static const char *preset_name_of(const struct again_budget_rule *rule)
{
	size_t count = 0;
	const struct again_preset *presets = again_budget_presets(&count);
	for (size_t i = 0; i < count; i++) {
		const struct again_budget_rule preset = again_budget_preset_rule(&presets[i]);
		if (is_same(rule, &preset)) {
			return presets[i].name;
		}
	}
	return NULL;
}

/** Whether the word says something that the rule would not have without it. */
static bool is_worth_writing(const struct again_budget_rule *rule, enum again_budget_word_id id)
{
	bool is_repay = rule->deposit_first_mt == rule->deposit_later_mt;
	switch (id) {
	case AGAIN_WORD_TOKENS:
	case AGAIN_WORD_WINDOW:
	case AGAIN_WORD_CONCURRENCY:
		return rule->kind == (uint32_t)id + 1;
	case AGAIN_WORD_RESERVE:
		return rule->kind == AGAIN_BUDGET_WINDOW && rule->capacity_mt != 0;
	case AGAIN_WORD_COST:
		return rule->kind != AGAIN_BUDGET_CONCURRENCY && rule->cost_mt != AGAIN_TOKEN_MT;
	case AGAIN_WORD_REPAY:
		return is_repay && rule->deposit_first_mt != 0;
	case AGAIN_WORD_FIRST:
	case AGAIN_WORD_LATER:
		return !is_repay && get_u32(rule, again_budget_words[id].offset) != 0;
	case AGAIN_WORD_MIN:
	case AGAIN_WORD_COST_TIMEOUT:
	case AGAIN_WORD_COST_THROTTLED:
	case AGAIN_WORD_LEAST:
	case AGAIN_WORD_CALL:
	case AGAIN_WORD_RETRY:
	case AGAIN_WORD_REPAY_LAST:
	case AGAIN_WORD_CHARGE_FAILURES:
	case AGAIN_BUDGET_WORDS:
		break;
	}
	return get_u32(rule, again_budget_words[id].offset) != 0;
}

static void write_word(struct again_writer *writer, const struct again_budget_rule *rule,
                       const struct again_budget_word *word)
{
	again_text_add(&writer->text, word >= again_budget_words + AGAIN_BUDGET_KINDS ? "/" : "");
	again_text_add(&writer->text, word->name);
	again_text_add(&writer->text, word->type != AGAIN_WORD_FLAG ? ":" : "");
	switch (word->type) {
	case AGAIN_WORD_AMOUNT:
	case AGAIN_WORD_REPAYMENT:
		again_text_add_thousandths(&writer->text, get_u32(rule, word->offset));
		break;
	case AGAIN_WORD_TIME:
		again_write_duration(writer, rule->window_ns);
		break;
	case AGAIN_WORD_PERCENT:
		again_text_add_percent(&writer->text, rule->ratio_q32);
		again_text_add(&writer->text, "%");
		break;
	case AGAIN_WORD_COUNT:
		again_text_add_u64(&writer->text, get_u32(rule, word->offset));
		break;
	case AGAIN_WORD_FLAG:
		break;
	}
}

static bool is_percent_rule(const struct again_budget_rule *rule)
{
	const struct again_budget_rule percent = again_budget_percent_rule(rule->deposit_call_mt);
	return rule->deposit_call_mt < AGAIN_TOKEN_MT && is_same(rule, &percent);
}

void again_write_budget_rule(struct again_writer *writer, const struct again_budget_rule *rule)
{
	const char *name = rule->kind == AGAIN_BUDGET_NONE ? "none" : preset_name_of(rule);
	if (name != NULL) {
		again_text_add(&writer->text, name);
		return;
	}
	if (is_percent_rule(rule)) {
		// Thousandths of a token are tenths of a percent, and these in thousandths are a hundred times as many.
		again_text_add_thousandths(&writer->text, 100 * (uint64_t)rule->deposit_call_mt);
		again_text_add(&writer->text, "%");
		return;
	}
	for (size_t i = 0; i < AGAIN_BUDGET_WORDS; i++) {
		if (is_worth_writing(rule, (enum again_budget_word_id)i)) {
			write_word(writer, rule, &again_budget_words[i]);
		}
	}
}

int again_budget_rule_print(const struct again_budget_rule *rule, char *buffer, size_t cap)
{
	struct again_budget_rule own;
	if (again_take_budget(rule, &own, /*error=*/NULL) != 0 ||
	    again_budget_rule_validate(&own, /*error=*/NULL) != 0) {
		return AGAIN_ERR_RANGE;
	}
	if (cap == 0) {
		return AGAIN_ERR_SPACE;
	}
	struct again_writer writer = again_writer_over(buffer, cap);
	again_write_budget_rule(&writer, &own);
	return again_writer_end(&writer);
}
