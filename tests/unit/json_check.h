// SPDX-License-Identifier: MIT
// A strict reader of RFC 8259 that keeps nothing: is this one JSON text in UTF-8? Written apart
// from the writer on purpose, and slowly: it checks UTF-8 by decoding each character.
#ifndef AGAIN_TESTS_JSON_CHECK_H
#define AGAIN_TESTS_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_cursor {
	const unsigned char *at;
	const unsigned char *end;
};

static inline bool json_take(struct json_cursor *in, char c)
{
	if (in->at < in->end && *in->at == (unsigned char)c) {
		in->at++;
		return true;
	}
	return false;
}

static inline void json_space(struct json_cursor *in)
{
	while (in->at < in->end && memchr(" \t\n\r", *in->at, 4) != NULL) {
		in->at++;
	}
}

static inline bool json_character(struct json_cursor *in)
{
	uint32_t first = *in->at;
	if (first < 0x80) {
		in->at++;
		return first >= 0x20;
	}
	size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
	uint32_t code = first & (0x3Fu >> more);
	if (first < 0xC0 || first > 0xF7 || (size_t)(in->end - in->at) <= more) {
		return false;
	}
	for (size_t i = 1; i <= more; i++) {
		if ((in->at[i] & 0xC0u) != 0x80u) {
			return false;
		}
		code = code << 6 | (in->at[i] & 0x3Fu);
	}
	in->at += more + 1;
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	return code >= least[more] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

static inline bool json_escape(struct json_cursor *in)
{
	if (in->at == in->end) {
		return false;
	}
	if (json_take(in, 'u')) {
		for (int i = 0; i < 4; i++, in->at++) {
			if (in->at == in->end ||
			    memchr("0123456789abcdefABCDEF", *in->at, 22) == NULL) {
				return false;
			}
		}
		return true;
	}
	return memchr("\"\\/bfnrt", *in->at++, 8) != NULL;
}

static inline bool json_string(struct json_cursor *in)
{
	if (!json_take(in, '"')) {
		return false;
	}
	while (in->at < in->end && *in->at != '"') {
		bool good = json_take(in, '\\') ? json_escape(in) : json_character(in);
		if (!good) {
			return false;
		}
	}
	return json_take(in, '"');
}

static inline bool json_digits(struct json_cursor *in)
{
	const unsigned char *start = in->at;
	while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
		in->at++;
	}
	return in->at > start;
}

static inline bool json_number(struct json_cursor *in)
{
	(void)json_take(in, '-');
	if (!json_take(in, '0') && !json_digits(in)) {
		return false;
	}
	if (json_take(in, '.') && !json_digits(in)) {
		return false;
	}
	if (json_take(in, 'e') || json_take(in, 'E')) {
		(void)(json_take(in, '+') || json_take(in, '-'));
		return json_digits(in);
	}
	return true;
}

static inline bool json_word(struct json_cursor *in, const char *word)
{
	size_t len = strlen(word);
	if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0) {
		return false;
	}
	in->at += len;
	return true;
}

static inline bool json_value(struct json_cursor *in, unsigned depth);

/** Members or elements up to the closing bracket. */
static inline bool json_rest(struct json_cursor *in, char closing, unsigned depth)
{
	json_space(in);
	if (json_take(in, closing)) {
		return true;
	}
	do {
		json_space(in);
		if (closing == '}') {
			if (!json_string(in)) {
				return false;
			}
			json_space(in);
			if (!json_take(in, ':')) {
				return false;
			}
		}
		if (!json_value(in, depth)) {
			return false;
		}
	} while (json_take(in, ','));
	return json_take(in, closing);
}

static inline bool json_value(struct json_cursor *in, unsigned depth)
{
	if (depth > 64) {
		return false;
	}
	json_space(in);
	bool good = false;
	if (json_take(in, '{')) {
		good = json_rest(in, '}', depth + 1);
	} else if (json_take(in, '[')) {
		good = json_rest(in, ']', depth + 1);
	} else if (in->at < in->end && *in->at == '"') {
		good = json_string(in);
	} else {
		good = json_word(in, "true") || json_word(in, "false") || json_word(in, "null") ||
		       json_number(in);
	}
	json_space(in);
	return good;
}

static inline bool json_is_valid(const char *bytes, size_t len)
{
	struct json_cursor in = {(const unsigned char *)bytes, (const unsigned char *)bytes + len};
	return json_value(&in, 0) && in.at == in.end;
}

#endif
