/* SPDX-License-Identifier: MIT */
/*
 * The guards of a call: what several calls share, so that together they do no harm. Each is optional.
 *
 *     struct again_guards guards;
 *     again_guards_init(&guards, sizeof(guards));
 *     guards.budget_rule = &rule;
 *     guards.budget = &budget;
 *     again_call_begin(&call, &policy, &guards, now, &next);
 *
 * again_call_begin, _start and _next ask the guards, pay them and tell them how attempts end. The guards are not locked:
 * whoever shares them between threads or processes holds its lock during these calls.
 */
#ifndef AGAIN_GUARDS_H
#define AGAIN_GUARDS_H

#include <again/breaker.h>
#include <again/budget.h>
#include <again/rate.h>
#include <again/throttle.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What bound a decision. New values may appear. */
#define AGAIN_GUARDS(X)                     \
	X(AGAIN_GUARD_NONE, "none")         \
	X(AGAIN_GUARD_BREAKER, "breaker")   \
	X(AGAIN_GUARD_THROTTLE, "throttle") \
	X(AGAIN_GUARD_RATE, "rate")         \
	X(AGAIN_GUARD_BUDGET, "budget")     \
	X(AGAIN_GUARD_HINT, "hint")

enum again_guard {
#define AGAIN_GUARD_ENUM(name, word) name,
	AGAIN_GUARDS(AGAIN_GUARD_ENUM)
#undef AGAIN_GUARD_ENUM
};

/** A guard is asked if its state is not NULL; its rule must then be there and valid. All are borrowed. */
struct again_guards {
	/** sizeof the caller's struct; set by again_guards_init. */
	uint32_t size;
	/** 0. */
	uint32_t reserved;
	const struct again_breaker_rule *breaker_rule;
	struct again_breaker *breaker;
	/** Each attempt is a request to it, the first included; SUCCESS and PERMANENT are accepted ones. */
	const struct again_throttle_rule *throttle_rule;
	struct again_throttle *throttle;
	/** Each retry takes one unit. */
	const struct again_rate_rule *rate_rule;
	struct again_rate *rate;
	const struct again_budget_rule *budget_rule;
	union again_budget *budget;
};

/** No guards. `size` is sizeof the caller's struct; that many bytes are written. */
AGAIN_API void again_guards_init(struct again_guards *guards, size_t size);

/**
 * Checks that each guard has a rule and that the rules are valid. 0, or a negative enum again_code with *error filled.
 * What a call does with guards that fail is undefined.
 */
AGAIN_API AGAIN_MUST_USE int again_guards_validate(const struct again_guards *guards,
                                                   struct again_error *error);

/** A guard's name ("budget"), a static string; "unknown" for a number that is none. */
AGAIN_API const char *again_guard_name(uint32_t guard);

#ifdef __cplusplus
}
#endif
#endif
