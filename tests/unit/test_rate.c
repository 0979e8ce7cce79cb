// SPDX-License-Identifier: MIT
// A rate limiter: bursts, exact moments, queues, the ends of its numbers; and what it ever lets through any window.
#include "policy_kit.h"

static struct again_rate_rule rule_of(uint32_t burst, again_ns interval_ns)
{
	struct again_rate_rule rule;
	struct again_error error = {0};
	again_rate_rule_init(&rule, sizeof(rule));
	rule.burst = burst;
	rule.interval_ns = interval_ns;
	check(again_rate_rule_validate(&rule, &error) == 0, "%s: %s", error.field, error.text);
	return rule;
}

/** `units` are there at `now_ns`, and are taken. */
static void assert_takes(struct again_rate *rate, const struct again_rate_rule *rule,
                         uint32_t units, again_ns now_ns)
{
	assert_int_equal(again_rate_wait(rate, rule, units, now_ns), 0);
	assert_int_equal(again_rate_take(rate, rule, units, now_ns), 1);
}

/** `units` are not there at `now_ns`; they will be `wait_ns` later. */
static void assert_waits(struct again_rate *rate, const struct again_rate_rule *rule,
                         uint32_t units, again_ns now_ns, again_ns wait_ns)
{
	struct again_rate before = *rate;
	again_ns told_ns = 7;
	assert_int_equal(again_rate_wait(rate, rule, units, now_ns), wait_ns);
	assert_int_equal(again_rate_take(rate, rule, units, now_ns), 0);
	assert_int_equal(again_rate_reserve(rate, rule, units, wait_ns - 1, now_ns, &told_ns), 0);
	assert_int_equal(told_ns, 7);
	assert_int_equal(rate->arrival_ns, before.arrival_ns);
}

static void test_sixty_a_minute(void **)
{
	struct again_rate_rule rule = rule_of(/*burst=*/60, 1 * S);
	struct again_rate rate;
	memset(&rate, 0xA5, sizeof(rate));
	again_rate_init(&rate);
	assert_int_equal(sizeof(rate), 8);
	for (int i = 0; i < 60; i++) {
		assert_takes(&rate, &rule, 1, HOUR);
	}
	assert_waits(&rate, &rule, 1, HOUR, 1 * S);
	assert_waits(&rate, &rule, 1, HOUR + 1 * S - 1, 1);
	assert_takes(&rate, &rule, 1, HOUR + 1 * S);
	assert_waits(&rate, &rule, 1, HOUR + 1 * S, 1 * S);
	assert_waits(&rate, &rule, 60, HOUR + 1 * S, 60 * S);
}

static void test_burst_of_one_is_a_pace(void **)
{
	struct again_rate_rule rule = rule_of(1, 10);
	struct again_rate rate = {0};
	for (again_ns now_ns = 0; now_ns < 1000; now_ns++) {
		assert_int_equal(again_rate_take(&rate, &rule, 1, now_ns), now_ns % 10 == 0);
	}
}

static void test_a_pause_gives_the_burst_and_no_more(void **)
{
	struct again_rate_rule rule = rule_of(5, 1 * S);
	struct again_rate rate = {0};
	assert_takes(&rate, &rule, 5, 0);
	assert_takes(&rate, &rule, 5, 1000 * HOUR);
	assert_waits(&rate, &rule, 1, 1000 * HOUR, 1 * S);
}

/** resilience4j's limiter is 50 per 500 ns unless it is set, which is no limit. Ours is what it says, and 1 a second. */
static void test_resilience4j_fifty_per_500_ns(void **)
{
	struct again_rate_rule rule = rule_of(50, 10);
	struct again_rate rate = {0};
	uint32_t taken = 0;
	for (again_ns now_ns = 1 * S; now_ns <= 1 * S + 500; now_ns++) {
		taken += (uint32_t)again_rate_take(&rate, &rule, 1, now_ns);
	}
	assert_int_equal(taken, 50 + 50);
	again_rate_rule_init(&rule, sizeof(rule));
	assert_int_equal(rule.size, sizeof(rule));
	assert_int_equal(rule.burst, 1);
	assert_int_equal(rule.interval_ns, 1 * S);
	assert_int_equal(again_rate_rule_validate(&rule, NULL), 0);
}

static void test_nothing_is_always_there(void **)
{
	struct again_rate_rule rule = rule_of(1, HOUR);
	struct again_rate rate = {0};
	again_ns wait_ns = 7;
	assert_takes(&rate, &rule, 1, 0);
	struct again_rate before = rate;
	assert_takes(&rate, &rule, 0, 0);
	assert_int_equal(again_rate_reserve(&rate, &rule, 0, 0, 0, &wait_ns), 1);
	assert_int_equal(wait_ns, 0);
	assert_int_equal(rate.arrival_ns, before.arrival_ns);
	// Nor does the queue matter, nor is the state moved to the clock.
	assert_int_equal(again_rate_reserve(&rate, &rule, 1, HOUR, 0, &wait_ns), 1);
	before = rate;
	assert_takes(&rate, &rule, 0, 0);
	assert_takes(&rate, &rule, 0, 5 * HOUR);
	assert_int_equal(rate.arrival_ns, before.arrival_ns);
}

static void test_more_than_the_burst_never_comes(void **)
{
	struct again_rate_rule rule = rule_of(3, 1);
	struct again_rate rate = {0};
	again_ns wait_ns = 7;
	for (uint32_t units = 4; units != 0; units *= 2) {
		assert_int_equal(again_rate_wait(&rate, &rule, units, HOUR), AGAIN_NEVER);
		assert_int_equal(again_rate_take(&rate, &rule, units, HOUR), 0);
		assert_int_equal(
			again_rate_reserve(&rate, &rule, units, AGAIN_NEVER, HOUR, &wait_ns), 0);
	}
	assert_int_equal(wait_ns, 7);
	assert_int_equal(rate.arrival_ns, 0);
	assert_takes(&rate, &rule, 3, HOUR);
}

static void test_reservations_queue(void **)
{
	struct again_rate_rule rule = rule_of(2, 1 * S);
	struct again_rate rate = {0};
	static const again_ns expected_ns[] = {0, 0, 1 * S, 2 * S, 3 * S};
	for (size_t i = 0; i < 5; i++) {
		again_ns wait_ns = AGAIN_NEVER;
		assert_int_equal(again_rate_reserve(&rate, &rule, 1, 3 * S, HOUR, &wait_ns), 1);
		assert_int_equal(wait_ns, expected_ns[i]);
	}
	// The queue is as long as it may be: the next would wait 4 s.
	assert_waits(&rate, &rule, 1, HOUR, 4 * S);
	again_ns wait_ns = 0;
	assert_int_equal(again_rate_reserve(&rate, &rule, 1, 3 * S, HOUR, &wait_ns), 0);
	assert_int_equal(again_rate_reserve(&rate, &rule, 1, 3 * S, HOUR + 1 * S, &wait_ns), 1);
	assert_int_equal(wait_ns, 3 * S);
	// Nobody overtakes the queue.
	assert_waits(&rate, &rule, 1, HOUR + 1 * S, 4 * S);
	// Both of two units are there when the second is.
	assert_waits(&rate, &rule, 2, HOUR + 1 * S, 5 * S);
}

static void test_a_clock_that_goes_backwards_gives_nothing_extra(void **)
{
	struct again_rate_rule rule = rule_of(2, 1 * S);
	struct again_rate rate = {0};
	assert_takes(&rate, &rule, 2, 100 * S);
	assert_waits(&rate, &rule, 1, 40 * S, 61 * S);
	assert_waits(&rate, &rule, 1, 0, 101 * S);
	assert_takes(&rate, &rule, 1, 101 * S);
}

static void test_the_largest_numbers(void **)
{
	struct again_rate_rule rule = rule_of(1, AGAIN_NEVER - 1);
	struct again_rate rate = {0};
	assert_takes(&rate, &rule, 1, 0);
	assert_waits(&rate, &rule, 1, 0, AGAIN_NEVER);
	// Its next arrival would be after the end of time: it must not be forgotten.
	assert_int_equal(again_rate_wait(&rate, &rule, 1, AGAIN_NEVER - 1), AGAIN_NEVER);
	rule = rule_of(UINT32_MAX, 1 * S);
	again_rate_init(&rate);
	assert_takes(&rate, &rule, UINT32_MAX, HOUR);
	assert_waits(&rate, &rule, UINT32_MAX, HOUR, UINT32_MAX * S);
	assert_waits(&rate, &rule, 1, HOUR, 1 * S);
	rule = rule_of(1, 1);
	again_rate_init(&rate);
	assert_takes(&rate, &rule, 1, AGAIN_NEVER - 2);
	assert_int_equal(again_rate_take(&rate, &rule, 1, AGAIN_NEVER - 1), 0);
	again_ns wait_ns = 7;
	assert_int_equal(
		again_rate_reserve(&rate, &rule, 1, AGAIN_NEVER, AGAIN_NEVER - 2, &wait_ns), 0);
	assert_int_equal(wait_ns, 7);
}

// Beside the definition.

struct start {
	again_ns at_ns;
	uint64_t units;
};

/** No two moments have more between them, themselves included, than burst + elapsed / interval. */
static void require_conforming(const struct again_rate_rule *rule, const struct start *starts,
                               size_t count, uint64_t seed)
{
	for (size_t first = 0; first < count; first++) {
		uint64_t units = 0;
		for (size_t last = first; last < count; last++) {
			again_ns elapsed_ns = starts[last].at_ns - starts[first].at_ns;
			units += starts[last].units;
			check(units <= rule->burst + elapsed_ns / rule->interval_ns,
			      "%zu to %zu, seed %" PRIu64, first, last, seed);
		}
	}
}

/** GCRA gives what conforms as early as it can: one nanosecond less and it would not conform. */
static void live_beside_the_definition(uint64_t seed)
{
	struct again_rng rng = again_rng_root(seed);
	struct again_rate_rule rule =
		rule_of((uint32_t)again_uniform(&rng, 1, 8), again_uniform(&rng, 1, 50));
	struct again_rate rate = {0};
	struct start starts[200];
	size_t count = 0;
	again_ns now_ns = again_uniform(&rng, 0, 100);
	while (count < 200) {
		uint32_t units = (uint32_t)again_uniform(&rng, 1, rule.burst);
		again_ns most_wait_ns = again_uniform(&rng, 0, 3) * rule.interval_ns;
		again_ns wait_ns = 0;
		now_ns += again_uniform(&rng, 0, 2 * rule.interval_ns);
		if (again_rate_reserve(&rate, &rule, units, most_wait_ns, now_ns, &wait_ns) == 0) {
			continue;
		}
		check(wait_ns <= most_wait_ns, "seed %" PRIu64, seed);
		starts[count] = (struct start){now_ns + wait_ns, units};
		count++;
	}
	require_conforming(&rule, starts, count, seed);
}

static void test_no_window_has_more_than_burst_and_elapsed(void **)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		live_beside_the_definition(seed);
	}
}

/** Asked at each nanosecond it gives all that the definition allows: burst + elapsed / interval. */
static void test_it_gives_all_that_it_may(void **)
{
	for (uint32_t burst = 1; burst < 6; burst++) {
		for (again_ns interval_ns = 1; interval_ns < 12; interval_ns++) {
			struct again_rate_rule rule = rule_of(burst, interval_ns);
			struct again_rate rate = {0};
			uint64_t taken = 0;
			for (again_ns elapsed_ns = 0; elapsed_ns < 100; elapsed_ns++) {
				while (again_rate_take(&rate, &rule, 1, HOUR + elapsed_ns) == 1) {
					taken++;
				}
				assert_int_equal(taken, burst + elapsed_ns / interval_ns);
			}
		}
	}
}

// The rule.

static void assert_refused_rule(uint32_t size, uint32_t burst, again_ns interval_ns, int code,
                                const char *field)
{
	struct again_rate_rule rule = {size, burst, interval_ns};
	struct again_error error = {0};
	assert_int_equal(again_rate_rule_validate(&rule, &error), code);
	assert_int_equal(error.code, code);
	assert_string_equal(error.field, field);
	assert_true(error.text[0] != '\0');
	assert_int_equal(again_rate_rule_validate(&rule, /*error=*/NULL), code);
}

static void test_bad_rules(void **)
{
	const uint32_t size = sizeof(struct again_rate_rule);
	assert_refused_rule(0, 1, 1, AGAIN_ERR_INVALID, "size");
	assert_refused_rule(size - 1, 1, 1, AGAIN_ERR_INVALID, "size");
	assert_refused_rule(size + 1, 1, 1, AGAIN_ERR_INVALID, "size");
	assert_refused_rule(size, 0, 1, AGAIN_ERR_RANGE, "burst");
	assert_refused_rule(size, 1, 0, AGAIN_ERR_RANGE, "interval_ns");
	assert_refused_rule(size, 1, AGAIN_NEVER, AGAIN_ERR_RANGE, "interval_ns");
	assert_refused_rule(size, 2, AGAIN_NEVER / 2 + 1, AGAIN_ERR_RANGE, "interval_ns");
	assert_refused_rule(size, UINT32_MAX, UINT64_C(1) << 33, AGAIN_ERR_RANGE, "interval_ns");
	(void)rule_of(2, AGAIN_NEVER / 2);
	(void)rule_of(UINT32_MAX, UINT64_C(1) << 32);
}

static void test_init_writes_as_many_bytes_as_it_is_told(void **)
{
	_Alignas(struct again_rate_rule) unsigned char room[32];
	for (size_t size = 0; size <= sizeof(room); size++) {
		struct again_rate_rule known = {(uint32_t)size, 1, 1 * S};
		memset(room, 0xA5, sizeof(room));
		again_rate_rule_init((void *)room, size);
		size_t ours = size < sizeof(known) ? size : sizeof(known);
		assert_memory_equal(room, &known, ours);
		for (size_t i = ours; i < sizeof(room); i++) {
			check(room[i] == (i < size ? 0 : 0xA5), "byte %zu of %zu", i, size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sixty_a_minute),
		cmocka_unit_test(test_burst_of_one_is_a_pace),
		cmocka_unit_test(test_a_pause_gives_the_burst_and_no_more),
		cmocka_unit_test(test_resilience4j_fifty_per_500_ns),
		cmocka_unit_test(test_nothing_is_always_there),
		cmocka_unit_test(test_more_than_the_burst_never_comes),
		cmocka_unit_test(test_reservations_queue),
		cmocka_unit_test(test_a_clock_that_goes_backwards_gives_nothing_extra),
		cmocka_unit_test(test_the_largest_numbers),
		cmocka_unit_test(test_no_window_has_more_than_burst_and_elapsed),
		cmocka_unit_test(test_it_gives_all_that_it_may),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_init_writes_as_many_bytes_as_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
