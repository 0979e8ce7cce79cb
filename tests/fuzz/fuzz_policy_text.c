// SPDX-License-Identifier: MIT
// Any bytes as policy text, and as the RULEs of a budget and a breaker. What is read is written, and reads back to the
// same, in the same words; what is refused is told in one line of printable text, at a byte of the input, and changes
// nothing.
#include "base/error.h"

#include <again/text.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct parts {
	struct again_policy policy;
	again_ns list[AGAIN_LIST_MAX];
	struct again_budget_rule budget;
	struct again_breaker_rule breaker;
	struct again_hedge_rule hedge;
	struct again_setup setup;
};

static void parts_init(struct parts *parts)
{
	memset(parts, 0, sizeof(*parts));
	again_policy_init(&parts->policy, sizeof(parts->policy));
	again_budget_rule_init(&parts->budget, sizeof(parts->budget));
	again_breaker_rule_init(&parts->breaker, sizeof(parts->breaker));
	again_hedge_rule_init(&parts->hedge, sizeof(parts->hedge));
	parts->hedge.delay_ns = AGAIN_NEVER;
	again_setup_init(&parts->setup, sizeof(parts->setup));
	parts->setup.policy = &parts->policy;
	parts->setup.list = parts->list;
	parts->setup.list_cap = AGAIN_LIST_MAX;
	parts->setup.budget = &parts->budget;
	parts->setup.breaker = &parts->breaker;
	parts->setup.hedge = &parts->hedge;
}

static void check_error(int code, const struct again_error *error, size_t len)
{
	again_assert(code < 0 && error->code == code);
	again_assert(error->column >= 1 && error->column <= len + 1);
	again_assert(error->text[0] != '\0' && strlen(error->text) < sizeof(error->text) - 1);
	for (const char *at = error->text; *at != '\0'; at++) {
		again_assert((unsigned char)*at >= ' ' && *at != 127);
	}
}

/** Pointers apart, equal. */
static void check_equal(const struct parts *a, const struct parts *b)
{
	struct again_policy other = b->policy;
	other.list = a->policy.list;
	again_assert(memcmp(&a->policy, &other, sizeof(other)) == 0);
	again_assert(memcmp(a->list, b->list, a->policy.list_len * sizeof(again_ns)) == 0);
	again_assert(memcmp(&a->budget, &b->budget, sizeof(a->budget)) == 0);
	again_assert(memcmp(&a->breaker, &b->breaker, sizeof(a->breaker)) == 0);
	again_assert(memcmp(&a->hedge, &b->hedge, sizeof(a->hedge)) == 0);
}

static void fuzz_setup(const char *text, size_t len)
{
	struct parts parts;
	struct parts before;
	struct again_error error = {0};
	parts_init(&parts);
	before = parts;
	int code = again_setup_parse(&parts.setup, text, len, &error);
	if (code != 0) {
		check_error(code, &error, len);
		again_assert(memcmp(&parts, &before, sizeof(parts)) == 0);
		return;
	}
	again_assert(error.code == 0);
	again_assert(again_policy_validate(&parts.policy, NULL) == 0);
	char written[AGAIN_TEXT_MAX];
	int written_len = again_setup_print(&parts.setup, written, sizeof(written));
	again_assert(written_len >= 0 && (size_t)written_len == strlen(written));
	struct parts same;
	parts_init(&same);
	again_assert(again_setup_parse(&same.setup, written, (size_t)written_len, NULL) == 0);
	check_equal(&parts, &same);
	char again[AGAIN_TEXT_MAX];
	again_assert(again_setup_print(&same.setup, again, sizeof(again)) == written_len);
	again_assert(strcmp(written, again) == 0);
}

static void fuzz_budget(const char *text, size_t len)
{
	struct again_budget_rule rule;
	struct again_budget_rule same;
	struct again_error error = {0};
	again_budget_rule_init(&rule, sizeof(rule));
	same = rule;
	int code = again_budget_rule_parse(&rule, text, len, &error);
	if (code != 0) {
		check_error(code, &error, len);
		again_assert(memcmp(&rule, &same, sizeof(rule)) == 0);
		return;
	}
	char written[512];
	int written_len = again_budget_rule_print(&rule, written, sizeof(written));
	again_assert(written_len > 0);
	again_assert(again_budget_rule_parse(&same, written, (size_t)written_len, NULL) == 0);
	again_assert(memcmp(&rule, &same, sizeof(rule)) == 0);
}

static void fuzz_breaker(const char *text, size_t len)
{
	struct again_breaker_rule rule;
	struct again_breaker_rule same;
	struct again_error error = {0};
	again_breaker_rule_init(&rule, sizeof(rule));
	same = rule;
	int code = again_breaker_rule_parse(&rule, text, len, &error);
	if (code != 0) {
		check_error(code, &error, len);
		again_assert(memcmp(&rule, &same, sizeof(rule)) == 0);
		return;
	}
	char written[512];
	int written_len = again_breaker_rule_print(&rule, written, sizeof(written));
	again_assert(written_len > 0);
	again_assert(again_breaker_rule_parse(&same, written, (size_t)written_len, NULL) == 0);
	again_assert(memcmp(&rule, &same, sizeof(rule)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	// Exactly as long as it is, so that a look past the end is seen.
	char *text = malloc(len > 0 ? len : 1);
	if (text == NULL) {
		return 0;
	}
	memcpy(text, bytes, len);
	fuzz_setup(text, len);
	fuzz_budget(text, len);
	fuzz_breaker(text, len);
	free(text);
	return 0;
}
