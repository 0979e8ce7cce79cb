/* SPDX-License-Identifier: MIT */
/*
 * The keyed generator: one 64-bit draw a decision, found from its key alone.
 *
 * The generator is SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014) with
 * the finaliser that Stafford calls mix 13. It is part of libagain's contract: any language can compute the same
 * schedule. With GAMMA = 0x9e3779b97f4a7c15 and all arithmetic modulo 2^64:
 *
 *     mix(z):       z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
 *                   z = (z ^ (z >> 27)) * 0x94d049bb133111eb
 *                   z ^ (z >> 31)
 *     root(seed):   state = mix(seed + GAMMA)
 *     split(key):   state = mix((parent ^ key) + GAMMA)
 *     next():       state += GAMMA; mix(state)
 *     uniform:      lo + floor(next() * (hi - lo + 1) / 2^64)
 *
 * The draw for the wait after attempt a of operation o under a seed is next() of split(split(root(seed), o), a); the
 * initial delay has a = 0.
 * It is not for secrets.
 */
#ifndef AGAIN_RNG_H
#define AGAIN_RNG_H

#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A stream of draws. Plain data: copy it to fork the stream. */
struct again_rng {
	uint64_t state;
};

/** The root stream of a seed. */
AGAIN_API struct again_rng again_rng_root(uint64_t seed);

/** The stream of `key` under `parent`, which is not changed. Different keys give independent streams. */
AGAIN_API struct again_rng again_rng_split(struct again_rng parent, uint64_t key);

/** The next 64 random bits. */
AGAIN_API uint64_t again_rng_next(struct again_rng *rng);

/**
 * A number in lo..hi, both ends included, from one draw. The bias is at most (hi - lo + 1) / 2^64.
 * Undefined where lo > hi.
 */
AGAIN_API uint64_t again_uniform(struct again_rng *rng, uint64_t lo, uint64_t hi);

#ifdef __cplusplus
}
#endif
#endif
