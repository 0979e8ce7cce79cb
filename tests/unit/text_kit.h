// SPDX-License-Identifier: MIT
// What the tests of policy text share: a setup with all of its parts, and texts that are read or refused.
#ifndef AGAIN_TESTS_TEXT_KIT_H
#define AGAIN_TESTS_TEXT_KIT_H

#include "policy_kit.h"

#include <again/text.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** Parts, and a setup over them. */
struct parts {
	struct again_policy policy;
	again_ns list[AGAIN_LIST_MAX];
	struct again_budget_rule budget;
	struct again_breaker_rule breaker;
	struct again_hedge_rule hedge;
	struct again_setup setup;
};

/** The defaults; all parts are offered. */
static inline void parts_init(struct parts *parts)
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

static inline void parts_read(struct parts *parts, const char *text)
{
	struct again_error error = {0};
	int code = again_setup_parse(&parts->setup, text, strlen(text), &error);
	check(code == 0, "'%s': column %u: %s", text, error.column, error.text);
}

/** The parts of a text over the defaults. */
static inline void parts_of(struct parts *parts, const char *text)
{
	parts_init(parts);
	parts_read(parts, text);
}

/** Equal, the lists by what is in them. */
static inline bool are_equal(const struct parts *a, const struct parts *b)
{
	struct again_policy other = b->policy;
	if (a->policy.list_len != other.list_len ||
	    (other.list_len > 0 &&
	     memcmp(a->policy.list, other.list, other.list_len * sizeof(again_ns)) != 0)) {
		return false;
	}
	other.list = a->policy.list;
	return memcmp(&a->policy, &other, sizeof(other)) == 0 &&
	       memcmp(&a->budget, &b->budget, sizeof(a->budget)) == 0 &&
	       memcmp(&a->breaker, &b->breaker, sizeof(a->breaker)) == 0 &&
	       memcmp(&a->hedge, &b->hedge, sizeof(a->hedge)) == 0;
}

/** The parts are written as `expected`, and that reads back to the same. */
static inline void assert_written(const struct parts *parts, const char *expected)
{
	char text[AGAIN_TEXT_MAX];
	int len = again_setup_print(&parts->setup, text, sizeof(text));
	check(len >= 0, "'%s': %s", expected, again_strerror(len));
	assert_int_equal(len, strlen(text));
	assert_string_equal(text, expected);
	struct parts same;
	parts_of(&same, text);
	check(are_equal(parts, &same), "'%s' reads back to other parts", text);
}

/** One line that can be printed. */
static inline void assert_told(const struct again_error *error)
{
	assert_true(error->text[0] != '\0');
	for (const char *at = error->text; *at != '\0'; at++) {
		check((unsigned char)*at >= ' ' && *at != 127, "a byte %d in '%s'", *at,
		      error->text);
	}
}

#endif
