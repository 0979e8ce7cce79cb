// SPDX-License-Identifier: MIT
// HTTP-dates (RFC 9110, section 5.6.7), as far as a hint needs them: how long until then. @pure
#ifndef AGAIN_POLICY_HTTP_DATE_H
#define AGAIN_POLICY_HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Reads a whole text as a date and writes the seconds until then, 0 where it is past. False where it is no date. */
bool again_http_date_until(const char *text, size_t len, uint64_t now_unix_s,
                           uint64_t *out_seconds);

#endif
