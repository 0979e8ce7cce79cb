// SPDX-License-Identifier: MIT
// Text built into the caller's buffer: numbers, times, and strings that nobody can garble a
// terminal with. @pure
//
// What does not fit is cut and remembered. Nothing here looks at a locale: a point is a point.
#include "base/text.h"

#include <string.h>

struct again_text again_text_over(char *buffer, size_t cap)
{
	buffer[0] = '\0';
	return (struct again_text){.at = buffer, .cap = cap};
}

void again_text_add_bytes(struct again_text *text, const char *bytes, size_t len)
{
	size_t room = text->cap - 1 - text->len;
	if (len > room) {
		len = room;
		text->cut = true;
	}
	memcpy(text->at + text->len, bytes, len);
	text->len += len;
	text->at[text->len] = '\0';
}

void again_text_add(struct again_text *text, const char *string)
{
	again_text_add_bytes(text, string, strlen(string));
}

void again_text_add_u64(struct again_text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	again_text_add_bytes(text, digits + at, sizeof(digits) - at);
}

/** Exactly `width` digits, at most 9, with leading zeros. */
static void add_padded(struct again_text *text, uint64_t number, size_t width)
{
	char digits[9];
	for (size_t at = width; at > 0; at--) {
		digits[at - 1] = (char)('0' + number % 10);
		number /= 10;
	}
	again_text_add_bytes(text, digits, width);
}

/**
 * whole.part, where part is in 10^-width; without the point where part is 0, without trailing
 * zeros.
 */
static void add_decimal(struct again_text *text, uint64_t whole, uint64_t part, size_t width)
{
	again_text_add_u64(text, whole);
	if (part == 0) {
		return;
	}
	while (part % 10 == 0) {
		part /= 10;
		width--;
	}
	again_text_add_bytes(text, ".", 1);
	add_padded(text, part, width);
}

void again_text_add_delay(struct again_text *text, again_ns ns)
{
	const uint64_t per_ms = AGAIN_NS_PER_SECOND / 1000;
	uint64_t ms = ns / per_ms + (ns % per_ms >= per_ms / 2 ? 1 : 0);
	add_decimal(text, ms / 1000, ms % 1000, 3);
	again_text_add_bytes(text, "s", 1);
}

void again_text_add_seconds(struct again_text *text, again_ns ns)
{
	add_decimal(text, ns / AGAIN_NS_PER_SECOND, ns % AGAIN_NS_PER_SECOND, 9);
}

void again_text_add_utc(struct again_text *text, uint64_t utc_ns)
{
	uint64_t seconds = utc_ns / AGAIN_NS_PER_SECOND;
	uint64_t second_of_day = seconds % 86'400;

	// Days to a date (Howard Hinnant, "chrono-compatible low-level date algorithms",
	// civil_from_days): years begin in March, so that the leap day is the last; eras are 400
	// years and count from 0000-03-01.
	uint64_t days = seconds / 86'400 + 719'468;
	uint64_t era = days / 146'097;
	uint64_t day_of_era = days % 146'097;
	uint64_t year_of_era =
		(day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) /
		365;
	uint64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t month_from_march = (5 * day_of_year + 2) / 153;
	uint64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	uint64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	uint64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

	const struct {
		uint64_t number;
		size_t width;
		const char *after;
	} parts[] = {
		{year, 4, "-"},
		{month, 2, "-"},
		{day, 2, "T"},
		{second_of_day / 3600, 2, ":"},
		{second_of_day / 60 % 60, 2, ":"},
		{second_of_day % 60, 2, "."},
		{utc_ns % AGAIN_NS_PER_SECOND / 1'000'000, 3, "Z"},
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		add_padded(text, parts[i].number, parts[i].width);
		again_text_add(text, parts[i].after);
	}
}

size_t again_utf8_len(const char *string)
{
	const unsigned char *at = (const unsigned char *)string;
	if (at[0] == 0) {
		return 0;
	}
	if (at[0] < 0x80) {
		return 1;
	}
	// The second byte's range excludes overlong forms, surrogates and what is above U+10FFFF
	// (Unicode, table 3-7).
	unsigned least = 0x80;
	unsigned most = 0xBF;
	size_t len = 2;
	if (at[0] >= 0xC2 && at[0] <= 0xDF) {
		len = 2;
	} else if (at[0] >= 0xE0 && at[0] <= 0xEF) {
		len = 3;
		least = at[0] == 0xE0 ? 0xA0 : 0x80;
		most = at[0] == 0xED ? 0x9F : 0xBF;
	} else if (at[0] >= 0xF0 && at[0] <= 0xF4) {
		len = 4;
		least = at[0] == 0xF0 ? 0x90 : 0x80;
		most = at[0] == 0xF4 ? 0x8F : 0xBF;
	} else {
		return 0;
	}
	if (at[1] < least || at[1] > most) {
		return 0;
	}
	// A terminator is no continuation byte, so this never looks past it.
	for (size_t i = 2; i < len; i++) {
		if ((at[i] & 0xC0u) != 0x80u) {
			return 0;
		}
	}
	return len;
}

/**
 * A character of `len` bytes that moves a cursor or starts a sequence instead of showing something.
 */
static bool is_control(const char *at, size_t len)
{
	unsigned char first = (unsigned char)at[0];
	return (len == 1 && (first < 0x20 || first == 0x7F)) ||
	       (len == 2 && first == 0xC2 && (unsigned char)at[1] < 0xA0);
}

void again_text_add_visible(struct again_text *text, const char *string)
{
	static const char hex[] = "0123456789abcdef";
	for (const char *at = string; *at != '\0';) {
		size_t len = again_utf8_len(at);
		if (len > 0 && !is_control(at, len)) {
			if (len > text->cap - 1 - text->len) {
				// Not half a character.
				text->cut = true;
				return;
			}
			again_text_add_bytes(text, at, len);
			at += len;
			continue;
		}
		unsigned char byte = (unsigned char)*at++;
		const char escape[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15u]};
		if (sizeof(escape) > text->cap - 1 - text->len) {
			text->cut = true;
			return;
		}
		again_text_add_bytes(text, escape, sizeof(escape));
	}
}
