// SPDX-License-Identifier: MIT
// Numbers and words in and out of one line of text, without stdio: what player.c reads and writes.
//
// A command is words with one blank between them and ends with ';' or the line. "-" is a number that is not given.
#ifndef AGAIN_VECTORS_PLAYER_WORDS_H
#define AGAIN_VECTORS_PLAYER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** What is left to read of the line. */
struct words_in {
	const char *at;
	/** A word was missing, too long or not a number. */
	bool is_bad;
};

struct words_out {
	char *at;
	size_t left;
	bool is_first;
};

/** The next word of the command, its length in *out_len; 0 at its end. */
static const char *next_word(struct words_in *in, size_t *out_len)
{
	in->at += *in->at == ' ' ? 1 : 0;
	const char *word = in->at;
	*out_len = strcspn(word, " ;");
	in->at += *out_len;
	return word;
}

/** The next number, `or_else` for "-". */
static uint64_t number_or(struct words_in *in, uint64_t or_else)
{
	size_t len = 0;
	const char *word = next_word(in, &len);
	if (len == 1 && word[0] == '-') {
		return or_else;
	}
	uint64_t number = 0;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)word[i] - '0';
		if (digit > 9 || number > (UINT64_MAX - digit) / 10) {
			in->is_bad = true;
			return 0;
		}
		number = number * 10 + digit;
	}
	in->is_bad = in->is_bad || len == 0;
	return number;
}

static uint64_t number(struct words_in *in)
{
	const char *before = in->at;
	uint64_t value = number_or(in, 0);
	in->is_bad = in->is_bad || strncmp(before, " -", 2) == 0;
	return value;
}

/** A number that has 32 bits. */
static uint32_t small(struct words_in *in)
{
	uint64_t value = number(in);
	in->is_bad = in->is_bad || value > UINT32_MAX;
	return (uint32_t)value;
}

static void put_bytes(struct words_out *out, const char *bytes, size_t len)
{
	if (len < out->left) {
		memcpy(out->at, bytes, len);
		out->at += len;
		out->left -= len;
		*out->at = '\0';
	} else {
		out->left = 0;
	}
}

static void put_word(struct words_out *out, const char *word)
{
	if (!out->is_first) {
		put_bytes(out, " ", 1);
	}
	out->is_first = false;
	put_bytes(out, word, strlen(word));
}

static void put_number(struct words_out *out, uint64_t number)
{
	char digits[21] = {0};
	char *at = &digits[20];
	do {
		*--at = (char)('0' + (char)(number % 10));
		number /= 10;
	} while (number > 0);
	put_word(out, at);
}

/** What one command told is over. */
static void put_end(struct words_out *out)
{
	put_bytes(out, ";", 1);
	out->is_first = true;
}

#endif
