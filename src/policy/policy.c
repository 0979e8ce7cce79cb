// SPDX-License-Identifier: MIT
// A policy's defaults and its validation. @pure
//
// Everything that decides trusts a validated policy, so whatever would make a delay zero, endless by accident or without
// spread is refused here, with the field's name.
//
// The struct only grows. When it does, FIRST_SIZE stays, a validated size may be anything from it to sizeof, and a
// function that uses a new field reads its default where `size` ends before it. A size above ours comes from a newer
// header: it asks for something that we cannot do, and is refused rather than half done.
#include <again/policy.h>

#include "base/error.h"

#include <stddef.h>
#include <string.h>

/** sizeof the first struct that was published. */
#define FIRST_SIZE (offsetof(struct again_policy, initial_delay_ns) + sizeof(again_ns))

_Static_assert(sizeof(struct again_policy) == FIRST_SIZE,
               "a field was appended: see the head of this file");
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
};

void again_policy_init(struct again_policy *policy, size_t size)
{
	struct again_policy known = defaults;
	known.size = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	memset(policy, 0, size);
	memcpy(policy, &known, size < sizeof(known) ? size : sizeof(known));
}

static int out_of_range(struct again_error *error, const char *field, const char *text)
{
	return again_error_set(error, AGAIN_ERR_RANGE, field, text);
}

static int conflict(struct again_error *error, const char *field, const char *text)
{
	return again_error_set(error, AGAIN_ERR_CONFLICT, field, text);
}

/** What this library knows: nothing else of the struct may be read before this holds. */
static int check_layout(const struct again_policy *policy, struct again_error *error)
{
	if (policy->size < FIRST_SIZE) {
		return again_error_set(error, AGAIN_ERR_INVALID, "size",
		                       "size is less than any policy's: use again_policy_init");
	}
	if (policy->size > sizeof(*policy)) {
		return again_error_set(error, AGAIN_ERR_INVALID, "size",
		                       "size is that of a newer libagain");
	}
	if (policy->reserved != 0) {
		return again_error_set(error, AGAIN_ERR_INVALID, "reserved", "reserved is not 0");
	}
	return 0;
}

static int check_shape(const struct again_policy *policy, struct again_error *error)
{
	if (policy->backoff > AGAIN_BACKOFF_LIST) {
		return out_of_range(error, "backoff", "backoff is none of enum again_backoff");
	}
	if (policy->jitter > AGAIN_JITTER_PROPORTIONAL) {
		return out_of_range(error, "jitter", "jitter is none of enum again_jitter");
	}
	if (policy->jitter_q32 == 0) {
		return out_of_range(
			error, "jitter_q32",
			"jitter_q32 must be above 0: for no jitter use AGAIN_JITTER_NONE");
	}
	if (policy->degree < 1 || policy->degree > AGAIN_DEGREE_MAX) {
		return out_of_range(error, "degree", "degree must be from 1 to 8");
	}
	if (policy->factor_q32 < AGAIN_Q32_ONE) {
		return out_of_range(error, "factor_q32", "factor_q32 must be at least 1");
	}
	return 0;
}

static int check_times(const struct again_policy *policy, struct again_error *error)
{
	if (policy->base_delay_ns == 0) {
		return out_of_range(error, "base_delay_ns", "base_delay_ns must be above 0");
	}
	if (policy->max_delay_ns == 0) {
		return out_of_range(error, "max_delay_ns", "max_delay_ns must be above 0");
	}
	if (policy->attempt_timeout_ns == 0) {
		return out_of_range(error, "attempt_timeout_ns",
		                    "attempt_timeout_ns must be above 0: none is AGAIN_NEVER");
	}
	if (policy->reset_after_ns == 0) {
		return out_of_range(error, "reset_after_ns",
		                    "reset_after_ns must be above 0: never is AGAIN_NEVER");
	}
	return 0;
}

static int check_list(const struct again_policy *policy, struct again_error *error)
{
	if (policy->list_len < 1 || policy->list_len > AGAIN_LIST_MAX) {
		return out_of_range(error, "list_len", "list_len must be from 1 to 256");
	}
	if (policy->list == NULL) {
		return out_of_range(error, "list", "list is NULL");
	}
	for (uint32_t i = 0; i < policy->list_len; i++) {
		if (policy->list[i] == 0) {
			return out_of_range(error, "list",
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
	if (policy->max_delay_ns == policy->base_delay_ns) {
		return conflict(
			error, "max_delay_ns",
			"max_delay_ns equals base_delay_ns: jitter decorrelated has no room");
	}
	return 0;
}

static int check_conflicts(const struct again_policy *policy, struct again_error *error)
{
	if (policy->backoff != AGAIN_BACKOFF_LIST && policy->max_delay_ns < policy->base_delay_ns) {
		return conflict(error, "max_delay_ns", "max_delay_ns is below base_delay_ns");
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
	if (code == 0 && policy->backoff == AGAIN_BACKOFF_LIST) {
		code = check_list(policy, error);
	}
	if (code == 0) {
		code = check_conflicts(policy, error);
	}
	return code;
}
