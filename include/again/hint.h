/* SPDX-License-Identifier: MIT */
/*
 * A server's hint on when to come back: the value of a Retry-After field (RFC 9110, section 10.2.3).
 *
 * Only the value is read, not the field's name. It is digits (seconds, from receipt) or an HTTP-date in one of the
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

#ifdef __cplusplus
}
#endif
#endif
