// SPDX-License-Identifier: MIT
// A policy's defaults and its validation. @pure
//
// Everything that decides trusts a validated policy, so whatever would make a delay zero, endless by accident or without
// spread is refused here, with the field's name.
//
// The struct only grows. The first one that was published ends with initial_delay_ns; a validated size may be that, or
// end with any field behind it, and whoever uses such a field reads it through policy/newer.h. A size above ours comes
// from a newer header: it asks for something that we cannot do, and is refused rather than half done.
#include <again/policy.h>

#include "base/error.h"
#include "policy/newer.h"
#include "policy/rule.h"

#include <stdbool.h>
#include <stddef.h>

_Static_assert(AGAIN_POLICY_FIRST_SIZE == 104, "it was published so");
_Static_assert(sizeof(struct again_policy) == AGAIN_POLICY_END(throttled_base_delay_ns),
               "a field was appended: newer.h and ends_with_a_field want to know it");
_Static_assert(sizeof(struct again_policy) <= 128, "a policy fits two cache lines");

static const struct again_policy defaults = {
	.max_retries = 5,
	.backoff = AGAIN_BACKOFF_EXPONENTIAL,
	.jitter = AGAIN_JITTER_EQUAL,
	.jitter_q32 = 858'993'459, // 0.2, rounded half up
	.degree = 2,
	.factor_q32 = 2 * AGAIN_Q32_ONE,
	.base_delay_ns = 1 * AGAIN_NS_PER_SECOND,
	.max_delay_ns = 60 * AGAIN_NS_PER_SECOND,
	.deadline_ns = AGAIN_NEVER,
	.attempt_timeout_ns = AGAIN_NEVER,
	.reset_after_ns = AGAIN_NEVER,
	.hint_use = AGAIN_HINT_AT_LEAST,
	.hint_jitter_q32 = AGAIN_HINT_JITTER_DEFAULT,
	.hint_max_ns = AGAIN_HINT_MAX_DEFAULT,
};

void again_policy_init(struct again_policy *policy, size_t size)
{
	again_rule_init(policy, size, &defaults, sizeof(defaults));
}

static int conflict(struct again_error *error, const char *field, const char *text)
{
	return again_error_set(error, AGAIN_ERR_CONFLICT, field, text);
}

/** A size behind the first struct's that cuts no field in two. */
static bool ends_with_a_field(uint32_t size)
{
	return size == AGAIN_POLICY_FIRST_SIZE || size == AGAIN_POLICY_END(hint_use) ||
	       size == AGAIN_POLICY_END(hint_jitter_q32) || size == AGAIN_POLICY_END(hint_max_ns) ||
	       size == AGAIN_POLICY_END(throttled_base_delay_ns);
}

/** What this library knows: nothing else of the struct may be read before this holds. */
static int check_layout(const struct again_policy *policy, struct again_error *error)
{
	int code = again_rule_check_size(policy->size, AGAIN_POLICY_FIRST_SIZE, sizeof(*policy),
	                                 error);
	if (code == 0 && !ends_with_a_field(policy->size)) {
		code = again_error_set(error, AGAIN_ERR_INVALID, "size",
		                       "size ends within a field: use again_policy_init");
	}
	return code;
}

static int check_shape(const struct again_policy *policy, struct again_error *error)
{
	if (policy->backoff > AGAIN_BACKOFF_LIST) {
		return again_rule_bad_range(error, "backoff",
		                            "backoff is none of enum again_backoff");
	}
	if (policy->jitter > AGAIN_JITTER_PROPORTIONAL) {
		return again_rule_bad_range(error, "jitter", "jitter is none of enum again_jitter");
	}
	if (policy->jitter_q32 == 0) {
		return again_rule_bad_range(
			error, "jitter_q32",
			"jitter_q32 must be above 0: for no jitter use AGAIN_JITTER_NONE");
	}
	if (policy->degree < 1 || policy->degree > AGAIN_DEGREE_MAX) {
		return again_rule_bad_range(error, "degree", "degree must be from 1 to 8");
	}
	if (policy->factor_q32 < AGAIN_Q32_ONE) {
		return again_rule_bad_range(error, "factor_q32", "factor_q32 must be at least 1");
	}
	if (policy->retry_ambiguous > 1) {
		return again_rule_bad_range(error, "retry_ambiguous",
		                            "retry_ambiguous must be 0 or 1");
	}
	return 0;
}

static int check_hint(const struct again_policy *policy, struct again_error *error)
{
	if (again_policy_hint_use(policy) > AGAIN_HINT_BOUNDED) {
		return again_rule_bad_range(error, "hint_use",
		                            "hint_use is none of enum again_hint_use");
	}
	if (again_policy_hint_max(policy) == 0) {
		return again_rule_bad_range(error, "hint_max_ns",
		                            "hint_max_ns must be above 0: no bound is AGAIN_NEVER");
	}
	return 0;
}

static int check_times(const struct again_policy *policy, struct again_error *error)
{
	if (policy->base_delay_ns == 0) {
		return again_rule_bad_range(error, "base_delay_ns",
		                            "base_delay_ns must be above 0");
	}
	if (policy->max_delay_ns == 0) {
		return again_rule_bad_range(error, "max_delay_ns", "max_delay_ns must be above 0");
	}
	if (policy->attempt_timeout_ns == 0) {
		return again_rule_bad_range(
			error, "attempt_timeout_ns",
			"attempt_timeout_ns must be above 0: none is AGAIN_NEVER");
	}
	if (policy->reset_after_ns == 0) {
		return again_rule_bad_range(error, "reset_after_ns",
		                            "reset_after_ns must be above 0: never is AGAIN_NEVER");
	}
	return 0;
}

static int check_list(const struct again_policy *policy, struct again_error *error)
{
	if (policy->list_len < 1 || policy->list_len > AGAIN_LIST_MAX) {
		return again_rule_bad_range(error, "list_len", "list_len must be from 1 to 256");
	}
	if (policy->list == NULL) {
		return again_rule_bad_range(error, "list", "list is NULL");
	}
	for (uint32_t i = 0; i < policy->list_len; i++) {
		if (policy->list[i] == 0) {
			return again_rule_bad_range(error, "list",
			                            "list has a delay of 0: each must be above 0");
		}
	}
	return 0;
}

static int check_decorrelated(const struct again_policy *policy, struct again_error *error)
{
	if (policy->backoff != AGAIN_BACKOFF_EXPONENTIAL) {
		return conflict(error, "jitter",
		                "jitter decorrelated goes with backoff exponential only");
	}
	if (policy->factor_q32 != defaults.factor_q32) {
		return conflict(
			error, "jitter",
			"jitter decorrelated has a growth of its own: factor_q32 must be left at 2");
	}
	if (policy->max_delay_ns == policy->base_delay_ns ||
	    policy->max_delay_ns == again_policy_throttled_base(policy)) {
		return conflict(
			error, "max_delay_ns",
			"max_delay_ns equals a base delay: jitter decorrelated has no room");
	}
	return 0;
}

static int check_conflicts(const struct again_policy *policy, struct again_error *error)
{
	bool has_base = policy->backoff != AGAIN_BACKOFF_LIST;
	if (has_base && policy->max_delay_ns < policy->base_delay_ns) {
		return conflict(error, "max_delay_ns", "max_delay_ns is below base_delay_ns");
	}
	if (has_base && policy->max_delay_ns < again_policy_throttled_base(policy)) {
		return conflict(error, "max_delay_ns",
		                "max_delay_ns is below throttled_base_delay_ns");
	}
	if (policy->min_attempt_ns > policy->deadline_ns) {
		return conflict(error, "min_attempt_ns",
		                "min_attempt_ns is above deadline_ns: no attempt would ever start");
	}
	if (policy->jitter == AGAIN_JITTER_DECORRELATED) {
		return check_decorrelated(policy, error);
	}
	return 0;
}

int again_policy_validate(const struct again_policy *policy, struct again_error *error)
{
	int code = check_layout(policy, error);
	if (code == 0) {
		code = check_shape(policy, error);
	}
	if (code == 0) {
		code = check_times(policy, error);
	}
	if (code == 0) {
		code = check_hint(policy, error);
	}
	if (code == 0 && policy->backoff == AGAIN_BACKOFF_LIST) {
		code = check_list(policy, error);
	}
	if (code == 0) {
		code = check_conflicts(policy, error);
	}
	return code;
}
