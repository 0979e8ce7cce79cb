// SPDX-License-Identifier: MIT
// The JSON writer: a byte goes through put() and nothing else; separators are decided in one place.
#include "base/json.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static void flush(struct again_json *json)
{
	if (json->failure == 0) {
		json->failure = json->sink(json->context, json->buffer, json->len, &json->error);
	}
	json->len = 0;
}

static void put(struct again_json *json, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (json->len == json->cap) {
			flush(json);
		}
		json->buffer[json->len++] = bytes[i];
	}
}

static void put_text(struct again_json *json, const char *text)
{
	put(json, text, strlen(text));
}

void again_json_begin(struct again_json *json, char *buffer, size_t cap, bool pretty,
                      again_json_sink_fn *sink, void *context)
{
	again_assert(cap >= 64);
	*json = (struct again_json){
		.sink = sink, .context = context, .buffer = buffer, .cap = cap, .pretty = pretty};
}

static void new_line_if(struct again_json *json, bool wanted)
{
	static const char tabs[] = "\n\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t";
	put(json, tabs, wanted && json->pretty ? 1 + json->depth : 0);
}

/** The comma and the line end that go before a member or an element. */
static void separate(struct again_json *json)
{
	if (json->after_key || json->depth == 0) {
		json->after_key = false;
		return;
	}
	uint32_t bit = UINT32_C(1) << (json->depth - 1);
	put(json, ",", (json->filled & bit) != 0 ? 1 : 0);
	json->filled |= bit;
	new_line_if(json, /*wanted=*/true);
}

static void open_nest(struct again_json *json, const char *bracket)
{
	again_assert(json->depth < AGAIN_JSON_DEPTH);
	separate(json);
	put_text(json, bracket);
	json->filled &= ~(UINT32_C(1) << json->depth);
	json->depth++;
}

static void close_nest(struct again_json *json, const char *bracket)
{
	again_assert(json->depth > 0 && !json->after_key);
	json->depth--;
	new_line_if(json, (json->filled & UINT32_C(1) << json->depth) != 0);
	put_text(json, bracket);
}

void again_json_open_object(struct again_json *json)
{
	open_nest(json, "{");
}

void again_json_close_object(struct again_json *json)
{
	close_nest(json, "}");
}

void again_json_open_array(struct again_json *json)
{
	open_nest(json, "[");
}

void again_json_close_array(struct again_json *json)
{
	close_nest(json, "]");
}

void again_json_key(struct again_json *json, const char *key)
{
	again_assert(json->depth > 0 && !json->after_key);
	separate(json);
	put_text(json, "\"");
	put_text(json, key);
	put_text(json, json->pretty ? "\": " : "\":");
	json->after_key = true;
}

static void put_escape(struct again_json *json, unsigned char byte)
{
	static const char bytes[] = "\"\\\b\f\n\r\t";
	const char *known = strchr(bytes, byte);
	const char *hex = "0123456789abcdef";
	char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15u]};
	escape[1] = known != NULL ? "\"\\bfnrt"[known - bytes] : 'u';
	put(json, escape, known != NULL ? 2 : sizeof(escape));
}

void again_json_string(struct again_json *json, const char *string)
{
	if (string == NULL) {
		again_json_null(json);
		return;
	}
	separate(json);
	put_text(json, "\"");
	for (size_t len = 0; *string != '\0'; string += len) {
		len = again_utf8_len(string);
		unsigned char byte = (unsigned char)*string;
		if (len == 0) {
			put_text(json, "\xEF\xBF\xBD");
			len = 1;
		} else if (byte < 0x20 || byte == 0x7F || byte == '"' || byte == '\\') {
			put_escape(json, byte);
		} else {
			put(json, string, len);
		}
	}
	put_text(json, "\"");
}

void again_json_bool(struct again_json *json, bool value)
{
	separate(json);
	put_text(json, value ? "true" : "false");
}

void again_json_null(struct again_json *json)
{
	separate(json);
	put_text(json, "null");
}

/** A number as one of the adders of base/text.h writes it. */
static void put_number(struct again_json *json, void add(struct again_text *, uint64_t), uint64_t n)
{
	char digits[32];
	struct again_text text = again_text_over(digits, sizeof(digits));
	add(&text, n);
	separate(json);
	put(json, digits, text.len);
}

void again_json_u64(struct again_json *json, uint64_t number)
{
	put_number(json, again_text_add_u64, number);
}

void again_json_seconds(struct again_json *json, again_ns ns)
{
	if (ns == AGAIN_NEVER) {
		again_json_null(json);
		return;
	}
	put_number(json, again_text_add_seconds, ns);
}

void again_json_utc(struct again_json *json, uint64_t utc_ns)
{
	char buffer[32];
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add_utc(&text, utc_ns);
	again_json_string(json, buffer);
}

void again_json_q32(struct again_json *json, uint64_t q32)
{
	// Nine digits are what a count of nanoseconds has.
	uint64_t fraction = (q32 & UINT32_MAX) * AGAIN_NS_PER_SECOND + (UINT64_C(1) << 31);
	again_json_seconds(json, (q32 >> 32) * AGAIN_NS_PER_SECOND + (fraction >> 32));
}

int again_json_end(struct again_json *json, struct again_error *err)
{
	again_assert(json->depth == 0 && !json->after_key);
	put_text(json, "\n");
	flush(json);
	if (json->failure != 0 && err != NULL) {
		*err = json->error;
	}
	return json->failure;
}
