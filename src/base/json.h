// SPDX-License-Identifier: MIT
// A streaming JSON writer: what it has written is always the beginning of one valid JSON text (RFC
// 8259) in UTF-8.
//
// It keeps a small buffer of the caller's and hands it to a sink when it is full and at the end.
// Commas, colons and (in the pretty form) line ends are its own. It never fails in the middle: a
// sink's failure is remembered, and again_json_end() returns it.
#ifndef AGAIN_BASE_JSON_H
#define AGAIN_BASE_JSON_H

#include <again/types.h>

#include <stdbool.h>

/** The deepest nesting. */
#define AGAIN_JSON_DEPTH 16

/** Takes len bytes; 0, or a negative enum again_code with *err filled. */
typedef int again_json_sink_fn(void *context, const char *bytes, size_t len,
                               struct again_error *err);

struct again_json {
	again_json_sink_fn *sink;
	void *context;
	char *buffer;
	size_t cap;
	size_t len;
	/** Objects and arrays that are open; one bit each says whether something stands in them. */
	unsigned depth;
	uint32_t filled;
	bool pretty;
	bool after_key;
	int failure;
	struct again_error error;
};

/** Starts a text. `pretty`: one member a line, tabs. `cap` is at least 64. */
void again_json_begin(struct again_json *json, char *buffer, size_t cap, bool pretty,
                      again_json_sink_fn *sink, void *context);

void again_json_open_object(struct again_json *json);
void again_json_close_object(struct again_json *json);
void again_json_open_array(struct again_json *json);
void again_json_close_array(struct again_json *json);

/** A member's name: plain ASCII of ours, not escaped. A value follows. */
void again_json_key(struct again_json *json, const char *key);

/** A string. Bytes that are no UTF-8 become U+FFFD. NULL is null. */
void again_json_string(struct again_json *json, const char *string);
void again_json_u64(struct again_json *json, uint64_t number);
void again_json_bool(struct again_json *json, bool value);
void again_json_null(struct again_json *json);

/** Exact seconds: 0.1, 60, 0.000000001; null for AGAIN_NEVER. */
void again_json_seconds(struct again_json *json, again_ns ns);

/** A UTC time as RFC 3339 text. */
void again_json_utc(struct again_json *json, uint64_t utc_ns);

/** A Q32 number as a decimal fraction, rounded to nine digits. */
void again_json_q32(struct again_json *json, uint64_t q32);

/** Ends the text with a line end and hands over the rest. 0, or the first failure of the sink. */
[[nodiscard]] int again_json_end(struct again_json *json, struct again_error *err);

#endif
