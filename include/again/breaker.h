/* SPDX-License-Identifier: MIT */
/*
 * A circuit breaker: when a server fails too often, nobody calls it for a while; then a few probes find out.
 *
 *     CLOSED     Everything is allowed. A failure opens it when it is the `failures`-th in a row (CONSECUTIVE; a success
 *                begins a new row), or when of at least min_calls attempts of the window the failed part is ratio_q32 or
 *                more (RATIO). A success never opens it, nor does the time that passes.
 *     OPEN       Nothing is allowed while now < the moment it opened + open_ns. From that moment on it is HALF_OPEN.
 *     HALF_OPEN  At most `probes` attempts at a time are allowed, each by a lease. `probes` successes close the breaker,
 *                one failure opens it again. A lease holds while now < its attempt's start + lease_ns, or that of one
 *                that was given while it was out, or out when it was given. Once the latest has run out, all that are
 *                still out are forfeited and their places are free: a probe that never reports cannot wedge the
 *                breaker. Successes so far stay counted.
 *     ISOLATED   Nothing is allowed until again_breaker_force_close or again_breaker_reset.
 *
 * Every change of state, and every forfeit, has a new generation number, and a lease carries the generation that gave
 * it: what an attempt from an earlier generation reports is ignored, so slow failures from before cannot open what was
 * just closed. Generations count modulo 2^32.
 *
 * A rule is immutable once validated; a breaker is the state, the caller's, without a lock or a pointer inside. All of
 * it zero is a new one. It counts for one rule: where the rule changes, again_breaker_reset it.
 *
 * Attempts are counted when they report. The window is told in fifths (window_ns / 5, rounded down) from the clock's
 * origin: the running fifth and the four before it count. A clock that goes backwards counts in the latest fifth that was
 * seen. A fifth with 2^32 - 1 attempts is full.
 *
 * again_call_begin and again_call_next do all of this for a call that is given the breaker in its guards.
 */
#ifndef AGAIN_BREAKER_H
#define AGAIN_BREAKER_H

#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What opens a breaker. New values may appear. */
enum again_breaker_kind {
	/** It never opens by itself. */
	AGAIN_BREAKER_NONE = 0,
	AGAIN_BREAKER_CONSECUTIVE = 1,
	AGAIN_BREAKER_RATIO = 2
};

/** What a breaker does, as told above. */
enum again_breaker_state {
	AGAIN_BREAKER_CLOSED = 0,
	AGAIN_BREAKER_OPEN = 1,
	AGAIN_BREAKER_HALF_OPEN = 2,
	AGAIN_BREAKER_ISOLATED = 3
};

/** The most probes at a time. */
#define AGAIN_BREAKER_PROBES_MAX 8

/** Fields are only ever appended; `size` says how many of them the caller knows. What a kind does not use is 0. */
struct again_breaker_rule {
	/** sizeof the caller's struct; set by again_breaker_rule_init. */
	uint32_t size;
	/** An enum again_breaker_kind. */
	uint32_t kind;
	/** CONSECUTIVE: above 0. */
	uint32_t failures;
	/** RATIO: the least number of attempts in the window that can open it, above 0. */
	uint32_t min_calls;
	/** RATIO: above 0, up to AGAIN_Q32_ONE (all of them). */
	uint64_t ratio_q32;
	/** RATIO: above 0, at least 5 ns. */
	again_ns window_ns;
	/** How long it stays open, above 0. AGAIN_NEVER: until it is closed by hand. */
	again_ns open_ns;
	/** How long a probe may take before its place is given to another, above 0. AGAIN_NEVER: as long as it takes. */
	again_ns lease_ns;
	/** How many probes at a time, and how many successes close it: 1 to AGAIN_BREAKER_PROBES_MAX. */
	uint32_t probes;
	/** 0. */
	uint32_t reserved;
};

/** One fifth of the window. */
struct again_breaker_fifth {
	uint32_t calls;
	uint32_t failures;
};

/** The state of a breaker: 64 bytes, the caller's. Fields are private; again_breaker_state_at tells. */
struct again_breaker {
	/** OPEN: until when. HALF_OPEN: until when the latest lease holds. */
	again_ns until_ns;
	/** CLOSED, RATIO: the latest fifth that was seen. CONSECUTIVE: the failures in a row. */
	uint64_t tally;
	uint32_t generation;
	/** An enum again_breaker_state. */
	uint8_t state;
	/** HALF_OPEN: bit i is set while probe i is out. */
	uint8_t probes_out;
	/** HALF_OPEN: successes so far. */
	uint8_t successes;
	uint8_t reserved;
	/** CLOSED, RATIO: the latest fifth, and the four before it. */
	struct again_breaker_fifth fifths[5];
};

/** The right to make one attempt. 0 is none; anything else only the breaker understands. */
typedef uint64_t again_lease;

/** AGAIN_BREAKER_NONE with open_ns and lease_ns of 30 s, 1 probe. `size` is sizeof the caller's struct. */
AGAIN_API void again_breaker_rule_init(struct again_breaker_rule *rule, size_t size);

/**
 * Checks a rule. 0, or a negative enum again_code with *error filled: AGAIN_ERR_INVALID for a struct that we do not know
 * (`size`, `reserved`), AGAIN_ERR_RANGE for one bad field, AGAIN_ERR_CONFLICT for a field that the kind does not use and
 * that is not 0. `error` may be NULL. What the other functions do with a rule that fails is undefined.
 */
AGAIN_API AGAIN_MUST_USE int again_breaker_rule_validate(const struct again_breaker_rule *rule,
                                                         struct again_error *error);

/** A closed breaker that has seen nothing. */
AGAIN_API void again_breaker_init(struct again_breaker *breaker);

/** An enum again_breaker_state as it is at `now_ns`: HALF_OPEN once the time of OPEN is over. */
AGAIN_API uint32_t again_breaker_state_at(const struct again_breaker *breaker, again_ns now_ns);

/**
 * When something is allowed again if nobody reports until then: `now_ns` where it is at once, AGAIN_NEVER while isolated.
 * HALF_OPEN with all probes out: when their leases run out.
 */
AGAIN_API again_ns again_breaker_opens_at(const struct again_breaker *breaker,
                                          const struct again_breaker_rule *rule, again_ns now_ns);

/** 1 if again_breaker_allow would allow an attempt now, 0 if not. Changes nothing. */
AGAIN_API AGAIN_MUST_USE int again_breaker_would_allow(const struct again_breaker *breaker,
                                                       const struct again_breaker_rule *rule,
                                                       again_ns now_ns);

/**
 * Asks for the right to make an attempt that starts at `start_ns` (now or later; earlier is now). What counts is how
 * things are now, even for a start after the time of OPEN. 1 if it is given; *out_lease is then to be given back, exactly
 * once, by again_breaker_report. 0 if not; *out_lease is not written, and nothing is changed.
 */
AGAIN_API AGAIN_MUST_USE int again_breaker_allow(struct again_breaker *breaker,
                                                 const struct again_breaker_rule *rule,
                                                 again_ns now_ns, again_ns start_ns,
                                                 again_lease *out_lease);

/** 1 while a report of this lease would count: no change of state since it was given, and, for a probe, still out. */
AGAIN_API AGAIN_MUST_USE int again_breaker_holds(const struct again_breaker *breaker,
                                                 const struct again_breaker_rule *rule,
                                                 again_lease lease, again_ns now_ns);

/**
 * Tells how the attempt of a lease ended, an enum again_class. SUCCESS and PERMANENT (the server answered) count as
 * success, CANCELLED counts not at all (a probe's place is free again), everything else as failure. A lease that no
 * longer holds is ignored.
 */
AGAIN_API void again_breaker_report(struct again_breaker *breaker,
                                    const struct again_breaker_rule *rule, again_lease lease,
                                    uint32_t outcome_class, again_ns now_ns);

/** ISOLATED, until it is closed or reset by hand. */
AGAIN_API void again_breaker_force_open(struct again_breaker *breaker);

/** CLOSED, whatever it was, with nothing counted. Attempts of a breaker that is closed already still count later. */
AGAIN_API void again_breaker_force_close(struct again_breaker *breaker);

/** CLOSED, whatever it was, with nothing counted, and all leases that are out are ignored. Generations count on. */
AGAIN_API void again_breaker_reset(struct again_breaker *breaker);

/** A state's name ("half_open"), a static string; "unknown" for a number that is none. */
AGAIN_API const char *again_breaker_state_name(uint32_t state);

#ifdef __cplusplus
}
#endif
#endif
