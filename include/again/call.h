/* SPDX-License-Identifier: MIT */
/*
 * One call's life: the state of one operation that is tried until it succeeds or must not be tried again.
 *
 *     struct again_call call;
 *     struct again_decision next;
 *     again_call_init(&call, &policy, now, seed, operation);
 *     again_call_begin(&call, &policy, NULL, now, &next);
 *     while (next.verb == AGAIN_VERB_RETRY) {
 *         … wait until next.not_before_ns, then run attempt
 *           next.attempt for at most next.attempt_timeout_ns …
 *         struct again_outcome outcome = {0};
 *         outcome.outcome_class = AGAIN_CLASS_TRANSIENT;
 *         outcome.lease = next.lease;
 *         again_call_next(&call, &policy, NULL, &outcome, now, &next);
 *     }
 *     … next.reason says why …
 *
 * First the guards are told how the attempt ended: the breaker by its lease, the throttle, the budget. Then checks are
 * made in this order, and the first that refuses gives the reason and the guard:
 *
 *     class              success, not_retryable, cancelled, ambiguous (see retry_ambiguous)
 *     attempts           exhausted
 *     server's "no"      server_refused
 *     deadline           deadline
 *     breaker            breaker_open (also if it would be half open when the wait is over)
 *     throttle           throttled
 *     rate               rate_limited
 *     budget             budget_empty
 *     delay              hint_too_long
 *     would it fit       would_exceed_deadline: a wait fits if it leaves min_attempt_ns, and at least 1 ns, before the
 *                        deadline
 *     charge             budget, rate, throttle and breaker are paid now, and only now: what is refused costs nothing,
 *                        but that a throttle counts the requests that it rejects itself
 *
 * The first attempt is asked of the deadline, breaker and throttle, and of the fit of its initial delay. Nothing here
 * sleeps, runs or reads a clock. A clock that goes backwards is held at its latest time.
 *
 * Each delay depends on (seed, operation, attempt), the outcome's class and its hint alone (decorrelated: and on the
 * own delay before, without its hint), so a schedule can be planned ahead, replayed, and computed elsewhere. A decision
 * makes one draw; the delay and a hint's jitter share it; a throttle takes the stream's second number.
 */
#ifndef AGAIN_CALL_H
#define AGAIN_CALL_H

#include <again/guards.h>
#include <again/hint.h>
#include <again/policy.h>
#include <again/rng.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What an attempt's end means: constant, name. New values may appear; one that the library does not know is not tried
 * again.
 */
#define AGAIN_CLASSES(X)                                                                                         \
	/* It did what it should. */                                                                             \
	X(AGAIN_CLASS_SUCCESS, "success")                                                                        \
	/* It failed in a way that can pass. */                                                                  \
	X(AGAIN_CLASS_TRANSIENT, "transient")                                                                    \
	/* It failed in a way that will not pass. */                                                             \
	X(AGAIN_CLASS_PERMANENT, "permanent")                                                                    \
	/* The caller wants no more; if started_ns is AGAIN_NEVER, it and its hedges were not made, nor paid. */ \
	X(AGAIN_CLASS_CANCELLED, "cancelled")                                                                    \
	/* The server said that it is too much: throttled_base_delay_ns, the budget's cost_throttled_mt. */      \
	X(AGAIN_CLASS_THROTTLED, "throttled")                                                                    \
	/* No answer in time: the budget's cost_timeout_mt. */                                                   \
	X(AGAIN_CLASS_TIMEOUT, "timeout")                                                                        \
	/* The server failed. */                                                                                 \
	X(AGAIN_CLASS_SERVER, "server")                                                                          \
	/* It may have taken effect: tried again only under the policy's retry_ambiguous. */                     \
	X(AGAIN_CLASS_AMBIGUOUS, "ambiguous")

enum again_class {
#define AGAIN_CLASS_ENUM(name, word) name,
	AGAIN_CLASSES(AGAIN_CLASS_ENUM)
#undef AGAIN_CLASS_ENUM
};

/** What to do next. New values may appear. */
enum again_verb {
	/** Run attempt `attempt` at `not_before_ns`. */
	AGAIN_VERB_RETRY = 0,
	/** The call has failed; `reason` says why. */
	AGAIN_VERB_STOP = 1,
	/** The call has succeeded. */
	AGAIN_VERB_SUCCEED = 2,
	/** Run another attempt beside the one that runs (again_hedge_next). */
	AGAIN_VERB_HEDGE = 3
};

/** Why a call stopped: constant, the name in reports, the words for people. New ones may appear. */
#define AGAIN_REASONS(X)                                                               \
	X(AGAIN_REASON_NONE, "none", "not stopped")                                    \
	X(AGAIN_REASON_SUCCESS, "success", "success")                                  \
	X(AGAIN_REASON_EXHAUSTED, "exhausted", "retries exhausted")                    \
	X(AGAIN_REASON_DEADLINE, "deadline", "deadline reached")                       \
	X(AGAIN_REASON_WOULD_EXCEED_DEADLINE, "would_exceed_deadline",                 \
	  "the next wait would exceed the deadline")                                   \
	X(AGAIN_REASON_NOT_RETRYABLE, "not_retryable", "not retryable")                \
	X(AGAIN_REASON_CANCELLED, "cancelled", "cancelled")                            \
	X(AGAIN_REASON_SERVER_REFUSED, "server_refused", "the server refused a retry") \
	X(AGAIN_REASON_BREAKER_OPEN, "breaker_open", "the breaker is open")            \
	X(AGAIN_REASON_BUDGET_EMPTY, "budget_empty", "the retry budget is empty")      \
	X(AGAIN_REASON_RATE_LIMITED, "rate_limited", "too many retries at a time")     \
	X(AGAIN_REASON_THROTTLED, "throttled", "throttled by this client")             \
	X(AGAIN_REASON_AMBIGUOUS, "ambiguous", "it may have taken effect")             \
	X(AGAIN_REASON_HINT_TOO_LONG, "hint_too_long",                                 \
	  "the server asked for a longer wait than allowed")

enum again_reason {
#define AGAIN_REASON_ENUM(name, word, text) name,
	AGAIN_REASONS(AGAIN_REASON_ENUM)
#undef AGAIN_REASON_ENUM
};

/** How an attempt ended. Times are on the clock that `now` comes from. */
struct again_outcome {
	/** An enum again_class. */
	uint32_t outcome_class;
	/** An enum again_hint_kind. */
	uint32_t hint_kind;
	again_ns hint_ns;
	again_ns started_ns;
	again_ns ended_ns;
	/** The lease of the decision that this attempt came from. Not used without a breaker. */
	again_lease lease;
};

/** What comes next, and why. */
struct again_decision {
	/** An enum again_verb. */
	uint32_t verb;
	/** An enum again_reason; AGAIN_REASON_NONE while the call goes on. */
	uint32_t reason;
	/** The attempt to run, from 1. After an end: the attempts that were made (an attempt offered is one made). */
	uint32_t attempt;
	/** An enum again_guard: what refused, or what set the wait (AGAIN_GUARD_HINT). */
	uint32_t guard;
	/** How long to wait. After an end: 0, or what was refused: the wait (would_exceed_deadline), the hint (hint_too_long). */
	again_ns delay_ns;
	/** When the attempt may start: now plus the delay. After an end: when it came, plus the refused delay if any. */
	again_ns not_before_ns;
	/**
	 * The attempt's limit: its own, or what the deadline leaves it from not_before_ns on, if that is less; AGAIN_NEVER
	 * without both. After an end, and for a hedge that does not start yet, 0.
	 */
	again_ns attempt_timeout_ns;
	/** With a breaker: to be put into the attempt's outcome. Else 0. */
	again_lease lease;
	/** With a budget: how many more retries, each after one more failure of this kind, it would grant. Else UINT32_MAX. */
	uint32_t budget_left;
	/** 0. */
	uint32_t reserved;
};

/** The state of one call: 48 bytes, the caller's, no pointer inside. Fields are private. */
struct again_call {
	struct again_rng rng;
	again_ns deadline_at_ns;
	again_ns last_delay_ns;
	again_ns latest_ns;
	uint32_t attempts;
	uint32_t step;
	/** An enum again_reason and its enum again_guard. */
	uint8_t reason;
	uint8_t guard;
	/** How many of the attempts that run now the budget has granted: the retry and its hedges. */
	uint16_t granted;
	/** What the latest of them paid. After an end: the budget_left that was told. */
	uint32_t paid;
};

/** Starts a call at `now_ns` under a valid policy. `operation` tells calls with the same seed apart. */
AGAIN_API void again_call_init(struct again_call *call, const struct again_policy *policy,
                               again_ns now_ns, uint64_t seed, uint64_t operation);

/**
 * When the first attempt may start: after the initial delay, if it fits the deadline. Once, before again_call_next.
 * `guards` may be NULL. With guards the call must be brought to its end: its begin is counted until then.
 */
AGAIN_API void again_call_begin(struct again_call *call, const struct again_policy *policy,
                                const struct again_guards *guards, again_ns now_ns,
                                struct again_decision *out_decision);

/**
 * When the wait of a RETRY decision is over: asks once more before the attempt runs. Not needed where a wait ends on
 * time and no breaker is shared; with a breaker it is, for what was allowed before a wait may not be after it.
 * The decision gets the attempt_timeout_ns that is left now, and another lease if its own no longer holds; or it becomes
 * the end: AGAIN_REASON_DEADLINE, AGAIN_REASON_WOULD_EXCEED_DEADLINE where less than min_attempt_ns is left, or
 * AGAIN_REASON_BREAKER_OPEN. Then the attempt does not count as made: its lease goes back to the breaker and its tokens to
 * the budget; what the rate and a WINDOW budget took stays taken, because they may have forgotten it long since.
 * After again_call_load a decision that is all 0 stands for the one that was lost: it is completed.
 */
AGAIN_API void again_call_start(struct again_call *call, const struct again_policy *policy,
                                const struct again_guards *guards, again_ns now_ns,
                                struct again_decision *decision);

/**
 * Tells how the running attempt ended and gets what comes next. After an end (STOP or SUCCEED) every further call
 * returns that same end and tells the guards nothing. `guards` are those of again_call_begin, or NULL.
 */
AGAIN_API void again_call_next(struct again_call *call, const struct again_policy *policy,
                               const struct again_guards *guards,
                               const struct again_outcome *outcome, again_ns now_ns,
                               struct again_decision *out_decision);

/**
 * The delays before retries 1 to `count` as a call with this seed and operation will decide them, if no attempt resets
 * the growth. Writes at most `count` of them, fewer where max_retries is less, and returns how many.
 */
AGAIN_API size_t again_call_plan(const struct again_policy *policy, uint64_t seed,
                                 uint64_t operation, size_t count, again_ns *out_delays_ns);

/** The delay before the first attempt as again_call_begin decides it. */
AGAIN_API again_ns again_call_plan_initial(const struct again_policy *policy, uint64_t seed,
                                           uint64_t operation);

/** A class's name ("transient"), a static string; "unknown" for a number that is none. */
AGAIN_API const char *again_class_name(uint32_t outcome_class);

/** A reason's name in reports ("would_exceed_deadline"), a static string. */
AGAIN_API const char *again_reason_name(uint32_t reason);

/** A reason in words for people, a static string. */
AGAIN_API const char *again_reason_text(uint32_t reason);

#ifdef __cplusplus
}
#endif
#endif
