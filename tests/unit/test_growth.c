// SPDX-License-Identifier: MIT
// The growth shapes against values found by hand, and the overflow and rounding bugs of other
// libraries, each a test that is named after its report.
#include "policy_kit.h"

static void assert_growth(const struct again_policy *policy, const again_ns *expected,
                          uint32_t count)
{
	assert_valid(policy);
	for (uint32_t n = 0; n < count; n++) {
		again_ns delay = again_policy_growth(policy, n);
		check(delay == expected[n], "n %u: %" PRIu64 ", not %" PRIu64, n, delay,
		      expected[n]);
	}
}

#define assert_growth_is(policy, ...)                          \
	assert_growth(policy, (const again_ns[]){__VA_ARGS__}, \
	              (uint32_t)(sizeof((const again_ns[]){__VA_ARGS__}) / sizeof(again_ns)))

static void test_constant(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_CONSTANT);
	assert_growth_is(&policy, S, S, S, S);
	assert_int_equal(again_policy_growth(&policy, UINT32_MAX), S);
}

static void test_linear(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_LINEAR);
	assert_growth_is(&policy, 1 * S, 2 * S, 3 * S, 4 * S);
	assert_int_equal(again_policy_growth(&policy, UINT32_MAX), S << 32);
}

static void test_exponential(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	assert_growth_is(&policy, 1 * S, 2 * S, 4 * S, 8 * S, 16 * S, 32 * S, 64 * S);
	policy.max_delay_ns = 60 * S;
	assert_growth_is(&policy, 1 * S, 2 * S, 4 * S, 8 * S, 16 * S, 32 * S, 60 * S, 60 * S);
	policy.factor_q32 = 3 * AGAIN_Q32_ONE;
	assert_growth_is(&policy, 1 * S, 3 * S, 9 * S, 27 * S, 60 * S);
	policy.factor_q32 = 4 * AGAIN_Q32_ONE;
	assert_growth_is(&policy, 1 * S, 4 * S, 16 * S, 60 * S);
	policy.factor_q32 = AGAIN_Q32_ONE;
	assert_growth_is(&policy, 1 * S, 1 * S, 1 * S);
	assert_int_equal(again_policy_growth(&policy, UINT32_MAX), 1 * S);
}

/**
 * The way by shifting and the way by squaring meet: 2^k is exact in both. A factor of 2 plus 2^-32
 * goes the other way.
 */
static void test_exponential_just_above_two(void **)
{
	struct again_policy two = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	struct again_policy above = two;
	above.factor_q32++;
	for (uint32_t n = 0; n < 34; n++) {
		again_ns least = again_policy_growth(&two, n);
		again_ns delay = again_policy_growth(&above, n);
		// (1 + 2^-33)^n is 1 + n * 2^-33, and a very little more.
		again_ns most = least + (again_ns)((double)least * n * 0x1.001p-33) + 1;
		check(delay >= least && delay <= most, "n %u: %" PRIu64, n, delay);
	}
	for (uint32_t n = 35; n < 100; n++) {
		assert_int_equal(again_policy_growth(&two, n), AGAIN_NEVER);
		assert_int_equal(again_policy_growth(&above, n), AGAIN_NEVER);
	}
}

/** The largest power of 3 below 2^64 is 3^40; the largest shift of 1 is 63. */
static void test_exponential_at_the_edge_of_64_bits(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.base_delay_ns = 1;
	assert_int_equal(again_policy_growth(&policy, 63), UINT64_C(1) << 63);
	assert_int_equal(again_policy_growth(&policy, 64), AGAIN_NEVER);
	policy.factor_q32 = 3 * AGAIN_Q32_ONE;
	assert_int_equal(again_policy_growth(&policy, 40), UINT64_C(12157665459056928801));
	assert_int_equal(again_policy_growth(&policy, 41), AGAIN_NEVER);
	policy.base_delay_ns = AGAIN_NEVER;
	assert_int_equal(again_policy_growth(&policy, 0), AGAIN_NEVER);
	assert_int_equal(again_policy_growth(&policy, 1), AGAIN_NEVER);
}

/** A factor near a power of two, of a few bits, or any; where the bound that decides early is closest, and everywhere. */
static uint64_t any_factor(struct again_rng *rng)
{
	uint64_t power = AGAIN_Q32_ONE << again_uniform(rng, 0, 31);
	switch (again_uniform(rng, 0, 3)) {
	case 0:
		return power + again_uniform(rng, 0, 3);
	case 1:
		return 2 * (power - 1) - again_uniform(rng, 0, 3);
	case 2:
		return AGAIN_Q32_ONE + AGAIN_Q32_ONE / 8 * again_uniform(rng, 0, 32);
	default:
		return power + (again_rng_next(rng) & (power - 1));
	}
}

/** What reaches the cap is told before the power is computed: it must be what the power would have been cut to. */
static void test_the_cap_cuts_and_does_nothing_else(void **)
{
	struct again_rng rng = again_rng_root(7);
	size_t cut = 0;
	for (int i = 0; i < 200'000; i++) {
		struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
		policy.factor_q32 = any_factor(&rng);
		policy.base_delay_ns = (again_rng_next(&rng) >> again_uniform(&rng, 0, 63)) | 1;
		uint32_t n = (uint32_t)(again_rng_next(&rng) >> again_uniform(&rng, 32, 63));
		again_ns whole = again_policy_growth(&policy, n);
		for (again_ns off = 0; off <= 2; off++) {
			again_ns cap = whole == AGAIN_NEVER ? whole >> i % 9 : whole + off - 1;
			policy.max_delay_ns =
				cap > policy.base_delay_ns ? cap : policy.base_delay_ns;
			again_ns expected =
				whole < policy.max_delay_ns ? whole : policy.max_delay_ns;
			again_ns delay = again_policy_growth(&policy, n);
			check(delay == expected,
			      "seed 7, case %d: factor_q32 %" PRIu64 " base %" PRIu64
			      " n %u max %" PRIu64 ": %" PRIu64,
			      i, policy.factor_q32, policy.base_delay_ns, n, policy.max_delay_ns,
			      delay);
			cut += whole > policy.max_delay_ns ? 1 : 0;
		}
	}
	// Else nothing was tested.
	assert_in_range(cut, 100'000, 500'000);
}

/** The smallest factor above 1 over the longest run: e^(n * 2^-32), for n = 2^32 - 1 nearly e. */
static void test_exponential_of_the_smallest_factor(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.factor_q32 = AGAIN_Q32_ONE + 1;
	again_ns delay = again_policy_growth(&policy, UINT32_MAX);
	check(delay >= 2718281827 && delay <= 2718281829, "%" PRIu64, delay);
}

static void test_fibonacci(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_FIBONACCI);
	assert_growth_is(&policy, 1 * S, 1 * S, 2 * S, 3 * S, 5 * S, 8 * S, 13 * S, 21 * S);
	policy.base_delay_ns = 1;
	uint64_t here = 1;
	uint64_t next = 1;
	for (uint32_t n = 0; n < 93; n++) {
		assert_int_equal(again_policy_growth(&policy, n), here);
		uint64_t sum = here + next;
		here = next;
		next = sum;
	}
	assert_int_equal(again_policy_growth(&policy, 92), UINT64_C(12200160415121876738));
	assert_int_equal(again_policy_growth(&policy, 93), AGAIN_NEVER);
	assert_int_equal(again_policy_growth(&policy, UINT32_MAX), AGAIN_NEVER);
}

static void test_polynomial(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_POLYNOMIAL);
	assert_growth_is(&policy, 1 * S, 4 * S, 9 * S, 16 * S, 25 * S);
	policy.degree = 1;
	assert_growth_is(&policy, 1 * S, 2 * S, 3 * S);
	policy.degree = 4;
	assert_growth_is(&policy, 1 * S, 16 * S, 81 * S, 256 * S, 625 * S);
	policy.degree = 8;
	policy.base_delay_ns = 1;
	assert_growth_is(&policy, 1, 256, 6561, 65536, 390625);
	assert_int_equal(again_policy_growth(&policy, 254),
	                 UINT64_C(17878103347812890625)); // 255^8
	assert_int_equal(again_policy_growth(&policy, 255), AGAIN_NEVER); // 256^8 = 2^64
	assert_int_equal(again_policy_growth(&policy, UINT32_MAX), AGAIN_NEVER);
}

static void test_list(void **)
{
	static const again_ns list[] = {5 * S, 1 * S, 90 * S};
	struct again_policy policy = growth_of(AGAIN_BACKOFF_LIST);
	policy.list = list;
	policy.list_len = 3;
	assert_growth_is(&policy, 5 * S, 1 * S, 90 * S, 90 * S, 90 * S);
	assert_int_equal(again_policy_growth(&policy, UINT32_MAX), 90 * S);
	policy.max_delay_ns = 2 * S;
	assert_growth_is(&policy, 2 * S, 1 * S, 2 * S, 2 * S);
}

/** Promise 1 after a month of one attempt a second, and after more attempts than anyone makes. */
static void test_cap_before_overflow(void **)
{
	static const uint32_t many[] = {1000,          1'000'000,      2'147'483'647,
	                                4'000'000'000, UINT32_MAX - 1, UINT32_MAX};
	for (uint32_t backoff = 0; backoff < AGAIN_BACKOFF_LIST; backoff++) {
		struct again_policy policy =
			policy_of((enum again_backoff)backoff, AGAIN_JITTER_NONE);
		again_ns expected = backoff == AGAIN_BACKOFF_CONSTANT ? 1 * S : 60 * S;
		for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
			again_ns delay = again_policy_growth(&policy, many[i]);
			check(delay == expected, "backoff %u n %u: %" PRIu64, backoff, many[i],
			      delay);
		}
	}
}

/** It never gets shorter, for odd factors and bases too. */
static void test_growth_is_monotone(void **)
{
	struct again_rng rng = again_rng_root(2024);
	for (int i = 0; i < 2000; i++) {
		struct again_policy policy = growth_of(
			(enum again_backoff)again_uniform(&rng, 0, AGAIN_BACKOFF_POLYNOMIAL));
		policy.base_delay_ns = again_uniform(&rng, 1, 10 * S);
		policy.factor_q32 = AGAIN_Q32_ONE + again_uniform(&rng, 0, 3 * AGAIN_Q32_ONE);
		policy.degree = (uint32_t)again_uniform(&rng, 1, AGAIN_DEGREE_MAX);
		again_ns last = policy.base_delay_ns;
		for (uint32_t n = 0; n < 200; n++) {
			again_ns delay = again_policy_growth(&policy, n);
			check(delay >= last, "seed 2024, case %d, n %u: %" PRIu64 " after %" PRIu64,
			      i, n, delay, last);
			last = delay;
		}
	}
}

/**
 * Azure SDK: with a base of 4 s an int32 product is negative from attempt 20 on, 0 at 27 to 30,
 * then -4000.
 */
static void test_azure_int32_product(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.base_delay_ns = 4 * S;
	for (uint32_t n = 0; n < 32; n++) {
		assert_int_equal(again_policy_growth(&policy, n), (4 * S) << n);
	}
	policy.max_delay_ns = 120 * S;
	for (uint32_t n = 5; n < 200; n++) {
		assert_int_equal(again_policy_growth(&policy, n), 120 * S);
	}
}

/** Azure SDK: it counts before it computes, so the first wait is four times what is documented. */
static void test_azure_first_wait_is_the_base(void **)
{
	for (uint32_t backoff = 0; backoff < AGAIN_BACKOFF_LIST; backoff++) {
		struct again_policy policy = growth_of((enum again_backoff)backoff);
		assert_int_equal(again_policy_growth(&policy, 0), policy.base_delay_ns);
	}
}

/** tenacity #710: a multiplier of 0 waits 0 up to attempt 1024 and the maximum from then on. */
static void test_tenacity_710_zero_multiplier(void **)
{
	struct again_policy policy = default_policy();
	policy.base_delay_ns = 0;
	assert_refused(&policy, AGAIN_ERR_RANGE, "base_delay_ns");
	policy = default_policy();
	policy.factor_q32 = 0;
	assert_refused(&policy, AGAIN_ERR_RANGE, "factor_q32");
	// No jump where the power leaves the floating point's range.
	policy.factor_q32 = AGAIN_Q32_ONE;
	assert_int_equal(again_policy_growth(&policy, 1023), 1 * S);
	assert_int_equal(again_policy_growth(&policy, 1025), 1 * S);
}

/** stamina #104, tenacity #526: an OverflowError after about 1024 attempts. */
static void test_stamina_104_a_thousand_attempts(void **)
{
	struct again_policy policy = default_policy();
	for (uint32_t n = 6; n < 5000; n++) {
		assert_int_equal(again_policy_growth(&policy, n), 60 * S);
	}
}

/** failsafe-go: unbounded growth by a factor ends in a delay of 0. */
static void test_failsafe_go_unbounded_factor(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.factor_q32 = UINT64_MAX;
	assert_int_equal(again_policy_growth(&policy, 0), 1 * S);
	assert_int_equal(again_policy_growth(&policy, 1), 4294967296 * S);
	assert_int_equal(again_policy_growth(&policy, 2), UINT64_C(18446744073709551615));
	assert_int_equal(again_policy_growth(&policy, UINT32_MAX), AGAIN_NEVER);
}

/**
 * Polly #1866: on overflow the delay ignores MaxDelay. avast PR #30: it overflows where there is no
 * cap.
 */
static void test_polly_1866_overflow_keeps_the_cap(void **)
{
	struct again_policy policy = default_policy();
	policy.max_delay_ns = 24 * HOUR;
	for (uint32_t n = 17; n < 10'000; n++) {
		assert_int_equal(again_policy_growth(&policy, n), 24 * HOUR);
	}
	policy.max_delay_ns = AGAIN_NEVER;
	assert_int_equal(again_policy_growth(&policy, 10'000), AGAIN_NEVER);
}

/**
 * setTimeout above 2^31 - 1 ms fires at once (fluent-logger-forward-node #44); FreeRTOS waits at
 * most 65 s (PR #63).
 */
static void test_waits_longer_than_32_bits_of_milliseconds(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	assert_int_equal(again_policy_growth(&policy, 7), 128 * S);
	assert_int_equal(again_policy_growth(&policy, 22), 4'194'304 * S);
	assert_int_equal(again_policy_growth(&policy, 33), 8'589'934'592 * S);
}

/** resilience4j: 1 ms by 1.5 truncates to 1 ms, for ever. */
static void test_resilience4j_truncation_never_grows(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.factor_q32 = AGAIN_Q32_ONE + AGAIN_Q32_ONE / 2;
	policy.base_delay_ns = 1 * MS;
	assert_growth_is(&policy, 1'000'000, 1'500'000, 2'250'000, 3'375'000, 5'062'500, 7'593'750);
	// The same in our unit: 1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 17.0859375, half
	// up.
	policy.base_delay_ns = 1;
	assert_growth_is(&policy, 1, 2, 2, 3, 5, 8, 11, 17);
	// 1.5^40 = 12157665459056928801 / 2^40 is exact in 64 bits: 11057332.32…
	assert_int_equal(again_policy_growth(&policy, 40), 11057332);
}

/**
 * kamilsk: m^n is cut to an integer before it multiplies: 1, 1, 2, 3, 5 instead of 1, 1.5, 2.25, …
 */
static void test_kamilsk_fractional_powers(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.factor_q32 = AGAIN_Q32_ONE + AGAIN_Q32_ONE / 2;
	assert_growth_is(&policy, 1'000'000'000, 1'500'000'000, 2'250'000'000, 3'375'000'000,
	                 5'062'500'000);
}

/** Failsafe for Java sleeps whole milliseconds: what is shorter becomes 0. */
static void test_failsafe_delays_below_a_millisecond(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.base_delay_ns = 100 * US;
	assert_growth_is(&policy, 100'000, 200'000, 400'000, 800'000);
}

/** amazon-qldb-driver-rust PR #260: base^n instead of base * 2^n. */
static void test_qldb_260_the_base_is_not_the_factor(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_EXPONENTIAL);
	policy.base_delay_ns = 10 * MS;
	assert_growth_is(&policy, 10 * MS, 20 * MS, 40 * MS, 80 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_exponential),
		cmocka_unit_test(test_exponential_just_above_two),
		cmocka_unit_test(test_exponential_at_the_edge_of_64_bits),
		cmocka_unit_test(test_the_cap_cuts_and_does_nothing_else),
		cmocka_unit_test(test_exponential_of_the_smallest_factor),
		cmocka_unit_test(test_fibonacci),
		cmocka_unit_test(test_polynomial),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_cap_before_overflow),
		cmocka_unit_test(test_growth_is_monotone),
		cmocka_unit_test(test_azure_int32_product),
		cmocka_unit_test(test_azure_first_wait_is_the_base),
		cmocka_unit_test(test_tenacity_710_zero_multiplier),
		cmocka_unit_test(test_stamina_104_a_thousand_attempts),
		cmocka_unit_test(test_failsafe_go_unbounded_factor),
		cmocka_unit_test(test_polly_1866_overflow_keeps_the_cap),
		cmocka_unit_test(test_waits_longer_than_32_bits_of_milliseconds),
		cmocka_unit_test(test_resilience4j_truncation_never_grows),
		cmocka_unit_test(test_kamilsk_fractional_powers),
		cmocka_unit_test(test_failsafe_delays_below_a_millisecond),
		cmocka_unit_test(test_qldb_260_the_base_is_not_the_factor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
