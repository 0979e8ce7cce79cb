// SPDX-License-Identifier: MIT
// Values of policy text: cut out, read, refused. @pure
#include "policy/text_value.h"

#include "base/error.h"
#include "base/exact.h"
#include "base/number.h"

#include <string.h>

/** The longest number that is read, with its end. */
#define NUMBER_CAP 64

/** How much of somebody's text a message repeats, with its end. */
#define QUOTE_CAP 48

struct again_piece again_piece_part(struct again_piece piece, size_t from, size_t to)
{
	return (struct again_piece){
		.bytes = piece.bytes + from,
		.len = to - from,
		.column = piece.column + from,
	};
}

bool again_piece_is(struct again_piece piece, const char *word)
{
	return piece.len == strlen(word) && memcmp(piece.bytes, word, piece.len) == 0;
}

size_t again_piece_find(struct again_piece piece, char byte)
{
	size_t at = 0;
	while (at < piece.len && piece.bytes[at] != byte) {
		at++;
	}
	return at;
}

/** A piece in quotes, cut where it is long, with nothing in it that does not print. */
static void add_quoted(struct again_text *text, struct again_piece piece)
{
	char shown[QUOTE_CAP];
	struct again_text quote = again_text_over(shown, sizeof(shown));
	for (size_t at = 0; at < piece.len && !quote.cut;) {
		char part[QUOTE_CAP];
		size_t len = 0;
		while (at < piece.len && len < sizeof(part) - 1 && piece.bytes[at] != '\0') {
			part[len++] = piece.bytes[at++];
		}
		part[len] = '\0';
		again_text_add_visible(&quote, part);
		if (at < piece.len && piece.bytes[at] == '\0') {
			again_text_add(&quote, "\\x00");
			at++;
		}
	}
	again_text_add(text, "'");
	again_text_add(text, shown);
	again_text_add(text, quote.cut ? "...'" : "'");
}

/** Sets the column too. */
static int refuse_at(struct again_error *error, int code, const char *field, size_t column,
                     const char *said)
{
	(void)again_error_set(error, code, field, said);
	if (error != NULL) {
		error->column = column < UINT32_MAX ? (uint32_t)column : UINT32_MAX;
	}
	return code;
}

int again_value_refuse(const struct again_value *value, int code, const char *reason,
                       struct again_error *error)
{
	char said[sizeof(error->text)];
	struct again_text text = again_text_over(said, sizeof(said));
	again_text_add(&text, value->part);
	again_text_add(&text, value->name);
	again_text_add(&text, " ");
	add_quoted(&text, value->piece);
	again_text_add(&text, ": ");
	again_text_add(&text, reason);
	if (value->form != NULL) {
		again_text_add(&text, "; use ");
		again_text_add(&text, value->form);
	}
	return refuse_at(error, code, value->name, value->piece.column, said);
}

int again_value_refuse_part(const struct again_value *value, struct again_error *error)
{
	struct again_value told = *value;
	told.form = NULL;
	return again_value_refuse(&told, AGAIN_ERR_INVALID, "not offered here", error);
}

int again_piece_unknown(struct again_piece piece, const char *what, const char *nearest,
                        const char *others, struct again_error *error)
{
	char said[sizeof(error->text)];
	struct again_text text = again_text_over(said, sizeof(said));
	again_text_add(&text, "unknown ");
	again_text_add(&text, what);
	again_text_add(&text, " ");
	add_quoted(&text, piece);
	again_text_add(&text, nearest != NULL ? "; use " : "; they are ");
	again_text_add(&text, nearest != NULL ? nearest : others);
	return refuse_at(error, AGAIN_ERR_INVALID, /*field=*/NULL, piece.column, said);
}

/**
 * The value without `unit_len` bytes at its end, terminated, for base/number.h; NULL, with *error filled, where it cannot
 * be a number.
 */
static const char *copied(const struct again_value *value, size_t unit_len, char buffer[NUMBER_CAP],
                          struct again_error *error)
{
	const struct again_piece piece =
		again_piece_part(value->piece, 0, value->piece.len - unit_len);
	if (again_piece_find(piece, '\0') < piece.len) {
		(void)again_value_refuse(value, AGAIN_ERR_SYNTAX, "not a number", error);
		return NULL;
	}
	if (piece.len >= NUMBER_CAP) {
		(void)again_value_refuse(value, AGAIN_ERR_SYNTAX, "too long", error);
		return NULL;
	}
	memcpy(buffer, piece.bytes, piece.len);
	buffer[piece.len] = '\0';
	return buffer;
}

/** As again_value_refuse, for a reason of base/number.h. */
static int refuse_because(const struct again_value *value, const struct again_error *reason,
                          struct again_error *error)
{
	return again_value_refuse(value, reason->code, reason->text, error);
}

int again_value_duration(const struct again_value *value, again_ns least, again_ns *out_ns,
                         struct again_error *error)
{
	char buffer[NUMBER_CAP];
	const char *text = copied(value, /*unit_len=*/0, buffer, error);
	if (text == NULL) {
		return AGAIN_ERR_SYNTAX;
	}
	struct again_error reason = {0};
	again_ns ns = 0;
	if (again_parse_duration(text, &ns, &reason) != 0) {
		return refuse_because(value, &reason, error);
	}
	if (ns < least) {
		return again_value_refuse(
			value, AGAIN_ERR_RANGE,
			least == 1 ? "must be above 0" : "too short to be told apart", error);
	}
	*out_ns = ns;
	return 0;
}

int again_value_count(const struct again_value *value, uint32_t least, uint32_t most,
                      uint32_t *out_count, struct again_error *error)
{
	char buffer[NUMBER_CAP];
	const char *text = copied(value, /*unit_len=*/0, buffer, error);
	if (text == NULL) {
		return AGAIN_ERR_SYNTAX;
	}
	struct again_error reason = {0};
	uint64_t count = 0;
	if (again_parse_u64(text, least, most, &count, &reason) != 0) {
		return refuse_because(value, &reason, error);
	}
	*out_count = (uint32_t)count;
	return 0;
}

int again_value_q32(const struct again_value *value, uint64_t *out_q32, struct again_error *error)
{
	char buffer[NUMBER_CAP];
	const char *text = copied(value, /*unit_len=*/0, buffer, error);
	if (text == NULL) {
		return AGAIN_ERR_SYNTAX;
	}
	struct again_error reason = {0};
	return again_parse_q32(text, out_q32, &reason) == 0 ? 0
	                                                    : refuse_because(value, &reason, error);
}

int again_value_percent(const struct again_value *value, uint64_t *out_q32,
                        struct again_error *error)
{
	const struct again_piece piece = value->piece;
	if (piece.len == 0 || piece.bytes[piece.len - 1] != '%') {
		return again_value_refuse(value, AGAIN_ERR_SYNTAX, "not a percentage", error);
	}
	char buffer[NUMBER_CAP];
	const char *text = copied(value, /*unit_len=*/1, buffer, error);
	if (text == NULL) {
		return AGAIN_ERR_SYNTAX;
	}
	struct again_error reason = {0};
	return again_parse_percent(text, out_q32, &reason) == 0
	               ? 0
	               : refuse_because(value, &reason, error);
}

int again_value_fixed(const struct again_value *value, size_t unit_len, unsigned places,
                      uint32_t most, uint32_t *out_number, struct again_error *error)
{
	char buffer[NUMBER_CAP];
	const char *text = copied(value, unit_len, buffer, error);
	if (text == NULL) {
		return AGAIN_ERR_SYNTAX;
	}
	struct again_error reason = {0};
	uint64_t number = 0;
	if (again_parse_fixed(text, places, most, &number, &reason) != 0) {
		return refuse_because(value, &reason, error);
	}
	*out_number = (uint32_t)number;
	return 0;
}
