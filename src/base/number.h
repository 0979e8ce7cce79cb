// SPDX-License-Identifier: MIT
// Numbers, ratios and durations read from text that people type. @pure
//
// Each parser takes the whole string or refuses it: no leading or trailing space, no sign, no
// exponent, no hexadecimal. On failure *err holds the reason alone ("not a number"), for the caller
// to put the option and the value before it; *out_… is written only on success. Overflow is an
// error, never a wrap.
#ifndef AGAIN_BASE_NUMBER_H
#define AGAIN_BASE_NUMBER_H

#include <again/types.h>

/** Saturating arithmetic on times. */
static inline again_ns again_ns_add(again_ns a, again_ns b)
{
	again_ns sum = 0;
	return __builtin_add_overflow(a, b, &sum) ? AGAIN_NEVER : sum;
}

/** a - b, 0 where that would be negative. */
static inline again_ns again_ns_sub(again_ns a, again_ns b)
{
	return a > b ? a - b : 0;
}

/** A decimal integer in least..most. */
int again_parse_u64(const char *text, uint64_t least, uint64_t most, uint64_t *out_number,
                    struct again_error *err);

/** A decimal fraction ("1.5", "2", ".25") as Q32, rounded half up; below 2^31. */
int again_parse_q32(const char *text, uint64_t *out_q32, struct again_error *err);

/**
 * A duration: "0.1", "250ms", "1m30s", "2h". Units ns us ms s m h d, each larger than the next and
 * named once, or one bare number of seconds; fractions allowed. At most 2^63 - 1 ns; something
 * above 0 that is less than 1 ns is refused.
 */
int again_parse_duration(const char *text, again_ns *out_ns, struct again_error *err);

#endif
