// SPDX-License-Identifier: MIT
// What the tests of the policy room share: cmocka, times in words, policies that differ from the defaults in a line.
#ifndef AGAIN_TESTS_POLICY_KIT_H
#define AGAIN_TESTS_POLICY_KIT_H

#include <again/again.h>

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define US UINT64_C(1'000)
#define MS UINT64_C(1'000'000)
#define S AGAIN_NS_PER_SECOND
#define HOUR (3600 * S)

/** A factor or a ratio of a hundredth, in Q32. */
#define Q32_PERCENT(percent) ((AGAIN_Q32_ONE * (percent) + 50) / 100)

/** The condition, or a failure that tells what it was about, with the seed among it. */
#define check(condition, ...)                                \
	do {                                                 \
		if (!(condition)) {                          \
			print_error("not " #condition ": "); \
			print_error(__VA_ARGS__);            \
			print_error("\n");                   \
			_fail(__FILE__, __LINE__);           \
		}                                            \
	} while (false)

static inline struct again_policy default_policy(void)
{
	struct again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	return policy;
}

static inline struct again_policy policy_of(enum again_backoff backoff, enum again_jitter jitter)
{
	struct again_policy policy = default_policy();
	policy.backoff = (uint32_t)backoff;
	policy.jitter = (uint32_t)jitter;
	return policy;
}

/** The policy without jitter, and without a cap. */
static inline struct again_policy growth_of(enum again_backoff backoff)
{
	struct again_policy policy = policy_of(backoff, AGAIN_JITTER_NONE);
	policy.max_delay_ns = AGAIN_NEVER;
	return policy;
}

static inline void assert_valid(const struct again_policy *policy)
{
	struct again_error error = {0};
	int code = again_policy_validate(policy, &error);
	check(code == 0, "%s: %s", error.field, error.text);
}

static inline void assert_refused(const struct again_policy *policy, int code, const char *field)
{
	struct again_error error = {0};
	assert_int_equal(again_policy_validate(policy, &error), code);
	assert_int_equal(error.code, code);
	assert_int_equal(error.sys, 0);
	assert_string_equal(error.field, field);
	assert_true(error.text[0] != '\0');
	assert_int_equal(again_policy_validate(policy, /*error=*/NULL), code);
}

static inline const char *jitter_name(uint32_t jitter)
{
	static const char *const names[] = {"equal", "none", "full", "decorrelated",
	                                    "proportional"};
	return jitter < 5 ? names[jitter] : "?";
}

#endif
