// SPDX-License-Identifier: MIT
// Independence, over a million keys for each jitter: neighbouring seeds, operations and attempts have nothing to do with
// each other, and a herd that fails at one moment does not come back at one. (The distributions: test_jitter.c.)
//
// Every sample is that of a fixed seed, so a test passes always or never; the limits are those of a fair sample, with
// room for all the comparisons that are made here: of a million pairs |r| exceeds 4.5 / sqrt(10^6) once in 150,000 times.
#include "policy_kit.h"

#include <math.h>

#define KEYS 1'000'000
#define SPREAD 12
#define LIMIT (4.5 / 1000)

static const enum again_jitter jitters[] = {
	AGAIN_JITTER_FULL,
	AGAIN_JITTER_EQUAL,
	AGAIN_JITTER_PROPORTIONAL,
	AGAIN_JITTER_DECORRELATED,
};

#define JITTERS (sizeof(jitters) / sizeof(jitters[0]))

static struct again_policy at_cap(enum again_jitter jitter)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, jitter);
	policy.max_retries = AGAIN_UNLIMITED;
	assert_valid(&policy);
	return policy;
}

/**
 * The delay before retry SPREAD + `later`, as a place in its range, from 0 to 1: for decorrelated jitter, whose range
 * follows from the delay before it, the places are what must be independent.
 */
static double place_of(const struct again_policy *policy, uint64_t seed, uint64_t operation,
                       size_t later)
{
	again_ns plan[SPREAD + 2];
	size_t n = SPREAD + later;
	assert_int_equal(again_call_plan(policy, seed, operation, n + 1, plan), n + 1);
	again_ns least = 0;
	again_ns most = 0;
	again_policy_range(policy, (uint32_t)n, plan[n - 1], &least, &most);
	assert_true(most > least);
	return (double)(plan[n] - least) / (double)(most - least);
}

/** Pearson's r of KEYS pairs, found from running sums of places that are about 0.5. */
struct pairs {
	double x, y, xx, yy, xy;
};

static void add_pair(struct pairs *pairs, double x, double y)
{
	x -= 0.5;
	y -= 0.5;
	pairs->x += x;
	pairs->y += y;
	pairs->xx += x * x;
	pairs->yy += y * y;
	pairs->xy += x * y;
}

static double correlation(const struct pairs *pairs)
{
	double covariance = pairs->xy - pairs->x * pairs->y / KEYS;
	double x = pairs->xx - pairs->x * pairs->x / KEYS;
	double y = pairs->yy - pairs->y * pairs->y / KEYS;
	return covariance / sqrt(x * y);
}

static void assert_independent(const struct pairs *pairs, uint32_t jitter, const char *what)
{
	double r = correlation(pairs);
	check(fabs(r) < LIMIT, "%s, neighbouring %s: r = %f", jitter_name(jitter), what, r);
}

/** Seeds 0, 1, 2, …: what hosts that number themselves have. */
static void test_neighbouring_seeds(void **)
{
	for (size_t i = 0; i < JITTERS; i++) {
		struct again_policy policy = at_cap(jitters[i]);
		struct pairs pairs = {0};
		double before = place_of(&policy, 0, 0, 0);
		for (uint64_t seed = 1; seed <= KEYS; seed++) {
			double here = place_of(&policy, seed, 0, 0);
			add_pair(&pairs, before, here);
			before = here;
		}
		assert_independent(&pairs, policy.jitter, "seeds");
	}
}

static void test_neighbouring_operations(void **)
{
	for (size_t i = 0; i < JITTERS; i++) {
		struct again_policy policy = at_cap(jitters[i]);
		struct pairs pairs = {0};
		double before = place_of(&policy, 1, 0, 0);
		for (uint64_t operation = 1; operation <= KEYS; operation++) {
			double here = place_of(&policy, 1, operation, 0);
			add_pair(&pairs, before, here);
			before = here;
		}
		assert_independent(&pairs, policy.jitter, "operations");
	}
}

static void test_neighbouring_attempts(void **)
{
	for (size_t i = 0; i < JITTERS; i++) {
		struct again_policy policy = at_cap(jitters[i]);
		struct pairs pairs = {0};
		for (uint64_t seed = 0; seed < KEYS; seed++) {
			add_pair(&pairs, place_of(&policy, seed, 0, 0),
			         place_of(&policy, seed, 0, 1));
		}
		assert_independent(&pairs, policy.jitter, "attempts");
	}
}

/** Seed s with operation o, and seed o with operation s, are two keys and not one. */
static void test_seed_and_operation_are_not_exchanged(void **)
{
	struct again_policy policy = at_cap(AGAIN_JITTER_FULL);
	struct pairs pairs = {0};
	for (uint64_t a = 0; a < 1000; a++) {
		for (uint64_t b = 0; b < 1000; b++) {
			// Where both are the same, the key is the same.
			add_pair(&pairs, place_of(&policy, a, b + 1000, 0),
			         place_of(&policy, b + 1000, a, 0));
		}
	}
	assert_independent(&pairs, policy.jitter, "seeds and operations, exchanged");
}

#define CLIENTS 10'000
#define BUCKET_NS (100 * MS)
#define BUCKETS 601

struct herd {
	/** The most of CLIENTS that come back within one tenth of a second, after they all failed at once for the 13th time. */
	uint32_t peak;
	/** What the formula expects of the densest tenth: the mean of 1 / range, for decorrelated jitter just above the base. */
	double expected;
};

static struct herd herd_of(const struct again_policy *policy)
{
	uint32_t arrivals[BUCKETS] = {0};
	struct herd herd = {0};
	for (uint64_t client = 0; client < CLIENTS; client++) {
		again_ns plan[SPREAD + 1];
		assert_int_equal(again_call_plan(policy, /*seed=*/7, client, SPREAD + 1, plan),
		                 SPREAD + 1);
		size_t bucket = plan[SPREAD] / BUCKET_NS;
		assert_true(bucket < BUCKETS);
		arrivals[bucket]++;
		herd.peak = arrivals[bucket] > herd.peak ? arrivals[bucket] : herd.peak;
		again_ns least = 0;
		again_ns most = 0;
		again_policy_range(policy, SPREAD, plan[SPREAD - 1], &least, &most);
		herd.expected += (double)BUCKET_NS / (double)(most - least + 1);
	}
	return herd;
}

/** With some hundred buckets the fullest stays below what is expected of it plus five times the root. */
static void test_a_herd_is_spread(void **)
{
	for (size_t i = 0; i < JITTERS; i++) {
		struct again_policy policy = at_cap(jitters[i]);
		struct herd herd = herd_of(&policy);
		check(herd.peak < herd.expected + 5 * sqrt(herd.expected),
		      "%s, seed 7: %u at once, %f expected", jitter_name(policy.jitter), herd.peak,
		      herd.expected);
		check(herd.expected < CLIENTS / 100.0, "%s: %f expected",
		      jitter_name(policy.jitter), herd.expected);
	}
	struct again_policy none = at_cap(AGAIN_JITTER_NONE);
	assert_int_equal(herd_of(&none).peak, CLIENTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbouring_seeds),
		cmocka_unit_test(test_neighbouring_operations),
		cmocka_unit_test(test_neighbouring_attempts),
		cmocka_unit_test(test_seed_and_operation_are_not_exchanged),
		cmocka_unit_test(test_a_herd_is_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
