// SPDX-License-Identifier: MIT
// One call's life: begin, start, next, and the same decisions planned ahead. @pure
//
// States: open (reason NONE) and ended (any other reason). An end is final: it is told again from the state alone, so
// asking once more can neither change it nor cost a draw. Nothing is counted before it is certain that the attempt
// runs: the attempts, the growth and the last delay move when a wait is granted, and then the guards are paid.
//
// Most calls have no guards: what they cost is behind one branch at a time, in guards.c.
#include <again/call.h>

#include "base/number.h"
#include "policy/check.h"
#include "policy/fit.h"
#include "policy/guards.h"
#include "policy/hint_use.h"
#include "policy/newer.h"
#include "policy/pick.h"
#include "policy/saturate.h"
#include "policy/splitmix.h"

#include <stdbool.h>

_Static_assert(sizeof(struct again_call) <= 48, "the state of a call");
_Static_assert(AGAIN_REASON_HINT_TOO_LONG <= UINT8_MAX, "a reason fits the state");

/** Key 0 of a call's stream is the initial delay, key a the wait after attempt a. */
static uint64_t draw(struct again_rng rng, uint32_t key)
{
	struct again_rng stream = again_splitmix_split(rng, key);
	return again_splitmix_next(&stream);
}

[[gnu::noinline]] static again_ns initial_delay(const struct again_policy *policy,
                                                struct again_rng rng)
{
	again_ns most = policy->initial_delay_ns;
	return again_splitmix_scale(draw(rng, 0), policy->jitter == AGAIN_JITTER_NONE ? most : 0,
	                            most);
}

/** 2^32 attempts and more: the count stays at its largest, and with it the key of the draw. */
static uint32_t after(uint32_t number)
{
	return number < UINT32_MAX ? number + 1 : UINT32_MAX;
}

static bool has_ended(const struct again_call *call)
{
	return call->reason != AGAIN_REASON_NONE;
}

/** Takes the clock, which is held where it was latest. */
static void look_at(struct again_call *call, again_ns now_ns)
{
	call->latest_ns = again_ns_max(call->latest_ns, now_ns);
}

[[gnu::cold]] static void tell_end(const struct again_call *call,
                                   struct again_decision *out_decision)
{
	*out_decision = (struct again_decision){
		.verb = call->reason == AGAIN_REASON_SUCCESS ? AGAIN_VERB_SUCCEED : AGAIN_VERB_STOP,
		.reason = call->reason,
		.attempt = call->attempts,
		.guard = call->guard,
		.delay_ns = call->last_delay_ns,
		.not_before_ns = again_ns_add(call->latest_ns, call->last_delay_ns),
		.budget_left = call->paid,
	};
}

/** `refused_ns` is the wait that was refused, 0 where none was asked for. */
[[gnu::cold]] static void end(struct again_call *call, const struct again_guards *guards,
                              uint32_t outcome_class, struct again_refusal why, again_ns refused_ns,
                              struct again_decision *out_decision)
{
	call->reason = (uint8_t)why.reason;
	call->guard = (uint8_t)why.guard;
	call->last_delay_ns = refused_ns;
	call->paid = UINT32_MAX;
	if (guards != NULL) {
		again_guards_end(guards);
		call->paid = again_guards_left(guards, outcome_class, call->latest_ns);
	}
	tell_end(call, out_decision);
}

/** The next attempt, if it fits after this wait; else the end. */
static inline bool offer(struct again_call *call, const struct again_policy *policy,
                         const struct again_guards *guards, uint32_t outcome_class,
                         struct again_wait wait, struct again_decision *out_decision)
{
	again_ns start_ns = again_ns_add(call->latest_ns, wait.delay_ns);
	if (wait.reason == AGAIN_REASON_NONE && !again_call_fits(call, policy, start_ns)) {
		wait.reason = AGAIN_REASON_WOULD_EXCEED_DEADLINE;
	}
	if (wait.reason != AGAIN_REASON_NONE) {
		end(call, guards, outcome_class, (struct again_refusal){wait.reason, wait.guard},
		    wait.delay_ns, out_decision);
		return false;
	}
	*out_decision = (struct again_decision){
		.verb = AGAIN_VERB_RETRY,
		.attempt = after(call->attempts),
		.guard = wait.guard,
		.delay_ns = wait.delay_ns,
		.not_before_ns = start_ns,
		.attempt_timeout_ns = again_call_limit(call, policy, start_ns),
		.budget_left = UINT32_MAX,
	};
	if (guards != NULL) {
		again_guards_charge(guards, call, outcome_class, out_decision);
	}
	call->attempts = out_decision->attempt;
	return true;
}

/** A failure that is tried again, if nothing else forbids it. */
static bool can_pass(const struct again_policy *policy, uint32_t outcome_class)
{
	switch ((enum again_class)outcome_class) {
	case AGAIN_CLASS_TRANSIENT:
	case AGAIN_CLASS_THROTTLED:
	case AGAIN_CLASS_TIMEOUT:
	case AGAIN_CLASS_SERVER:
		return true;
	case AGAIN_CLASS_AMBIGUOUS:
		return policy->retry_ambiguous != 0;
	case AGAIN_CLASS_SUCCESS:
	case AGAIN_CLASS_PERMANENT:
	case AGAIN_CLASS_CANCELLED:
		break;
	}
	// A class that this library does not know is not known to be safe to try again.
	return false;
}

/** Why a class that is not tried again ends the call. */
static uint32_t reason_of_class(uint32_t outcome_class)
{
	switch (outcome_class) {
	case AGAIN_CLASS_SUCCESS:
		return AGAIN_REASON_SUCCESS;
	case AGAIN_CLASS_CANCELLED:
		return AGAIN_REASON_CANCELLED;
	case AGAIN_CLASS_AMBIGUOUS:
		return AGAIN_REASON_AMBIGUOUS;
	}
	return AGAIN_REASON_NOT_RETRYABLE;
}

static bool is_past_deadline(const struct again_call *call)
{
	return call->deadline_at_ns != AGAIN_NEVER && call->latest_ns >= call->deadline_at_ns;
}

static bool is_refused_by_server(const struct again_policy *policy,
                                 const struct again_outcome *outcome)
{
	return outcome->hint_kind == AGAIN_HINT_REFUSAL &&
	       again_policy_hint_use(policy) != AGAIN_HINT_IGNORE;
}

/** What forbids another attempt before its delay is known, in the order of <again/call.h>. */
static struct again_refusal refusal(const struct again_call *call,
                                    const struct again_policy *policy,
                                    const struct again_guards *guards,
                                    const struct again_outcome *outcome, bool passes)
{
	if (!passes) {
		uint32_t reason = reason_of_class(outcome->outcome_class);
		return (struct again_refusal){reason, AGAIN_GUARD_NONE};
	}
	// AGAIN_UNLIMITED is the largest count, which attempts cannot pass.
	if (call->attempts > policy->max_retries) {
		return (struct again_refusal){AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE};
	}
	if (is_refused_by_server(policy, outcome)) {
		return (struct again_refusal){AGAIN_REASON_SERVER_REFUSED, AGAIN_GUARD_HINT};
	}
	if (is_past_deadline(call)) {
		return (struct again_refusal){AGAIN_REASON_DEADLINE, AGAIN_GUARD_NONE};
	}
	return guards != NULL ? again_guards_refusal(guards, call, outcome->outcome_class)
	                      : (struct again_refusal){AGAIN_REASON_NONE, AGAIN_GUARD_NONE};
}

static bool was_healthy(const struct again_policy *policy, const struct again_outcome *outcome)
{
	return policy->reset_after_ns != AGAIN_NEVER &&
	       again_ns_sub(outcome->ended_ns, outcome->started_ns) >= policy->reset_after_ns;
}

static bool was_not_made(const struct again_outcome *outcome)
{
	return outcome->outcome_class == AGAIN_CLASS_CANCELLED &&
	       outcome->started_ns == AGAIN_NEVER;
}

/** The attempt that was offered is not made. */
static void take_back(struct again_call *call, const struct again_guards *guards, again_lease lease)
{
	if (guards != NULL) {
		again_guards_take_back(guards, call, lease);
	}
	call->attempts--;
}

/** How the attempt ended, before anything is decided. */
static void account(struct again_call *call, const struct again_guards *guards,
                    const struct again_outcome *outcome, bool passes)
{
	again_check(call->attempts > 0);
	if (was_not_made(outcome)) {
		take_back(call, guards, outcome->lease);
	} else if (guards != NULL) {
		again_guards_account(guards, call, outcome, passes);
	}
}

void again_call_init(struct again_call *call, const struct again_policy *policy, again_ns now_ns,
                     uint64_t seed, uint64_t operation)
{
	*call = (struct again_call){
		.rng = again_splitmix_split(again_splitmix_root(seed), operation),
		.deadline_at_ns = again_ns_add(now_ns, policy->deadline_ns),
		.latest_ns = now_ns,
	};
}

void again_call_begin(struct again_call *call, const struct again_policy *policy,
                      const struct again_guards *guards, again_ns now_ns,
                      struct again_decision *out_decision)
{
	if (has_ended(call)) {
		tell_end(call, out_decision);
		return;
	}
	again_check(call->attempts == 0);
	look_at(call, now_ns);
	struct again_refusal no = {AGAIN_REASON_NONE, AGAIN_GUARD_NONE};
	if (guards != NULL) {
		again_guards_begin(guards, call->latest_ns);
	}
	if (is_past_deadline(call)) {
		no.reason = AGAIN_REASON_DEADLINE;
	} else if (guards != NULL) {
		no = again_guards_refusal(guards, call, AGAIN_CLASS_TRANSIENT);
	}
	if (no.reason != AGAIN_REASON_NONE) {
		end(call, guards, AGAIN_CLASS_TRANSIENT, no, 0, out_decision);
		return;
	}
	struct again_wait wait = {.delay_ns = initial_delay(policy, call->rng)};
	(void)offer(call, policy, guards, AGAIN_CLASS_TRANSIENT, wait, out_decision);
}

void again_call_start(struct again_call *call, const struct again_policy *policy,
                      const struct again_guards *guards, again_ns now_ns,
                      struct again_decision *decision)
{
	if (has_ended(call)) {
		tell_end(call, decision);
		return;
	}
	again_check(decision->verb == AGAIN_VERB_RETRY && call->attempts > 0);
	look_at(call, now_ns);
	struct again_refusal no = {AGAIN_REASON_NONE, AGAIN_GUARD_NONE};
	if (!again_call_fits(call, policy, call->latest_ns)) {
		no.reason = is_past_deadline(call) ? AGAIN_REASON_DEADLINE
		                                   : AGAIN_REASON_WOULD_EXCEED_DEADLINE;
	} else if (guards != NULL &&
	           !again_guards_renew(guards, call->latest_ns, &decision->lease)) {
		no = (struct again_refusal){AGAIN_REASON_BREAKER_OPEN, AGAIN_GUARD_BREAKER};
	}
	if (no.reason != AGAIN_REASON_NONE) {
		take_back(call, guards, decision->lease);
		end(call, guards, AGAIN_CLASS_TRANSIENT, no, 0, decision);
		return;
	}
	decision->attempt = call->attempts;
	decision->attempt_timeout_ns = again_call_limit(call, policy, call->latest_ns);
}

void again_call_next(struct again_call *call, const struct again_policy *policy,
                     const struct again_guards *guards, const struct again_outcome *outcome,
                     again_ns now_ns, struct again_decision *out_decision)
{
	if (has_ended(call)) {
		tell_end(call, out_decision);
		return;
	}
	look_at(call, now_ns);
	bool passes = can_pass(policy, outcome->outcome_class);
	account(call, guards, outcome, passes);
	struct again_refusal no = refusal(call, policy, guards, outcome, passes);
	if (no.reason != AGAIN_REASON_NONE) {
		end(call, guards, outcome->outcome_class, no, 0, out_decision);
		return;
	}
	if (was_healthy(policy, outcome)) {
		call->step = 0;
		call->last_delay_ns = 0;
	}
	uint64_t number = draw(call->rng, call->attempts);
	again_ns own_ns =
		again_policy_pick(policy, again_policy_base(policy, outcome->outcome_class),
	                          call->step, call->last_delay_ns, number);
	struct again_wait wait = {.delay_ns = own_ns};
	if (again_hint_says_when(outcome)) {
		wait = again_hint_use(policy, outcome, call->latest_ns, own_ns, number);
	}
	if (offer(call, policy, guards, outcome->outcome_class, wait, out_decision)) {
		call->step = wait.is_anew ? 0 : after(call->step);
		call->last_delay_ns = wait.is_anew ? 0 : own_ns;
	}
}

size_t again_call_plan(const struct again_policy *policy, uint64_t seed, uint64_t operation,
                       size_t count, again_ns *out_delays_ns)
{
	struct again_rng rng = again_splitmix_split(again_splitmix_root(seed), operation);
	again_ns last_delay_ns = 0;
	size_t planned = 0;
	for (uint32_t step = 0; planned < count && planned < policy->max_retries;
	     step = after(step)) {
		last_delay_ns = again_policy_pick(policy, policy->base_delay_ns, step,
		                                  last_delay_ns, draw(rng, after(step)));
		out_delays_ns[planned] = last_delay_ns;
		planned++;
	}
	return planned;
}

again_ns again_call_plan_initial(const struct again_policy *policy, uint64_t seed,
                                 uint64_t operation)
{
	return initial_delay(policy, again_splitmix_split(again_splitmix_root(seed), operation));
}
