// SPDX-License-Identifier: MIT
// Retry-After values: seconds, or an HTTP-date. @pure
//
// Either form ends in seconds from receipt, which become nanoseconds that saturate. "Not a hint" is an error and never
// a delay of 0: a parser that cannot tell the two apart turns a server's typing mistake into a hot loop.
#include <again/hint.h>

#include "base/number.h"
#include "policy/http_date.h"
#include "policy/saturate.h"

#include <stdbool.h>

/** Digits alone; more than 64 bits saturate. */
static bool read_seconds(const char *text, size_t len, uint64_t *out_seconds)
{
	uint64_t seconds = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return false;
		}
		seconds = again_ns_add(again_ns_mul(seconds, 10), (uint64_t)(text[i] - '0'));
	}
	*out_seconds = seconds;
	return len > 0;
}

static bool is_white(char byte)
{
	return byte == ' ' || byte == '\t';
}

int again_parse_retry_after(const char *value, size_t len, uint64_t now_unix_s,
                            again_ns *out_delay_ns)
{
	while (len > 0 && is_white(value[len - 1])) {
		len--;
	}
	while (len > 0 && is_white(*value)) {
		value++;
		len--;
	}
	uint64_t seconds = 0;
	if (!read_seconds(value, len, &seconds) &&
	    !again_http_date_until(value, len, now_unix_s, &seconds)) {
		return AGAIN_ERR_SYNTAX;
	}
	*out_delay_ns = again_ns_min(again_ns_mul(seconds, AGAIN_NS_PER_SECOND), AGAIN_NEVER - 1);
	return 0;
}
