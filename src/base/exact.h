// SPDX-License-Identifier: MIT
// Numbers as text that reads back to exactly the same number, and the readers that base/number.h has not. @pure
//
// For times and ratios that are kept as text: a policy in a report must be the policy that ran. The readers refuse what
// those of base/number.h refuse, with the same reasons.
#ifndef AGAIN_BASE_EXACT_H
#define AGAIN_BASE_EXACT_H

#include "base/text.h"

#include <again/types.h>

#include <stdint.h>

/** The longest duration that text can say: again_parse_duration reads no more. */
#define AGAIN_DURATION_MAX ((again_ns)INT64_MAX)

/**
 * Whole numbers with units, days, hours and minutes first, then the rest in the largest unit that it is whole in:
 * "10ms", "1m30s", "1m1500ms", "0s". At most AGAIN_DURATION_MAX.
 */
void again_text_add_duration(struct again_text *text, again_ns ns);

/** The shortest decimal fraction that again_parse_q32 reads back: "0.2", "1.5", "2". Below 2^31 in all. */
void again_text_add_q32(struct again_text *text, uint64_t q32);

/** The same in hundredths, without a sign: "20", "0.5", for again_parse_percent. At most 1.0. */
void again_text_add_percent(struct again_text *text, uint64_t q32);

/** Thousandths: 1500 is "1.5". */
void again_text_add_thousandths(struct again_text *text, uint64_t thousandths);

/** "20" or "0.5" as Q32 of a hundredth of it, rounded half up; at most 100. At most 60 characters. */
int again_parse_percent(const char *text, uint64_t *out_q32, struct again_error *err);

/**
 * A decimal number with at most `places` digits after the point, in units of the last of them, which must be at most
 * `most`: "1.5" with 3 places is 1500. Further digits are refused, also zeros. At most 60 characters.
 */
int again_parse_fixed(const char *text, unsigned places, uint64_t most, uint64_t *out_number,
                      struct again_error *err);

#endif
