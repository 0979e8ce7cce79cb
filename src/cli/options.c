// SPDX-License-Identifier: MIT
// Looking options up, and guessing which one was meant.
#include "cli/options.h"

#include "base/nearest.h"

#include <string.h>

const struct again_option again_options[AGAIN_OPTIONS] = {
#define OPTION(group, id, letter, name, argument, standard, words, form, help, manual) \
	[AGAIN_OPTION_##id] = {(group),    (letter), (name), (argument),               \
	                       (standard), (words),  (form), (help)},
#include "cli/options.def"
#undef OPTION
};

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

const struct again_option *again_option_meant(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		if (strlen(synonyms[i].name) == len && memcmp(synonyms[i].name, name, len) == 0) {
			return &again_options[synonyms[i].id];
		}
	}
	struct again_nearest nearest = again_nearest_to(name, len);
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		again_nearest_try(&nearest, again_options[i].name);
	}
	return nearest.found != NULL ? again_option_by_name(nearest.found, strlen(nearest.found))
	                             : NULL;
}
