// SPDX-License-Identifier: MIT
// Looking options up, and guessing which one was meant.
#include "cli/options.h"

#include <string.h>

const struct again_option again_options[AGAIN_OPTIONS] = {
#define OPTION(group, id, letter, name, argument, standard, words, form, help, manual) \
	[AGAIN_OPTION_##id] = {(group),    (letter), (name), (argument),               \
	                       (standard), (words),  (form), (help)},
#include "cli/options.def"
#undef OPTION
};

/** Longer names are not compared. */
#define NAME_MAX_LEN 32

// What other tools call it.
static const struct {
	const char *name;
	enum again_option_id id;
} synonyms[] = {
	{"retries", AGAIN_OPTION_MAX_RETRIES},
	{"tries", AGAIN_OPTION_MAX_RETRIES},
	{"max-attempts", AGAIN_OPTION_MAX_RETRIES},
	{"attempts", AGAIN_OPTION_MAX_RETRIES},
	{"times", AGAIN_OPTION_MAX_RETRIES},
	{"max-tries", AGAIN_OPTION_MAX_RETRIES},
	{"retry", AGAIN_OPTION_MAX_RETRIES},
	{"delay", AGAIN_OPTION_BASE_DELAY},
	{"retry-delay", AGAIN_OPTION_BASE_DELAY},
	{"interval", AGAIN_OPTION_BASE_DELAY},
	{"sleep", AGAIN_OPTION_BASE_DELAY},
	{"wait", AGAIN_OPTION_BASE_DELAY},
	{"max-time", AGAIN_OPTION_DEADLINE},
	{"multiplier", AGAIN_OPTION_FACTOR},
	{"report", AGAIN_OPTION_OUTPUT},
	{"cap", AGAIN_OPTION_MAX_DELAY},
};

const struct again_option *again_option_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		if (strlen(again_options[i].name) == len &&
		    memcmp(again_options[i].name, name, len) == 0) {
			return &again_options[i];
		}
	}
	return NULL;
}

const struct again_option *again_option_by_letter(char letter)
{
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		if (letter != 0 && again_options[i].letter == letter) {
			return &again_options[i];
		}
	}
	return NULL;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

// Levenshtein's distance, one row at a time.
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[NAME_MAX_LEN + 1];
	for (size_t j = 0; j <= b_len; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

// The first option that begins like this: what is typed is often half a name.
static const struct again_option *completed(const char *name, size_t len)
{
	for (size_t i = 0; len >= 2 && i < AGAIN_OPTIONS; i++) {
		if (strncmp(again_options[i].name, name, len) == 0) {
			return &again_options[i];
		}
	}
	return NULL;
}

static const struct again_option *nearest(const char *name, size_t len)
{
	const struct again_option *found = NULL;
	size_t best = len <= NAME_MAX_LEN ? least(3, len / 2) + 1 : 0;
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		const char *candidate = again_options[i].name;
		const size_t apart =
			distance(name, least(len, NAME_MAX_LEN), candidate, strlen(candidate));
		if (apart < best) {
			best = apart;
			found = &again_options[i];
		}
	}
	return found;
}

const struct again_option *again_option_meant(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		if (strlen(synonyms[i].name) == len && memcmp(synonyms[i].name, name, len) == 0) {
			return &again_options[synonyms[i].id];
		}
	}
	const struct again_option *option = completed(name, len);
	return option != NULL ? option : nearest(name, len);
}
