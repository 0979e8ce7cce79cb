/* SPDX-License-Identifier: MIT */
/*
 * A server's hint on when to come back, and the three forms in which servers give it: the value of a Retry-After field
 * (RFC 9110, section 10.2.3), of gRPC's grpc-retry-pushback-ms, and of a field in milliseconds such as x-amz-retry-after.
 *
 * Only the value is read, not the field's name. A Retry-After is digits (seconds, from receipt) or an HTTP-date in one of the
 * three forms of RFC 9110, section 5.6.7. Spaces and tabs around it are allowed, nothing else is forgiven but a weekday
 * that is not the date's. A leap second is 23:59:60. The result is always explicit: a date in the past or a 0 is the
 * hint "at once", not "no hint"; what is neither form is no hint at all.
 */
#ifndef AGAIN_HINT_H
#define AGAIN_HINT_H

#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the server said about coming back. New values may appear; one that the library does not know is no hint. */
enum again_hint_kind {
	AGAIN_HINT_NONE = 0,
	/** How long from now on. */
	AGAIN_HINT_RELATIVE = 1,
	/** A moment on the caller's clock. */
	AGAIN_HINT_ABSOLUTE = 2,
	/** Do not come back. */
	AGAIN_HINT_REFUSAL = 3
};

/**
 * Reads a Retry-After value of `len` bytes (it need not be terminated, and may hold any byte).
 *
 * `now_unix_s` is the wall clock, seconds since 1970-01-01 UTC, to which a date is compared; an RFC 850 date's two-digit
 * year is the latest that puts the date at most 50 years (of 31,556,952 s, the mean) ahead of it.
 * On success 0, and *out_delay_ns is how long from receipt, saturating at AGAIN_NEVER - 1.
 * AGAIN_ERR_SYNTAX where the value is neither form; *out_delay_ns is not written then.
 */
AGAIN_API AGAIN_MUST_USE int again_parse_retry_after(const char *value, size_t len,
                                                     uint64_t now_unix_s, again_ns *out_delay_ns);

/**
 * Reads a number of milliseconds of `len` bytes: digits, with spaces and tabs around them allowed. On success 0, and
 * *out_delay_ns saturates at AGAIN_NEVER - 1. AGAIN_ERR_SYNTAX for everything else; *out_delay_ns is not written then.
 */
AGAIN_API AGAIN_MUST_USE int again_parse_ms_header(const char *value, size_t len,
                                                   again_ns *out_delay_ns);

/**
 * Reads gRPC's grpc-retry-pushback-ms (gRFC A6): a signed 32-bit number of milliseconds without needless zeros. Returns
 * AGAIN_HINT_RELATIVE with *out_delay_ns written, or AGAIN_HINT_REFUSAL, with *out_delay_ns not written, for a negative
 * number and, as the gRFC wants it, for everything that is no such number.
 */
AGAIN_API uint32_t again_parse_pushback_ms(const char *value, size_t len, again_ns *out_delay_ns);

#ifdef __cplusplus
}
#endif
#endif
