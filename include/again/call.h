/* SPDX-License-Identifier: MIT */
/*
 * One call's life: the state of one operation that is tried until it succeeds or must not be tried again.
 *
 *     struct again_call call;
 *     struct again_decision next;
 *     again_call_init(&call, &policy, now, seed, operation);
 *     again_call_begin(&call, &policy, now, &next);
 *     while (next.verb == AGAIN_VERB_RETRY) {
 *         … wait until next.not_before_ns, run attempt next.attempt for at most next.attempt_timeout_ns …
 *         struct again_outcome outcome = {AGAIN_CLASS_TRANSIENT, 0, started, ended};
 *         again_call_next(&call, &policy, &outcome, now, &next);
 *     }
 *     … next.reason says why …
 *
 * Checks are made in this order, and the first that refuses gives the reason: class, attempts, deadline, delay, would the
 * wait fit. A wait fits if it leaves min_attempt_ns, and at least 1 ns, before the deadline. Nothing here sleeps, runs or
 * reads a clock. A clock that goes backwards is held at its latest time.
 * Each delay depends on (seed, operation, attempt) alone (decorrelated: and on the delay before), so a schedule can be
 * planned ahead, replayed, and computed elsewhere.
 */
#ifndef AGAIN_CALL_H
#define AGAIN_CALL_H

#include <again/policy.h>
#include <again/rng.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an attempt's end means. New values may appear; one that the library does not know is not tried again. */
enum again_class {
	/** It did what it should. */
	AGAIN_CLASS_SUCCESS = 0,
	/** It failed in a way that can pass. */
	AGAIN_CLASS_TRANSIENT = 1,
	/** It failed in a way that will not pass. */
	AGAIN_CLASS_PERMANENT = 2,
	/** The caller wants no more. */
	AGAIN_CLASS_CANCELLED = 3
};

/** What to do next. New values may appear. */
enum again_verb {
	/** Run attempt `attempt` at `not_before_ns`. */
	AGAIN_VERB_RETRY = 0,
	/** The call has failed; `reason` says why. */
	AGAIN_VERB_STOP = 1,
	/** The call has succeeded. */
	AGAIN_VERB_SUCCEED = 2
};

/** Why a call stopped: constant, the name in reports, the words for people. New ones may appear. */
#define AGAIN_REASONS(X)                                                \
	X(AGAIN_REASON_NONE, "none", "not stopped")                     \
	X(AGAIN_REASON_SUCCESS, "success", "success")                   \
	X(AGAIN_REASON_EXHAUSTED, "exhausted", "retries exhausted")     \
	X(AGAIN_REASON_DEADLINE, "deadline", "deadline reached")        \
	X(AGAIN_REASON_WOULD_EXCEED_DEADLINE, "would_exceed_deadline",  \
	  "the next wait would exceed the deadline")                    \
	X(AGAIN_REASON_NOT_RETRYABLE, "not_retryable", "not retryable") \
	X(AGAIN_REASON_CANCELLED, "cancelled", "cancelled")

enum again_reason {
#define AGAIN_REASON_ENUM(name, word, text) name,
	AGAIN_REASONS(AGAIN_REASON_ENUM)
#undef AGAIN_REASON_ENUM
};

/** How an attempt ended. Times are on the clock that `now` comes from. */
struct again_outcome {
	/** An enum again_class. */
	uint32_t outcome_class;
	/** 0. */
	uint32_t reserved;
	again_ns started_ns;
	again_ns ended_ns;
};

/** What comes next, and why. */
struct again_decision {
	/** An enum again_verb. */
	uint32_t verb;
	/** An enum again_reason; AGAIN_REASON_NONE while the call goes on. */
	uint32_t reason;
	/** The attempt to run, from 1. After an end: the attempts that were made (an attempt offered is one made). */
	uint32_t attempt;
	/** 0. */
	uint32_t reserved;
	/** How long to wait. After an end: 0, or the wait that would have exceeded the deadline. */
	again_ns delay_ns;
	/** When the attempt may start: now plus the delay. After an end: when it came, plus the refused delay if any. */
	again_ns not_before_ns;
	/** The attempt's limit: its own, or what the deadline leaves it from not_before_ns on, if that is less. Else 0. */
	again_ns attempt_timeout_ns;
};

/** The state of one call: 48 bytes, the caller's, no pointer inside. Fields are private. */
struct again_call {
	struct again_rng rng;
	again_ns deadline_at_ns;
	again_ns last_delay_ns;
	again_ns latest_ns;
	uint32_t attempts;
	uint32_t step;
	uint32_t reason;
	uint32_t reserved;
};

/** Starts a call at `now_ns` under a valid policy. `operation` tells calls with the same seed apart. */
AGAIN_API void again_call_init(struct again_call *call, const struct again_policy *policy,
                               again_ns now_ns, uint64_t seed, uint64_t operation);

/** When the first attempt may start: after the initial delay, if it fits the deadline. Once, before again_call_next. */
AGAIN_API void again_call_begin(struct again_call *call, const struct again_policy *policy,
                                again_ns now_ns, struct again_decision *out_decision);

/**
 * Tells how the running attempt ended and gets what comes next. After an end (STOP or SUCCEED) every further call
 * returns that same end.
 */
AGAIN_API void again_call_next(struct again_call *call, const struct again_policy *policy,
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

/** A reason's name in reports ("would_exceed_deadline"), a static string. */
AGAIN_API const char *again_reason_name(uint32_t reason);

/** A reason in words for people, a static string. */
AGAIN_API const char *again_reason_text(uint32_t reason);

#ifdef __cplusplus
}
#endif
#endif
