// SPDX-License-Identifier: MIT
// A breaker's states and leases: failures in a row, OPEN, probes, forfeits, stale reports, the hand.
#include "breaker_kit.h"

// CLOSED

static void test_zero_is_a_new_breaker(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(2);
	struct again_breaker zero = {0};
	struct again_breaker made;
	memset(&made, 0xA5, sizeof(made));
	again_breaker_init(&made);
	assert_memory_equal(&made, &zero, sizeof(made));
	assert_int_equal(sizeof(made), 64);
	assert_state(&zero, 0, AGAIN_BREAKER_CLOSED);
	assert_int_not_equal(allow(&zero, &rule, 0), 0);
}

static void test_opens_at_the_last_failure_of_a_row(void **)
{
	for (uint32_t failures = 1; failures < 20; failures++) {
		struct again_breaker_rule rule = rule_in_a_row(failures);
		struct again_breaker breaker = {0};
		assert_valid_rule(&rule);
		attempts(&breaker, &rule, AGAIN_CLASS_TRANSIENT, (int)failures - 1, 5 * S);
		assert_state(&breaker, 5 * S, AGAIN_BREAKER_CLOSED);
		attempt(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 6 * S);
		assert_state(&breaker, 6 * S, AGAIN_BREAKER_OPEN);
		assert_refuses(&breaker, &rule, 6 * S, 36 * S);
	}
}

static void test_a_success_begins_a_new_row(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(3);
	struct again_breaker breaker = {0};
	for (int i = 0; i < 100; i++) {
		attempts(&breaker, &rule, AGAIN_CLASS_SERVER, 2, 0);
		attempt(&breaker, &rule, AGAIN_CLASS_SUCCESS, 0);
	}
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
	attempts(&breaker, &rule, AGAIN_CLASS_SERVER, 3, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_OPEN);
}

/** A failure that is PERMANENT is an answer: 404 says that the server works. A class that we do not know is a failure. */
static void test_what_counts_as_what(void **)
{
	static const struct {
		uint32_t outcome_class;
		int failures;
	} cases[] = {
		{AGAIN_CLASS_SUCCESS, 0},
		{AGAIN_CLASS_PERMANENT, 0},
		{AGAIN_CLASS_CANCELLED, 1},
		{AGAIN_CLASS_TRANSIENT, 2},
		{AGAIN_CLASS_THROTTLED, 2},
		{AGAIN_CLASS_TIMEOUT, 2},
		{AGAIN_CLASS_SERVER, 2},
		{AGAIN_CLASS_AMBIGUOUS, 2},
		{99, 2},
		{UINT32_MAX, 2},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct again_breaker_rule rule = rule_in_a_row(3);
		struct again_breaker breaker = {0};
		attempt(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 0);
		again_breaker_report(&breaker, &rule, allow(&breaker, &rule, 0),
		                     cases[i].outcome_class, 0);
		// So many in a row are there now; the rest opens it, and no fewer.
		attempts(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 2 - cases[i].failures, 0);
		assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
		attempt(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 0);
		check(again_breaker_state_at(&breaker, 0) == AGAIN_BREAKER_OPEN, "class %u",
		      cases[i].outcome_class);
	}
}

static void test_none_never_opens_by_itself(void **)
{
	struct again_breaker_rule rule;
	struct again_breaker breaker = {0};
	again_breaker_rule_init(&rule, sizeof(rule));
	assert_valid_rule(&rule);
	attempts(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 1000, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
	again_breaker_force_open(&breaker);
	assert_refuses(&breaker, &rule, 0, AGAIN_NEVER);
}

// OPEN

static void test_open_until_the_last_nanosecond(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = opened(&rule, 100 * S);
	assert_refuses(&breaker, &rule, 130 * S - 1, 130 * S);
	assert_state(&breaker, 130 * S - 1, AGAIN_BREAKER_OPEN);
	assert_state(&breaker, 130 * S, AGAIN_BREAKER_HALF_OPEN);
	(void)allow(&breaker, &rule, 130 * S);
	assert_state(&breaker, 130 * S, AGAIN_BREAKER_HALF_OPEN);
}

static void test_a_later_start_does_not_open_it(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = opened(&rule, 0);
	again_lease lease = 0;
	assert_int_equal(again_breaker_allow(&breaker, &rule, 1 * S, HOUR, &lease), 0);
	assert_int_equal(lease, 0);
}

static void test_open_times_saturate(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	rule.open_ns = AGAIN_NEVER;
	struct again_breaker breaker = opened(&rule, 5);
	assert_refuses(&breaker, &rule, AGAIN_NEVER - 1, AGAIN_NEVER);
	again_breaker_force_close(&breaker);
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
	rule.open_ns = AGAIN_NEVER - 5;
	breaker = opened(&rule, 4);
	assert_refuses(&breaker, &rule, AGAIN_NEVER - 2, AGAIN_NEVER - 1);
	(void)allow(&breaker, &rule, AGAIN_NEVER - 1);
}

// HALF_OPEN

static void test_one_probe_closes_it(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(2);
	struct again_breaker breaker = opened(&rule, 0);
	again_lease lease = allow(&breaker, &rule, 31 * S);
	assert_refuses(&breaker, &rule, 31 * S, 41 * S);
	again_breaker_report(&breaker, &rule, lease, AGAIN_CLASS_SUCCESS, 32 * S);
	assert_state(&breaker, 32 * S, AGAIN_BREAKER_CLOSED);
	// One generation for each change, and none besides.
	assert_int_equal(breaker.generation, 3);
	// With a whole row ahead of it.
	attempt(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 32 * S);
	assert_state(&breaker, 32 * S, AGAIN_BREAKER_CLOSED);
}

static void test_one_probe_opens_it_again(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(5);
	struct again_breaker breaker = opened(&rule, 0);
	again_lease lease = allow(&breaker, &rule, 31 * S);
	again_breaker_report(&breaker, &rule, lease, AGAIN_CLASS_TIMEOUT, 40 * S);
	assert_refuses(&breaker, &rule, 40 * S, 70 * S);
}

static void test_a_probe_that_is_answered_no_closes_it(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = opened(&rule, 0);
	attempt(&breaker, &rule, AGAIN_CLASS_PERMANENT, 30 * S);
	assert_state(&breaker, 30 * S, AGAIN_BREAKER_CLOSED);
}

static void test_as_many_probes_as_the_rule_says(void **)
{
	for (uint32_t probes = 1; probes <= AGAIN_BREAKER_PROBES_MAX; probes++) {
		struct again_breaker_rule rule = rule_in_a_row(1);
		rule.probes = probes;
		struct again_breaker breaker = opened(&rule, 0);
		again_lease leases[AGAIN_BREAKER_PROBES_MAX];
		for (uint32_t i = 0; i < probes; i++) {
			leases[i] = allow(&breaker, &rule, 30 * S + i);
			for (uint32_t j = 0; j < i; j++) {
				assert_int_not_equal(leases[i], leases[j]);
			}
		}
		assert_refuses(&breaker, &rule, 31 * S, 40 * S + probes - 1);
		for (uint32_t i = probes; i > 0; i--) {
			assert_state(&breaker, 31 * S, AGAIN_BREAKER_HALF_OPEN);
			again_breaker_report(&breaker, &rule, leases[i - 1], AGAIN_CLASS_SUCCESS,
			                     31 * S);
		}
		assert_state(&breaker, 31 * S, AGAIN_BREAKER_CLOSED);
	}
}

static void test_one_failure_of_many_probes_ends_them_all(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	rule.probes = 3;
	struct again_breaker breaker = opened(&rule, 0);
	again_lease first = allow(&breaker, &rule, 30 * S);
	again_lease second = allow(&breaker, &rule, 30 * S);
	again_lease third = allow(&breaker, &rule, 30 * S);
	again_breaker_report(&breaker, &rule, first, AGAIN_CLASS_SUCCESS, 31 * S);
	again_breaker_report(&breaker, &rule, second, AGAIN_CLASS_SERVER, 31 * S);
	assert_state(&breaker, 31 * S, AGAIN_BREAKER_OPEN);
	assert_ignores(&breaker, &rule, third, 31 * S);
	// The next half-open time begins from nothing.
	attempts(&breaker, &rule, AGAIN_CLASS_SUCCESS, 2, 61 * S);
	assert_state(&breaker, 61 * S, AGAIN_BREAKER_HALF_OPEN);
	assert_ignores(&breaker, &rule, third, 61 * S);
	attempt(&breaker, &rule, AGAIN_CLASS_SUCCESS, 61 * S);
	assert_state(&breaker, 61 * S, AGAIN_BREAKER_CLOSED);
}

static void test_a_cancelled_probe_gives_its_place_back(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = opened(&rule, 0);
	for (int i = 0; i < 100; i++) {
		again_lease lease = allow(&breaker, &rule, 30 * S);
		assert_refuses(&breaker, &rule, 30 * S, 40 * S);
		again_breaker_report(&breaker, &rule, lease, AGAIN_CLASS_CANCELLED, 30 * S);
		assert_state(&breaker, 30 * S, AGAIN_BREAKER_HALF_OPEN);
	}
	attempt(&breaker, &rule, AGAIN_CLASS_SUCCESS, 30 * S);
	assert_state(&breaker, 30 * S, AGAIN_BREAKER_CLOSED);
}

// Leases that run out.

/**
 * nora PR #607, decocms PR #5322: a probe that never reports keeps the breaker half open and everybody out, for ever.
 * Polly v8 waits for its one probe as well.
 */
static void test_nora_607_decocms_5322_probe_never_reports(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = opened(&rule, 0);
	again_ns now_ns = 30 * S;
	for (int i = 0; i < 1000; i++) {
		again_lease lease = allow(&breaker, &rule, now_ns);
		assert_refuses(&breaker, &rule, now_ns + 10 * S - 1, now_ns + 10 * S);
		now_ns += 10 * S;
		assert_int_equal(again_breaker_holds(&breaker, &rule, lease, now_ns), 0);
	}
	attempt(&breaker, &rule, AGAIN_CLASS_SUCCESS, now_ns);
	assert_state(&breaker, now_ns, AGAIN_BREAKER_CLOSED);
}

/** resilience4j has maxWaitDurationInHalfOpenState for that, and it is 0, for ever, unless it is set. */
static void test_resilience4j_wait_in_half_open_is_bounded_by_default(void **)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BREAKER_CONSECUTIVE;
	rule.failures = 1;
	struct again_breaker breaker = opened(&rule, 0);
	(void)allow(&breaker, &rule, 30 * S);
	assert_refuses(&breaker, &rule, 60 * S - 1, 60 * S);
	(void)allow(&breaker, &rule, 60 * S);
}

static void test_a_report_after_the_lease_is_ignored(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = opened(&rule, 0);
	again_lease late = allow(&breaker, &rule, 30 * S);
	assert_int_equal(again_breaker_holds(&breaker, &rule, late, 40 * S - 1), 1);
	assert_ignores(&breaker, &rule, late, 40 * S);
	// Nor does it speak for the probe that has its place now.
	again_lease next = allow(&breaker, &rule, 40 * S);
	assert_int_not_equal(late, next);
	assert_ignores(&breaker, &rule, late, 41 * S);
	assert_int_equal(again_breaker_holds(&breaker, &rule, next, 41 * S), 1);
	again_breaker_report(&breaker, &rule, next, AGAIN_CLASS_SUCCESS, 41 * S);
	assert_state(&breaker, 41 * S, AGAIN_BREAKER_CLOSED);
	assert_ignores(&breaker, &rule, late, 41 * S);
}

static void test_the_latest_lease_holds_for_all(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	rule.probes = 2;
	struct again_breaker breaker = opened(&rule, 0);
	again_lease first = allow(&breaker, &rule, 30 * S);
	again_lease second = allow(&breaker, &rule, 36 * S);
	assert_refuses(&breaker, &rule, 46 * S - 1, 46 * S);
	assert_int_equal(again_breaker_holds(&breaker, &rule, first, 46 * S - 1), 1);
	(void)allow(&breaker, &rule, 46 * S);
	assert_ignores(&breaker, &rule, first, 46 * S);
	assert_ignores(&breaker, &rule, second, 46 * S);
	// Both places were free. The latest is not always the last that was given.
	assert_int_equal(again_breaker_allow(&breaker, &rule, 46 * S, 40 * S, &first), 1);
	assert_refuses(&breaker, &rule, 46 * S, 56 * S);
	breaker = opened(&rule, 0);
	assert_int_equal(again_breaker_allow(&breaker, &rule, 30 * S, 90 * S, &first), 1);
	(void)allow(&breaker, &rule, 30 * S);
	assert_refuses(&breaker, &rule, 100 * S - 1, 100 * S);
}

static void test_a_lease_begins_with_its_attempt(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = opened(&rule, 0);
	again_lease lease = 0;
	assert_int_equal(again_breaker_allow(&breaker, &rule, 30 * S, 50 * S, &lease), 1);
	assert_refuses(&breaker, &rule, 60 * S - 1, 60 * S);
	// It was cancelled: the next lease is not as long as that one was.
	again_breaker_report(&breaker, &rule, lease, AGAIN_CLASS_CANCELLED, 31 * S);
	(void)allow(&breaker, &rule, 31 * S);
	assert_refuses(&breaker, &rule, 41 * S - 1, 41 * S);
}

static void test_a_start_in_the_past_is_now(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = opened(&rule, 0);
	again_lease lease = 0;
	assert_int_equal(again_breaker_allow(&breaker, &rule, 30 * S, 1, &lease), 1);
	assert_refuses(&breaker, &rule, 40 * S - 1, 40 * S);
}

static void test_a_lease_without_end(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	rule.lease_ns = AGAIN_NEVER;
	assert_valid_rule(&rule);
	struct again_breaker breaker = opened(&rule, 0);
	again_lease lease = allow(&breaker, &rule, 30 * S);
	assert_refuses(&breaker, &rule, AGAIN_NEVER - 1, AGAIN_NEVER);
	again_breaker_report(&breaker, &rule, lease, AGAIN_CLASS_SUCCESS, AGAIN_NEVER - 1);
	assert_state(&breaker, AGAIN_NEVER - 1, AGAIN_BREAKER_CLOSED);
}

static void test_a_forfeit_keeps_successes(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	rule.probes = 2;
	struct again_breaker breaker = opened(&rule, 0);
	attempt(&breaker, &rule, AGAIN_CLASS_SUCCESS, 30 * S);
	(void)allow(&breaker, &rule, 30 * S);
	attempt(&breaker, &rule, AGAIN_CLASS_SUCCESS, 40 * S);
	assert_state(&breaker, 40 * S, AGAIN_BREAKER_CLOSED);
}

// Reports from elsewhere.

static void test_slow_failures_from_before_do_not_open_what_was_closed(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(2);
	struct again_breaker breaker = {0};
	again_lease slow[10];
	for (int i = 0; i < 10; i++) {
		slow[i] = allow(&breaker, &rule, 0);
	}
	attempts(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 2, 1 * S);
	assert_ignores(&breaker, &rule, slow[0], 2 * S);
	again_lease probe = allow(&breaker, &rule, 31 * S);
	assert_ignores(&breaker, &rule, slow[1], 31 * S);
	again_breaker_report(&breaker, &rule, probe, AGAIN_CLASS_SUCCESS, 31 * S);
	for (int i = 0; i < 10; i++) {
		assert_ignores(&breaker, &rule, slow[i], 32 * S);
	}
	assert_state(&breaker, 32 * S, AGAIN_BREAKER_CLOSED);
}

static void test_reports_without_a_lease_are_ignored(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	static const again_lease none[] = {0,         1, 0xFF, 0x101, UINT32_MAX, UINT64_C(1) << 32,
	                                   UINT64_MAX};
	struct again_breaker breaker = {0};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_ignores(&breaker, &rule, none[i], 0);
	}
	breaker = opened(&rule, 0);
	again_lease probe = allow(&breaker, &rule, 30 * S);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_ignores(&breaker, &rule, none[i], 30 * S);
	}
	// The probe's own, a second time, after one that cost nothing.
	again_breaker_report(&breaker, &rule, probe, AGAIN_CLASS_CANCELLED, 30 * S);
	assert_ignores(&breaker, &rule, probe, 30 * S);
}

// By hand.

static void test_isolated_until_it_is_closed(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breakers[] = {{0}, opened(&rule, 0), opened(&rule, 0)};
	again_lease leases[] = {allow(&breakers[0], &rule, 0), 0,
	                        allow(&breakers[2], &rule, 30 * S)};
	for (size_t i = 0; i < 3; i++) {
		struct again_breaker *breaker = &breakers[i];
		again_breaker_force_open(breaker);
		assert_state(breaker, 30 * S, AGAIN_BREAKER_ISOLATED);
		assert_ignores(breaker, &rule, leases[i], 30 * S);
		assert_refuses(breaker, &rule, 30 * S, AGAIN_NEVER);
		assert_refuses(breaker, &rule, AGAIN_NEVER - 1, AGAIN_NEVER);
		again_breaker_force_close(breaker);
		assert_state(breaker, 30 * S, AGAIN_BREAKER_CLOSED);
		assert_ignores(breaker, &rule, leases[i], 30 * S);
		again_breaker_force_open(breaker);
		again_breaker_reset(breaker);
		(void)allow(breaker, &rule, 30 * S);
	}
}

static void test_close_keeps_what_is_out_and_reset_does_not(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(2);
	struct again_breaker breaker = {0};
	attempt(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 0);
	again_lease lease = allow(&breaker, &rule, 0);
	again_breaker_force_close(&breaker);
	// The failure before is forgotten, the one after counts.
	assert_int_equal(again_breaker_holds(&breaker, &rule, lease, 0), 1);
	again_breaker_report(&breaker, &rule, lease, AGAIN_CLASS_TRANSIENT, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
	lease = allow(&breaker, &rule, 0);
	again_breaker_reset(&breaker);
	assert_ignores(&breaker, &rule, lease, 0);
	attempt(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_CLOSED);
	attempt(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 0);
	assert_state(&breaker, 0, AGAIN_BREAKER_OPEN);
}

/** The count is set by hand. */
static void test_generations_wrap(void **)
{
	struct again_breaker_rule rule = rule_in_a_row(1);
	struct again_breaker breaker = {.generation = UINT32_MAX};
	again_lease lease = allow(&breaker, &rule, 0);
	attempt(&breaker, &rule, AGAIN_CLASS_TRANSIENT, 0);
	assert_ignores(&breaker, &rule, lease, 0);
	attempt(&breaker, &rule, AGAIN_CLASS_SUCCESS, 30 * S);
	assert_state(&breaker, 30 * S, AGAIN_BREAKER_CLOSED);
	assert_ignores(&breaker, &rule, lease, 0);
	(void)allow(&breaker, &rule, 30 * S);
}

static void test_states_have_names(void **)
{
	assert_string_equal(again_breaker_state_name(AGAIN_BREAKER_CLOSED), "closed");
	assert_string_equal(again_breaker_state_name(AGAIN_BREAKER_OPEN), "open");
	assert_string_equal(again_breaker_state_name(AGAIN_BREAKER_HALF_OPEN), "half_open");
	assert_string_equal(again_breaker_state_name(AGAIN_BREAKER_ISOLATED), "isolated");
	assert_string_equal(again_breaker_state_name(4), "unknown");
	assert_string_equal(again_breaker_state_name(UINT32_MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zero_is_a_new_breaker),
		cmocka_unit_test(test_opens_at_the_last_failure_of_a_row),
		cmocka_unit_test(test_a_success_begins_a_new_row),
		cmocka_unit_test(test_what_counts_as_what),
		cmocka_unit_test(test_none_never_opens_by_itself),
		cmocka_unit_test(test_open_until_the_last_nanosecond),
		cmocka_unit_test(test_a_later_start_does_not_open_it),
		cmocka_unit_test(test_open_times_saturate),
		cmocka_unit_test(test_one_probe_closes_it),
		cmocka_unit_test(test_one_probe_opens_it_again),
		cmocka_unit_test(test_a_probe_that_is_answered_no_closes_it),
		cmocka_unit_test(test_as_many_probes_as_the_rule_says),
		cmocka_unit_test(test_one_failure_of_many_probes_ends_them_all),
		cmocka_unit_test(test_a_cancelled_probe_gives_its_place_back),
		cmocka_unit_test(test_nora_607_decocms_5322_probe_never_reports),
		cmocka_unit_test(test_resilience4j_wait_in_half_open_is_bounded_by_default),
		cmocka_unit_test(test_a_report_after_the_lease_is_ignored),
		cmocka_unit_test(test_the_latest_lease_holds_for_all),
		cmocka_unit_test(test_a_lease_begins_with_its_attempt),
		cmocka_unit_test(test_a_start_in_the_past_is_now),
		cmocka_unit_test(test_a_lease_without_end),
		cmocka_unit_test(test_a_forfeit_keeps_successes),
		cmocka_unit_test(test_slow_failures_from_before_do_not_open_what_was_closed),
		cmocka_unit_test(test_reports_without_a_lease_are_ignored),
		cmocka_unit_test(test_isolated_until_it_is_closed),
		cmocka_unit_test(test_close_keeps_what_is_out_and_reset_does_not),
		cmocka_unit_test(test_generations_wrap),
		cmocka_unit_test(test_states_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
