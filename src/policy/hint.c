// SPDX-License-Identifier: MIT
// A server's hint as text: Retry-After, milliseconds, gRPC's pushback. @pure
//
// Each form ends in a time from receipt that saturates. "Not a hint" is an error and never
// a delay of 0: a parser that cannot tell the two apart turns a server's typing mistake into a hot loop.
#include <again/hint.h>

#include "base/number.h"
#include "policy/http_date.h"
#include "policy/saturate.h"

#include <stdbool.h>

#define NS_PER_MS UINT64_C(1'000'000)

/** Digits alone; more than 64 bits saturate. */
static bool read_digits(const char *text, size_t len, uint64_t *out_number)
{
	uint64_t number = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return false;
		}
		number = again_ns_add(again_ns_mul(number, 10), (uint64_t)(text[i] - '0'));
	}
	*out_number = number;
	return len > 0;
}

static bool is_white(char byte)
{
	return byte == ' ' || byte == '\t';
}

static void trim(const char **value, size_t *len)
{
	while (*len > 0 && is_white((*value)[*len - 1])) {
		(*len)--;
	}
	while (*len > 0 && is_white(**value)) {
		(*value)++;
		(*len)--;
	}
}

static again_ns from_units(uint64_t number, again_ns unit_ns)
{
	return again_ns_min(again_ns_mul(number, unit_ns), AGAIN_NEVER - 1);
}

int again_parse_retry_after(const char *value, size_t len, uint64_t now_unix_s,
                            again_ns *out_delay_ns)
{
	trim(&value, &len);
	uint64_t seconds = 0;
	if (!read_digits(value, len, &seconds) &&
	    !again_http_date_until(value, len, now_unix_s, &seconds)) {
		return AGAIN_ERR_SYNTAX;
	}
	*out_delay_ns = from_units(seconds, AGAIN_NS_PER_SECOND);
	return 0;
}

int again_parse_ms_header(const char *value, size_t len, again_ns *out_delay_ns)
{
	trim(&value, &len);
	uint64_t ms = 0;
	if (!read_digits(value, len, &ms)) {
		return AGAIN_ERR_SYNTAX;
	}
	*out_delay_ns = from_units(ms, NS_PER_MS);
	return 0;
}

uint32_t again_parse_pushback_ms(const char *value, size_t len, again_ns *out_delay_ns)
{
	uint64_t ms = 0;
	bool is_padded = len > 1 && *value == '0';
	if (is_padded || !read_digits(value, len, &ms) || ms > INT32_MAX) {
		return AGAIN_HINT_REFUSAL;
	}
	*out_delay_ns = from_units(ms, NS_PER_MS);
	return AGAIN_HINT_RELATIVE;
}
