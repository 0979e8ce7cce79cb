// SPDX-License-Identifier: MIT
// Numbers, ratios and durations from text. @pure
//
// Fractions are exact for any number of digits and rounded half up once: digits are folded from the
// last to the first, which needs no more than 64 bits, because floor((digit * unit + floor(x)) /
// 10) is floor((digit * unit + x) / 10). What is refused is refused with the reason that helps: a
// sign, a space, an exponent, a comma and a wrong unit each have their own.
#include "base/number.h"

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

/** The largest duration: 2^63 - 1 ns, 292 years. */
#define DURATION_MAX ((uint64_t)INT64_MAX)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int syntax(struct again_error *err, const char *reason)
{
	return again_error_set(err, AGAIN_ERR_SYNTAX, /*field=*/NULL, reason);
}

/** before, the word (cut where it is long), after. */
static int syntax_at(struct again_error *err, const char *before, const char *word, size_t len,
                     const char *after)
{
	char reason[sizeof(err->text)];
	struct again_text text = again_text_over(reason, sizeof(reason));
	const size_t shown = 24;
	again_text_add(&text, before);
	again_text_add_bytes(&text, word, len < shown ? len : shown);
	again_text_add(&text, len <= shown ? "" : "...");
	again_text_add(&text, after);
	return syntax(err, reason);
}

/** Why text at which a number should begin is none; NULL where it may be one. */
static const char *not_a_number(const char *text)
{
	switch (text[0]) {
	case '\0':
		return "empty";
	case '-':
		return "must not be negative";
	case '+':
		return "no sign is allowed";
	case ' ':
	case '\t':
	case '\n':
		return "no space is allowed";
	case '0':
		return text[1] == 'x' || text[1] == 'X' ? "hexadecimal is not read" : NULL;
	default:
		return is_digit(text[0]) || text[0] == '.' ? NULL : "not a number";
	}
}

/** What is wrong with the character right after a number. */
static const char *bad_tail(char c)
{
	switch (c) {
	case ' ':
	case '\t':
	case '\n':
		return "no space is allowed";
	case 'e':
	case 'E':
		return "exponents are not read";
	case ',':
		return "write a point, not a comma";
	case '.':
		return "two points";
	default:
		return "not a number";
	}
}

static int out_of_range(struct again_error *err, uint64_t least, uint64_t most)
{
	char reason[sizeof(err->text)];
	struct again_text text = again_text_over(reason, sizeof(reason));
	again_text_add(&text, "must be ");
	if (most == UINT64_MAX) {
		again_text_add(&text, "at least ");
		again_text_add_u64(&text, least);
	} else if (least == 0) {
		again_text_add(&text, "at most ");
		again_text_add_u64(&text, most);
	} else {
		again_text_add_u64(&text, least);
		again_text_add(&text, " to ");
		again_text_add_u64(&text, most);
	}
	return again_error_set(err, AGAIN_ERR_RANGE, /*field=*/NULL, reason);
}

/**
 * Reads digits, of which there may be none, and moves *at past them. False where they exceed 64
 * bits.
 */
static bool read_digits(const char **at, uint64_t *out_number)
{
	uint64_t number = 0;
	bool fits = true;
	while (is_digit(**at)) {
		uint64_t digit = (uint64_t)(**at - '0');
		fits = fits && !__builtin_mul_overflow(number, UINT64_C(10), &number) &&
		       !__builtin_add_overflow(number, digit, &number);
		(*at)++;
	}
	*out_number = number;
	return fits;
}

int again_parse_u64(const char *text, uint64_t least, uint64_t most, uint64_t *out_number,
                    struct again_error *err)
{
	const char *reason = not_a_number(text);
	if (reason != NULL) {
		return syntax(err, reason);
	}
	const char *at = text;
	uint64_t number = 0;
	bool fits = read_digits(&at, &number);
	if (*at == '.') {
		return syntax(err, "must be a whole number");
	}
	if (*at != '\0') {
		return syntax(err, bad_tail(*at));
	}
	if (!fits || number < least || number > most) {
		return out_of_range(err, least, most);
	}
	*out_number = number;
	return 0;
}

/** A decimal fraction as it stands in the text. */
struct decimal {
	uint64_t whole;
	const char *fraction;
	size_t fraction_len;
	bool fits;
	bool positive;
};

/** Reads "1", "1.5" or ".5" and moves *at past it. */
static int read_decimal(const char **at, struct decimal *out, struct again_error *err)
{
	const char *reason = not_a_number(*at);
	if (reason != NULL) {
		return syntax(err, reason);
	}
	bool has_whole = is_digit(**at);
	struct decimal read = {0};
	read.fits = read_digits(at, &read.whole);
	read.positive = read.whole > 0 || !read.fits;
	if (**at == '.') {
		read.fraction = ++*at;
		for (; is_digit(**at); (*at)++) {
			read.positive = read.positive || **at != '0';
			read.fraction_len++;
		}
		if (read.fraction_len == 0) {
			return syntax(err, **at == '.' ? "two points"
			                   : has_whole ? "digits must follow the point"
			                               : "not a number");
		}
		if (**at == '.') {
			return syntax(err, "two points");
		}
	}
	*out = read;
	return 0;
}

/** floor(decimal * unit); unit is below 2^60. False where that exceeds 64 bits. */
static bool scale(const struct decimal *decimal, uint64_t unit, uint64_t *out_product)
{
	uint64_t part = 0;
	for (size_t i = decimal->fraction_len; i > 0; i--) {
		part = ((uint64_t)(decimal->fraction[i - 1] - '0') * unit + part) / 10;
	}
	uint64_t product = 0;
	if (!decimal->fits || __builtin_mul_overflow(decimal->whole, unit, &product)) {
		return false;
	}
	return !__builtin_add_overflow(product, part, out_product);
}

int again_parse_q32(const char *text, uint64_t *out_q32, struct again_error *err)
{
	const char *at = text;
	struct decimal decimal = {0};
	int rc = read_decimal(&at, &decimal, err);
	if (rc != 0) {
		return rc;
	}
	if (*at != '\0') {
		return syntax(err, bad_tail(*at));
	}
	// Twice the number first: its last bit is what decides the rounding.
	uint64_t twice = 0;
	if (!scale(&decimal, UINT64_C(1) << 33, &twice) || twice / 2 + twice % 2 >= UINT64_C(1)
	                                                                                    << 63) {
		return again_error_set(err, AGAIN_ERR_RANGE, /*field=*/NULL,
		                       "must be below 2147483648");
	}
	*out_q32 = twice / 2 + twice % 2;
	return 0;
}

/** Units from small to large. */
static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ns", 1},
	{"us", UINT64_C(1'000)},
	{"ms", UINT64_C(1'000'000)},
	{"s", UINT64_C(1'000'000'000)},
	{"m", UINT64_C(60'000'000'000)},
	{"h", UINT64_C(3'600'000'000'000)},
	{"d", UINT64_C(86'400'000'000'000)},
};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

static const struct unit *find_unit(const char *word, size_t len)
{
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strlen(units[i].name) == len && memcmp(units[i].name, word, len) == 0) {
			return &units[i];
		}
	}
	return NULL;
}

/**
 * Why no unit stands at `at`, where a number has just ended: one that has units before it if
 * `follows`.
 */
static int no_unit(const char *number, const char *at, size_t len, bool follows,
                   struct again_error *err)
{
	if (*at == '\0' && follows) {
		return syntax_at(err, "'", number, (size_t)(at - number), "' has no unit");
	}
	// 1e3, 1e+3, 1E-3; but 1eons is a wrong unit.
	bool exponent = len == 1 && (*at == 'e' || *at == 'E');
	if (len == 0 || exponent) {
		return syntax(err, bad_tail(*at));
	}
	return syntax_at(err, "unknown unit '", at, len, "'; units are ns us ms s m h d");
}

/**
 * Reads the unit after a number and moves *at past it. `last` is the unit before it, NULL before the
 * first. NULL where there is none that may stand there.
 */
static const struct unit *read_unit(const char *number, const char **at, const struct unit *last,
                                    struct again_error *err)
{
	size_t len = 0;
	while (is_letter((*at)[len])) {
		len++;
	}
	const struct unit *unit = find_unit(*at, len);
	if (**at == '\0' && last == NULL) {
		unit = find_unit("s", 1);
	}
	if (unit == NULL) {
		(void)no_unit(number, *at, len, last != NULL, err);
		return NULL;
	}
	if (unit == last) {
		(void)syntax_at(err, "unit '", *at, len, "' stands twice");
		return NULL;
	}
	if (last != NULL && unit > last) {
		(void)syntax(err, "larger units come first");
		return NULL;
	}
	*at += len;
	return unit;
}

int again_parse_duration(const char *text, again_ns *out_ns, struct again_error *err)
{
	// In halves of a nanosecond, so that rounding is done once.
	uint64_t halves = 0;
	bool positive = false;
	const struct unit *unit = NULL;
	const char *at = text;
	do {
		const char *number = at;
		struct decimal decimal = {0};
		int rc = read_decimal(&at, &decimal, err);
		if (rc != 0) {
			return rc;
		}
		unit = read_unit(number, &at, unit, err);
		if (unit == NULL) {
			return AGAIN_ERR_SYNTAX;
		}
		uint64_t part = 0;
		if (!scale(&decimal, 2 * unit->ns, &part) ||
		    __builtin_add_overflow(halves, part, &halves) ||
		    halves / 2 + halves % 2 > DURATION_MAX) {
			return again_error_set(err, AGAIN_ERR_RANGE, /*field=*/NULL,
			                       "too long: at most 106751d (292 years)");
		}
		positive = positive || decimal.positive;
	} while (*at != '\0');
	if (positive && halves < 2) {
		return again_error_set(err, AGAIN_ERR_RANGE, /*field=*/NULL,
		                       "less than a nanosecond");
	}
	*out_ns = halves / 2 + halves % 2;
	return 0;
}
