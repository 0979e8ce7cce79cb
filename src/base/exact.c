// SPDX-License-Identifier: MIT
// Numbers that survive being text. @pure
#include "base/exact.h"

#include "base/error.h"
#include "base/number.h"

#include <stdbool.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

/** Longer numbers are refused by the readers that move a point. */
#define NUMBER_MAX 60

void again_text_add_duration(struct again_text *text, again_ns ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} large[] = {
		{"d", UINT64_C(86'400'000'000'000)},
		{"h", UINT64_C(3'600'000'000'000)},
		{"m", UINT64_C(60'000'000'000)},
	};
	bool begun = false;
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		if (ns >= large[i].ns) {
			again_text_add_u64(text, ns / large[i].ns);
			again_text_add(text, large[i].name);
			ns %= large[i].ns;
			begun = true;
		}
	}
	if (ns == 0 && begun) {
		return;
	}
	static const char *const small[] = {"ns", "us", "ms", "s"};
	size_t unit = 0;
	while (unit < 3 && ns % 1'000 == 0) {
		ns /= 1'000;
		unit++;
	}
	again_text_add_u64(text, ns);
	again_text_add(text, small[unit]);
}

/** A fraction below 1: the number of 10^-places. */
struct fraction {
	uint64_t digits;
	unsigned places;
};

static uint64_t power_of_ten(unsigned exponent)
{
	uint64_t power = 1;
	for (unsigned i = 0; i < exponent; i++) {
		power *= 10;
	}
	return power;
}

/**
 * The shortest decimal that rounds half up to part / 2^32, part below 2^32: D / 10^k reads back where part - 1/2 <=
 * 2^32 * D / 10^k < part + 1/2. Ten places always do: they are closer together than the parts.
 */
static struct fraction shortest(uint64_t part)
{
	for (unsigned places = 0;; places++) {
		uint64_t power = power_of_ten(places);
		u128 wanted = (u128)part * power;
		uint64_t digits = (uint64_t)((wanted + (UINT64_C(1) << 31)) >> 32);
		// Doubled, so that the halves are whole.
		u128 twice = (u128)digits << 33;
		if (twice + power >= 2 * wanted && twice < 2 * wanted + power) {
			return (struct fraction){.digits = digits, .places = places};
		}
	}
}

/** whole.digits, with the zeros that the places need. */
static void add_decimal(struct again_text *text, uint64_t whole, struct fraction fraction)
{
	again_text_add_u64(text, whole);
	if (fraction.places == 0) {
		return;
	}
	again_text_add(text, ".");
	for (unsigned place = fraction.places; place > 0; place--) {
		uint64_t digit = fraction.digits / power_of_ten(place - 1) % 10;
		again_text_add_u64(text, digit);
	}
}

void again_text_add_q32(struct again_text *text, uint64_t q32)
{
	add_decimal(text, q32 >> 32, shortest(q32 & UINT32_MAX));
}

void again_text_add_percent(struct again_text *text, uint64_t q32)
{
	struct fraction fraction = shortest(q32 & UINT32_MAX);
	uint64_t whole = (q32 >> 32) * 100;
	// The point moves two places; a number that ends before it gets its zeros.
	while (fraction.places < 2) {
		fraction.digits *= 10;
		fraction.places++;
	}
	fraction.places -= 2;
	uint64_t power = power_of_ten(fraction.places);
	whole += fraction.digits / power;
	fraction.digits %= power;
	add_decimal(text, whole, fraction);
}

void again_text_add_thousandths(struct again_text *text, uint64_t thousandths)
{
	struct fraction fraction = {.digits = thousandths % 1'000, .places = 3};
	while (fraction.places > 0 && fraction.digits % 10 == 0) {
		fraction.digits /= 10;
		fraction.places--;
	}
	add_decimal(text, thousandths / 1'000, fraction);
}

/** Where the point is, or would be; how many digits follow it. */
static size_t point_of(const char *text, size_t *out_places)
{
	size_t len = strlen(text);
	size_t point = 0;
	while (point < len && text[point] != '.') {
		point++;
	}
	*out_places = point < len ? len - point - 1 : 0;
	return point;
}

/** Digits with at most one point and at least one digit, or the reason why not. */
static int check_decimal(const char *text, struct again_error *err)
{
	// Read by the one who knows every reason; what it makes of the number is not needed.
	uint64_t ignored = 0;
	int code = again_parse_q32(text, &ignored, err);
	if (code == AGAIN_ERR_SYNTAX) {
		return code;
	}
	if (strlen(text) > NUMBER_MAX) {
		return again_error_set(err, AGAIN_ERR_RANGE, /*field=*/NULL, "too many digits");
	}
	return 0;
}

int again_parse_percent(const char *text, uint64_t *out_q32, struct again_error *err)
{
	int code = check_decimal(text, err);
	if (code != 0) {
		return code;
	}
	size_t places = 0;
	size_t point = point_of(text, &places);
	char moved[NUMBER_MAX + 8];
	struct again_text hundredth = again_text_over(moved, sizeof(moved));
	again_text_add(&hundredth, point == 0 ? "0.00" : point == 1 ? "0.0" : "");
	if (point > 2) {
		again_text_add_bytes(&hundredth, text, point - 2);
	}
	if (point >= 2) {
		again_text_add(&hundredth, point > 2 ? "." : "0.");
		again_text_add_bytes(&hundredth, text + point - 2, 2);
	} else {
		again_text_add_bytes(&hundredth, text, point);
	}
	if (places > 0) {
		again_text_add_bytes(&hundredth, text + point + 1, places);
	}
	uint64_t q32 = 0;
	if (again_parse_q32(moved, &q32, /*err=*/NULL) != 0 || q32 > UINT64_C(1) << 32) {
		return again_error_set(err, AGAIN_ERR_RANGE, /*field=*/NULL, "must be at most 100");
	}
	*out_q32 = q32;
	return 0;
}

int again_parse_fixed(const char *text, unsigned places, uint64_t most, uint64_t *out_number,
                      struct again_error *err)
{
	int code = check_decimal(text, err);
	if (code != 0) {
		return code;
	}
	size_t given = 0;
	size_t point = point_of(text, &given);
	if (given > places) {
		return again_error_set(err, AGAIN_ERR_RANGE, /*field=*/NULL,
		                       "too many digits after the point");
	}
	uint64_t number = 0;
	bool fits = true;
	for (size_t i = 0; i < point + places; i++) {
		size_t at = i < point ? i : i + 1;
		uint64_t digit = i < point + given ? (uint64_t)(text[at] - '0') : 0;
		fits = fits && !__builtin_mul_overflow(number, UINT64_C(10), &number) &&
		       !__builtin_add_overflow(number, digit, &number);
	}
	if (!fits || number > most) {
		char reason[64];
		struct again_text too_much = again_text_over(reason, sizeof(reason));
		uint64_t power = power_of_ten(places);
		again_text_add(&too_much, "must be at most ");
		again_text_add_u64(&too_much, most / power);
		return again_error_set(err, AGAIN_ERR_RANGE, /*field=*/NULL, reason);
	}
	*out_number = number;
	return 0;
}
