// SPDX-License-Identifier: MIT
// The jitters: their ranges by hand, their statistics over a million keys, and the bugs of other
// libraries.
#include "policy_kit.h"

#include <stdlib.h>

#define KEYS 1'000'000

static void assert_range(const struct again_policy *policy, uint32_t n, again_ns last,
                         again_ns least, again_ns most)
{
	assert_valid(policy);
	again_ns lo = 0;
	again_ns hi = 0;
	again_policy_range(policy, n, last, &lo, &hi);
	check(lo == least && hi == most,
	      "%s n %u: %" PRIu64 " to %" PRIu64 ", not %" PRIu64 " to %" PRIu64,
	      jitter_name(policy->jitter), n, lo, hi, least, most);
}

static void test_ranges_of_each(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE);
	assert_range(&policy, 2, 0, 4 * S, 4 * S);
	assert_range(&policy, 99, 0, 60 * S, 60 * S);
	policy.jitter = AGAIN_JITTER_FULL;
	assert_range(&policy, 0, 0, 1, 1 * S);
	assert_range(&policy, 2, 0, 1, 4 * S);
	assert_range(&policy, 99, 0, 1, 60 * S);
	policy.jitter = AGAIN_JITTER_EQUAL;
	assert_range(&policy, 0, 0, S / 2, 1 * S);
	assert_range(&policy, 99, 0, 30 * S, 60 * S);
	policy.jitter = AGAIN_JITTER_DECORRELATED;
	assert_range(&policy, 0, 0, 1 * S, 3 * S);
	assert_range(&policy, 7, 2 * S, 1 * S, 6 * S);
	assert_range(&policy, 7, 20 * S, 1 * S, 60 * S);
	assert_range(&policy, 7, 60 * S, 1 * S, 60 * S);
	policy.jitter = AGAIN_JITTER_PROPORTIONAL;
	policy.jitter_q32 = 1u << 30;
	assert_range(&policy, 0, 0, 750 * MS, 1250 * MS);
	assert_range(&policy, 5, 0, 24 * S, 40 * S);
	// At the cap around 60 / 1.25 = 48.
	assert_range(&policy, 6, 0, 36 * S, 60 * S);
	assert_range(&policy, 99, 0, 36 * S, 60 * S);
}

/** Odd and tiny delays, where a division has a remainder: no end is outside, and none is 0. */
static void test_ranges_of_a_few_nanoseconds(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_CONSTANT, AGAIN_JITTER_EQUAL);
	policy.base_delay_ns = 7;
	assert_range(&policy, 0, 0, 4, 7);
	policy.base_delay_ns = 1;
	assert_range(&policy, 0, 0, 1, 1);
	policy.jitter = AGAIN_JITTER_FULL;
	assert_range(&policy, 0, 0, 1, 1);
	policy.jitter = AGAIN_JITTER_PROPORTIONAL;
	policy.jitter_q32 = UINT32_MAX;
	assert_range(&policy, 0, 0, 1, 1);
	policy.max_delay_ns = 1;
	assert_range(&policy, 0, 0, 1, 1);
	policy.base_delay_ns = 7;
	policy.max_delay_ns = 9;
	policy.jitter_q32 = 1u << 31;
	assert_range(&policy, 0, 0, 3, 9); // c = 9 / 1.5 = 6: 3 to 9
	policy.max_delay_ns = 10;
	assert_range(&policy, 0, 0, 3, 9); // c = 10 / 1.5 = 6
	policy.max_delay_ns = 11;
	assert_range(&policy, 0, 0, 4, 10); // c = 7: 3.5 to 10.5
}

static void test_ranges_without_a_cap(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_FULL);
	policy.max_delay_ns = AGAIN_NEVER;
	assert_range(&policy, 1000, 0, 1, AGAIN_NEVER);
	policy.jitter = AGAIN_JITTER_EQUAL;
	assert_range(&policy, 1000, 0, UINT64_C(1) << 63, AGAIN_NEVER);
	policy.jitter = AGAIN_JITTER_DECORRELATED;
	assert_range(&policy, 1000, AGAIN_NEVER / 2, 1 * S, AGAIN_NEVER);
	policy.jitter = AGAIN_JITTER_PROPORTIONAL;
	policy.jitter_q32 = 1u << 31;
	// c = (2^64 - 1) / 1.5 = 0xaaaaaaaaaaaaaaaa exactly.
	assert_range(&policy, 1000, 0, UINT64_C(0x5555555555555555), AGAIN_NEVER);
}

/** The lower end is found from the upper one; by its own words it is c * (1 - r), rounded up. */
static void test_proportional_is_even_around_its_center(void **)
{
	struct again_rng rng = again_rng_root(32);
	for (int i = 0; i < 100'000; i++) {
		struct again_policy policy =
			policy_of(AGAIN_BACKOFF_CONSTANT, AGAIN_JITTER_PROPORTIONAL);
		policy.base_delay_ns = again_uniform(&rng, 1, UINT32_MAX);
		policy.max_delay_ns = again_uniform(&rng, policy.base_delay_ns, UINT32_MAX);
		policy.jitter_q32 = (uint32_t)again_uniform(&rng, 1, UINT32_MAX);
		uint64_t above = AGAIN_Q32_ONE + policy.jitter_q32;
		// Small enough for 64 bits: max * 2^32 and c * above fit.
		uint64_t center = (policy.max_delay_ns << 32) / above;
		center = center < 1 ? 1 : center;
		center = center < policy.base_delay_ns ? center : policy.base_delay_ns;
		uint64_t below = center * (AGAIN_Q32_ONE - policy.jitter_q32);
		again_ns least = (below >> 32) + ((below & UINT32_MAX) != 0 ? 1 : 0);
		// 2 * (2^32 - 1)^2 does not fit: the part above 1 alone does.
		again_ns most = center + (center * policy.jitter_q32 >> 32);
		assert_range(&policy, 0, 0, least, most);
	}
}

/** A delay that another policy made, or none, may be below the base: the range stays one. */
static void test_decorrelated_after_any_delay(void **)
{
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	assert_range(&policy, 3, 1, 1 * S, 3 * S);
	assert_range(&policy, 3, AGAIN_NEVER, 1 * S, 60 * S);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

/** The largest distance between the sample's distribution and U(0, 1). */
static double ks_distance(double *sample, size_t count)
{
	qsort(sample, count, sizeof(*sample), compare);
	double distance = 0;
	for (size_t i = 0; i < count; i++) {
		double below = sample[i] - (double)i / (double)count;
		double above = (double)(i + 1) / (double)count - sample[i];
		distance = below > distance ? below : distance;
		distance = above > distance ? above : distance;
	}
	return distance;
}

struct statistics {
	double mean;
	again_ns least;
	again_ns most;
	size_t at_cap;
	/** Of the place of each delay within its range. */
	double ks;
};

static void count_delay(struct statistics *statistics, again_ns delay, again_ns cap)
{
	statistics->mean += (double)delay / KEYS;
	statistics->least = delay < statistics->least ? delay : statistics->least;
	statistics->most = delay > statistics->most ? delay : statistics->most;
	statistics->at_cap += delay == cap ? 1 : 0;
}

/** The delay before retry `n` of a million operations under one seed. */
static struct statistics sample(const struct again_policy *policy, uint64_t seed, uint32_t n)
{
	static double places[KEYS];
	static again_ns plan[64];
	struct statistics statistics = {.least = AGAIN_NEVER};
	for (uint64_t operation = 0; operation < KEYS; operation++) {
		assert_int_equal(again_call_plan(policy, seed, operation, n + 1, plan), n + 1);
		again_ns least = 0;
		again_ns most = 0;
		again_policy_range(policy, n, n > 0 ? plan[n - 1] : 0, &least, &most);
		check(plan[n] >= least && plan[n] <= most, "seed %" PRIu64 " operation %" PRIu64,
		      seed, operation);
		count_delay(&statistics, plan[n], policy->max_delay_ns);
		places[operation] =
			most == least ? 0 : (double)(plan[n] - least) / (double)(most - least);
	}
	statistics.ks = ks_distance(places, KEYS);
	return statistics;
}

static void assert_mean(const struct statistics *statistics, double expected, double tolerance,
                        const char *what)
{
	double off = statistics->mean / expected - 1;
	check(off < tolerance && off > -tolerance, "%s: mean %.0f, expected %.0f", what,
	      statistics->mean, expected);
}

/**
 * What most libraries break: retry 13, base 1 s, cap 60 s. 1.95 /
 * sqrt(KEYS) is the Kolmogorov-Smirnov distance that one fair sample of 1000 exceeds.
 */
static void assert_spread_at_cap(struct again_policy policy, uint64_t seed, double expected_mean,
                                 double tolerance)
{
	policy.max_retries = AGAIN_UNLIMITED;
	struct statistics statistics = sample(&policy, seed, 12);
	const char *name = jitter_name(policy.jitter);
	check(statistics.most <= 60 * S, "%s, seed %" PRIu64 ": %" PRIu64, name, seed,
	      statistics.most);
	check(statistics.least >= 1, "%s, seed %" PRIu64 ": a delay of 0", name, seed);
	check(statistics.at_cap * 100 < KEYS, "%s, seed %" PRIu64 ": %zu at the cap", name, seed,
	      statistics.at_cap);
	check(statistics.ks < 0.00195, "%s, seed %" PRIu64 ": KS distance %f", name, seed,
	      statistics.ks);
	assert_mean(&statistics, expected_mean, tolerance, name);
}

/** tenacity PR #703, ferd/backoff #8: jitter that is gone once the cap is reached. */
static void test_tenacity_703_full_at_the_cap(void **)
{
	assert_spread_at_cap(policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_FULL), 1, 30e9,
	                     0.002);
}

static void test_equal_at_the_cap(void **)
{
	assert_spread_at_cap(policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_EQUAL), 2, 45e9,
	                     0.002);
}

/** 60 / 1.2 = 50: from 40 to 60. */
static void test_proportional_at_the_cap(void **)
{
	assert_spread_at_cap(policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_PROPORTIONAL), 3,
	                     50e9, 0.002);
}

/**
 * Polly #530: AWS's sample-clamped form bunches at the ends, 30.1 % at the cap. The mean was
 * found by simulation.
 */
static void test_polly_530_decorrelated_at_the_cap(void **)
{
	assert_spread_at_cap(policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED), 4,
	                     20e9, 0.05);
}

/** As long as 3 * last is below the cap: E(next) = (1 + 3 E(last)) / 2, so 2, 3.5 and 5.75 s. */
static void test_decorrelated_below_the_cap(void **)
{
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	static const double means[] = {2e9, 3.5e9, 5.75e9};
	for (uint32_t n = 0; n < 3; n++) {
		struct statistics statistics = sample(&policy, /*seed=*/5, n);
		assert_mean(&statistics, means[n], 0.002, "decorrelated, seed 5");
		check(statistics.ks < 0.00195, "decorrelated, seed 5, n %u: KS distance %f", n,
		      statistics.ks);
	}
}

static void test_none_is_exact(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE);
	policy.max_retries = AGAIN_UNLIMITED;
	struct statistics statistics = sample(&policy, /*seed=*/6, 12);
	assert_int_equal(statistics.least, 60 * S);
	assert_int_equal(statistics.most, 60 * S);
}

/** Below the cap too, the first wait of each jitter, with what it should be on the average. */
static void test_first_waits(void **)
{
	static const struct {
		enum again_jitter jitter;
		double mean;
	} cases[] = {
		{AGAIN_JITTER_FULL, 0.5e9},
		{AGAIN_JITTER_EQUAL, 0.75e9},
		{AGAIN_JITTER_PROPORTIONAL, 1e9},
		{AGAIN_JITTER_DECORRELATED, 2e9},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, cases[i].jitter);
		struct statistics statistics = sample(&policy, /*seed=*/70 + i, 0);
		assert_mean(&statistics, cases[i].mean, 0.002, jitter_name(policy.jitter));
		check(statistics.ks < 0.00195, "%s, seed %zu: KS distance %f",
		      jitter_name(policy.jitter), 70 + i, statistics.ks);
	}
}

static void assert_delays_in_cap(const struct again_policy *policy, uint64_t seed)
{
	struct again_rng rng = again_rng_root(seed);
	again_ns last = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		last = again_policy_delay(policy, i, last, &rng);
		check(last >= 1 && last <= policy->max_delay_ns,
		      "%s, seed %" PRIu64 ", n %u: %" PRIu64, jitter_name(policy->jitter), seed, i,
		      last);
	}
}

/**
 * cenkalti/backoff: 10 s plus half of it, 15 s, over a cap of 10 s. gRPC and backon overshoot as
 * well.
 */
static void test_cenkalti_jitter_stays_below_the_cap(void **)
{
	for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
		struct again_policy policy =
			policy_of(AGAIN_BACKOFF_EXPONENTIAL, (enum again_jitter)jitter);
		policy.max_delay_ns = 10 * S;
		policy.jitter_q32 = 1u << 31;
		assert_delays_in_cap(&policy, 100 + jitter);
	}
}

/**
 * cenkalti v4.3.0 with MaxInterval = the largest: 492 of 1000 delays negative. Failsafe #115, Polly
 * #2163 likewise.
 */
static void test_cenkalti_negative_without_a_cap(void **)
{
	for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
		struct again_policy policy =
			policy_of(AGAIN_BACKOFF_EXPONENTIAL, (enum again_jitter)jitter);
		policy.max_delay_ns = AGAIN_NEVER;
		assert_valid(&policy);
		struct again_rng rng = again_rng_root(115);
		for (uint32_t i = 0; i < 1000; i++) {
			again_ns delay = again_policy_delay(&policy, 1000 + i,
			                                    /*last_delay_ns=*/AGAIN_NEVER, &rng);
			bool is_long = delay >= AGAIN_NEVER / 1'000'000;
			check(is_long || jitter == AGAIN_JITTER_FULL,
			      "%s, seed 115, draw %u: %" PRIu64, jitter_name(jitter), i, delay);
			check(delay > 0, "%s, seed 115, draw %u: a delay of 0", jitter_name(jitter),
			      i);
		}
	}
}

/**
 * dynamodb-data-mapper-js #204: full jitter of 0 is no wait at all; smithy-java PR #1300 samples
 * (0, 1] since.
 */
static void test_smithy_1300_full_jitter_is_never_zero(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_CONSTANT, AGAIN_JITTER_FULL);
	policy.base_delay_ns = 3;
	struct again_rng rng = again_rng_root(1300);
	size_t seen[4] = {0};
	for (int i = 0; i < 30'000; i++) {
		seen[again_policy_delay(&policy, 0, 0, &rng)]++;
	}
	check(seen[0] == 0, "seed 1300: %zu delays of 0", seen[0]);
	for (int i = 1; i <= 3; i++) {
		check(seen[i] > 9'600 && seen[i] < 10'400, "seed 1300: %zu delays of %d ns",
		      seen[i], i);
	}
}

/** tower and linkerd2-proxy: a base of whole seconds gets no jitter at all, 1.5 s a third of it. */
static void test_tower_jitter_of_whole_seconds(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_CONSTANT, AGAIN_JITTER_PROPORTIONAL);
	static const again_ns bases[] = {1 * S, 2 * S, 1500 * MS};
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		policy.base_delay_ns = bases[i];
		struct statistics statistics = sample(&policy, /*seed=*/857 + i, 0);
		assert_mean(&statistics, (double)bases[i], 0.002, "proportional");
		assert_true(statistics.most - statistics.least >
		            bases[i] / 5 * 2 - bases[i] / 1000);
		check(statistics.ks < 0.00195, "seed %zu: KS distance %f", 857 + i, statistics.ks);
	}
}

/** tower #857: 0.51 and 0.99 both mean 100 %. */
static void test_tower_857_ratios_are_not_rounded(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_CONSTANT, AGAIN_JITTER_PROPORTIONAL);
	// 0.51 is rounded up in Q32, 0.99 and 0.4 down: the ends are rounded inwards after that.
	policy.jitter_q32 = (uint32_t)Q32_PERCENT(51);
	assert_range(&policy, 0, 0, 490'000'000, 1'510'000'000);
	policy.jitter_q32 = (uint32_t)Q32_PERCENT(99);
	assert_range(&policy, 0, 0, 10'000'001, 1'989'999'999);
	policy.jitter_q32 = (uint32_t)Q32_PERCENT(40);
	assert_range(&policy, 0, 0, 600'000'001, 1'399'999'999);
}

/** exponential-backoff PR #36: a refactoring lost the jitter, and nobody noticed. */
static void test_exponential_backoff_36_jitter_is_there(void **)
{
	for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
		if (jitter == AGAIN_JITTER_NONE) {
			continue;
		}
		struct again_policy policy =
			policy_of(AGAIN_BACKOFF_EXPONENTIAL, (enum again_jitter)jitter);
		again_ns plan[5];
		again_ns other[5];
		assert_int_equal(again_call_plan(&policy, 36, 0, 5, plan), 5);
		assert_int_equal(again_call_plan(&policy, 37, 0, 5, other), 5);
		for (int i = 0; i < 5; i++) {
			check(plan[i] != other[i], "%s, seeds 36 and 37, retry %d",
			      jitter_name(jitter), i);
		}
	}
}

/** avast #113: full jitter starts at twice the base while the plain form starts at the base. */
static void test_avast_113_forms_agree_on_the_first_wait(void **)
{
	struct again_policy none = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE);
	struct again_policy full = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_FULL);
	assert_range(&none, 0, 0, 1 * S, 1 * S);
	assert_range(&full, 0, 0, 1, 1 * S);
}

/** Promise 1 for random valid policies, not only for round ones. */
static void test_any_policy_keeps_its_cap(void **)
{
	struct again_rng rng = again_rng_root(31);
	for (int i = 0; i < 20'000; i++) {
		struct again_policy policy = policy_of(
			(enum again_backoff)again_uniform(&rng, 0, AGAIN_BACKOFF_POLYNOMIAL),
			(enum again_jitter)again_uniform(&rng, 0, AGAIN_JITTER_PROPORTIONAL));
		policy.base_delay_ns = again_rng_next(&rng) >> again_uniform(&rng, 0, 63);
		policy.max_delay_ns = again_rng_next(&rng) >> again_uniform(&rng, 0, 63);
		policy.jitter_q32 = (uint32_t)(again_rng_next(&rng) >> again_uniform(&rng, 32, 63));
		if (again_policy_validate(&policy, NULL) != 0) {
			continue;
		}
		for (uint32_t n = 0; n < 40; n++) {
			again_ns least = 0;
			again_ns most = 0;
			again_policy_range(&policy, n, again_rng_next(&rng), &least, &most);
			check(least >= 1 && least <= most && most <= policy.max_delay_ns,
			      "%s, seed 31, case %d, n %u", jitter_name(policy.jitter), i, n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_of_each),
		cmocka_unit_test(test_ranges_of_a_few_nanoseconds),
		cmocka_unit_test(test_ranges_without_a_cap),
		cmocka_unit_test(test_proportional_is_even_around_its_center),
		cmocka_unit_test(test_decorrelated_after_any_delay),
		cmocka_unit_test(test_tenacity_703_full_at_the_cap),
		cmocka_unit_test(test_equal_at_the_cap),
		cmocka_unit_test(test_proportional_at_the_cap),
		cmocka_unit_test(test_polly_530_decorrelated_at_the_cap),
		cmocka_unit_test(test_decorrelated_below_the_cap),
		cmocka_unit_test(test_none_is_exact),
		cmocka_unit_test(test_first_waits),
		cmocka_unit_test(test_cenkalti_jitter_stays_below_the_cap),
		cmocka_unit_test(test_cenkalti_negative_without_a_cap),
		cmocka_unit_test(test_smithy_1300_full_jitter_is_never_zero),
		cmocka_unit_test(test_tower_jitter_of_whole_seconds),
		cmocka_unit_test(test_tower_857_ratios_are_not_rounded),
		cmocka_unit_test(test_exponential_backoff_36_jitter_is_there),
		cmocka_unit_test(test_avast_113_forms_agree_on_the_first_wait),
		cmocka_unit_test(test_any_policy_keeps_its_cap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
