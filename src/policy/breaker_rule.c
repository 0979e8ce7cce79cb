// SPDX-License-Identifier: MIT
// A breaker's rule: its defaults and its validation. @pure
//
// Refused is whatever would keep a breaker from ever opening, or from ever asking again, and a field that the kind does
// not look at: who sets one believes that it does something.
#include <again/breaker.h>

#include "base/error.h"
#include "policy/rule.h"

#include <again/policy.h>

/** sizeof the first struct that was published. */
#define FIRST_SIZE (offsetof(struct again_breaker_rule, reserved) + sizeof(uint32_t))

_Static_assert(sizeof(struct again_breaker_rule) == FIRST_SIZE,
               "a field was appended: see the head of policy.c");

static const struct again_breaker_rule defaults = {
	.open_ns = 30 * AGAIN_NS_PER_SECOND,
	.lease_ns = 30 * AGAIN_NS_PER_SECOND,
	.probes = 1,
};

void again_breaker_rule_init(struct again_breaker_rule *rule, size_t size)
{
	again_rule_init(rule, size, &defaults, sizeof(defaults));
}

static int unused(struct again_error *error, const char *field, const char *text)
{
	return again_error_set(error, AGAIN_ERR_CONFLICT, field, text);
}

static int check_in_a_row(const struct again_breaker_rule *rule, struct again_error *error)
{
	if (rule->kind != AGAIN_BREAKER_CONSECUTIVE) {
		return rule->failures == 0 ? 0
		                           : unused(error, "failures",
		                                    "failures goes with kind CONSECUTIVE only");
	}
	if (rule->failures == 0) {
		return again_rule_bad_range(error, "failures", "failures must be above 0");
	}
	return 0;
}

static int check_ratio(const struct again_breaker_rule *rule, struct again_error *error)
{
	if (rule->min_calls == 0) {
		return again_rule_bad_range(error, "min_calls", "min_calls must be above 0");
	}
	if (rule->ratio_q32 == 0 || rule->ratio_q32 > AGAIN_Q32_ONE) {
		return again_rule_bad_range(error, "ratio_q32",
		                            "ratio_q32 must be above 0 and at most 1");
	}
	if (rule->window_ns < 5) {
		return again_rule_bad_range(error, "window_ns", "window_ns must be at least 5 ns");
	}
	return 0;
}

static int check_no_ratio(const struct again_breaker_rule *rule, struct again_error *error)
{
	if (rule->min_calls != 0) {
		return unused(error, "min_calls", "min_calls goes with kind RATIO only");
	}
	if (rule->ratio_q32 != 0) {
		return unused(error, "ratio_q32", "ratio_q32 goes with kind RATIO only");
	}
	if (rule->window_ns != 0) {
		return unused(error, "window_ns", "window_ns goes with kind RATIO only");
	}
	return 0;
}

static int check_probes(const struct again_breaker_rule *rule, struct again_error *error)
{
	if (rule->open_ns == 0) {
		return again_rule_bad_range(error, "open_ns", "open_ns must be above 0");
	}
	if (rule->lease_ns == 0) {
		return again_rule_bad_range(error, "lease_ns", "lease_ns must be above 0");
	}
	if (rule->probes < 1 || rule->probes > AGAIN_BREAKER_PROBES_MAX) {
		return again_rule_bad_range(error, "probes", "probes must be from 1 to 8");
	}
	return 0;
}

int again_breaker_rule_validate(const struct again_breaker_rule *rule, struct again_error *error)
{
	int code = again_rule_check_size(rule->size, FIRST_SIZE, sizeof(*rule), error);
	if (code != 0) {
		return code;
	}
	if (rule->reserved != 0) {
		return again_error_set(error, AGAIN_ERR_INVALID, "reserved", "reserved is not 0");
	}
	if (rule->kind > AGAIN_BREAKER_RATIO) {
		return again_rule_bad_range(error, "kind",
		                            "kind is none of enum again_breaker_kind");
	}
	code = check_in_a_row(rule, error);
	if (code == 0) {
		code = rule->kind == AGAIN_BREAKER_RATIO ? check_ratio(rule, error)
		                                         : check_no_ratio(rule, error);
	}
	return code == 0 ? check_probes(rule, error) : code;
}
