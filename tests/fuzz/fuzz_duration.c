// SPDX-License-Identifier: MIT
// Any text as a duration, a number and a ratio: read or refused with a reason, and what is read
// agrees with itself.
#include "base/number.h"

#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define UNTOUCHED UINT64_C(0x5ca1ab1e5ca1ab1e)

/** Refused is negative, with one line of a reason and nothing written; else there is no error. */
static void check(int rc, uint64_t number, const struct again_error *error)
{
	if (rc == 0) {
		again_assert(error->code == 0);
		return;
	}
	again_assert(rc == AGAIN_ERR_SYNTAX || rc == AGAIN_ERR_RANGE);
	again_assert(error->code == rc && number == UNTOUCHED);
	again_assert(error->text[0] != '\0' && strlen(error->text) < sizeof(error->text));
	for (const char *at = error->text; *at != '\0'; at++) {
		again_assert(*at >= ' ' && *at <= '~');
	}
}

/** What was read, written as seconds and read once more, is the same. */
static void check_duration(const char *text)
{
	struct again_error error = {0};
	again_ns ns = UNTOUCHED;
	int rc = again_parse_duration(text, &ns, &error);
	check(rc, ns, &error);
	if (rc != 0) {
		return;
	}
	again_assert(ns <= INT64_MAX);
	char buffer[64];
	struct again_text seconds = again_text_over(buffer, sizeof(buffer));
	again_text_add_seconds(&seconds, ns);
	again_ns same = UNTOUCHED;
	again_assert(again_parse_duration(buffer, &same, NULL) == 0 && same == ns);
	// A unit makes the same of it.
	again_text_add(&seconds, "s");
	again_assert(again_parse_duration(buffer, &same, NULL) == 0 && same == ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	// Exactly as long as it is, so that a look past the end is seen.
	char *text = malloc(len + 1);
	if (text == NULL) {
		return 0;
	}
	memcpy(text, bytes, len);
	text[len] = '\0';
	check_duration(text);
	struct again_error error = {0};
	uint64_t number = UNTOUCHED;
	check(again_parse_u64(text, 3, 1000, &number, &error), number, &error);
	again_assert(number == UNTOUCHED || (number >= 3 && number <= 1000));
	error = (struct again_error){0};
	number = UNTOUCHED;
	check(again_parse_q32(text, &number, &error), number, &error);
	free(text);
	return 0;
}
