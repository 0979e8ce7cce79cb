// SPDX-License-Identifier: MIT
// A window of time in slots of equal length, counted from the clock's origin, the running one first. @pure
//
// It has no state of its own: a breaker and a throttle keep the number of the latest slot that was seen, and an array in
// which slot 0 is that one and slot i the i-th before it. So to count is to count in slot 0, wherever the clock is, and
// there is a division only when a new slot begins.
#ifndef AGAIN_POLICY_SLOTS_H
#define AGAIN_POLICY_SLOTS_H

#include <again/types.h>

#include <string.h>

/** How many slots have begun since slot `latest`. 0 for a clock that went backwards: it is held at the latest. */
static inline uint64_t again_slots_begun(uint64_t latest, again_ns slot_ns, again_ns now_ns)
{
	again_ns start_ns = latest * slot_ns;
	if (now_ns < start_ns || now_ns - start_ns < slot_ns) {
		return 0;
	}
	return now_ns / slot_ns - latest;
}

/** Moves `count` slots of `slot_bytes` each by the `begun` ones, above 0, which are empty. */
static inline void again_slots_shift(void *slots, size_t count, size_t slot_bytes, uint64_t begun)
{
	unsigned char *bytes = slots;
	size_t gone = begun < count ? (size_t)begun : count;
	memmove(bytes + gone * slot_bytes, bytes, (count - gone) * slot_bytes);
	memset(bytes, 0, gone * slot_bytes);
}

#endif
