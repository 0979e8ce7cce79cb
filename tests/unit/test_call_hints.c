// SPDX-License-Identifier: MIT
// What a server's hint does to a wait: each use, its bound, its jitter, its end of the growth, and the deadline.
#include "call_kit.h"

static struct again_policy policy_with(enum again_hint_use use, enum again_jitter jitter)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, jitter);
	policy.hint_use = (uint32_t)use;
	policy.max_retries = AGAIN_UNLIMITED;
	return policy;
}

static struct again_decision hinted(struct again_call *call, const struct again_policy *policy,
                                    enum again_hint_kind kind, again_ns hint_ns, again_ns now_ns)
{
	struct again_outcome outcome = outcome_of(AGAIN_CLASS_THROTTLED, now_ns, now_ns);
	outcome.hint_kind = (uint32_t)kind;
	outcome.hint_ns = hint_ns;
	return tell(call, policy, /*guards=*/NULL, outcome, now_ns);
}

/** The first retry of a call that begins at 0 and is given a hint then. */
static struct again_decision first_hinted(const struct again_policy *policy,
                                          enum again_hint_kind kind, again_ns hint_ns)
{
	struct again_call call;
	(void)begin(&call, policy, 0);
	return hinted(&call, policy, kind, hint_ns, 0);
}

static void assert_wait(struct again_decision decision, again_ns delay_ns, uint32_t guard)
{
	check(decision.verb == AGAIN_VERB_RETRY, "%s", again_reason_name(decision.reason));
	assert_int_equal(decision.delay_ns, delay_ns);
	assert_int_equal(decision.guard, guard);
}

/** Own delays of 1 s without jitter, hints around them and at every end. */
static void test_uses(void **)
{
	static const struct {
		enum again_hint_use use;
		again_ns hint_ns;
		again_ns delay_ns;
		uint32_t guard;
	} cases[] = {
		{AGAIN_HINT_AT_LEAST, 0, 1 * S, AGAIN_GUARD_NONE},
		{AGAIN_HINT_AT_LEAST, 1 * S, 1 * S, AGAIN_GUARD_NONE},
		{AGAIN_HINT_AT_LEAST, 1 * S + 1, 1 * S + 1, AGAIN_GUARD_HINT},
		{AGAIN_HINT_AT_LEAST, 1 * HOUR, 1 * HOUR, AGAIN_GUARD_HINT},
		{AGAIN_HINT_IGNORE, 0, 1 * S, AGAIN_GUARD_NONE},
		{AGAIN_HINT_IGNORE, 30 * S, 1 * S, AGAIN_GUARD_NONE},
		{AGAIN_HINT_IGNORE, AGAIN_NEVER, 1 * S, AGAIN_GUARD_NONE},
		{AGAIN_HINT_EXACT, 0, 0, AGAIN_GUARD_HINT},
		{AGAIN_HINT_EXACT, 1, 1, AGAIN_GUARD_HINT},
		{AGAIN_HINT_EXACT, 1 * HOUR, 1 * HOUR, AGAIN_GUARD_HINT},
		{AGAIN_HINT_BOUNDED, 0, 1 * S, AGAIN_GUARD_NONE},
		{AGAIN_HINT_BOUNDED, 2 * S, 2 * S, AGAIN_GUARD_HINT},
		{AGAIN_HINT_BOUNDED, 1 * HOUR + 1 * S, 1 * HOUR + 1 * S, AGAIN_GUARD_HINT},
		{AGAIN_HINT_BOUNDED, 1 * HOUR + 1 * S + 1, 1 * HOUR + 1 * S, AGAIN_GUARD_HINT},
		{AGAIN_HINT_BOUNDED, AGAIN_NEVER, 1 * HOUR + 1 * S, AGAIN_GUARD_HINT},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct again_policy policy = policy_with(cases[i].use, AGAIN_JITTER_NONE);
		struct again_decision decision =
			first_hinted(&policy, AGAIN_HINT_RELATIVE, cases[i].hint_ns);
		check(decision.verb == AGAIN_VERB_RETRY && decision.delay_ns == cases[i].delay_ns &&
		              decision.guard == cases[i].guard,
		      "case %zu: %" PRIu64 ", %s", i, decision.delay_ns,
		      again_guard_name(decision.guard));
		assert_int_equal(decision.not_before_ns, decision.delay_ns);
	}
}

static void test_a_hint_that_is_too_long(void **)
{
	static const enum again_hint_use uses[] = {AGAIN_HINT_AT_LEAST, AGAIN_HINT_EXACT};
	for (size_t i = 0; i < 2; i++) {
		for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
			struct again_policy policy =
				policy_with(uses[i], (enum again_jitter)jitter);
			policy.hint_max_ns = 30 * S;
			struct again_decision decision =
				first_hinted(&policy, AGAIN_HINT_RELATIVE, 30 * S + 1);
			assert_end(&decision, AGAIN_REASON_HINT_TOO_LONG, 1);
			assert_int_equal(decision.guard, AGAIN_GUARD_HINT);
			assert_int_equal(decision.delay_ns, 30 * S + 1);
			assert_int_equal(decision.not_before_ns, 30 * S + 1);
			// The bound is on the hint, not on what jitter makes of it.
			decision = first_hinted(&policy, AGAIN_HINT_RELATIVE, 30 * S);
			assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		}
	}
}

/** No bound, and all the time that there is: nothing wraps. */
static void test_hints_of_extreme_length(void **)
{
	for (uint32_t use = 0; use <= AGAIN_HINT_BOUNDED; use++) {
		for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
			struct again_policy policy =
				policy_with((enum again_hint_use)use, (enum again_jitter)jitter);
			policy.hint_max_ns = AGAIN_NEVER;
			policy.hint_jitter_q32 = UINT32_MAX;
			struct again_decision decision =
				first_hinted(&policy, AGAIN_HINT_RELATIVE, AGAIN_NEVER);
			assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
			if (use == AGAIN_HINT_IGNORE) {
				assert_in_range(decision.delay_ns, 1, 60 * S);
				continue;
			}
			assert_int_equal(decision.delay_ns, AGAIN_NEVER);
			decision = first_hinted(&policy, AGAIN_HINT_RELATIVE, AGAIN_NEVER - 9);
			assert_true(decision.delay_ns >= AGAIN_NEVER - 9);
			// Cut to 64 bits, twice this would be short.
			decision = first_hinted(&policy, AGAIN_HINT_RELATIVE, UINT64_C(3) << 62);
			assert_true(decision.delay_ns >= UINT64_C(3) << 62);
		}
	}
}

/** Lengthened by up to the ratio, never shortened, spread over all of it; by the delay's own draw. */
static void test_hint_jitter(void **)
{
	for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
		struct again_policy policy =
			policy_with(AGAIN_HINT_AT_LEAST, (enum again_jitter)jitter);
		policy.hint_jitter_q32 = (uint32_t)Q32_PERCENT(50);
		assert_valid(&policy);
		again_ns least = AGAIN_NEVER;
		again_ns most = 0;
		for (uint64_t operation = 0; operation < 1000; operation++) {
			struct again_call call;
			struct again_decision decision;
			again_call_init(&call, &policy, 0, seed, operation);
			again_call_begin(&call, &policy, /*guards=*/NULL, 0, &decision);
			decision = hinted(&call, &policy, AGAIN_HINT_RELATIVE, 100 * S, 0);
			struct again_rng rng = again_rng_split(
				again_rng_split(again_rng_root(seed), operation), 1);
			again_ns expected = jitter == AGAIN_JITTER_NONE
			                            ? 100 * S
			                            : again_uniform(&rng, 100 * S, 150 * S);
			check(decision.delay_ns == expected,
			      "seed %" PRIu64 ", operation %" PRIu64 ", %s: %" PRIu64, seed,
			      operation, jitter_name(jitter), decision.delay_ns);
			least = decision.delay_ns < least ? decision.delay_ns : least;
			most = decision.delay_ns > most ? decision.delay_ns : most;
		}
		if (jitter != AGAIN_JITTER_NONE) {
			assert_true(least < 101 * S && most > 149 * S);
		}
	}
}

static void test_hint_without_its_jitter(void **)
{
	struct again_policy policy = policy_with(AGAIN_HINT_AT_LEAST, AGAIN_JITTER_FULL);
	policy.hint_jitter_q32 = 0;
	assert_wait(first_hinted(&policy, AGAIN_HINT_RELATIVE, 100 * S), 100 * S, AGAIN_GUARD_HINT);
}

/** A moment on the caller's clock; in the past it is at once, which is not the same as no hint. */
static void test_absolute_hints(void **)
{
	struct again_policy policy = policy_with(AGAIN_HINT_EXACT, AGAIN_JITTER_NONE);
	struct again_call call;
	(void)begin(&call, &policy, 1000 * S);
	assert_wait(hinted(&call, &policy, AGAIN_HINT_ABSOLUTE, 1010 * S, 1003 * S), 7 * S,
	            AGAIN_GUARD_HINT);
	assert_wait(hinted(&call, &policy, AGAIN_HINT_ABSOLUTE, 1010 * S, 1010 * S), 0,
	            AGAIN_GUARD_HINT);
	assert_wait(hinted(&call, &policy, AGAIN_HINT_ABSOLUTE, 3, 1020 * S), 0, AGAIN_GUARD_HINT);
	// The clock is held at its latest time for a hint, too.
	assert_wait(hinted(&call, &policy, AGAIN_HINT_ABSOLUTE, 1025 * S, 5 * S), 5 * S,
	            AGAIN_GUARD_HINT);
	policy.hint_use = AGAIN_HINT_AT_LEAST;
	(void)begin(&call, &policy, 1000 * S);
	assert_wait(hinted(&call, &policy, AGAIN_HINT_ABSOLUTE, 0, 1000 * S), 1 * S,
	            AGAIN_GUARD_NONE);
}

static void test_no_hint(void **)
{
	static const uint32_t kinds[] = {AGAIN_HINT_NONE, AGAIN_HINT_REFUSAL + 1, UINT32_MAX};
	struct again_policy policy = policy_with(AGAIN_HINT_EXACT, AGAIN_JITTER_NONE);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_wait(first_hinted(&policy, (enum again_hint_kind)kinds[i], 30 * S), 1 * S,
		            AGAIN_GUARD_NONE);
	}
}

static void test_refusal(void **)
{
	for (uint32_t use = 0; use <= AGAIN_HINT_BOUNDED; use++) {
		struct again_policy policy =
			policy_with((enum again_hint_use)use, AGAIN_JITTER_NONE);
		struct again_decision decision = first_hinted(&policy, AGAIN_HINT_REFUSAL, 30 * S);
		if (use == AGAIN_HINT_IGNORE) {
			assert_wait(decision, 1 * S, AGAIN_GUARD_NONE);
			continue;
		}
		assert_end(&decision, AGAIN_REASON_SERVER_REFUSED, 1);
		assert_int_equal(decision.guard, AGAIN_GUARD_HINT);
		assert_int_equal(decision.delay_ns, 0);
	}
}

/** gRPC A6, cenkalti/backoff v5: after an exact hint the growth starts anew. After any other it goes on. */
static void test_growth_after_a_hint(void **)
{
	static const again_ns after[] = {
		[AGAIN_HINT_AT_LEAST] = 8 * S,
		[AGAIN_HINT_IGNORE] = 8 * S,
		[AGAIN_HINT_EXACT] = 1 * S,
		[AGAIN_HINT_BOUNDED] = 8 * S,
	};
	for (uint32_t use = 0; use <= AGAIN_HINT_BOUNDED; use++) {
		struct again_policy policy =
			policy_with((enum again_hint_use)use, AGAIN_JITTER_NONE);
		struct again_call call;
		(void)begin(&call, &policy, 0);
		(void)next(&call, &policy, AGAIN_CLASS_SERVER, 0);
		(void)next(&call, &policy, AGAIN_CLASS_SERVER, 0);
		(void)hinted(&call, &policy, AGAIN_HINT_RELATIVE, 50 * S, 0);
		struct again_decision decision = next(&call, &policy, AGAIN_CLASS_SERVER, 0);
		assert_int_equal(decision.delay_ns, after[use]);
		assert_int_equal(decision.attempt, 5);
	}
}

/** Decorrelated jitter goes on from the own delay, as if no hint had come; from none after an exact one. */
static void test_the_chain_after_a_hint(void **)
{
	for (uint32_t use = 0; use <= AGAIN_HINT_BOUNDED; use++) {
		struct again_policy policy =
			policy_with((enum again_hint_use)use, AGAIN_JITTER_DECORRELATED);
		again_ns plan[6];
		assert_int_equal(again_call_plan(&policy, seed, 1, 6, plan), 6);
		struct again_call call;
		(void)begin(&call, &policy, 0);
		for (uint32_t i = 0; i < 6; i++) {
			struct again_decision decision =
				i == 2 ? hinted(&call, &policy, AGAIN_HINT_RELATIVE, 500 * S, 0)
				       : next(&call, &policy, AGAIN_CLASS_SERVER, 0);
			if (i == 2 && use != AGAIN_HINT_IGNORE) {
				assert_in_range(decision.delay_ns, 500 * S, 600 * S);
			} else if (i == 3 && use == AGAIN_HINT_EXACT) {
				assert_in_range(decision.delay_ns, 1 * S, 3 * S);
				break;
			} else {
				assert_int_equal(decision.delay_ns, plan[i]);
			}
		}
	}
}

/** A refused wait moves nothing, and is told with what made it so long. */
static void test_hint_beyond_the_deadline(void **)
{
	struct again_policy policy = policy_with(AGAIN_HINT_AT_LEAST, AGAIN_JITTER_NONE);
	policy.deadline_ns = 30 * S;
	struct again_decision decision = first_hinted(&policy, AGAIN_HINT_RELATIVE, 30 * S);
	assert_end(&decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 1);
	assert_int_equal(decision.guard, AGAIN_GUARD_HINT);
	assert_int_equal(decision.delay_ns, 30 * S);
	assert_int_equal(decision.not_before_ns, 30 * S);
	decision = first_hinted(&policy, AGAIN_HINT_RELATIVE, 30 * S - 1);
	assert_wait(decision, 30 * S - 1, AGAIN_GUARD_HINT);
	assert_int_equal(decision.attempt_timeout_ns, 1);
	policy.min_attempt_ns = 2;
	decision = first_hinted(&policy, AGAIN_HINT_RELATIVE, 30 * S - 1);
	assert_end(&decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 1);
	// The bound comes before the deadline.
	decision = first_hinted(&policy, AGAIN_HINT_RELATIVE, 2 * HOUR);
	assert_end(&decision, AGAIN_REASON_HINT_TOO_LONG, 1);
	// A hint of none does not hide that the own delay is too long.
	policy.min_attempt_ns = 0;
	policy.deadline_ns = 1 * S;
	decision = first_hinted(&policy, AGAIN_HINT_RELATIVE, 0);
	assert_end(&decision, AGAIN_REASON_WOULD_EXCEED_DEADLINE, 1);
	assert_int_equal(decision.guard, AGAIN_GUARD_NONE);
	assert_int_equal(decision.delay_ns, 1 * S);
}

/** A hint may be longer than max_delay_ns, which bounds the own delays. */
static void test_hints_are_outside_the_cap(void **)
{
	struct again_policy policy = policy_with(AGAIN_HINT_AT_LEAST, AGAIN_JITTER_NONE);
	policy.max_delay_ns = 2 * S;
	assert_wait(first_hinted(&policy, AGAIN_HINT_RELATIVE, 90 * S), 90 * S, AGAIN_GUARD_HINT);
}

/** A success with a hint is a success; what cannot pass does not pass for a hint. */
static void test_a_hint_does_not_change_the_class(void **)
{
	struct again_policy policy = policy_with(AGAIN_HINT_EXACT, AGAIN_JITTER_NONE);
	static const enum again_class classes[] = {AGAIN_CLASS_SUCCESS, AGAIN_CLASS_PERMANENT,
	                                           AGAIN_CLASS_AMBIGUOUS};
	static const uint32_t reasons[] = {AGAIN_REASON_SUCCESS, AGAIN_REASON_NOT_RETRYABLE,
	                                   AGAIN_REASON_AMBIGUOUS};
	for (size_t i = 0; i < 3; i++) {
		struct again_call call;
		(void)begin(&call, &policy, 0);
		struct again_outcome outcome = outcome_of(classes[i], 0, 0);
		outcome.hint_kind = AGAIN_HINT_RELATIVE;
		outcome.hint_ns = 5 * S;
		struct again_decision end = tell(&call, &policy, /*guards=*/NULL, outcome, 0);
		assert_end(&end, reasons[i], 1);
		assert_int_equal(end.delay_ns, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_a_hint_that_is_too_long),
		cmocka_unit_test(test_hints_of_extreme_length),
		cmocka_unit_test(test_hint_jitter),
		cmocka_unit_test(test_hint_without_its_jitter),
		cmocka_unit_test(test_absolute_hints),
		cmocka_unit_test(test_no_hint),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_growth_after_a_hint),
		cmocka_unit_test(test_the_chain_after_a_hint),
		cmocka_unit_test(test_hint_beyond_the_deadline),
		cmocka_unit_test(test_hints_are_outside_the_cap),
		cmocka_unit_test(test_a_hint_does_not_change_the_class),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
