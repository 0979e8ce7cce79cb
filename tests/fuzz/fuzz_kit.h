// SPDX-License-Identifier: MIT
// What the fuzzers of the guards share: numbers out of any bytes, and a condition that must hold.
#ifndef AGAIN_TESTS_FUZZ_KIT_H
#define AGAIN_TESTS_FUZZ_KIT_H

#include <again/again.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

static inline void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

/** What is left of the input; it ends in zeros without end. */
struct input {
	const uint8_t *bytes;
	size_t size;
};

static inline uint64_t take(struct input *input, size_t bytes)
{
	uint64_t value = 0;
	size_t taken = input->size < bytes ? input->size : bytes;
	memcpy(&value, input->bytes, taken);
	input->bytes += taken;
	input->size -= taken;
	return value;
}

/** A number of any length in bits: a byte says how many. */
static inline uint64_t take_any(struct input *input)
{
	uint64_t shift = take(input, 1) % 65;
	return shift == 64 ? AGAIN_NEVER : take(input, 8) >> shift;
}

static inline again_ns sum(again_ns a, again_ns b)
{
	return a > AGAIN_NEVER - b ? AGAIN_NEVER : a + b;
}

/** Where the clock goes next: mostly a part of `scale_ns` ahead, now and then far, and sometimes back. */
static inline again_ns take_moment(struct input *input, again_ns now_ns, again_ns scale_ns)
{
	uint64_t kind = take(input, 1);
	again_ns step_ns = (again_ns)((wide)scale_ns * take(input, 1) / 64);
	if (kind < 200) {
		return sum(now_ns, kind < 100 ? step_ns : step_ns / 16);
	}
	if (kind < 230) {
		return now_ns > step_ns ? now_ns - step_ns : 0;
	}
	return kind < 250 ? sum(now_ns, take_any(input)) : take_any(input);
}

#endif
