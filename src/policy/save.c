// SPDX-License-Identifier: MIT
// Saving and loading: the bytes of <again/save.h>, and what is refused of them. @pure
//
// The structs have no padding, so the widths of their integers are all that has to be known of them. Bytes come from a
// file that anybody may have cut, edited or exchanged, so they are believed in this order: the letters, the version, the
// length, the checksum, and then every value: nothing is loaded that no library could have saved, so whoever decides by a
// state need not look at it again. The checksum is against damage, not against forgers.
#include <again/save.h>

#include "base/error.h"
#include "policy/budget_kinds.h"
#include "policy/bytes.h"

#include <again/hedge.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define VERSION 1
#define HEAD_SIZE 8
#define CRC_SIZE 4
#define FRAME_SIZE ((size_t)HEAD_SIZE + CRC_SIZE)
#define KIND_SIZE 4
/** What a budget's body begins with: its rule's kind and window_ns. */
#define RULE_SIZE ((size_t)KIND_SIZE + 8)

/** What follows the head: the widths of its integers, in their order, and how many bytes they are. */
struct form {
	const char *widths;
	size_t size;
};

static const struct form call_form = {"8888441124", sizeof(struct again_call)};
static const struct form breaker_form = {"8841111"
                                         "4444444444",
                                         sizeof(struct again_breaker)};

_Static_assert(sizeof(struct again_call) == 4 * 8 + 2 * 4 + 2 * 1 + 2 + 4, "no padding");
_Static_assert(sizeof(struct again_tokens) == 8 + 2 * 4, "no padding");
_Static_assert(sizeof(struct again_window) == 11 * 8 + 2 * 4, "no padding");
_Static_assert(sizeof(struct again_gauge) == 4 + 4 + 4 + 4, "no padding");
_Static_assert(sizeof(struct again_breaker) == 2 * 8 + 4 + 4 + 10 * 4, "no padding");

_Static_assert(FRAME_SIZE + sizeof(struct again_call) <= AGAIN_SAVE_MAX, "a call fits");
_Static_assert(FRAME_SIZE + sizeof(struct again_breaker) <= AGAIN_SAVE_MAX, "a breaker fits");
_Static_assert(FRAME_SIZE + RULE_SIZE + sizeof(union again_budget) <= AGAIN_SAVE_MAX,
               "every budget fits");

static struct form form_of_budget(uint32_t kind)
{
	switch ((enum again_budget_kind)kind) {
	case AGAIN_BUDGET_TOKENS:
		return (struct form){"844", sizeof(struct again_tokens)};
	case AGAIN_BUDGET_WINDOW:
		return (struct form){"8888888888844", sizeof(struct again_window)};
	case AGAIN_BUDGET_CONCURRENCY:
		return (struct form){"4444", sizeof(struct again_gauge)};
	case AGAIN_BUDGET_NONE:
		break;
	}
	return (struct form){"", 0};
}

/** CRC-32/ISO-HDLC: polynomial 0x04c11db7, everything reflected and inverted. */
static uint32_t crc_of(const uint8_t *bytes, size_t len)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? UINT32_C(0xedb88320) : 0);
		}
	}
	return ~crc;
}

/** To bytes and back. */
static void copy(void *to, const void *from, const char *widths)
{
	again_bytes_copy(to, from, widths, AGAIN_BYTES_REVERSED);
}

// Saving.

/** Writes a body between head and checksum; a budget's begins with what is saved of its rule. */
static int save(char letter, const struct again_budget_rule *rule, const struct form *form,
                const void *object, uint8_t *bytes, size_t cap)
{
	size_t rule_size = rule != NULL ? RULE_SIZE : 0;
	size_t size = HEAD_SIZE + rule_size + form->size;
	if (cap < size + CRC_SIZE) {
		return AGAIN_ERR_SPACE;
	}
	const uint16_t head[2] = {VERSION, (uint16_t)(rule_size + form->size)};
	memcpy(bytes, "AGN", 3);
	bytes[3] = (uint8_t)letter;
	copy(bytes + 4, head, "22");
	if (rule != NULL) {
		copy(bytes + HEAD_SIZE, &rule->kind, "4");
		copy(bytes + HEAD_SIZE + KIND_SIZE, &rule->window_ns, "8");
	}
	copy(bytes + HEAD_SIZE + rule_size, object, form->widths);
	uint32_t crc = crc_of(bytes, size);
	copy(bytes + size, &crc, "4");
	return (int)(size + CRC_SIZE);
}

int again_call_save(const struct again_call *call, uint8_t *bytes, size_t cap)
{
	return save('c', /*rule=*/NULL, &call_form, call, bytes, cap);
}

int again_breaker_save(const struct again_breaker *breaker, uint8_t *bytes, size_t cap)
{
	return save('k', /*rule=*/NULL, &breaker_form, breaker, bytes, cap);
}

int again_budget_save(const union again_budget *budget, const struct again_budget_rule *rule,
                      uint8_t *bytes, size_t cap)
{
	struct form form = form_of_budget(rule->kind);
	return save('b', rule, &form, budget, bytes, cap);
}

// Loading.

static int malformed(struct again_error *error, const char *text)
{
	return again_error_set(error, AGAIN_ERR_SYNTAX, /*field=*/NULL, text);
}

static int impossible(struct again_error *error, const char *field)
{
	return again_error_set(error, AGAIN_ERR_RANGE, field,
	                       "a value that no such state can have");
}

static int conflict(struct again_error *error, const char *field, const char *text)
{
	return again_error_set(error, AGAIN_ERR_CONFLICT, field, text);
}

/** Everything but the body: 0 if there is one, of len - FRAME_SIZE bytes and undamaged. */
static int check_frame(char letter, const uint8_t *bytes, size_t len, struct again_error *error)
{
	uint16_t head[2] = {0};
	uint32_t crc = 0;
	if (len < FRAME_SIZE || memcmp(bytes, "AGN", 3) != 0 || bytes[3] != (uint8_t)letter) {
		return malformed(error, "not a saved state, or not one of this kind");
	}
	copy(head, bytes + 4, "22");
	if (head[0] > VERSION) {
		return again_error_set(error, AGAIN_ERR_VERSION, /*field=*/NULL,
		                       "saved by a newer libagain: up to version 1 is understood");
	}
	copy(&crc, bytes + len - CRC_SIZE, "4");
	if (head[0] != VERSION || head[1] != len - FRAME_SIZE ||
	    crc != crc_of(bytes, len - CRC_SIZE)) {
		return malformed(error, "damaged: the length or the checksum is wrong");
	}
	return 0;
}

static int check_size(size_t size, size_t wanted, struct again_error *error)
{
	return size == wanted ? 0 : malformed(error, "not as long as such a state is");
}

/** What has one form. */
static int load(char letter, const struct form *form, const uint8_t *bytes, size_t len,
                void *out_object, struct again_error *error)
{
	int code = check_frame(letter, bytes, len, error);
	if (code == 0) {
		code = check_size(len - FRAME_SIZE, form->size, error);
	}
	if (code == 0) {
		copy(out_object, bytes + HEAD_SIZE, form->widths);
	}
	return code;
}

/**
 * Each attempt that is offered, but the first, is a step at most; both stay at their largest. One that was taken back was
 * offered, and the call has ended with it.
 */
static bool can_have_step(const struct again_call *call)
{
	bool has_ended = call->reason != AGAIN_REASON_NONE;
	uint64_t offered = (uint64_t)call->attempts + has_ended;
	return call->step == 0 || call->step < offered || offered >= UINT32_MAX;
}

static int check_call(const struct again_call *call, struct again_error *error)
{
	if (call->reason > AGAIN_REASON_HINT_TOO_LONG) {
		return impossible(error, "reason");
	}
	// A guard is told with the end that it made.
	if (call->guard > (call->reason != AGAIN_REASON_NONE ? AGAIN_GUARD_HINT : 0)) {
		return impossible(error, "guard");
	}
	if (!can_have_step(call)) {
		return impossible(error, "step");
	}
	// What the budget granted is an attempt that runs: a retry and its hedges.
	bool is_open = call->reason == AGAIN_REASON_NONE;
	if (call->granted > (is_open && call->attempts > 0 ? 1 + AGAIN_HEDGES_MAX : 0)) {
		return impossible(error, "granted");
	}
	return is_open && call->paid > AGAIN_BUDGET_MT_MAX ? impossible(error, "paid") : 0;
}

int again_call_load(struct again_call *call, const uint8_t *bytes, size_t len,
                    struct again_error *error)
{
	struct again_call loaded;
	int code = load('c', &call_form, bytes, len, &loaded, error);
	if (code == 0) {
		code = check_call(&loaded, error);
	}
	if (code == 0) {
		*call = loaded;
	}
	return code;
}

static int check_breaker(const struct again_breaker *breaker, struct again_error *error)
{
	bool probing = breaker->state == AGAIN_BREAKER_HALF_OPEN;
	if (breaker->state > AGAIN_BREAKER_ISOLATED) {
		return impossible(error, "state");
	}
	if (breaker->probes_out != 0 && !probing) {
		return impossible(error, "probes_out");
	}
	if (breaker->successes >= (probing ? AGAIN_BREAKER_PROBES_MAX : 1)) {
		return impossible(error, "successes");
	}
	for (size_t i = 0; i < sizeof(breaker->fifths) / sizeof(breaker->fifths[0]); i++) {
		if (breaker->fifths[i].failures > breaker->fifths[i].calls) {
			return impossible(error, "fifths");
		}
	}
	return breaker->reserved != 0 ? impossible(error, "reserved") : 0;
}

int again_breaker_load(struct again_breaker *breaker, const uint8_t *bytes, size_t len,
                       struct again_error *error)
{
	struct again_breaker loaded;
	int code = load('k', &breaker_form, bytes, len, &loaded, error);
	if (code == 0) {
		code = check_breaker(&loaded, error);
	}
	if (code == 0) {
		*breaker = loaded;
	}
	return code;
}

/** What was saved of the rule, and whether the body is as long as that of its kind. */
static int check_rule(const struct again_budget_rule *rule, const uint8_t *body, size_t size,
                      struct again_error *error)
{
	uint32_t kind = 0;
	if (size >= KIND_SIZE) {
		copy(&kind, body, "4");
	}
	if (kind > AGAIN_BUDGET_CONCURRENCY) {
		return impossible(error, "kind");
	}
	int code = check_size(size, RULE_SIZE + form_of_budget(kind).size, error);
	if (code != 0) {
		return code;
	}
	if (kind != rule->kind) {
		return conflict(error, "kind", "a budget of another kind than the rule's");
	}
	// Tenths of another length are counted otherwise: the latest of them might not come for years.
	again_ns window_ns = 0;
	copy(&window_ns, body + KIND_SIZE, "8");
	return window_ns == rule->window_ns
	               ? 0
	               : conflict(error, "window_ns",
	                          "a budget of another window_ns than the rule's");
}

static int check_budget(const union again_budget *budget, const struct again_budget_rule *rule,
                        struct again_error *error)
{
	if (rule->kind == AGAIN_BUDGET_TOKENS && budget->tokens.balance_mt > rule->capacity_mt) {
		return conflict(error, "balance_mt", "more than the rule's capacity_mt");
	}
	for (size_t i = 0; rule->kind == AGAIN_BUDGET_WINDOW && i < 10; i++) {
		int64_t change_mt = budget->window.change_mt[i];
		if (change_mt > AGAIN_WINDOW_CHANGE_MAX || change_mt < -AGAIN_WINDOW_CHANGE_MAX) {
			return impossible(error, "change_mt");
		}
	}
	return 0;
}

int again_budget_load(union again_budget *budget, const struct again_budget_rule *rule,
                      const uint8_t *bytes, size_t len, struct again_error *error)
{
	int code = check_frame('b', bytes, len, error);
	if (code == 0) {
		code = check_rule(rule, bytes + HEAD_SIZE, len - FRAME_SIZE, error);
	}
	if (code != 0) {
		return code;
	}
	struct form form = form_of_budget(rule->kind);
	union again_budget loaded;
	copy(&loaded, bytes + HEAD_SIZE + RULE_SIZE, form.widths);
	code = check_budget(&loaded, rule, error);
	if (code == 0 && form.size > 0) {
		// Where the kind is known, storage for that kind is enough.
		memcpy(budget, &loaded, form.size);
	}
	return code;
}
