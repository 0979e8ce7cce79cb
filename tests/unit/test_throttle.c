// SPDX-License-Identifier: MIT
// Adaptive throttling: probabilities computed by hand, draws at their edge, the window, what is counted, the rule.
#include "policy_kit.h"

__extension__ typedef unsigned __int128 wide;

static struct again_throttle_rule default_rule(void)
{
	struct again_throttle_rule rule;
	again_throttle_rule_init(&rule, sizeof(rule));
	return rule;
}

static struct again_throttle_rule rule_of_k(uint64_t k_percent)
{
	struct again_throttle_rule rule = default_rule();
	rule.k_q32 = Q32_PERCENT(k_percent);
	assert_int_equal(again_throttle_rule_validate(&rule, NULL), 0);
	return rule;
}

/** So many requests that were sent, and the first of them accepted, at `now_ns`. */
static void live(struct again_throttle *throttle, const struct again_throttle_rule *rule,
                 int requests, int accepts, again_ns now_ns)
{
	for (int i = 0; i < requests; i++) {
		// The largest draw is rejected by no probability.
		assert_int_equal(again_throttle_allow(throttle, rule, UINT64_MAX, now_ns), 1);
	}
	for (int i = 0; i < accepts; i++) {
		again_throttle_accept(throttle, rule, now_ns);
	}
}

static bool rejects(const struct again_throttle *throttle, const struct again_throttle_rule *rule,
                    uint64_t draw, again_ns now_ns)
{
	struct again_throttle copy = *throttle;
	return again_throttle_allow(&copy, rule, draw, now_ns) == 0;
}

// The formula.

/** SRE book, chapter 21, by hand: p, floor(p * 2^32), and ceil(p * 2^64), the first draw that is sent. */
static void test_sre_probabilities_by_hand(void **)
{
	static const struct {
		uint64_t k_percent;
		int requests;
		int accepts;
		uint32_t reject_q32;
		uint64_t first_sent;
	} cases[] = {
		// K = 2
		{200, 0, 0, 0, 0},
		{200, 10, 10, 0, 0},
		{200, 10, 5, 0, 0},
		{200, 1, 0, UINT32_C(1) << 31, UINT64_C(1) << 63}, // 1/2
		{200, 10, 4, UINT32_C(780903144), UINT64_C(3353953467947191203)}, // 2/11
		{200, 100, 0, UINT32_C(4252442867), UINT64_C(18264103043276783779)}, // 100/101
		{200, 100, 10, UINT32_C(3401954293), UINT64_C(14611282434621427023)}, // 80/101
		{200, 100, 49, UINT32_C(85048857), UINT64_C(365282060865535676)}, // 2/101
		{200, 100, 50, 0, 0},
		// K = 1.5
		{150, 10, 4, UINT32_C(1561806289), UINT64_C(6707906935894382406)}, // 4/11
		{150, 10, 6, UINT32_C(390451572), UINT64_C(1676976733973595602)}, // 1/11
		{150, 90, 40, UINT32_C(1415923284), UINT64_C(6081344200124028006)}, // 30/91
		{150, 3, 2, 0, 0},
		// K = 1
		{100, 10, 9, UINT32_C(390451572), UINT64_C(1676976733973595602)}, // 1/11
		{100, 10, 10, 0, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct again_throttle_rule rule = rule_of_k(cases[i].k_percent);
		struct again_throttle throttle = {0};
		live(&throttle, &rule, cases[i].requests, cases[i].accepts, HOUR);
		assert_int_equal(again_throttle_reject_q32(&throttle, &rule, HOUR),
		                 cases[i].reject_q32);
		uint64_t edge = cases[i].first_sent;
		assert_false(rejects(&throttle, &rule, edge, HOUR));
		assert_false(rejects(&throttle, &rule, UINT64_MAX, HOUR));
		check(edge == 0 || rejects(&throttle, &rule, edge - 1, HOUR), "case %zu", i);
		check(edge == 0 || rejects(&throttle, &rule, 0, HOUR), "case %zu", i);
	}
}

/** failsafe-go: p at most 0.9. The last draw below the bound is rejected, the bound itself is sent. */
static void test_failsafe_go_bound(void **)
{
	struct again_throttle_rule rule = default_rule();
	rule.most_q32 = (uint32_t)Q32_PERCENT(90);
	struct again_throttle throttle = {0};
	live(&throttle, &rule, 100, 0, 0);
	assert_int_equal(again_throttle_reject_q32(&throttle, &rule, 0), rule.most_q32);
	assert_true(rejects(&throttle, &rule, ((uint64_t)rule.most_q32 << 32) - 1, 0));
	assert_false(rejects(&throttle, &rule, (uint64_t)rule.most_q32 << 32, 0));
	rule.most_q32 = 1;
	assert_int_equal(again_throttle_reject_q32(&throttle, &rule, 0), 1);
	assert_true(rejects(&throttle, &rule, UINT32_MAX, 0));
	assert_false(rejects(&throttle, &rule, (uint64_t)UINT32_MAX + 1, 0));
	// A bound above what the formula says changes nothing.
	struct again_throttle less = {0};
	rule.most_q32 = (uint32_t)Q32_PERCENT(90);
	live(&less, &rule, 10, 4, 0);
	assert_int_equal(again_throttle_reject_q32(&less, &rule, 0), 780903144);
	assert_false(rejects(&less, &rule, UINT64_C(3353953467947191203), 0));
}

static void test_nothing_seen_nothing_rejected(void **)
{
	struct again_throttle_rule rule = default_rule();
	struct again_throttle throttle;
	struct again_throttle zero = {0};
	memset(&throttle, 0xA5, sizeof(throttle));
	again_throttle_init(&throttle);
	assert_memory_equal(&throttle, &zero, sizeof(zero));
	assert_int_equal(sizeof(throttle), 88);
	assert_int_equal(again_throttle_reject_q32(&throttle, &rule, HOUR), 0);
	assert_false(rejects(&throttle, &rule, 0, HOUR));
}

/** The smallest of draws is rejected by any probability above 0, and by no other. */
static void test_smallest_draw(void **)
{
	struct again_throttle_rule rule = rule_of_k(200);
	struct again_throttle throttle = {0};
	live(&throttle, &rule, 100, 50, 0);
	assert_false(rejects(&throttle, &rule, 0, 0));
	live(&throttle, &rule, 1, 0, 0);
	assert_true(rejects(&throttle, &rule, 0, 0));
}

// What is counted.

/**
 * go-zero #5011: requests rejected here were not counted, so p fell as soon as it rejected something. Counted, p keeps
 * following what users want: all of 1000 rejected but none accepted leave it at 1000/1001.
 */
static void test_go_zero_5011_rejected_requests_are_counted(void **)
{
	struct again_throttle_rule rule = default_rule();
	struct again_throttle throttle = {0};
	live(&throttle, &rule, 1, 0, 0);
	for (uint64_t requests = 1; requests < 1000; requests++) {
		assert_int_equal(again_throttle_reject_q32(&throttle, &rule, 0),
		                 (requests << 32) / (requests + 1));
		assert_int_equal(again_throttle_allow(&throttle, &rule, 0, 0), 0);
	}
	assert_int_equal(throttle.tenths[0].requests, 1000);
}

/** Where the server takes one request of ten, K = 2 lets through twice what it takes: a fifth. */
static void test_it_settles_at_k_times_what_is_accepted(void **)
{
	struct again_throttle_rule rule = default_rule();
	struct again_throttle throttle = {0};
	struct again_rng rng = again_rng_root(7);
	int sent = 0;
	for (int i = 0; i < 200'000; i++) {
		// 1000 wanted a second, 100 of them can be served.
		again_ns now_ns = (again_ns)i * MS;
		if (i % 1000 == 0) {
			sent = 0;
		}
		if (again_throttle_allow(&throttle, &rule, again_rng_next(&rng), now_ns) == 1) {
			sent++;
			if (sent <= 100) {
				again_throttle_accept(&throttle, &rule, now_ns);
			}
		}
	}
	assert_in_range(sent, 150, 250);
	uint32_t reject_q32 = again_throttle_reject_q32(&throttle, &rule, 200 * S);
	assert_in_range(reject_q32, Q32_PERCENT(78), Q32_PERCENT(82));
}

// The window.

/** Ten requests at `first_ns`, none accepted: whether they still count at `last_ns`, by asking and by deciding. */
static bool remembers(again_ns window_ns, again_ns first_ns, again_ns last_ns)
{
	struct again_throttle_rule rule = default_rule();
	struct again_throttle throttle = {0};
	rule.window_ns = window_ns;
	assert_int_equal(again_throttle_rule_validate(&rule, NULL), 0);
	live(&throttle, &rule, 10, 0, first_ns);
	bool rejected = rejects(&throttle, &rule, 0, last_ns);
	assert_int_equal(again_throttle_reject_q32(&throttle, &rule, last_ns),
	                 rejected ? (UINT64_C(10) << 32) / 11 : 0);
	return rejected;
}

static void test_the_running_tenth_and_nine_before_it(void **)
{
	for (again_ns origin_ns = 0; origin_ns < 300 * S; origin_ns += 12 * S) {
		assert_true(remembers(120 * S, origin_ns, origin_ns));
		assert_true(remembers(120 * S, origin_ns, origin_ns + 120 * S - 1));
		assert_false(remembers(120 * S, origin_ns, origin_ns + 120 * S));
		assert_true(remembers(120 * S, origin_ns + 12 * S - 1, origin_ns + 120 * S - 1));
		assert_false(remembers(120 * S, origin_ns + 12 * S - 1, origin_ns + 120 * S));
		assert_false(remembers(120 * S, origin_ns, origin_ns + 10 * HOUR));
	}
}

static void test_ends_of_the_window(void **)
{
	assert_true(remembers(10, 0, 9));
	assert_false(remembers(10, 0, 10));
	assert_true(remembers(19, 5, 14));
	assert_false(remembers(19, 5, 15));
	// 2^64 - 1 is no multiple of 10: the last 5 ns of time are in an eleventh tenth.
	assert_true(remembers(AGAIN_NEVER, 0, AGAIN_NEVER - 6));
	assert_false(remembers(AGAIN_NEVER, 0, AGAIN_NEVER - 5));
	assert_false(remembers(10, 0, AGAIN_NEVER));
	// Backwards: the latest tenth goes on.
	assert_true(remembers(120 * S, HOUR, 0));
}

static void test_tenths_are_forgotten_one_by_one(void **)
{
	struct again_throttle_rule rule = rule_of_k(100);
	struct again_throttle throttle = {0};
	for (again_ns tenth = 0; tenth < 10; tenth++) {
		live(&throttle, &rule, 1 + (int)tenth, 0, HOUR + tenth * 12 * S);
	}
	uint64_t requests = 55;
	for (again_ns gone = 0; gone < 10; gone++) {
		again_ns now_ns = HOUR + (9 + gone) * 12 * S;
		assert_int_equal(again_throttle_reject_q32(&throttle, &rule, now_ns),
		                 (requests << 32) / (requests + 1));
		// An answer that comes now is counted now: it is there to the end.
		struct again_throttle accepted = throttle;
		again_throttle_accept(&accepted, &rule, now_ns);
		assert_int_equal(again_throttle_reject_q32(&accepted, &rule, now_ns),
		                 ((requests - 1) << 32) / (requests + 1));
		requests -= gone + 1;
	}
	assert_int_equal(requests, 0);
}

static void test_a_clock_that_goes_backwards_counts_in_the_latest_tenth(void **)
{
	struct again_throttle_rule rule = default_rule();
	struct again_throttle throttle = {0};
	live(&throttle, &rule, 10, 0, HOUR);
	live(&throttle, &rule, 10, 4, 0);
	assert_int_equal(throttle.tenth, HOUR / (12 * S));
	assert_int_equal(throttle.tenths[0].requests, 20);
	assert_int_equal(throttle.tenths[0].accepts, 4);
}

// Large numbers.

/** Counts that are set by hand, as large as they can be: nothing wraps. */
static void test_counts_saturate(void **)
{
	struct again_throttle_rule rule = default_rule();
	struct again_throttle throttle = {0};
	for (size_t i = 0; i < 10; i++) {
		throttle.tenths[i].requests = UINT32_MAX;
	}
	uint64_t requests = UINT64_C(10) * UINT32_MAX;
	assert_int_equal(again_throttle_reject_q32(&throttle, &rule, 0),
	                 (uint32_t)(((wide)requests << 32) / (requests + 1)));
	assert_true(rejects(&throttle, &rule, UINT64_MAX - (UINT64_C(1) << 30), 0));
	assert_int_equal(again_throttle_allow(&throttle, &rule, UINT64_MAX, 0), 1);
	assert_int_equal(throttle.tenths[0].requests, UINT32_MAX);
	for (size_t i = 0; i < 10; i++) {
		throttle.tenths[i].accepts = UINT32_MAX;
	}
	again_throttle_accept(&throttle, &rule, 0);
	assert_int_equal(throttle.tenths[0].accepts, UINT32_MAX);
	assert_int_equal(again_throttle_reject_q32(&throttle, &rule, 0), 0);
	rule.k_q32 = UINT64_MAX;
	assert_int_equal(again_throttle_reject_q32(&throttle, &rule, 0), 0);
	assert_false(rejects(&throttle, &rule, 0, 0));
}

/** Any counts, any k, any bound: beside 128-bit division. */
static void test_beside_wide_integers(void **)
{
	const uint64_t seed = 20240229;
	struct again_rng rng = again_rng_root(seed);
	int rejected_times = 0;
	for (int i = 0; i < 100'000; i++) {
		struct again_throttle_rule rule = default_rule();
		struct again_throttle throttle = {0};
		rule.k_q32 = AGAIN_Q32_ONE + (again_rng_next(&rng) >> again_uniform(&rng, 1, 63));
		rule.most_q32 = (uint32_t)(UINT32_MAX >> again_uniform(&rng, 0, 8));
		uint64_t requests = 0;
		uint64_t accepts = 0;
		for (size_t j = 0; j < 10; j++) {
			uint64_t shift = 32 + again_uniform(&rng, 0, 31);
			struct again_throttle_tenth *tenth = &throttle.tenths[j];
			tenth->requests = (uint32_t)(again_rng_next(&rng) >> shift);
			tenth->accepts = tenth->requests >> again_uniform(&rng, 0, 9);
			requests += tenth->requests;
			accepts += tenth->accepts;
		}
		wide enough = (wide)accepts * rule.k_q32;
		wide excess = (wide)requests << 32;
		excess = excess > enough ? excess - enough : 0;
		uint64_t p_q32 = (uint64_t)(excess / (requests + 1));
		uint64_t bounded_q32 = p_q32 < rule.most_q32 ? p_q32 : rule.most_q32;
		check(again_throttle_reject_q32(&throttle, &rule, 0) == bounded_q32,
		      "case %d, seed %" PRIu64, i, seed);
		// The first draw that is sent: ceil(p * 2^64).
		wide edge = ((excess << 32) + requests) / (requests + 1);
		wide bound =
			rule.most_q32 == UINT32_MAX ? (wide)1 << 64 : (wide)rule.most_q32 << 32;
		edge = edge < bound ? edge : bound;
		check(!rejects(&throttle, &rule, (uint64_t)edge, 0), "case %d", i);
		check(edge == 0 || rejects(&throttle, &rule, (uint64_t)(edge - 1), 0), "case %d",
		      i);
		rejected_times += edge != 0 ? 1 : 0;
	}
	assert_in_range(rejected_times, 10'000, 99'000);
}

// The rule.

static void test_defaults(void **)
{
	struct again_throttle_rule rule = default_rule();
	assert_int_equal(rule.size, sizeof(rule));
	assert_int_equal(rule.most_q32, UINT32_MAX);
	assert_int_equal(rule.k_q32, 2 * AGAIN_Q32_ONE);
	assert_int_equal(rule.window_ns, 120 * S);
	assert_int_equal(again_throttle_rule_validate(&rule, NULL), 0);
}

static void assert_bad(struct again_throttle_rule rule, int code, const char *field)
{
	struct again_error error = {0};
	check(again_throttle_rule_validate(&rule, &error) == code, "%s", field);
	assert_int_equal(error.code, code);
	assert_string_equal(error.field, field);
	assert_true(error.text[0] != '\0');
	assert_int_equal(again_throttle_rule_validate(&rule, /*error=*/NULL), code);
}

static void test_bad_rules(void **)
{
	const uint32_t size = sizeof(struct again_throttle_rule);
	static const struct again_throttle_rule good = {sizeof(good), 1, AGAIN_Q32_ONE, 10};
	assert_int_equal(again_throttle_rule_validate(&good, NULL), 0);
	assert_bad((struct again_throttle_rule){0, 1, AGAIN_Q32_ONE, 10}, AGAIN_ERR_INVALID,
	           "size");
	assert_bad((struct again_throttle_rule){size - 1, 1, AGAIN_Q32_ONE, 10}, AGAIN_ERR_INVALID,
	           "size");
	assert_bad((struct again_throttle_rule){size + 1, 1, AGAIN_Q32_ONE, 10}, AGAIN_ERR_INVALID,
	           "size");
	assert_bad((struct again_throttle_rule){size, 0, AGAIN_Q32_ONE, 10}, AGAIN_ERR_RANGE,
	           "most_q32");
	assert_bad((struct again_throttle_rule){size, 1, AGAIN_Q32_ONE - 1, 10}, AGAIN_ERR_RANGE,
	           "k_q32");
	assert_bad((struct again_throttle_rule){size, 1, AGAIN_Q32_ONE, 9}, AGAIN_ERR_RANGE,
	           "window_ns");
}

static void test_init_writes_as_many_bytes_as_it_is_told(void **)
{
	struct again_throttle_rule known = default_rule();
	_Alignas(struct again_throttle_rule) unsigned char room[2 * sizeof(known)];
	for (size_t size = 0; size <= sizeof(room); size++) {
		memset(room, 0xA5, sizeof(room));
		again_throttle_rule_init((void *)room, size);
		known.size = (uint32_t)size;
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
		cmocka_unit_test(test_sre_probabilities_by_hand),
		cmocka_unit_test(test_failsafe_go_bound),
		cmocka_unit_test(test_nothing_seen_nothing_rejected),
		cmocka_unit_test(test_smallest_draw),
		cmocka_unit_test(test_go_zero_5011_rejected_requests_are_counted),
		cmocka_unit_test(test_it_settles_at_k_times_what_is_accepted),
		cmocka_unit_test(test_the_running_tenth_and_nine_before_it),
		cmocka_unit_test(test_ends_of_the_window),
		cmocka_unit_test(test_tenths_are_forgotten_one_by_one),
		cmocka_unit_test(test_a_clock_that_goes_backwards_counts_in_the_latest_tenth),
		cmocka_unit_test(test_counts_saturate),
		cmocka_unit_test(test_beside_wide_integers),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_init_writes_as_many_bytes_as_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
