// SPDX-License-Identifier: MIT
// The nearest of the words that are known. @pure
#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

/** Longer words are not compared. */
#define WORD_MAX 32

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/** Levenshtein's distance, one row at a time. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[WORD_MAX + 1];
	for (size_t j = 0; j <= b_len; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

struct again_nearest again_nearest_to(const char *word, size_t len)
{
	return (struct again_nearest){
		.word = word,
		.len = len,
		.apart = len <= WORD_MAX ? least(3, len / 2) + 1 : 0,
	};
}

void again_nearest_try(struct again_nearest *nearest, const char *candidate)
{
	size_t len = strlen(candidate);
	if (nearest->apart == 0 || len > WORD_MAX) {
		return;
	}
	bool completed = nearest->len >= 2 && nearest->len <= len &&
	                 memcmp(candidate, nearest->word, nearest->len) == 0;
	size_t apart = completed ? 0 : distance(nearest->word, nearest->len, candidate, len);
	if (apart < nearest->apart) {
		nearest->apart = apart;
		nearest->found = candidate;
	}
}
