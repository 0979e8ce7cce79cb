// SPDX-License-Identifier: MIT
// Success codes and first-match rules over sets of ends. @pure
#include "run/rules.h"

#include <stddef.h>

void again_rules_init(struct again_rules *rules)
{
	*rules = (struct again_rules){0};
	again_ends_add_exit(&rules->success, 0);
}

void again_ends_add_exit(struct again_ends *ends, unsigned code)
{
	ends->exits[code / 64 % 4] |= UINT64_C(1) << (code % 64);
}

void again_ends_add_signal(struct again_ends *ends, unsigned number)
{
	ends->signals |= UINT64_C(1) << ((number - 1) % 64);
}

struct again_ends again_ends_any(void)
{
	return (struct again_ends){
		.exits = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
		.signals = UINT64_MAX,
		.timeout = true,
		.not_started = true,
	};
}

struct again_ends again_ends_intersection(const struct again_ends *a, const struct again_ends *b)
{
	struct again_ends both = {
		.signals = a->signals & b->signals,
		.timeout = a->timeout && b->timeout,
		.not_started = a->not_started && b->not_started,
	};
	for (size_t i = 0; i < 4; i++) {
		both.exits[i] = a->exits[i] & b->exits[i];
	}
	return both;
}

bool again_ends_empty(const struct again_ends *ends)
{
	const uint64_t bits =
		ends->exits[0] | ends->exits[1] | ends->exits[2] | ends->exits[3] | ends->signals;
	return bits == 0 && !ends->timeout && !ends->not_started;
}

bool again_ends_has(const struct again_ends *ends, const struct again_attempt *attempt)
{
	if (attempt->cut == AGAIN_CUT_TIMEOUT || attempt->cut == AGAIN_CUT_DEADLINE) {
		return ends->timeout;
	}
	switch (attempt->kind) {
	case AGAIN_END_EXIT: {
		const unsigned code = (unsigned)attempt->code & 0xff;
		return (ends->exits[code / 64] >> (code % 64) & 1) != 0;
	}
	case AGAIN_END_SIGNAL:
		return (ends->signals >> ((unsigned)(attempt->signal - 1) % 64) & 1) != 0;
	case AGAIN_END_NOT_STARTED:
		return ends->not_started;
	case AGAIN_END_NOT_EXECUTED:
		break;
	}
	return false;
}

bool again_rules_success(const struct again_rules *rules, const struct again_attempt *attempt)
{
	return attempt->cut == AGAIN_CUT_NONE && attempt->kind == AGAIN_END_EXIT &&
	       again_ends_has(&rules->success, attempt);
}

enum again_class again_rules_class(const struct again_rules *rules,
                                   const struct again_attempt *attempt, const char **out_rule)
{
	*out_rule = NULL;
	if (attempt->succeeded) {
		return AGAIN_CLASS_SUCCESS;
	}
	bool only_some = false;
	for (unsigned i = 0; i < rules->count; i++) {
		const struct again_rule *rule = &rules->rules[i];
		if (again_ends_has(&rule->when, attempt)) {
			*out_rule = rule->text;
			return rule->retry ? AGAIN_CLASS_TRANSIENT : AGAIN_CLASS_PERMANENT;
		}
		only_some = only_some || rule->retry;
	}
	return only_some ? AGAIN_CLASS_PERMANENT : AGAIN_CLASS_TRANSIENT;
}
