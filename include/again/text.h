/* SPDX-License-Identifier: MIT */
/*
 * Policies, budgets and breakers as text, and presets with the rules that others have published.
 *
 *     max-retries=5,base-delay=10ms,jitter=full,budget=sre10
 *     aws-2018,max-retries=8
 *
 * A text is settings joined by commas, NAME=VALUE, optionally after the name of a preset. Blanks and ends of lines
 * around a setting are allowed; a text of nothing else names nothing. Each name may stand once, and again after a preset
 * that has it. Names and values are those of again(1)'s long options:
 *
 *     max-retries=N|unlimited      0 is allowed here: no retry
 *     base-delay=D  max-delay=D|none
 *     factor=F
 *     backoff=constant|linear|exponential|fibonacci|polynomial[:P]|list:D/D/…
 *     jitter=none|full|equal|decorrelated|proportional[:R]
 *     timeout=D|none  deadline=D|none  reset-after=D|none  initial-delay=D
 *     min-attempt=D                the least useful attempt time
 *     throttled-base-delay=D|none  none: as base-delay
 *     hint=at-least|ignore|exact|bounded  hint-max=D|none  hint-jitter=R
 *     retry-ambiguous=yes|no
 *     hedge=D|D/most:N|none        so many more attempts, 1 if it is not said
 *     budget=RULE|none  breaker=RULE|none
 *
 * D is a duration as again(1) takes it (0.1, 250ms, 1m30s), F and R are decimal fractions. A deadline of 0 is allowed
 * here: no attempt starts. P is 2 and R is 0.2 where they are not given. A max-delay that is not given is 60 s, or the
 * longer of base-delay and throttled-base-delay if that is more; for a list, none.
 *
 * RULE is words joined by '/'. Budget: a preset's name, N% (of the requests of two minutes, as sre10; N is above 0,
 * below 100 and has at most one decimal), or
 *
 *     tokens:CAP  or  window:D  or  concurrency:P%     the kind, first
 *     reserve:N                                        window; 0 if not given
 *     min:N                                            concurrency, a whole number; 0 if not given
 *     cost:N  cost-timeout:N  cost-throttled:N  least:N
 *     call:N  retry:N  first:N  later:N                deposits
 *     repay:N                                          first:N and later:N
 *     repay-last  charge-failures
 *
 * N is a decimal number of tokens with up to three decimals, above 0 but for reserve and min; without cost, 1 token.
 * Breaker:
 *
 *     failures:N/open:D  or  ratio:P%/window:D/min:N/open:D,  and  lease:D  probes:N
 *
 * without lease, as long as open; without probes, 1. open and lease can be none: until it is closed by hand, and as long
 * as it takes.
 */
#ifndef AGAIN_TEXT_H
#define AGAIN_TEXT_H

#include <again/breaker.h>
#include <again/budget.h>
#include <again/hedge.h>
#include <again/policy.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Where the parts of a text go: the caller's structs, each initialised by its own init. A part that is NULL is not
 * offered here, and a text that names it is refused. Fields are only ever appended; `size` says how many of them the
 * caller knows.
 */
struct again_setup {
	/** sizeof the caller's struct; set by again_setup_init. */
	uint32_t size;
	/** How many delays `list` has room for; AGAIN_LIST_MAX is always enough. */
	uint32_t list_cap;
	/** Never NULL. */
	struct again_policy *policy;
	/** Where policy->list will point if the text gives a list. NULL: no lists. */
	again_ns *list;
	/** kind is AGAIN_BUDGET_NONE without one. */
	struct again_budget_rule *budget;
	/** kind is AGAIN_BREAKER_NONE without one. */
	struct again_breaker_rule *breaker;
	/** delay_ns is AGAIN_NEVER without hedging. That is the default here: set it after again_hedge_rule_init. */
	struct again_hedge_rule *hedge;
};

/** A named text. */
struct again_preset {
	const char *name;
	/** What it stands for, in the language of this header. */
	const char *text;
	/** Whose rule it is and where that is published; and where it differs, how. */
	const char *source;
};

/** The longest text that again_setup_print can make, with its end. */
#define AGAIN_TEXT_MAX 8192

/** Every pointer NULL. `size` is sizeof the caller's struct; that many bytes are written. */
AGAIN_API void again_setup_init(struct again_setup *setup, size_t size);

/**
 * Reads a text of `len` bytes, which may be any, over the parts of a setup: what it does not name keeps its value (but for
 * a max-delay that nobody chose: it stays the default of what the others are now). 0, or a negative enum again_code with
 * *error filled: error->column is where the value or name begins that is wrong, 1 to len + 1 (0: the parts were not valid
 * before), error->text one line that names the setting, the value, the reason and what is accepted, with nothing in it
 * that does not print. The result is validated as a whole. The parts are written on success only. `error` may be NULL.
 */
AGAIN_API AGAIN_MUST_USE int again_setup_parse(struct again_setup *setup, const char *text,
                                               size_t len, struct again_error *error);

/**
 * Writes a setup as text, terminated, into `buffer` with room for `cap`: only what differs from the defaults; parsed
 * over defaults it gives equal parts, but for fields that their kind does not use. Returns its length without the end, or
 * AGAIN_ERR_SPACE, or AGAIN_ERR_RANGE for a setup that is not valid or that no text says: a time above 292 years (2^63 - 1
 * ns) that is not none, or a factor of 2^31 or more.
 */
AGAIN_API AGAIN_MUST_USE int again_setup_print(const struct again_setup *setup, char *buffer,
                                               size_t cap);

/**
 * The same for a budget's RULE alone, or "none", without blanks around it. The rule, which its init has begun, is replaced,
 * not changed.
 */
AGAIN_API AGAIN_MUST_USE int again_budget_rule_parse(struct again_budget_rule *rule,
                                                     const char *text, size_t len,
                                                     struct again_error *error);
AGAIN_API AGAIN_MUST_USE int again_budget_rule_print(const struct again_budget_rule *rule,
                                                     char *buffer, size_t cap);

/** The same for a breaker's RULE alone. */
AGAIN_API AGAIN_MUST_USE int again_breaker_rule_parse(struct again_breaker_rule *rule,
                                                      const char *text, size_t len,
                                                      struct again_error *error);
AGAIN_API AGAIN_MUST_USE int again_breaker_rule_print(const struct again_breaker_rule *rule,
                                                      char *buffer, size_t cap);

/** All presets of policies, and of budgets; static. */
AGAIN_API const struct again_preset *again_policy_presets(size_t *out_count);
AGAIN_API const struct again_preset *again_budget_presets(size_t *out_count);

#ifdef __cplusplus
}
#endif
#endif
