// SPDX-License-Identifier: MIT
// The generator: published outputs of SplitMix64, the keys, the bounds, and that neighbours look
// unrelated.
#include "policy_kit.h"

#define KEYS 1'000'000

/** Published for the state 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64"). */
static void test_outputs_published_for_1234567(void **)
{
	struct again_rng rng = {.state = 1234567};
	assert_int_equal(again_rng_next(&rng), UINT64_C(6457827717110365317));
	assert_int_equal(again_rng_next(&rng), UINT64_C(3203168211198807973));
	assert_int_equal(again_rng_next(&rng), UINT64_C(9817491932198370423));
	assert_int_equal(again_rng_next(&rng), UINT64_C(4593380528125082431));
	assert_int_equal(again_rng_next(&rng), UINT64_C(16408922859458223821));
}

/** Vigna's splitmix64.c from state 0, as many libraries test it. */
static void test_outputs_published_for_0(void **)
{
	struct again_rng rng = {.state = 0};
	assert_int_equal(again_rng_next(&rng), UINT64_C(0xe220a8397b1dcdaf));
	assert_int_equal(again_rng_next(&rng), UINT64_C(0x6e789e6aa1b965f4));
	assert_int_equal(again_rng_next(&rng), UINT64_C(0x06c45d188009454f));
	assert_int_equal(again_rng_next(&rng), UINT64_C(0xf88bb8a8724c81ec));
	assert_int_equal(again_rng_next(&rng), UINT64_C(0x1b39896a51a8749b));
}

/** root and split are the output of the same generator for the state seed, and parent ^ key. */
static void test_streams_are_the_documented_ones(void **)
{
	for (uint64_t seed = 0; seed < 1000; seed++) {
		struct again_rng plain = {.state = seed};
		struct again_rng root = again_rng_root(seed);
		assert_int_equal(root.state, again_rng_next(&plain));
		struct again_rng keyed = {.state = root.state ^ 77};
		assert_int_equal(again_rng_split(root, 77).state, again_rng_next(&keyed));
	}
}

static void test_split_leaves_its_parent(void **)
{
	struct again_rng root = again_rng_root(42);
	uint64_t before = root.state;
	(void)again_rng_split(root, 1);
	assert_int_equal(root.state, before);
}

/**
 * Sampling that is upper-exclusive, as aws-c-io's and Envoy's modulo, never gives the last number.
 */
static void test_uniform_includes_both_ends(void **)
{
	bool seen[3] = {false};
	struct again_rng rng = again_rng_root(1);
	for (int i = 0; i < 100; i++) {
		uint64_t number = again_uniform(&rng, 10, 12);
		assert_in_range(number, 10, 12);
		seen[number - 10] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2]);
}

static void test_uniform_of_one_number(void **)
{
	struct again_rng rng = again_rng_root(1);
	struct again_rng twin = rng;
	assert_int_equal(again_uniform(&rng, 7, 7), 7);
	assert_int_equal(again_uniform(&rng, AGAIN_NEVER, AGAIN_NEVER), AGAIN_NEVER);
	// One draw each, whatever the range.
	(void)again_rng_next(&twin);
	(void)again_rng_next(&twin);
	assert_int_equal(rng.state, twin.state);
}

/** The whole range is the draw itself; half of it is the draw's upper bits. */
static void test_uniform_of_the_whole_range(void **)
{
	struct again_rng rng = again_rng_root(99);
	struct again_rng twin = rng;
	for (int i = 0; i < 1000; i++) {
		uint64_t draw = again_rng_next(&twin);
		assert_int_equal(again_uniform(&rng, 0, UINT64_MAX), draw);
	}
	for (int i = 0; i < 1000; i++) {
		uint64_t draw = again_rng_next(&twin);
		assert_int_equal(again_uniform(&rng, 5, 5 + (UINT64_MAX >> 1)), 5 + (draw >> 1));
	}
}

static void test_uniform_has_no_modulo_bias(void **)
{
	// With a modulo the first quarter would be drawn twice as often as the others: 2^64 = 1 1/3
	// of the range.
	const uint64_t most = UINT64_MAX / 4 * 3;
	struct again_rng rng = again_rng_root(7);
	int low = 0;
	for (int i = 0; i < KEYS; i++) {
		low += again_uniform(&rng, 0, most) < most / 3 ? 1 : 0;
	}
	check(low > KEYS / 3 - 2500 && low < KEYS / 3 + 2500, "seed 7: %d of %d in the first third",
	      low, KEYS);
}

/** The draw of attempt a of operation o under a seed, from 0 to 1. */
static double draw_of(uint64_t seed, uint64_t operation, uint64_t attempt)
{
	struct again_rng stream =
		again_rng_split(again_rng_split(again_rng_root(seed), operation), attempt);
	return (double)(again_rng_next(&stream) >> 11) * 0x1p-53;
}

struct pairs {
	double x, y, xx, yy, xy;
};

static void add_pair(struct pairs *pairs, double x, double y)
{
	pairs->x += x;
	pairs->y += y;
	pairs->xx += x * x;
	pairs->yy += y * y;
	pairs->xy += x * y;
}

/**
 * Pearson's r is 0 +- 0.001 for a million unrelated pairs; more than four of those are a pattern.
 */
static void assert_unrelated(const struct pairs *pairs, const char *what)
{
	double n = KEYS;
	double covariance = pairs->xy / n - pairs->x / n * (pairs->y / n);
	double variance_x = pairs->xx / n - pairs->x / n * (pairs->x / n);
	double variance_y = pairs->yy / n - pairs->y / n * (pairs->y / n);
	double r_squared = covariance * covariance / (variance_x * variance_y);
	check(r_squared < 0.004 * 0.004, "r^2 of %s is %g", what, r_squared);
}

static void test_neighbours_are_unrelated(void **)
{
	struct pairs seeds = {0};
	struct pairs operations = {0};
	struct pairs attempts = {0};
	struct pairs swapped = {0};
	for (uint64_t i = 0; i < KEYS; i++) {
		double here = draw_of(i, 1, 1);
		add_pair(&seeds, here, draw_of(i + 1, 1, 1));
		add_pair(&operations, draw_of(1, i, 1), draw_of(1, i + 1, 1));
		add_pair(&attempts, draw_of(1, 1, i), draw_of(1, 1, i + 1));
		add_pair(&swapped, here, draw_of(1, i, 1));
	}
	assert_unrelated(&seeds, "neighbouring seeds");
	assert_unrelated(&operations, "neighbouring operations");
	assert_unrelated(&attempts, "neighbouring attempts");
	assert_unrelated(&swapped, "seed and operation exchanged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outputs_published_for_1234567),
		cmocka_unit_test(test_outputs_published_for_0),
		cmocka_unit_test(test_streams_are_the_documented_ones),
		cmocka_unit_test(test_split_leaves_its_parent),
		cmocka_unit_test(test_uniform_includes_both_ends),
		cmocka_unit_test(test_uniform_of_one_number),
		cmocka_unit_test(test_uniform_of_the_whole_range),
		cmocka_unit_test(test_uniform_has_no_modulo_bias),
		cmocka_unit_test(test_neighbours_are_unrelated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
