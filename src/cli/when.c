// SPDX-License-Identifier: MIT
// The language of conditions: codes, signals, WHEN.
#include "cli/settings.h"

#include "base/error.h"
#include "base/number.h"
#include "base/signame.h"

#include <string.h>

/** The longest word of a list. */
#define WORD_MAX 32

// The word up to `end` as a string of its own; what does not fit fits no word either.
static bool take_word(const char *from, const char *end, char word[WORD_MAX])
{
	const size_t len = (size_t)(end - from);
	if (len == 0 || len >= WORD_MAX) {
		return false;
	}
	memcpy(word, from, len);
	word[len] = '\0';
	return true;
}

static int add_codes(const char *from, const char *end, struct again_ends *ends,
                     struct again_error *err)
{
	char word[WORD_MAX];
	uint64_t first = 0;
	uint64_t last = 0;
	if (!take_word(from, end, word)) {
		return again_error_set(err, AGAIN_ERR_SYNTAX, NULL, "an exit code is missing");
	}
	char *dash = strchr(word, '-');
	if (dash != NULL) {
		*dash = '\0';
	}
	if (again_parse_u64(word, 0, 255, &first, NULL) != 0 ||
	    again_parse_u64(dash != NULL ? dash + 1 : word, first, 255, &last, NULL) != 0) {
		return again_error_format(err, AGAIN_ERR_SYNTAX, NULL,
		                          "'%.*s' is no exit code or range from 0 to 255",
		                          (int)(end - from), from);
	}
	for (uint64_t code = first; code <= last; code++) {
		again_ends_add_exit(ends, (unsigned)code);
	}
	return 0;
}

static int add_signal(const char *from, const char *end, struct again_ends *ends,
                      struct again_error *err)
{
	const int number = again_signal_number(from, (size_t)(end - from));
	if (number < 0) {
		return again_error_format(err, AGAIN_ERR_SYNTAX, NULL, "'%.*s' is no signal",
		                          (int)(end - from), from);
	}
	again_ends_add_signal(ends, (unsigned)number);
	return 0;
}

typedef int add_fn(const char *from, const char *end, struct again_ends *ends,
                   struct again_error *err);

// Each word between commas.
static int add_list(const char *from, const char *end, add_fn *add, struct again_ends *ends,
                    struct again_error *err)
{
	for (;;) {
		const char *comma = memchr(from, ',', (size_t)(end - from));
		const int result = add(from, comma != NULL ? comma : end, ends, err);
		if (result != 0 || comma == NULL) {
			return result;
		}
		from = comma + 1;
	}
}

int again_parse_success(const char *text, struct again_ends *out_ends, struct again_error *err)
{
	const bool inverted = text[0] == '!';
	const char *from = text + inverted;
	struct again_ends ends = {0};
	const int result = add_list(from, from + strlen(from), add_codes, &ends, err);
	if (result != 0) {
		return result;
	}
	for (size_t i = 0; inverted && i < 4; i++) {
		ends.exits[i] = ~ends.exits[i];
	}
	if (again_ends_empty(&ends)) {
		return again_error_set(err, AGAIN_ERR_RANGE, NULL, "nothing would be a success");
	}
	*out_ends = ends;
	return 0;
}

static bool starts_with(const char *from, const char *end, const char *prefix)
{
	const size_t len = strlen(prefix);
	return (size_t)(end - from) >= len && memcmp(from, prefix, len) == 0;
}

static bool equals(const char *from, const char *end, const char *word)
{
	return (size_t)(end - from) == strlen(word) && starts_with(from, end, word);
}

// One condition, without "&".
static int parse_one(const char *from, const char *end, struct again_ends *out_ends,
                     struct again_error *err)
{
	*out_ends = (struct again_ends){0};
	if (equals(from, end, "any")) {
		*out_ends = again_ends_any();
		return 0;
	}
	if (equals(from, end, "timeout")) {
		out_ends->timeout = true;
		return 0;
	}
	if (starts_with(from, end, "exit:")) {
		return add_list(from + 5, end, add_codes, out_ends, err);
	}
	if (starts_with(from, end, "signal:")) {
		return add_list(from + 7, end, add_signal, out_ends, err);
	}
	return again_error_format(err, AGAIN_ERR_SYNTAX, NULL, "unknown condition '%.*s'",
	                          (int)(end - from), from);
}

int again_parse_when(const char *text, struct again_ends *out_ends, struct again_error *err)
{
	struct again_ends all = again_ends_any();
	for (const char *from = text;;) {
		const char *end = strchr(from, '&');
		struct again_ends one;
		const int result =
			parse_one(from, end != NULL ? end : from + strlen(from), &one, err);
		if (result != 0) {
			return result;
		}
		all = again_ends_intersection(&all, &one);
		if (end == NULL) {
			break;
		}
		from = end + 1;
	}
	if (again_ends_empty(&all)) {
		return again_error_set(err, AGAIN_ERR_CONFLICT, NULL, "no end can match all of it");
	}
	*out_ends = all;
	return 0;
}
