// SPDX-License-Identifier: MIT
// One call's life: begin, next, and the same decisions planned ahead. @pure
//
// States: open (reason NONE) and ended (any other reason). An end is final: it is told again from the state alone, so
// asking once more can neither change it nor cost a draw. Nothing is counted before it is certain that the attempt
// runs: the attempts, the growth and the last delay move when a wait is granted.
#include <again/call.h>

#include "base/number.h"
#include "policy/pick.h"
#include "policy/saturate.h"
#include "policy/splitmix.h"

#include <stdbool.h>

_Static_assert(sizeof(struct again_call) <= 48, "the state of a call");

/** Key 0 of a call's stream is the initial delay, key a the wait after attempt a. */
static uint64_t draw(struct again_rng rng, uint32_t key)
{
	struct again_rng stream = again_splitmix_split(rng, key);
	return again_splitmix_next(&stream);
}

static again_ns initial_delay(const struct again_policy *policy, struct again_rng rng)
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

static bool has_deadline(const struct again_call *call)
{
	return call->deadline_at_ns != AGAIN_NEVER;
}

/** An attempt needs some time, and at least what the policy says. */
static bool fits(const struct again_call *call, const struct again_policy *policy,
                 again_ns start_ns)
{
	again_ns left = again_ns_sub(call->deadline_at_ns, start_ns);
	return !has_deadline(call) || (left > 0 && left >= policy->min_attempt_ns);
}

static void tell_end(const struct again_call *call, struct again_decision *out_decision)
{
	*out_decision = (struct again_decision){
		.verb = call->reason == AGAIN_REASON_SUCCESS ? AGAIN_VERB_SUCCEED : AGAIN_VERB_STOP,
		.reason = call->reason,
		.attempt = call->attempts,
		.delay_ns = call->last_delay_ns,
		.not_before_ns = again_ns_add(call->latest_ns, call->last_delay_ns),
	};
}

static void end(struct again_call *call, uint32_t reason, again_ns refused_delay_ns,
                struct again_decision *out_decision)
{
	call->reason = reason;
	call->last_delay_ns = refused_delay_ns;
	tell_end(call, out_decision);
}

/** The next attempt, if it fits after this wait; else the end. */
static bool offer(struct again_call *call, const struct again_policy *policy, again_ns delay_ns,
                  struct again_decision *out_decision)
{
	again_ns start_ns = again_ns_add(call->latest_ns, delay_ns);
	if (!fits(call, policy, start_ns)) {
		end(call, AGAIN_REASON_WOULD_EXCEED_DEADLINE, delay_ns, out_decision);
		return false;
	}
	again_ns left_ns = has_deadline(call) ? call->deadline_at_ns - start_ns : AGAIN_NEVER;
	call->attempts = after(call->attempts);
	*out_decision = (struct again_decision){
		.verb = AGAIN_VERB_RETRY,
		.attempt = call->attempts,
		.delay_ns = delay_ns,
		.not_before_ns = start_ns,
		.attempt_timeout_ns = again_ns_min(policy->attempt_timeout_ns, left_ns),
	};
	return true;
}

static uint32_t reason_of_class(uint32_t outcome_class)
{
	switch ((enum again_class)outcome_class) {
	case AGAIN_CLASS_SUCCESS:
		return AGAIN_REASON_SUCCESS;
	case AGAIN_CLASS_TRANSIENT:
		return AGAIN_REASON_NONE;
	case AGAIN_CLASS_CANCELLED:
		return AGAIN_REASON_CANCELLED;
	case AGAIN_CLASS_PERMANENT:
		break;
	}
	// A class that this library does not know is not known to be safe to try again.
	return AGAIN_REASON_NOT_RETRYABLE;
}

static bool is_past_deadline(const struct again_call *call)
{
	return has_deadline(call) && call->latest_ns >= call->deadline_at_ns;
}

/** What forbids another attempt before its delay is known: class, attempts, deadline, in that order. */
static uint32_t refusal(const struct again_call *call, const struct again_policy *policy,
                        const struct again_outcome *outcome)
{
	uint32_t reason = reason_of_class(outcome->outcome_class);
	if (reason != AGAIN_REASON_NONE) {
		return reason;
	}
	// AGAIN_UNLIMITED is the largest count, which attempts cannot pass.
	if (call->attempts > policy->max_retries) {
		return AGAIN_REASON_EXHAUSTED;
	}
	return is_past_deadline(call) ? AGAIN_REASON_DEADLINE : AGAIN_REASON_NONE;
}

static bool was_healthy(const struct again_policy *policy, const struct again_outcome *outcome)
{
	return policy->reset_after_ns != AGAIN_NEVER &&
	       again_ns_sub(outcome->ended_ns, outcome->started_ns) >= policy->reset_after_ns;
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

void again_call_begin(struct again_call *call, const struct again_policy *policy, again_ns now_ns,
                      struct again_decision *out_decision)
{
	if (call->reason != AGAIN_REASON_NONE) {
		tell_end(call, out_decision);
		return;
	}
	call->latest_ns = again_ns_max(call->latest_ns, now_ns);
	if (is_past_deadline(call)) {
		end(call, AGAIN_REASON_DEADLINE, 0, out_decision);
		return;
	}
	(void)offer(call, policy, initial_delay(policy, call->rng), out_decision);
}

void again_call_next(struct again_call *call, const struct again_policy *policy,
                     const struct again_outcome *outcome, again_ns now_ns,
                     struct again_decision *out_decision)
{
	if (call->reason != AGAIN_REASON_NONE) {
		tell_end(call, out_decision);
		return;
	}
	call->latest_ns = again_ns_max(call->latest_ns, now_ns);
	uint32_t reason = refusal(call, policy, outcome);
	if (reason != AGAIN_REASON_NONE) {
		end(call, reason, 0, out_decision);
		return;
	}
	if (was_healthy(policy, outcome)) {
		call->step = 0;
		call->last_delay_ns = 0;
	}
	again_ns delay_ns = again_policy_pick(policy, call->step, call->last_delay_ns,
	                                      draw(call->rng, call->attempts));
	if (offer(call, policy, delay_ns, out_decision)) {
		call->step = after(call->step);
		call->last_delay_ns = delay_ns;
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
		last_delay_ns =
			again_policy_pick(policy, step, last_delay_ns, draw(rng, after(step)));
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
