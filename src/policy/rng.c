// SPDX-License-Identifier: MIT
// The keyed generator: the public names of policy/splitmix.h. @pure
//
// A schedule is reproducible because a stream is found from its key and never from how many draws were made before; so
// nothing here keeps state but what the caller holds.
#include <again/rng.h>

#include "policy/splitmix.h"

struct again_rng again_rng_root(uint64_t seed)
{
	return again_splitmix_root(seed);
}

struct again_rng again_rng_split(struct again_rng parent, uint64_t key)
{
	return again_splitmix_split(parent, key);
}

uint64_t again_rng_next(struct again_rng *rng)
{
	return again_splitmix_next(rng);
}

uint64_t again_uniform(struct again_rng *rng, uint64_t lo, uint64_t hi)
{
	return again_splitmix_scale(again_splitmix_next(rng), lo, hi);
}
