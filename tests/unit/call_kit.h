// SPDX-License-Identifier: MIT
// What the tests of a call share: a call that is begun, its next decision, the whole story of one that only fails.
#ifndef AGAIN_TESTS_CALL_KIT_H
#define AGAIN_TESTS_CALL_KIT_H

#include "policy_kit.h"

/** All guards, their rules, and the states that calls share. Not to be copied: the guards point into it. */
struct world {
	struct again_breaker_rule breaker_rule;
	struct again_breaker breaker;
	struct again_throttle_rule throttle_rule;
	struct again_throttle throttle;
	struct again_rate_rule rate_rule;
	struct again_rate rate;
	struct again_budget_rule budget_rule;
	union again_budget budget;
	struct again_guards guards;
};

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
	again_call_begin(call, policy, /*guards=*/NULL, now_ns, &decision);
	return decision;
}

/** The next decision after an attempt that ends at `now_ns` and took no time. */
static inline struct again_decision next(struct again_call *call, const struct again_policy *policy,
                                         enum again_class outcome_class, again_ns now_ns)
{
	struct again_decision decision;
	memset(&decision, 0xA5, sizeof(decision));
	struct again_outcome outcome = outcome_of(outcome_class, now_ns, now_ns);
	again_call_next(call, policy, /*guards=*/NULL, &outcome, now_ns, &decision);
	return decision;
}

/** Rules that allow much, and no state that is asked: a test sets the pointers of the guards that it is about. */
static inline void world_init(struct world *world)
{
	memset(world, 0, sizeof(*world));
	again_breaker_rule_init(&world->breaker_rule, sizeof(world->breaker_rule));
	world->breaker_rule.kind = AGAIN_BREAKER_CONSECUTIVE;
	world->breaker_rule.failures = 1000;
	again_breaker_init(&world->breaker);
	again_throttle_rule_init(&world->throttle_rule, sizeof(world->throttle_rule));
	again_throttle_init(&world->throttle);
	again_rate_rule_init(&world->rate_rule, sizeof(world->rate_rule));
	world->rate_rule.burst = 1000;
	again_rate_init(&world->rate);
	again_budget_rule_init(&world->budget_rule, sizeof(world->budget_rule));
	world->budget_rule.kind = AGAIN_BUDGET_TOKENS;
	world->budget_rule.capacity_mt = 1000 * AGAIN_TOKEN_MT;
	world->budget_rule.cost_mt = AGAIN_TOKEN_MT;
	again_budget_init(&world->budget, &world->budget_rule, /*now_ns=*/0);
	again_guards_init(&world->guards, sizeof(world->guards));
	world->guards.breaker_rule = &world->breaker_rule;
	world->guards.throttle_rule = &world->throttle_rule;
	world->guards.rate_rule = &world->rate_rule;
	world->guards.budget_rule = &world->budget_rule;
}

/** A bucket of so many tokens, with so many for each retry. */
static inline struct again_budget_rule tokens_of(uint32_t capacity, uint32_t cost)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BUDGET_TOKENS;
	rule.capacity_mt = capacity * AGAIN_TOKEN_MT;
	rule.cost_mt = cost * AGAIN_TOKEN_MT;
	return rule;
}

/** So many retries in flight. */
static inline struct again_budget_rule in_flight_of(uint32_t most)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BUDGET_CONCURRENCY;
	rule.min_concurrency = most;
	return rule;
}

/** Asks all guards. */
static inline void use_all(struct world *world)
{
	world->guards.breaker = &world->breaker;
	world->guards.throttle = &world->throttle;
	world->guards.rate = &world->rate;
	world->guards.budget = &world->budget;
	assert_int_equal(again_guards_validate(&world->guards, NULL), 0);
}

/** A budget of this rule, full, as the only guard. */
static inline void world_of_budget(struct world *world, const struct again_budget_rule *rule)
{
	struct again_error error = {0};
	world_init(world);
	world->budget_rule = *rule;
	again_budget_init(&world->budget, &world->budget_rule, /*now_ns=*/0);
	world->guards.budget = &world->budget;
	check(again_guards_validate(&world->guards, &error) == 0, "%s: %s", error.field,
	      error.text);
}

static inline struct again_decision begin_under(struct again_call *call,
                                                const struct again_policy *policy,
                                                const struct again_guards *guards, again_ns now_ns)
{
	struct again_decision decision;
	memset(&decision, 0xA5, sizeof(decision));
	assert_valid(policy);
	again_call_init(call, policy, now_ns, seed, /*operation=*/1);
	again_call_begin(call, policy, guards, now_ns, &decision);
	return decision;
}

static inline struct again_decision tell(struct again_call *call, const struct again_policy *policy,
                                         const struct again_guards *guards,
                                         struct again_outcome outcome, again_ns now_ns)
{
	struct again_decision decision;
	memset(&decision, 0xA5, sizeof(decision));
	again_call_next(call, policy, guards, &outcome, now_ns, &decision);
	return decision;
}

/** The attempt that a decision offered took no time and ended so, when it was due. */
static inline struct again_decision pass(struct again_call *call, const struct again_policy *policy,
                                         const struct again_guards *guards,
                                         const struct again_decision *offered,
                                         enum again_class outcome_class)
{
	struct again_outcome outcome =
		outcome_of(outcome_class, offered->not_before_ns, offered->not_before_ns);
	outcome.lease = offered->lease;
	return tell(call, policy, guards, outcome, offered->not_before_ns);
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
		again_call_next(&story->call, policy, /*guards=*/NULL, &outcome, story->now_ns,
		                &story->last);
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
	assert_int_equal(end->lease, 0);
	assert_int_equal(end->attempt_timeout_ns, 0);
}

#endif
