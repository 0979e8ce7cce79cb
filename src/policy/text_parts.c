// SPDX-License-Identifier: MIT
// The structs on both sides of policy text: copied in by their size, called by other names, and written. @pure
#include "policy/text_value.h"

#include "base/exact.h"

#include <string.h>

static bool is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
}

void again_text_add_translated(struct again_text *text, const char *said,
                               const struct again_field_name *names)
{
	while (*said != '\0') {
		size_t len = 0;
		while (is_name_byte(said[len])) {
			len++;
		}
		const struct again_piece word = {.bytes = said, .len = len > 0 ? len : 1};
		const struct again_field_name *name = names;
		while (name->field != NULL && !again_piece_is(word, name->field)) {
			name++;
		}
		if (name->field != NULL) {
			again_text_add(text, name->name);
		} else {
			again_text_add_bytes(text, word.bytes, word.len);
		}
		said += word.len;
	}
}

const char *again_field_name_of(const struct again_field_name *names, const char *field)
{
	while (names->field != NULL && strcmp(names->field, field) != 0) {
		names++;
	}
	return names->name;
}

// Nothing but the size may be read before it is known to be one of ours: so a default with that size is asked.

int again_take_policy(const struct again_policy *given, struct again_policy *out_own,
                      struct again_error *error)
{
	struct again_policy own;
	again_policy_init(&own, sizeof(own));
	own.size = given->size;
	int code = again_policy_validate(&own, error);
	if (code == 0) {
		memcpy(&own, given, given->size);
		*out_own = own;
	}
	return code;
}

int again_take_budget(const struct again_budget_rule *given, struct again_budget_rule *out_own,
                      struct again_error *error)
{
	struct again_budget_rule own;
	again_budget_rule_init(&own, sizeof(own));
	own.size = given->size;
	int code = again_budget_rule_validate(&own, error);
	if (code == 0) {
		memcpy(&own, given, given->size);
		*out_own = own;
	}
	return code;
}

int again_take_breaker(const struct again_breaker_rule *given, struct again_breaker_rule *out_own,
                       struct again_error *error)
{
	struct again_breaker_rule own;
	again_breaker_rule_init(&own, sizeof(own));
	own.size = given->size;
	int code = again_breaker_rule_validate(&own, error);
	if (code == 0) {
		memcpy(&own, given, given->size);
		*out_own = own;
	}
	return code;
}

int again_take_hedge(const struct again_hedge_rule *given, struct again_hedge_rule *out_own,
                     struct again_error *error)
{
	struct again_hedge_rule own;
	again_hedge_rule_init(&own, sizeof(own));
	own.size = given->size;
	int code = again_hedge_rule_validate(&own, error);
	if (code == 0) {
		memcpy(&own, given, given->size);
		*out_own = own;
	}
	return code;
}

struct again_writer again_writer_over(char *buffer, size_t cap)
{
	return (struct again_writer){.text = again_text_over(buffer, cap)};
}

void again_write_duration(struct again_writer *writer, again_ns ns)
{
	if (ns > AGAIN_DURATION_MAX) {
		writer->unsayable = true;
		return;
	}
	again_text_add_duration(&writer->text, ns);
}

void again_write_limit(struct again_writer *writer, again_ns ns)
{
	if (ns == AGAIN_NEVER) {
		again_text_add(&writer->text, "none");
	} else {
		again_write_duration(writer, ns);
	}
}

int again_writer_end(struct again_writer *writer)
{
	int code = writer->unsayable ? AGAIN_ERR_RANGE : writer->text.cut ? AGAIN_ERR_SPACE : 0;
	if (code != 0) {
		writer->text.at[0] = '\0';
		return code;
	}
	// At most AGAIN_TEXT_MAX.
	return (int)writer->text.len;
}
