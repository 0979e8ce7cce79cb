/* SPDX-License-Identifier: MIT */
/*
 * Hedging: another attempt beside one that takes long; the first success wins (Dean, Barroso: "The Tail at Scale", 2013).
 *
 *     again_hedge_init(&hedge, &rule, now);                        // when an attempt starts
 *     again_hedge_next(&hedge, &rule, &call, &policy, guards, now, &next);
 *     while (next.verb == AGAIN_VERB_HEDGE && nothing has ended) {
 *         if (next.delay_ns == 0) { … start one more attempt, ask again … }
 *         else { … wait until next.not_before_ns or an end, ask again … }
 *     }
 *
 * A hedge is not a retry: it has the attempt's number and does not count towards max_retries. It pays the same budget as
 * a retry does, and asks the same breaker; throttle and rate are not asked. An empty budget or an open breaker stops
 * hedging only: what runs, runs on.
 *
 * When one attempt succeeds, again_call_next is told the success, with that attempt's lease. When one fails while another
 * runs, its lease goes to again_breaker_report (and, under charge_failures, its class to again_budget_failure);
 * again_call_next is told the failure of the last one alone. Every lease goes back once: those of attempts that were
 * ended because another won, or because the call was cancelled, to again_breaker_report as AGAIN_CLASS_CANCELLED. The end
 * ends all that run for a budget of retries in flight.
 */
#ifndef AGAIN_HEDGE_H
#define AGAIN_HEDGE_H

#include <again/call.h>
#include <again/guards.h>
#include <again/policy.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The most hedges of one attempt. */
#define AGAIN_HEDGES_MAX 255

/** Fields are only ever appended; `size` says how many of them the caller knows. */
struct again_hedge_rule {
	/** sizeof the caller's struct; set by again_hedge_rule_init. */
	uint32_t size;
	/** How many more attempts beside the first, 1 to AGAIN_HEDGES_MAX. */
	uint32_t most;
	/** How long after the latest start the next one starts, above 0. AGAIN_NEVER: no hedge. */
	again_ns delay_ns;
};

/** The state of one attempt's hedges. */
struct again_hedge {
	again_ns next_at_ns;
	uint32_t left;
	/** 0. */
	uint32_t reserved;
};

/** One hedge, after 1 s. `size` is sizeof the caller's struct. */
AGAIN_API void again_hedge_rule_init(struct again_hedge_rule *rule, size_t size);

/** Checks a rule. 0, or a negative enum again_code with *error filled. */
AGAIN_API AGAIN_MUST_USE int again_hedge_rule_validate(const struct again_hedge_rule *rule,
                                                       struct again_error *error);

/** An attempt starts at `now_ns`. */
AGAIN_API void again_hedge_init(struct again_hedge *hedge, const struct again_hedge_rule *rule,
                                again_ns now_ns);

/**
 * What comes next for the attempt that runs. AGAIN_VERB_HEDGE with delay_ns above 0: ask again at not_before_ns; nothing
 * is paid yet. AGAIN_VERB_HEDGE with delay_ns 0: start one more attempt now; it is paid, and its lease and time limit are
 * in the decision. AGAIN_VERB_STOP: no more hedges for this attempt: exhausted (also where the call has ended: then with
 * the moment of its end), would_exceed_deadline (with the wait that is refused), breaker_open or budget_empty; the call
 * itself goes on. The guards are asked when it is time, and budget_left is that of a transient failure. `guards` may be
 * NULL.
 */
AGAIN_API void again_hedge_next(struct again_hedge *hedge, const struct again_hedge_rule *rule,
                                struct again_call *call, const struct again_policy *policy,
                                const struct again_guards *guards, again_ns now_ns,
                                struct again_decision *out_decision);

#ifdef __cplusplus
}
#endif
#endif
