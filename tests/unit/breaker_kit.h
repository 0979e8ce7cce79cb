// SPDX-License-Identifier: MIT
// What the tests of a breaker share: rules that differ in a line, and attempts that are made and reported at once.
#ifndef AGAIN_TESTS_BREAKER_KIT_H
#define AGAIN_TESTS_BREAKER_KIT_H

#include "policy_kit.h"

/** Opens for 30 s after so many failures in a row, one probe for at most 10 s. */
static inline struct again_breaker_rule rule_in_a_row(uint32_t failures)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BREAKER_CONSECUTIVE;
	rule.failures = failures;
	rule.lease_ns = 10 * S;
	return rule;
}

/** Opens for 30 s when so many percent of at least min_calls attempts of 10 s have failed. */
static inline struct again_breaker_rule rule_of_ratio(uint32_t percent, uint32_t min_calls)
{
	struct again_breaker_rule rule = rule_in_a_row(/*failures=*/0);
	rule.kind = AGAIN_BREAKER_RATIO;
	rule.min_calls = min_calls;
	rule.ratio_q32 = Q32_PERCENT(percent);
	rule.window_ns = 10 * S;
	return rule;
}

static inline void assert_valid_rule(const struct again_breaker_rule *rule)
{
	struct again_error error = {0};
	check(again_breaker_rule_validate(rule, &error) == 0, "%s: %s", error.field, error.text);
}

/** A lease for an attempt that starts now, which must be given. */
static inline again_lease allow(struct again_breaker *breaker,
                                const struct again_breaker_rule *rule, again_ns now_ns)
{
	again_lease lease = 0;
	assert_int_equal(again_breaker_opens_at(breaker, rule, now_ns), now_ns);
	assert_int_equal(again_breaker_would_allow(breaker, rule, now_ns), 1);
	assert_int_equal(again_breaker_allow(breaker, rule, now_ns, now_ns, &lease), 1);
	assert_int_not_equal(lease, 0);
	assert_int_equal(again_breaker_holds(breaker, rule, lease, now_ns), 1);
	return lease;
}

/** No lease is given at `now_ns`, nothing is changed by asking, and the breaker knows until when: `opens_ns`. */
static inline void assert_refuses(struct again_breaker *breaker,
                                  const struct again_breaker_rule *rule, again_ns now_ns,
                                  again_ns opens_ns)
{
	struct again_breaker before = *breaker;
	again_lease lease = 7;
	assert_int_equal(again_breaker_would_allow(breaker, rule, now_ns), 0);
	assert_int_equal(again_breaker_allow(breaker, rule, now_ns, now_ns, &lease), 0);
	assert_int_equal(lease, 7);
	assert_int_equal(again_breaker_opens_at(breaker, rule, now_ns), opens_ns);
	assert_memory_equal(breaker, &before, sizeof(before));
}

/** A report that must change nothing. */
static inline void assert_ignores(struct again_breaker *breaker,
                                  const struct again_breaker_rule *rule, again_lease lease,
                                  again_ns now_ns)
{
	struct again_breaker before = *breaker;
	assert_int_equal(again_breaker_holds(breaker, rule, lease, now_ns), 0);
	for (uint32_t outcome_class = 0; outcome_class < 10; outcome_class++) {
		again_breaker_report(breaker, rule, lease, outcome_class, now_ns);
		assert_memory_equal(breaker, &before, sizeof(before));
	}
}

/** One attempt that takes no time. */
static inline void attempt(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                           enum again_class outcome_class, again_ns now_ns)
{
	again_lease lease = allow(breaker, rule, now_ns);
	again_breaker_report(breaker, rule, lease, (uint32_t)outcome_class, now_ns);
}

static inline void attempts(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                            enum again_class outcome_class, int count, again_ns now_ns)
{
	for (int i = 0; i < count; i++) {
		attempt(breaker, rule, outcome_class, now_ns);
	}
}

#define assert_state(breaker, now_ns, state) \
	assert_int_equal(again_breaker_state_at((breaker), (now_ns)), (state))

/** One that has just opened at `now_ns`. */
static inline struct again_breaker opened(const struct again_breaker_rule *rule, again_ns now_ns)
{
	struct again_breaker breaker;
	again_breaker_init(&breaker);
	assert_valid_rule(rule);
	attempts(&breaker, rule, AGAIN_CLASS_TRANSIENT, (int)rule->failures, now_ns);
	assert_state(&breaker, now_ns, AGAIN_BREAKER_OPEN);
	return breaker;
}

#endif
