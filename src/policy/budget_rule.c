// SPDX-License-Identifier: MIT
// A budget's rule: its beginning and its validation. @pure
//
// Refused is what would be a mistake under load, when nobody looks: a budget that never grants a retry, one that never
// refuses one, and a number that the kind does not look at. The struct only grows; see the head of policy.c for how.
#include <again/budget.h>

#include "base/error.h"
#include "policy/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/** sizeof the first struct that was published. */
#define FIRST_SIZE (offsetof(struct again_budget_rule, window_ns) + sizeof(again_ns))

_Static_assert(sizeof(struct again_budget_rule) == FIRST_SIZE,
               "a field was appended: see the head of policy.c");

/** The shortest window: ten tenths of 1 ns. */
#define WINDOW_NS_LEAST 10

/** Kinds as a set. */
enum {
	TOKENS = 1 << AGAIN_BUDGET_TOKENS,
	WINDOW = 1 << AGAIN_BUDGET_WINDOW,
	CONCURRENCY = 1 << AGAIN_BUDGET_CONCURRENCY,
};

/** What a number counts. */
enum unit {
	AMOUNT,
	/** An amount that must be there before a retry. */
	PRICE,
	SWITCH,
	ANY,
};

struct field {
	const char *name;
	uint16_t offset;
	uint8_t unit;
	/** The kinds that look at it, and those where it must be above 0. */
	uint8_t kinds;
	uint8_t needing;
};

#define FIELD(name, unit, kinds, needing)                                             \
	{                                                                             \
#name, offsetof(struct again_budget_rule, name), unit, kinds, needing \
	}

static const struct field fields[] = {
	FIELD(capacity_mt, AMOUNT, TOKENS | WINDOW, TOKENS),
	FIELD(cost_mt, PRICE, TOKENS | WINDOW, TOKENS | WINDOW),
	FIELD(cost_timeout_mt, PRICE, TOKENS | WINDOW, 0),
	FIELD(cost_throttled_mt, PRICE, TOKENS | WINDOW, 0),
	FIELD(least_mt, PRICE, TOKENS | WINDOW, 0),
	FIELD(charge_failures, SWITCH, TOKENS | WINDOW, 0),
	FIELD(deposit_call_mt, AMOUNT, TOKENS | WINDOW, 0),
	FIELD(deposit_retry_mt, AMOUNT, TOKENS | WINDOW, 0),
	FIELD(deposit_first_mt, AMOUNT, TOKENS | WINDOW, 0),
	FIELD(deposit_later_mt, AMOUNT, TOKENS | WINDOW, 0),
	FIELD(repay_last, SWITCH, TOKENS | WINDOW, 0),
	FIELD(min_concurrency, ANY, CONCURRENCY, 0),
	FIELD(ratio_q32, ANY, CONCURRENCY, 0),
};

void again_budget_rule_init(struct again_budget_rule *rule, size_t size)
{
	again_rule_init(rule, size, /*known=*/&size, /*known_size=*/0);
}

/** "NAME TEXT", and the code. */
static int refuse(struct again_error *error, int code, const char *name, const char *text)
{
	char sentence[160];
	size_t name_len = strlen(name);
	memcpy(sentence, name, name_len);
	sentence[name_len] = ' ';
	memcpy(sentence + name_len + 1, text, strlen(text) + 1);
	return again_error_set(error, code, name, sentence);
}

static int refuse_unused(struct again_error *error, const char *name)
{
	return refuse(error, AGAIN_ERR_CONFLICT, name,
	              "is not used by this kind of budget: it must be 0");
}

static int check_layout(const struct again_budget_rule *rule, struct again_error *error)
{
	int code = again_rule_check_size(rule->size, FIRST_SIZE, sizeof(*rule), error);
	if (code == 0 && rule->reserved != 0) {
		code = refuse(error, AGAIN_ERR_INVALID, "reserved", "is not 0");
	}
	return code;
}

static int check_field(const struct again_budget_rule *rule, const struct field *field,
                       struct again_error *error)
{
	uint32_t kind = 1u << rule->kind;
	uint32_t number = 0;
	memcpy(&number, (const char *)rule + field->offset, sizeof(number));
	if (field->unit == SWITCH && number > 1) {
		return refuse(error, AGAIN_ERR_RANGE, field->name, "must be 0 or 1");
	}
	if (field->unit <= PRICE && number > AGAIN_BUDGET_MT_MAX) {
		return refuse(error, AGAIN_ERR_RANGE, field->name,
		              "must be at most 1000000000: a million tokens");
	}
	if (number == 0) {
		return (field->needing & kind) == 0
		               ? 0
		               : refuse(error, AGAIN_ERR_RANGE, field->name, "must be above 0");
	}
	if ((field->kinds & kind) == 0) {
		return refuse_unused(error, field->name);
	}
	if (field->unit == PRICE && kind == TOKENS && number > rule->capacity_mt) {
		return refuse(error, AGAIN_ERR_CONFLICT, field->name,
		              "is above capacity_mt: no retry would be granted");
	}
	return 0;
}

static int check_fields(const struct again_budget_rule *rule, struct again_error *error)
{
	if (rule->kind > AGAIN_BUDGET_CONCURRENCY) {
		return refuse(error, AGAIN_ERR_RANGE, "kind", "is none of enum again_budget_kind");
	}
	int code = 0;
	for (size_t i = 0; code == 0 && i < sizeof(fields) / sizeof(fields[0]); i++) {
		code = check_field(rule, &fields[i], error);
	}
	if (code == 0 && rule->kind != AGAIN_BUDGET_WINDOW && rule->window_ns != 0) {
		return refuse_unused(error, "window_ns");
	}
	return code;
}

/** A cost that is not given is no other than cost_mt. */
static bool is_paid_by(uint32_t cost_mt, uint32_t deposit_mt)
{
	return cost_mt != 0 && deposit_mt >= cost_mt;
}

/** What TOKENS and WINDOW share. */
static int check_amounts(const struct again_budget_rule *rule, struct again_error *error)
{
	if (rule->repay_last != 0 && rule->charge_failures != 0) {
		return refuse(error, AGAIN_ERR_CONFLICT, "repay_last",
		              "has nothing to repay: under charge_failures a retry costs nothing");
	}
	uint32_t deposit_mt = rule->deposit_retry_mt;
	if (is_paid_by(rule->cost_mt, deposit_mt) ||
	    is_paid_by(rule->cost_timeout_mt, deposit_mt) ||
	    is_paid_by(rule->cost_throttled_mt, deposit_mt)) {
		return refuse(error, AGAIN_ERR_CONFLICT, "deposit_retry_mt",
		              "is not below the cost of a retry: none would be refused");
	}
	return 0;
}

static int check_tokens(const struct again_budget_rule *rule, struct again_error *error)
{
	uint32_t least_mt = rule->least_mt != 0 ? rule->least_mt : rule->cost_mt;
	if (rule->charge_failures != 0 && rule->capacity_mt - rule->cost_mt < least_mt) {
		return refuse(error, AGAIN_ERR_CONFLICT, "capacity_mt",
		              "is not enough for one failure: no retry would be granted");
	}
	// A retry that may pay less than its cost leaves just this deposit.
	if (rule->charge_failures == 0 && is_paid_by(rule->least_mt, rule->deposit_retry_mt)) {
		return refuse(error, AGAIN_ERR_CONFLICT, "deposit_retry_mt",
		              "is not below least_mt: no retry would be refused");
	}
	return 0;
}

static int check_window(const struct again_budget_rule *rule, struct again_error *error)
{
	if (rule->window_ns < WINDOW_NS_LEAST) {
		return refuse(error, AGAIN_ERR_RANGE, "window_ns", "must be at least 10");
	}
	uint32_t least_mt = rule->least_mt != 0 ? rule->least_mt : rule->cost_mt;
	bool has_deposits = (rule->deposit_call_mt | rule->deposit_retry_mt |
	                     rule->deposit_first_mt | rule->deposit_later_mt) != 0;
	if (rule->capacity_mt < least_mt && !has_deposits) {
		return refuse(error, AGAIN_ERR_CONFLICT, "capacity_mt",
		              "is too little without a deposit: no retry would be granted");
	}
	return 0;
}

int again_budget_rule_validate(const struct again_budget_rule *rule, struct again_error *error)
{
	int code = check_layout(rule, error);
	if (code == 0) {
		code = check_fields(rule, error);
	}
	if (code != 0 || rule->kind == AGAIN_BUDGET_NONE) {
		return code;
	}
	if (rule->kind == AGAIN_BUDGET_CONCURRENCY) {
		return rule->min_concurrency != 0 || rule->ratio_q32 != 0
		               ? 0
		               : refuse(error, AGAIN_ERR_CONFLICT, "min_concurrency",
		                        "and ratio_q32 are both 0: no retry would be granted");
	}
	code = check_amounts(rule, error);
	if (code != 0) {
		return code;
	}
	return rule->kind == AGAIN_BUDGET_TOKENS ? check_tokens(rule, error)
	                                         : check_window(rule, error);
}
