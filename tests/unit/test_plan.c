// SPDX-License-Identifier: MIT
// Plans: that they are the very delays of calls, and that the numbers read off them are those that can be found by hand.
//
// Every sample is that of a fixed seed, so a test passes always or never. A share read off N calls may be off by 4
// standard errors: a fair sample is in one case of 16,000.
#include "call_kit.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLES 10'000
#define RETRIES 12

static again_ns work[2 * SAMPLES + 1];

static const enum again_jitter jitters[] = {
	AGAIN_JITTER_NONE,         AGAIN_JITTER_FULL,         AGAIN_JITTER_EQUAL,
	AGAIN_JITTER_DECORRELATED, AGAIN_JITTER_PROPORTIONAL,
};

#define JITTERS (sizeof(jitters) / sizeof(jitters[0]))

/** Constant delays of 1 s. */
static struct again_policy constant(enum again_jitter jitter)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_CONSTANT, jitter);
	assert_valid(&policy);
	return policy;
}

static struct again_spread delay_of(const struct again_policy *policy, uint32_t n)
{
	struct again_spread spread;
	memset(&spread, 0xA5, sizeof(spread));
	again_plan_delay(policy, n, seed, work, SAMPLES, &spread);
	return spread;
}

static struct again_spread total_of(const struct again_policy *policy, uint32_t retries)
{
	struct again_spread spread;
	memset(&spread, 0xA5, sizeof(spread));
	again_plan_total(policy, retries, seed, work, SAMPLES, &spread);
	return spread;
}

// The sample is that of calls.

static int compare(const void *a, const void *b)
{
	again_ns x = *(const again_ns *)a;
	again_ns y = *(const again_ns *)b;
	return (x > y) - (x < y);
}

/** The same distribution in the plainest way; values below 2^64 in sum. */
static void assert_spread(const struct again_spread *spread, again_ns *values, size_t count)
{
	again_ns sum = 0;
	size_t below[] = {0, 0, 0, 0};
	const size_t percents[] = {5, 50, 95, 99};
	for (size_t i = 0; i < count; i++) {
		sum += values[i];
		for (size_t p = 0; p < 4; p++) {
			// So many of the sorted values come before the quantile.
			below[p] += (i + 1) * 100 < percents[p] * count ? 1 : 0;
		}
	}
	qsort(values, count, sizeof(values[0]), compare);
	// Rounded down.
	assert_true(spread->mean_ns * count <= sum && sum - spread->mean_ns * count < count);
	assert_int_equal(spread->p05_ns, values[below[0]]);
	assert_int_equal(spread->median_ns, values[below[1]]);
	assert_int_equal(spread->p95_ns, values[below[2]]);
	assert_int_equal(spread->p99_ns, values[below[3]]);
	assert_true(spread->least_ns <= values[0]);
	assert_true(spread->most_ns >= values[count - 1]);
}

/** One jitter, one size of the sample: its delays and its totals against those of again_call_plan. */
static void assert_like_calls(const struct again_policy *policy, size_t samples)
{
	static again_ns delays[RETRIES][SAMPLES];
	static again_ns totals[SAMPLES];
	struct again_spread spreads[RETRIES];
	struct again_spread spread;
	memset(totals, 0, sizeof(totals));
	for (size_t i = 0; i < samples; i++) {
		again_ns plan[RETRIES];
		assert_int_equal(again_call_plan(policy, seed, i, RETRIES, plan), RETRIES);
		for (size_t n = 0; n < RETRIES; n++) {
			delays[n][i] = plan[n];
			totals[i] += plan[n];
		}
	}
	work[2 * samples] = 7;
	again_plan_delays(policy, RETRIES, seed, work, samples, spreads);
	assert_int_equal(work[2 * samples], 7);
	work[samples] = 7;
	again_plan_total(policy, RETRIES, seed, work, samples, &spread);
	assert_int_equal(work[samples], 7);
	assert_spread(&spread, totals, samples);
	for (uint32_t n = 0; n < RETRIES; n++) {
		again_plan_delay(policy, n, seed, work, samples, &spread);
		assert_spread(&spread, delays[n], samples);
		assert_memory_equal(&spread, &spreads[n], sizeof(spread));
	}
	assert_int_equal(work[samples], 7);
}

static void test_plans_are_those_of_calls(void **)
{
	static const size_t counts[] = {1, 2, 3, 19, 20, 21, 99, 100, 101, 1'001};
	for (size_t j = 0; j < JITTERS; j++) {
		struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, jitters[j]);
		policy.max_retries = RETRIES;
		assert_valid(&policy);
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			assert_like_calls(&policy, counts[i]);
		}
	}
}

static void test_plans_of_every_backoff(void **)
{
	static const again_ns list[] = {3 * S, 1 * S, 9 * S};
	for (uint32_t backoff = 0; backoff <= AGAIN_BACKOFF_LIST; backoff++) {
		struct again_policy policy =
			policy_of((enum again_backoff)backoff, AGAIN_JITTER_FULL);
		policy.max_retries = RETRIES;
		policy.list = list;
		policy.list_len = 3;
		assert_valid(&policy);
		assert_like_calls(&policy, 101);
	}
}

static void test_seeds_give_other_samples(void **)
{
	struct again_policy policy = default_policy();
	struct again_spread one;
	struct again_spread other;
	again_plan_total(&policy, 5, seed, work, 100, &one);
	again_plan_total(&policy, 5, seed + 1, work, 100, &other);
	assert_int_equal(one.least_ns, other.least_ns);
	assert_int_equal(one.most_ns, other.most_ns);
	assert_int_not_equal(one.mean_ns, other.mean_ns);
	assert_int_not_equal(one.median_ns, other.median_ns);
	again_plan_total(&policy, 5, seed, work, 100, &other);
	assert_memory_equal(&one, &other, sizeof(one));
}

// Bounds.

static void assert_bounds(const struct again_policy *policy, uint32_t n, again_ns least,
                          again_ns most)
{
	struct again_spread spread;
	again_plan_delay(policy, n, seed, work, 10, &spread);
	check(spread.least_ns == least && spread.most_ns == most,
	      "%s n %" PRIu32 ": %" PRIu64 " to %" PRIu64, jitter_name(policy->jitter), n,
	      spread.least_ns, spread.most_ns);
}

static void test_bounds_of_delays(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE);
	assert_bounds(&policy, 3, 8 * S, 8 * S);
	policy.jitter = AGAIN_JITTER_FULL;
	assert_bounds(&policy, 3, 1, 8 * S);
	policy.jitter = AGAIN_JITTER_EQUAL;
	assert_bounds(&policy, 3, 4 * S, 8 * S);
	assert_bounds(&policy, UINT32_MAX, 30 * S, 60 * S);
	policy.jitter = AGAIN_JITTER_PROPORTIONAL;
	policy.jitter_q32 = UINT32_C(1) << 30;
	assert_bounds(&policy, 3, 6 * S, 10 * S);
	policy.jitter = AGAIN_JITTER_DECORRELATED;
	assert_bounds(&policy, 0, 1 * S, 3 * S);
	assert_bounds(&policy, 1, 1 * S, 9 * S);
	assert_bounds(&policy, 2, 1 * S, 27 * S);
	assert_bounds(&policy, 3, 1 * S, 60 * S);
	assert_bounds(&policy, 99, 1 * S, 60 * S);
}

static void assert_total_bounds(const struct again_policy *policy, uint32_t retries, again_ns least,
                                again_ns most)
{
	struct again_spread spread;
	again_plan_total(policy, retries, seed, work, 10, &spread);
	check(spread.least_ns == least && spread.most_ns == most,
	      "%s, %" PRIu32 " retries: %" PRIu64 " to %" PRIu64, jitter_name(policy->jitter),
	      retries, spread.least_ns, spread.most_ns);
}

static void test_bounds_of_totals(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE);
	policy.initial_delay_ns = HOUR;
	assert_total_bounds(&policy, 8, (1 + 2 + 4 + 8 + 16 + 32 + 60 + 60) * S, 183 * S);
	policy.jitter = AGAIN_JITTER_FULL;
	assert_total_bounds(&policy, 8, 8, 183 * S);
	policy.jitter = AGAIN_JITTER_EQUAL;
	assert_total_bounds(&policy, 8, 183 * S / 2, 183 * S);
	policy.jitter = AGAIN_JITTER_DECORRELATED;
	assert_total_bounds(&policy, 5, 5 * S, (3 + 9 + 27 + 60 + 60) * S);
}

static void test_no_retry_has_no_delay(void **)
{
	static const struct again_spread zeros;
	struct again_policy policy = default_policy();
	struct again_spread spread = total_of(&policy, 0);
	assert_memory_equal(&spread, &zeros, sizeof(spread));
	again_plan_delays(&policy, 0, seed, work, 10, /*out_spreads=*/NULL);
}

/** max_retries does not bound what is asked for, and "unlimited" is no number. */
static void test_the_caller_names_the_number(void **)
{
	struct again_policy policy = constant(AGAIN_JITTER_NONE);
	policy.max_retries = AGAIN_UNLIMITED;
	assert_total_bounds(&policy, 1'000, 1'000 * S, 1'000 * S);
	policy.max_retries = 0;
	assert_total_bounds(&policy, 3, 3 * S, 3 * S);
}

static void test_huge_times_saturate(void **)
{
	struct again_policy policy = growth_of(AGAIN_BACKOFF_CONSTANT);
	policy.base_delay_ns = AGAIN_NEVER / 2;
	assert_valid(&policy);
	struct again_spread one = delay_of(&policy, 7);
	assert_int_equal(one.mean_ns, AGAIN_NEVER / 2);
	assert_int_equal(one.median_ns, AGAIN_NEVER / 2);
	struct again_spread three = total_of(&policy, 3);
	assert_int_equal(three.least_ns, AGAIN_NEVER);
	assert_int_equal(three.most_ns, AGAIN_NEVER);
	assert_int_equal(three.mean_ns, AGAIN_NEVER);
	assert_int_equal(three.p05_ns, AGAIN_NEVER);
	assert_int_equal(three.p99_ns, AGAIN_NEVER);
	// The sum of the sample has more than 64 bits; its mean has not.
	policy.jitter = AGAIN_JITTER_FULL;
	policy.base_delay_ns = AGAIN_NEVER;
	double mean = ldexp((double)delay_of(&policy, 0).mean_ns, -64);
	check(fabs(mean - 0.5) < 4 * sqrt(1.0 / 12 / SAMPLES), "seed %" PRIu64 ": %f", seed, mean);
}

// Distributions that are known.

/** P(the sum of `count` uniforms of 0..1 <= x): Irwin-Hall. */
static double irwin_hall(int count, double x)
{
	double sum = 0;
	double binomial = 1;
	for (int k = 0; k <= count && k < x; k++) {
		sum += (k % 2 == 0 ? 1 : -1) * binomial * pow(x - k, count);
		binomial = binomial * (count - k) / (k + 1);
	}
	return sum / tgamma(count + 1);
}

/** The quantile, brought from least..most to 0..count, is one of Irwin-Hall's. */
static void assert_quantile(const struct again_spread *spread, int count, again_ns value,
                            double share)
{
	double place = (double)(value - spread->least_ns) /
	               (double)(spread->most_ns - spread->least_ns) * count;
	double found = irwin_hall(count, place);
	check(fabs(found - share) < 4 * sqrt(share * (1 - share) / SAMPLES),
	      "seed %" PRIu64 ", sum of %d: %f, not %f", seed, count, found, share);
}

static void assert_sum_of_uniforms(const struct again_spread *spread, int count)
{
	assert_quantile(spread, count, spread->p05_ns, 0.05);
	assert_quantile(spread, count, spread->median_ns, 0.5);
	assert_quantile(spread, count, spread->p95_ns, 0.95);
	assert_quantile(spread, count, spread->p99_ns, 0.99);
	double width = (double)(spread->most_ns - spread->least_ns) / count;
	double mean = (double)(spread->mean_ns - spread->least_ns) / width;
	check(fabs(mean - 0.5 * count) < 4 * sqrt(count / 12.0 / SAMPLES),
	      "seed %" PRIu64 ", sum of %d: mean %f", seed, count, mean);
}

static void test_irwin_hall_itself(void **)
{
	assert_true(fabs(irwin_hall(1, 0.25) - 0.25) < 1e-12);
	assert_true(fabs(irwin_hall(2, 0.6) - 0.18) < 1e-12);
	assert_true(fabs(irwin_hall(2, 1.5) - 0.875) < 1e-12);
	assert_true(fabs(irwin_hall(3, 1.5) - 0.5) < 1e-12);
	assert_true(fabs(irwin_hall(3, 1) - 1 / 6.0) < 1e-12);
	assert_true(fabs(irwin_hall(3, 3) - 1) < 1e-12);
}

static void test_delays_are_uniform(void **)
{
	static const enum again_jitter spreading[] = {AGAIN_JITTER_FULL, AGAIN_JITTER_EQUAL,
	                                              AGAIN_JITTER_PROPORTIONAL};
	for (size_t j = 0; j < 3; j++) {
		struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, spreading[j]);
		assert_valid(&policy);
		for (uint32_t n = 0; n < RETRIES; n++) {
			struct again_spread spread = delay_of(&policy, n);
			assert_sum_of_uniforms(&spread, 1);
		}
	}
	// The first of a decorrelated chain is too.
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	struct again_spread spread = delay_of(&policy, 0);
	assert_sum_of_uniforms(&spread, 1);
}

static void test_totals_of_equal_ranges(void **)
{
	static const enum again_jitter spreading[] = {AGAIN_JITTER_FULL, AGAIN_JITTER_EQUAL,
	                                              AGAIN_JITTER_PROPORTIONAL};
	for (size_t j = 0; j < 3; j++) {
		struct again_policy policy = constant(spreading[j]);
		for (int retries = 1; retries <= 4; retries++) {
			struct again_spread spread = total_of(&policy, (uint32_t)retries);
			assert_sum_of_uniforms(&spread, retries);
		}
	}
}

/** U(1, 3 * U(1, 3)): P(d <= x) for x <= 3 is the mean of (x - 1) / (3 s - 1) over s, which is a logarithm. */
static void test_second_delay_of_a_chain(void **)
{
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	policy.max_delay_ns = HOUR;
	struct again_spread spread = delay_of(&policy, 1);
	double p05 = (double)spread.p05_ns / (double)S;
	assert_true(p05 > 1 && p05 < 3);
	double share = (p05 - 1) * log((3 * 3 - 1) / (3 * 1 - 1.0)) / 3 / 2;
	check(fabs(share - 0.05) < 4 * sqrt(0.05 * 0.95 / SAMPLES), "seed %" PRIu64 ": %f", seed,
	      share);
	double mean = (double)spread.mean_ns / (double)S;
	// (1 + 3 * 2) / 2; the variance is E(w^2) / 12 + Var(c), w = 3 s - 1 of 2..8, c = (1 + 3 s) / 2.
	check(fabs(mean - 3.5) < 4 * sqrt((28.0 / 12 + 9.0 / 4 / 3) / SAMPLES),
	      "seed %" PRIu64 ": %f", seed, mean);
}

// Chances.

static double chance_of(const struct again_policy *policy, uint32_t attempts, again_ns attempt_ns)
{
	assert_valid(policy);
	uint64_t q32 = again_plan_chance(policy, attempts, attempt_ns, seed, SAMPLES);
	assert_true(q32 <= AGAIN_Q32_ONE);
	return ldexp((double)q32, -32);
}

static void assert_chance(const struct again_policy *policy, uint32_t attempts, again_ns attempt_ns,
                          double wanted)
{
	double found = chance_of(policy, attempts, attempt_ns);
	check(fabs(found - wanted) <= 4 * sqrt(wanted * (1 - wanted) / SAMPLES),
	      "seed %" PRIu64 ", %" PRIu32 " attempts: %f, not %f", seed, attempts, found, wanted);
}

static void test_chance_by_hand(void **)
{
	struct again_policy policy = constant(AGAIN_JITTER_FULL);
	policy.max_retries = 2;
	policy.deadline_ns = 1500 * MS;
	assert_chance(&policy, 0, 0, 1);
	assert_chance(&policy, 1, 0, 1);
	assert_chance(&policy, 2, 0, 1);
	assert_chance(&policy, 3, 0, 0.875);
	assert_chance(&policy, 4, 0, 0);
	policy.deadline_ns = 600 * MS;
	assert_chance(&policy, 1, 0, 1);
	assert_chance(&policy, 2, 0, 0.6);
	assert_chance(&policy, 3, 0, 0.18);
}

/** Two attempts stand before the third. */
static void test_chance_with_attempts_that_take_time(void **)
{
	struct again_policy policy = constant(AGAIN_JITTER_FULL);
	policy.max_retries = 2;
	policy.deadline_ns = 1500 * MS;
	assert_chance(&policy, 2, 1 * S, 0.5);
	assert_chance(&policy, 3, 200 * MS, 0.595);
	assert_chance(&policy, 2, 1500 * MS, 0);
	assert_chance(&policy, 2, AGAIN_NEVER, 0);
	assert_chance(&policy, 1, AGAIN_NEVER, 1);
	// The policy's limit is what they take at most.
	policy.attempt_timeout_ns = 200 * MS;
	assert_chance(&policy, 3, 10 * S, 0.595);
	assert_chance(&policy, 3, 100 * MS, 1 - 0.7 * 0.7 / 2);
	policy.attempt_timeout_ns = AGAIN_NEVER;
	policy.min_attempt_ns = 300 * MS;
	assert_chance(&policy, 3, 0, 0.68);
}

static void test_chance_with_an_initial_delay(void **)
{
	struct again_policy policy = constant(AGAIN_JITTER_FULL);
	policy.max_retries = 2;
	policy.initial_delay_ns = 1 * S;
	policy.deadline_ns = 1500 * MS;
	assert_chance(&policy, 3, 0, 0.5);
	policy.deadline_ns = 250 * MS;
	assert_chance(&policy, 1, 0, 0.25);
	assert_chance(&policy, 0, 0, 1);
}

static void test_chance_without_jitter_is_certain(void **)
{
	struct again_policy policy = constant(AGAIN_JITTER_NONE);
	policy.max_retries = 2;
	policy.deadline_ns = 2 * S;
	for (size_t samples = 1; samples < 8; samples++) {
		assert_int_equal(again_plan_chance(&policy, 2, 0, seed, samples), AGAIN_Q32_ONE);
		// It would start at the deadline: no time is left for it.
		assert_int_equal(again_plan_chance(&policy, 3, 0, seed, samples), 0);
	}
	policy.deadline_ns = 2 * S + 1;
	assert_int_equal(again_plan_chance(&policy, 3, 0, seed, 7), AGAIN_Q32_ONE);
	assert_int_equal(again_plan_chance(&policy, 3, 1, seed, 7), 0);
	policy.deadline_ns = 0;
	assert_int_equal(again_plan_chance(&policy, 1, 0, seed, 7), 0);
	assert_int_equal(again_plan_chance(&policy, 0, 0, seed, 7), AGAIN_Q32_ONE);
}

static void test_chance_without_a_deadline(void **)
{
	struct again_policy policy = default_policy();
	assert_int_equal(again_plan_chance(&policy, 6, AGAIN_NEVER, seed, 7), AGAIN_Q32_ONE);
	assert_int_equal(again_plan_chance(&policy, 7, 0, seed, 7), 0);
	policy.max_retries = AGAIN_UNLIMITED;
	assert_int_equal(again_plan_chance(&policy, 1'000, HOUR, seed, 7), AGAIN_Q32_ONE);
}

/** A long attempt resets the growth: 1 + 1 + 1 s of waits, not 1 + 2 + 4. */
static void test_chance_with_a_reset(void **)
{
	struct again_policy policy = plain();
	policy.deadline_ns = 19 * S;
	assert_int_equal(again_plan_chance(&policy, 4, 5 * S, seed, 7), 0);
	policy.reset_after_ns = 5 * S;
	assert_int_equal(again_plan_chance(&policy, 4, 5 * S, seed, 7), AGAIN_Q32_ONE);
	policy.reset_after_ns = 5 * S + 1;
	assert_int_equal(again_plan_chance(&policy, 4, 5 * S, seed, 7), 0);
}

/** The chance and the total are read off the same calls. */
static void test_chance_and_total_agree(void **)
{
	for (size_t j = 0; j < JITTERS; j++) {
		struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, jitters[j]);
		struct again_spread spread = total_of(&policy, policy.max_retries);
		size_t fitting = 0;
		policy.deadline_ns = spread.median_ns + 1;
		assert_valid(&policy);
		for (size_t i = 0; i < SAMPLES; i++) {
			fitting += work[i] <= spread.median_ns ? 1 : 0;
		}
		assert_int_equal(again_plan_chance(&policy, 6, 0, seed, SAMPLES),
		                 fitting * AGAIN_Q32_ONE / SAMPLES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans_are_those_of_calls),
		cmocka_unit_test(test_plans_of_every_backoff),
		cmocka_unit_test(test_seeds_give_other_samples),
		cmocka_unit_test(test_bounds_of_delays),
		cmocka_unit_test(test_bounds_of_totals),
		cmocka_unit_test(test_no_retry_has_no_delay),
		cmocka_unit_test(test_the_caller_names_the_number),
		cmocka_unit_test(test_huge_times_saturate),
		cmocka_unit_test(test_irwin_hall_itself),
		cmocka_unit_test(test_delays_are_uniform),
		cmocka_unit_test(test_totals_of_equal_ranges),
		cmocka_unit_test(test_second_delay_of_a_chain),
		cmocka_unit_test(test_chance_by_hand),
		cmocka_unit_test(test_chance_with_attempts_that_take_time),
		cmocka_unit_test(test_chance_with_an_initial_delay),
		cmocka_unit_test(test_chance_without_jitter_is_certain),
		cmocka_unit_test(test_chance_without_a_deadline),
		cmocka_unit_test(test_chance_with_a_reset),
		cmocka_unit_test(test_chance_and_total_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
