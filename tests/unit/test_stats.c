// SPDX-License-Identifier: MIT
// Counting decisions: what each adds, what a merge adds, and that no counter wraps.
#include "call_kit.h"

static struct again_stats empty(void)
{
	struct again_stats stats;
	memset(&stats, 0xA5, sizeof(stats));
	again_stats_init(&stats);
	return stats;
}

static void add_end(struct again_stats *stats, uint32_t reason, uint32_t attempts)
{
	struct again_decision end = {
		.verb = reason == AGAIN_REASON_SUCCESS ? AGAIN_VERB_SUCCEED : AGAIN_VERB_STOP,
		.reason = reason,
		.attempt = attempts,
	};
	again_stats_add(stats, &end);
}

static void add(struct again_stats *stats, uint32_t verb, again_ns delay_ns)
{
	struct again_decision decision = {.verb = verb, .attempt = 1, .delay_ns = delay_ns};
	again_stats_add(stats, &decision);
}

static void assert_same(const struct again_stats *stats, const struct again_stats *wanted)
{
	assert_memory_equal(stats, wanted, sizeof(*stats));
}

static void test_nothing(void **)
{
	static const struct again_stats zeros;
	struct again_stats stats = empty();
	assert_same(&stats, &zeros);
	assert_int_equal(again_stats_waste_q32(&stats), 0);
}

static void test_success_at_once(void **)
{
	struct again_stats stats = empty();
	struct again_stats wanted = {.calls = 1, .successes = 1, .attempts = 1};
	wanted.success_by_attempt[0] = 1;
	wanted.ends_by_reason[AGAIN_REASON_SUCCESS] = 1;
	add_end(&stats, AGAIN_REASON_SUCCESS, 1);
	assert_same(&stats, &wanted);
	assert_int_equal(again_stats_waste_q32(&stats), 0);
}

static void test_success_after_retries(void **)
{
	struct again_stats stats = empty();
	struct again_stats wanted = {
		.calls = 1, .successes = 1, .attempts = 4, .wasted_retries = 2};
	wanted.success_by_attempt[3] = 1;
	wanted.ends_by_reason[AGAIN_REASON_SUCCESS] = 1;
	add_end(&stats, AGAIN_REASON_SUCCESS, 4);
	assert_same(&stats, &wanted);
	assert_int_equal(again_stats_waste_q32(&stats), 2 * AGAIN_Q32_ONE / 3);
}

static void test_failure(void **)
{
	struct again_stats stats = empty();
	struct again_stats wanted = {.calls = 1, .attempts = 6, .wasted_retries = 5};
	wanted.ends_by_reason[AGAIN_REASON_EXHAUSTED] = 1;
	add_end(&stats, AGAIN_REASON_EXHAUSTED, 6);
	assert_same(&stats, &wanted);
	assert_int_equal(again_stats_waste_q32(&stats), AGAIN_Q32_ONE);
}

/** A call that is refused at its beginning has no retry, and not 2^32 of them. */
static void test_end_without_an_attempt(void **)
{
	struct again_stats stats = empty();
	struct again_stats wanted = {.calls = 1};
	wanted.ends_by_reason[AGAIN_REASON_BREAKER_OPEN] = 1;
	add_end(&stats, AGAIN_REASON_BREAKER_OPEN, 0);
	assert_same(&stats, &wanted);
	assert_int_equal(again_stats_waste_q32(&stats), 0);
}

static void test_late_successes_share_a_counter(void **)
{
	struct again_stats stats = empty();
	add_end(&stats, AGAIN_REASON_SUCCESS, AGAIN_STATS_ATTEMPTS - 1);
	add_end(&stats, AGAIN_REASON_SUCCESS, AGAIN_STATS_ATTEMPTS);
	add_end(&stats, AGAIN_REASON_SUCCESS, AGAIN_STATS_ATTEMPTS + 1);
	add_end(&stats, AGAIN_REASON_SUCCESS, UINT32_MAX);
	assert_int_equal(stats.success_by_attempt[AGAIN_STATS_ATTEMPTS - 2], 1);
	assert_int_equal(stats.success_by_attempt[AGAIN_STATS_ATTEMPTS - 1], 3);
	assert_int_equal(stats.ends_by_reason[0], 0);
}

static void test_each_reason_has_a_counter(void **)
{
	static const uint32_t reasons[] = {
#define REASON(name, word, text) name,
		AGAIN_REASONS(REASON)
#undef REASON
	};
	struct again_stats stats = empty();
	// AGAIN_REASON_NONE is no end.
	for (size_t i = 1; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		add_end(&stats, reasons[i], 1);
		check(stats.ends_by_reason[reasons[i]] == 1, "%s", again_reason_name(reasons[i]));
		assert_int_equal(stats.calls, i);
	}
}

/** Those of a newer library: the call is counted, nothing is written outside. */
static void test_unknown_reasons_and_verbs(void **)
{
	struct {
		struct again_stats stats;
		uint64_t behind;
	} guarded = {.stats = empty(), .behind = 7};
	struct again_stats wanted = {.calls = 2, .attempts = 4, .wasted_retries = 2};
	add_end(&guarded.stats, AGAIN_STATS_REASONS, 2);
	add_end(&guarded.stats, UINT32_MAX, 2);
	add(&guarded.stats, AGAIN_VERB_HEDGE + 1, S);
	assert_same(&guarded.stats, &wanted);
	assert_int_equal(guarded.behind, 7);
}

static void test_waits(void **)
{
	struct again_stats stats = empty();
	struct again_decision refused = {
		.verb = AGAIN_VERB_STOP,
		.reason = AGAIN_REASON_WOULD_EXCEED_DEADLINE,
		.attempt = 2,
		.delay_ns = 40 * S,
	};
	add(&stats, AGAIN_VERB_RETRY, 0);
	add(&stats, AGAIN_VERB_RETRY, 3 * S);
	add(&stats, AGAIN_VERB_RETRY, 4 * S);
	again_stats_add(&stats, &refused);
	assert_int_equal(stats.waited_ns, 7 * S);
	assert_int_equal(stats.calls, 1);
	assert_int_equal(stats.attempts, 2);
}

/** Asked too early, again_hedge_next says when to ask again: that is neither a hedge nor a wait. */
static void test_hedges(void **)
{
	struct again_stats stats = empty();
	struct again_stats wanted = {.hedges = 2};
	add(&stats, AGAIN_VERB_HEDGE, S);
	add(&stats, AGAIN_VERB_HEDGE, 0);
	add(&stats, AGAIN_VERB_HEDGE, S);
	add(&stats, AGAIN_VERB_HEDGE, 0);
	assert_same(&stats, &wanted);
}

static void test_a_call_that_is_lived(void **)
{
	struct again_stats stats = empty();
	struct again_policy policy = plain();
	policy.initial_delay_ns = 5 * S;
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, /*now_ns=*/0);
	again_stats_add(&stats, &decision);
	for (int i = 0; i < 3; i++) {
		decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, decision.not_before_ns);
		again_stats_add(&stats, &decision);
	}
	decision = next(&call, &policy, AGAIN_CLASS_SUCCESS, decision.not_before_ns);
	again_stats_add(&stats, &decision);
	assert_int_equal(stats.waited_ns, (5 + 1 + 2 + 4) * S);
	assert_int_equal(stats.success_by_attempt[3], 1);
	assert_int_equal(stats.attempts, 4);
	assert_int_equal(stats.wasted_retries, 2);
	assert_int_equal(stats.calls, 1);
}

static struct again_stats all(uint64_t value)
{
	struct again_stats stats;
	uint64_t values[sizeof(stats) / sizeof(uint64_t)];
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		values[i] = value + i;
	}
	memcpy(&stats, values, sizeof(stats));
	return stats;
}

static void test_merge_adds_every_counter(void **)
{
	struct again_stats stats = all(1'000);
	struct again_stats other = all(5);
	struct again_stats unchanged = other;
	again_stats_merge(&stats, &other);
	assert_same(&other, &unchanged);
	uint64_t values[sizeof(stats) / sizeof(uint64_t)];
	memcpy(values, &stats, sizeof(stats));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		check(values[i] == 1'005 + 2 * i, "counter %zu is %" PRIu64, i, values[i]);
	}
}

static void test_merge_is_as_if_one_had_counted(void **)
{
	struct again_stats one = empty();
	struct again_stats parts[2] = {empty(), empty()};
	struct again_rng rng = again_rng_root(seed);
	for (size_t i = 0; i < 1'000; i++) {
		struct again_decision decision = {
			.verb = (uint32_t)again_uniform(&rng, 0, AGAIN_VERB_HEDGE),
			.attempt = (uint32_t)again_uniform(&rng, 1, 40),
			.delay_ns = again_uniform(&rng, 0, 2),
		};
		decision.reason = decision.verb == AGAIN_VERB_SUCCEED
		                          ? AGAIN_REASON_SUCCESS
		                          : (uint32_t)again_uniform(&rng, 2, 13);
		again_stats_add(&one, &decision);
		again_stats_add(&parts[i % 2], &decision);
	}
	again_stats_merge(&parts[0], &parts[1]);
	assert_same(&parts[0], &one);
	assert_true(one.hedges > 0 && one.successes > 0 && one.waited_ns > 0);
}

static void test_no_counter_wraps(void **)
{
	struct again_stats full;
	memset(&full, 0xFF, sizeof(full));
	struct again_stats stats = full;
	add_end(&stats, AGAIN_REASON_SUCCESS, 3);
	add_end(&stats, AGAIN_REASON_EXHAUSTED, 3);
	add(&stats, AGAIN_VERB_RETRY, AGAIN_NEVER);
	add(&stats, AGAIN_VERB_HEDGE, 0);
	assert_same(&stats, &full);
	struct again_stats more = all(1);
	again_stats_merge(&stats, &more);
	assert_same(&stats, &full);
	again_stats_merge(&more, &full);
	assert_same(&more, &full);
	again_stats_merge(&full, &full);
	assert_same(&more, &full);
}

static void assert_waste(uint64_t wasted, uint64_t helped, uint64_t q32)
{
	struct again_stats stats = {.wasted_retries = wasted, .successes = helped};
	check(again_stats_waste_q32(&stats) == q32,
	      "%" PRIu64 " wasted, %" PRIu64 " helped: %" PRIu64, wasted, helped,
	      again_stats_waste_q32(&stats));
}

/** Exact at any size, rounded down. */
static void test_waste(void **)
{
	assert_waste(0, 0, 0);
	assert_waste(0, 9, 0);
	assert_waste(9, 0, AGAIN_Q32_ONE);
	assert_waste(1, 1, AGAIN_Q32_ONE / 2);
	assert_waste(3, 1, AGAIN_Q32_ONE / 4 * 3);
	assert_waste(1, 2, 0x55555555);
	assert_waste(2, 1, 0xAAAAAAAA);
	assert_waste(UINT64_MAX, 0, AGAIN_Q32_ONE);
	assert_waste(UINT64_C(1) << 63, (UINT64_C(1) << 63) - 1, AGAIN_Q32_ONE / 2);
	assert_waste((UINT64_C(1) << 63) - 1, UINT64_C(1) << 63, AGAIN_Q32_ONE / 2 - 1);
	assert_waste(UINT64_MAX - 1, 1, AGAIN_Q32_ONE - 1);
	assert_waste(1, UINT64_MAX - 1, 0);
	// The sum stays at its largest.
	assert_waste(UINT64_MAX, UINT64_MAX, AGAIN_Q32_ONE);
}

/** Successes at the first attempt have no retry that could have helped. */
static void test_waste_of_a_mix(void **)
{
	struct again_stats stats = empty();
	for (int i = 0; i < 100; i++) {
		add_end(&stats, AGAIN_REASON_SUCCESS, 1);
	}
	add_end(&stats, AGAIN_REASON_SUCCESS, 2);
	add_end(&stats, AGAIN_REASON_BUDGET_EMPTY, 1);
	add_end(&stats, AGAIN_REASON_EXHAUSTED, 4);
	// Four retries, one of which helped.
	assert_int_equal(again_stats_waste_q32(&stats), AGAIN_Q32_ONE / 4 * 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_success_at_once),
		cmocka_unit_test(test_success_after_retries),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_end_without_an_attempt),
		cmocka_unit_test(test_late_successes_share_a_counter),
		cmocka_unit_test(test_each_reason_has_a_counter),
		cmocka_unit_test(test_unknown_reasons_and_verbs),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_hedges),
		cmocka_unit_test(test_a_call_that_is_lived),
		cmocka_unit_test(test_merge_adds_every_counter),
		cmocka_unit_test(test_merge_is_as_if_one_had_counted),
		cmocka_unit_test(test_no_counter_wraps),
		cmocka_unit_test(test_waste),
		cmocka_unit_test(test_waste_of_a_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
