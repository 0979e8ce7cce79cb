// SPDX-License-Identifier: MIT
// What the readers and writers of policy text share: a piece of the text with its place, one form of refusal, and
// numbers. @pure
//
// Pieces point into the caller's text, which is not terminated and may hold any byte. A reader refuses with one line
// that names the setting, the value, the reason and what is accepted, and with the column of the value; its out_… is
// written on success only. The structs of the caller are copied in and out by their own size.
#ifndef AGAIN_POLICY_TEXT_VALUE_H
#define AGAIN_POLICY_TEXT_VALUE_H

#include "base/text.h"

#include <again/text.h>

#include <stdbool.h>

struct again_piece {
	const char *bytes;
	size_t len;
	/** Of its first byte, from 1. */
	size_t column;
};

/** The bytes from..to of a piece. */
struct again_piece again_piece_part(struct again_piece piece, size_t from, size_t to);

bool again_piece_is(struct again_piece piece, const char *word);

/** Where `byte` first is, or the piece's length. */
size_t again_piece_find(struct again_piece piece, char byte);

/** A value, and the words for refusing it: "budget cost 'x': reason; use form". */
struct again_value {
	/** "budget " or the like before the name, or "". */
	const char *part;
	/** A static string: the error's field. */
	const char *name;
	struct again_piece piece;
	/** What is accepted, after "use "; NULL where the reason says it. */
	const char *form;
};

/** Fills *error and returns `code`. */
int again_value_refuse(const struct again_value *value, int code, const char *reason,
                       struct again_error *error);

/** Refuses what the caller's structs have no place for. */
int again_value_refuse_part(const struct again_value *value, struct again_error *error);

/** What the caller's own name of something should have been: "unknown setting 'x'; use nearest" and a column. */
int again_piece_unknown(struct again_piece piece, const char *what, const char *nearest,
                        const char *others, struct again_error *error);

/** At least `least`. */
int again_value_duration(const struct again_value *value, again_ns least, again_ns *out_ns,
                         struct again_error *error);
int again_value_count(const struct again_value *value, uint32_t least, uint32_t most,
                      uint32_t *out_count, struct again_error *error);
int again_value_q32(const struct again_value *value, uint64_t *out_q32, struct again_error *error);

/** "20%" as Q32, at most 100 %. */
int again_value_percent(const struct again_value *value, uint64_t *out_q32,
                        struct again_error *error);

/** A number, before a unit of `unit_len` bytes, in units of its last decimal: base/exact.h. */
int again_value_fixed(const struct again_value *value, size_t unit_len, unsigned places,
                      uint32_t most, uint32_t *out_number, struct again_error *error);

/** A field of a struct, and the setting or word that it is called in text. */
struct again_field_name {
	const char *field;
	const char *name;
};

/** Adds what a validate said, in the words of text. Names end with one whose field is NULL. */
void again_text_add_translated(struct again_text *text, const char *said,
                               const struct again_field_name *names);

/** The name of a field; NULL for one that has none. */
const char *again_field_name_of(const struct again_field_name *names, const char *field);

/**
 * Copies a caller's struct over defaults of ours, which have `size` bytes, as far as its own size says; refuses the size
 * as its validate does.
 */
int again_take_policy(const struct again_policy *given, struct again_policy *out_own,
                      struct again_error *error);
int again_take_budget(const struct again_budget_rule *given, struct again_budget_rule *out_own,
                      struct again_error *error);
int again_take_breaker(const struct again_breaker_rule *given, struct again_breaker_rule *out_own,
                       struct again_error *error);
int again_take_hedge(const struct again_hedge_rule *given, struct again_hedge_rule *out_own,
                     struct again_error *error);

/** Reads a RULE or "none" into *rule, which is one of ours; unchanged on failure. */
int again_budget_rule_read(struct again_piece text, struct again_budget_rule *rule,
                           struct again_error *error);
int again_breaker_rule_read(struct again_piece text, struct again_breaker_rule *rule,
                            struct again_error *error);

/** Text that is being written, and whether something could not be said. */
struct again_writer {
	struct again_text text;
	/** A time above AGAIN_DURATION_MAX, or a factor that is too large. */
	bool unsayable;
};

struct again_writer again_writer_over(char *buffer, size_t cap);
void again_write_duration(struct again_writer *writer, again_ns ns);

/** "none" for AGAIN_NEVER. */
void again_write_limit(struct again_writer *writer, again_ns ns);

/** Its length, or AGAIN_ERR_SPACE or AGAIN_ERR_RANGE and an empty buffer. */
int again_writer_end(struct again_writer *writer);

/** A rule of ours that is valid. */
void again_write_budget_rule(struct again_writer *writer, const struct again_budget_rule *rule);
void again_write_breaker_rule(struct again_writer *writer, const struct again_breaker_rule *rule);

#endif
