// SPDX-License-Identifier: MIT
// What the tests of a call share: a call that is begun, its next decision, the whole story of one that only fails.
#ifndef AGAIN_TESTS_CALL_KIT_H
#define AGAIN_TESTS_CALL_KIT_H

#include "policy_kit.h"

/** A call whose attempts all take `attempt_ns` and fail, until it ends. */
struct story {
	again_ns now_ns;
	again_ns attempt_ns;
	again_ns delays_ns;
	again_ns starts_ns[64];
	uint32_t attempts;
	struct again_call call;
	struct again_decision last;
};

static const uint64_t seed = 20240229;

static inline struct again_outcome outcome_of(enum again_class outcome_class, again_ns started_ns,
                                              again_ns ended_ns)
{
	return (struct again_outcome){.outcome_class = (uint32_t)outcome_class,
	                              .started_ns = started_ns,
	                              .ended_ns = ended_ns};
}

static inline struct again_decision begin(struct again_call *call,
                                          const struct again_policy *policy, again_ns now_ns)
{
	struct again_decision decision;
	memset(&decision, 0xA5, sizeof(decision));
	assert_valid(policy);
	again_call_init(call, policy, now_ns, seed, /*operation=*/1);
	again_call_begin(call, policy, now_ns, &decision);
	return decision;
}

/** The next decision after an attempt that ends at `now_ns` and took no time. */
static inline struct again_decision next(struct again_call *call, const struct again_policy *policy,
                                         enum again_class outcome_class, again_ns now_ns)
{
	struct again_decision decision;
	memset(&decision, 0xA5, sizeof(decision));
	struct again_outcome outcome = outcome_of(outcome_class, now_ns, now_ns);
	again_call_next(call, policy, &outcome, now_ns, &decision);
	return decision;
}

/** Lives a call of failures to its end; asserts that no wait overlaps what came before. */
static inline void live(struct story *story, const struct again_policy *policy)
{
	story->last = begin(&story->call, policy, story->now_ns);
	while (story->last.verb == AGAIN_VERB_RETRY) {
		assert_in_range(story->attempts, 0, 63);
		assert_int_equal(story->last.attempt, story->attempts + 1);
		assert_int_equal(story->last.not_before_ns, story->now_ns + story->last.delay_ns);
		story->delays_ns += story->last.delay_ns;
		story->starts_ns[story->attempts++] = story->last.not_before_ns;
		story->now_ns = story->last.not_before_ns + story->attempt_ns;
		struct again_outcome outcome =
			outcome_of(AGAIN_CLASS_TRANSIENT, story->last.not_before_ns, story->now_ns);
		again_call_next(&story->call, policy, &outcome, story->now_ns, &story->last);
	}
	assert_int_equal(story->last.attempt, story->attempts);
}

static inline struct again_policy plain(void)
{
	return policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE);
}

static inline void assert_end(const struct again_decision *end, uint32_t reason, uint32_t attempts)
{
	check(end->reason == reason, "seed %" PRIu64 ": %s, expected %s", seed,
	      again_reason_name(end->reason), again_reason_name(reason));
	assert_int_equal(end->verb,
	                 reason == AGAIN_REASON_SUCCESS ? AGAIN_VERB_SUCCEED : AGAIN_VERB_STOP);
	assert_int_equal(end->attempt, attempts);
	assert_int_equal(end->reserved, 0);
	assert_int_equal(end->attempt_timeout_ns, 0);
}

#endif
