// SPDX-License-Identifier: MIT
// Text built into the caller's buffer: never past its end, always terminated, and it knows when it
// was cut. @pure
//
// Only again_text_addf is not pure; it has a file of its own (format.c).
#ifndef AGAIN_BASE_TEXT_H
#define AGAIN_BASE_TEXT_H

#include <again/types.h>

#include <stdbool.h>

struct again_text {
	char *at;
	size_t len;
	/** Bytes at `at`, the terminator included; at least 1. */
	size_t cap;
	/** Something did not fit and was left out. */
	bool cut;
};

/** A text over buffer[cap], empty. */
struct again_text again_text_over(char *buffer, size_t cap);

void again_text_add(struct again_text *text, const char *string);
void again_text_add_bytes(struct again_text *text, const char *bytes, size_t len);
void again_text_add_u64(struct again_text *text, uint64_t number);
[[gnu::format(printf, 2, 3)]] void again_text_addf(struct again_text *text, const char *format,
                                                   ...);

/** Seconds to the millisecond, rounded half up, trailing zeros cut: "0.7s", "12s", "0s". */
void again_text_add_delay(struct again_text *text, again_ns ns);

/**
 * Exact seconds without a unit, up to nine fraction digits, trailing zeros cut: "0.1", "60",
 * "0.000000001".
 */
void again_text_add_seconds(struct again_text *text, again_ns ns);

/** UTC, RFC 3339 with milliseconds: "2026-11-23T18:30:22.123Z". `utc_ns` counts from 1970. */
void again_text_add_utc(struct again_text *text, uint64_t utc_ns);

/**
 * The string with control characters (C0, DEL and C1) and bytes that are not UTF-8 as \xNN, so that
 * it cannot garble a terminal or a line.
 */
void again_text_add_visible(struct again_text *text, const char *string);

/**
 * How many bytes the UTF-8 character (RFC 3629: no surrogate, nothing overlong, at most U+10FFFF)
 * takes that a terminated string begins with: 1 to 4, or 0 where it begins with none. The empty
 * string begins with none.
 */
size_t again_utf8_len(const char *string);

#endif
