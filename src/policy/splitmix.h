// SPDX-License-Identifier: MIT
// The generator of <again/rng.h>, inline: a decision is a few nanoseconds, and calls would be half of them. @pure
//
// The public header is the specification; rng.c exports these functions under its names.
#ifndef AGAIN_POLICY_SPLITMIX_H
#define AGAIN_POLICY_SPLITMIX_H

#include <again/rng.h>

#include "policy/saturate.h"

/** The odd number nearest to 2^64 / golden ratio: the step between states. */
#define AGAIN_SPLITMIX_GAMMA UINT64_C(0x9e3779b97f4a7c15)

/** Stafford's mix 13: every bit of the input changes half of the output's. */
static inline uint64_t again_splitmix_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline struct again_rng again_splitmix_root(uint64_t seed)
{
	return (struct again_rng){.state = again_splitmix_mix(seed + AGAIN_SPLITMIX_GAMMA)};
}

static inline struct again_rng again_splitmix_split(struct again_rng parent, uint64_t key)
{
	return (struct again_rng){
		.state = again_splitmix_mix((parent.state ^ key) + AGAIN_SPLITMIX_GAMMA),
	};
}

static inline uint64_t again_splitmix_next(struct again_rng *rng)
{
	rng->state += AGAIN_SPLITMIX_GAMMA;
	return again_splitmix_mix(rng->state);
}

/**
 * The number of lo..hi that a draw stands for: floor(draw * (span + 1) / 2^64), written so that a span of 2^64 - 1 does
 * not overflow. Lemire's rejection would remove the last 2^-64 of bias, but take a number of draws that varies.
 */
static inline uint64_t again_splitmix_scale(uint64_t draw, uint64_t lo, uint64_t hi)
{
	again_u128 scaled = (again_u128)draw * (hi - lo) + draw;
	return lo + (uint64_t)(scaled >> 64);
}

#endif
