// SPDX-License-Identifier: MIT
// The words of a budget's RULE: what text_budget.c reads and text_budget_print.c writes. @pure
#ifndef AGAIN_POLICY_TEXT_BUDGET_H
#define AGAIN_POLICY_TEXT_BUDGET_H

#include "policy/text_value.h"

#include <again/budget.h>

#include <stddef.h>

/** The kinds stand before all others, in the order of enum again_budget_kind from 1. The order is that of writing. */
enum again_budget_word_id {
	AGAIN_WORD_TOKENS = 0,
	AGAIN_WORD_WINDOW,
	AGAIN_WORD_CONCURRENCY,
	AGAIN_WORD_RESERVE,
	AGAIN_WORD_MIN,
	AGAIN_WORD_COST,
	AGAIN_WORD_COST_TIMEOUT,
	AGAIN_WORD_COST_THROTTLED,
	AGAIN_WORD_LEAST,
	AGAIN_WORD_CALL,
	AGAIN_WORD_RETRY,
	AGAIN_WORD_FIRST,
	AGAIN_WORD_LATER,
	AGAIN_WORD_REPAY,
	AGAIN_WORD_REPAY_LAST,
	AGAIN_WORD_CHARGE_FAILURES,
	AGAIN_BUDGET_WORDS
};

/** Words with a lower id are kinds. */
#define AGAIN_BUDGET_KINDS ((size_t)AGAIN_WORD_RESERVE)

enum again_budget_word_type {
	/** Tokens. */
	AGAIN_WORD_AMOUNT = 0,
	/** Tokens for two fields. */
	AGAIN_WORD_REPAYMENT,
	AGAIN_WORD_TIME,
	AGAIN_WORD_PERCENT,
	AGAIN_WORD_COUNT,
	/** It has no value. */
	AGAIN_WORD_FLAG,
};

struct again_budget_word {
	const char *name;
	/** 1 << kind of those that it goes with. */
	unsigned kinds;
	enum again_budget_word_type type;
	/** Of its field in the rule. */
	size_t offset;
	/** 0 is a value like others, and not the same as leaving the word out by mistake. */
	bool may_be_0;
};

/** By enum again_budget_word_id. */
extern const struct again_budget_word again_budget_words[AGAIN_BUDGET_WORDS];

/** N% of the requests of two minutes, retries among them. `part_mt` is what a request puts back: 100 for 10 %. */
struct again_budget_rule again_budget_percent_rule(uint32_t part_mt);

/** The rule of a preset, which is always right. */
struct again_budget_rule again_budget_preset_rule(const struct again_preset *preset);

#endif
