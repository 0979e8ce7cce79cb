// SPDX-License-Identifier: MIT
// Any string, in any place of a text and through any buffer, is valid JSON in UTF-8, and the
// visible form of it has no control byte.
#include "base/json.h"

#include "../unit/json_check.h"
#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/** Longer than what the longest input becomes. */
static char written[1 << 17];

struct taker {
	size_t len;
};

static int take(void *context, const char *bytes, size_t len, struct again_error * /*err*/)
{
	struct taker *taker = context;
	again_assert(len <= sizeof(written) - taker->len);
	memcpy(written + taker->len, bytes, len);
	taker->len += len;
	return 0;
}

static void check_visible(const char *text)
{
	char buffer[256];
	struct again_text visible = again_text_over(buffer, sizeof(buffer));
	again_text_add_visible(&visible, text);
	again_assert(strlen(buffer) == visible.len);
	for (const char *at = buffer; *at != '\0';) {
		size_t len = again_utf8_len(at);
		again_assert(len > 0 && (unsigned char)*at >= ' ' && *at != '\x7F');
		at += len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 1 || len > 4096) {
		return 0;
	}
	char *text = malloc(len);
	if (text == NULL) {
		return 0;
	}
	memcpy(text, bytes + 1, len - 1);
	text[len - 1] = '\0';
	char buffer[64 + 255];
	struct taker taker = {0};
	struct again_json json;
	again_json_begin(&json, buffer, 64 + (size_t)bytes[0], (bytes[0] & 1) != 0, take, &taker);
	again_json_open_object(&json);
	again_json_key(&json, "first");
	again_json_string(&json, text);
	again_json_key(&json, "second");
	again_json_open_array(&json);
	again_json_string(&json, text);
	again_json_u64(&json, len);
	again_json_string(&json, text);
	again_json_close_array(&json);
	again_json_close_object(&json);
	again_assert(again_json_end(&json, NULL) == 0);
	again_assert(json_is_valid(written, taker.len));
	check_visible(text);
	free(text);
	return 0;
}
