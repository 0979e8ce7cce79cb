// SPDX-License-Identifier: MIT
// A call's guards: asked in the order of <again/call.h>, paid together when all have agreed. @pure
//
// Between the asking and the paying nothing can change: both happen in one call, under the caller's lock. So what was
// allowed is granted, and what is refused by a later check was never paid. A throttle has no question without a count;
// it is asked as a copy, which takes its place where it refuses.
#include "policy/guards.h"

#include "base/error.h"
#include "base/number.h"
#include "policy/breaker.h"
#include "policy/budget_kinds.h"
#include "policy/check.h"
#include "policy/rule.h"
#include "policy/splitmix.h"

#include <again/breaker.h>
#include <again/budget.h>
#include <again/rate.h>
#include <again/throttle.h>

/** sizeof the first struct that was published. */
#define FIRST_SIZE (offsetof(struct again_guards, budget) + sizeof(union again_budget *))

_Static_assert(sizeof(struct again_guards) == FIRST_SIZE,
               "a field was appended: see the head of policy.c");

static const struct again_refusal allowed = {AGAIN_REASON_NONE, AGAIN_GUARD_NONE};

void again_guards_init(struct again_guards *guards, size_t size)
{
	again_rule_init(guards, size, /*known=*/&size, /*known_size=*/0);
}

/** A state cannot be asked without its rule. */
static int check_pair(const void *state, const void *rule, const char *field,
                      struct again_error *error)
{
	if (state == NULL || rule != NULL) {
		return 0;
	}
	return again_error_set(error, AGAIN_ERR_CONFLICT, field,
	                       "a guard has no rule: give it one, or leave it out");
}

static int check_pairs(const struct again_guards *guards, struct again_error *error)
{
	int code = check_pair(guards->breaker, guards->breaker_rule, "breaker_rule", error);
	if (code == 0) {
		code = check_pair(guards->throttle, guards->throttle_rule, "throttle_rule", error);
	}
	if (code == 0) {
		code = check_pair(guards->rate, guards->rate_rule, "rate_rule", error);
	}
	if (code == 0) {
		code = check_pair(guards->budget, guards->budget_rule, "budget_rule", error);
	}
	return code;
}

/** Each rule that is there, used or not. */
static int check_rules(const struct again_guards *guards, struct again_error *error)
{
	int code = 0;
	if (guards->breaker_rule != NULL) {
		code = again_breaker_rule_validate(guards->breaker_rule, error);
	}
	if (code == 0 && guards->throttle_rule != NULL) {
		code = again_throttle_rule_validate(guards->throttle_rule, error);
	}
	if (code == 0 && guards->rate_rule != NULL) {
		code = again_rate_rule_validate(guards->rate_rule, error);
	}
	if (code == 0 && guards->budget_rule != NULL) {
		code = again_budget_rule_validate(guards->budget_rule, error);
	}
	return code;
}

int again_guards_validate(const struct again_guards *guards, struct again_error *error)
{
	int code = again_rule_check_size(guards->size, FIRST_SIZE, sizeof(*guards), error);
	if (code == 0 && guards->reserved != 0) {
		code = again_error_set(error, AGAIN_ERR_INVALID, "reserved", "reserved is not 0");
	}
	if (code == 0) {
		code = check_pairs(guards, error);
	}
	return code == 0 ? check_rules(guards, error) : code;
}

// Asking.

static bool breaker_allows(const struct again_guards *guards, again_ns now_ns)
{
	return guards->breaker == NULL ||
	       again_breaker_may(guards->breaker, guards->breaker_rule, now_ns);
}

/** The second number of the stream whose first is the delay's. */
static uint64_t throttle_draw(const struct again_call *call)
{
	struct again_rng stream = again_splitmix_split(call->rng, call->attempts);
	stream.state += AGAIN_SPLITMIX_GAMMA;
	return again_splitmix_next(&stream);
}

static bool throttle_allows(const struct again_guards *guards, const struct again_call *call)
{
	if (guards->throttle == NULL) {
		return true;
	}
	struct again_throttle asked = *guards->throttle;
	if (again_throttle_allow(&asked, guards->throttle_rule, throttle_draw(call),
	                         call->latest_ns) != 0) {
		return true;
	}
	*guards->throttle = asked;
	return false;
}

static bool rate_allows(const struct again_guards *guards, again_ns now_ns)
{
	return guards->rate == NULL ||
	       again_rate_wait(guards->rate, guards->rate_rule, /*units=*/1, now_ns) == 0;
}

static bool budget_allows(const struct again_guards *guards, uint32_t outcome_class,
                          again_ns now_ns)
{
	if (guards->budget == NULL ||
	    again_budget_would_grant(guards->budget, guards->budget_rule, outcome_class, now_ns)) {
		return true;
	}
	// It counts what it refuses.
	uint32_t paid = 0;
	int granted = again_budget_try_withdraw(guards->budget, guards->budget_rule, outcome_class,
	                                        now_ns, &paid);
	again_check(granted == 0);
	return granted != 0;
}

struct again_refusal again_guards_refusal(const struct again_guards *guards,
                                          const struct again_call *call, uint32_t outcome_class)
{
	again_ns now_ns = call->latest_ns;
	bool is_retry = call->attempts > 0;
	if (!breaker_allows(guards, now_ns)) {
		return (struct again_refusal){AGAIN_REASON_BREAKER_OPEN, AGAIN_GUARD_BREAKER};
	}
	if (!throttle_allows(guards, call)) {
		return (struct again_refusal){AGAIN_REASON_THROTTLED, AGAIN_GUARD_THROTTLE};
	}
	if (is_retry && !rate_allows(guards, now_ns)) {
		return (struct again_refusal){AGAIN_REASON_RATE_LIMITED, AGAIN_GUARD_RATE};
	}
	if (is_retry && !budget_allows(guards, outcome_class, now_ns)) {
		return (struct again_refusal){AGAIN_REASON_BUDGET_EMPTY, AGAIN_GUARD_BUDGET};
	}
	return allowed;
}

struct again_refusal again_guards_refusal_of_hedge(const struct again_guards *guards,
                                                   const struct again_call *call)
{
	if (!breaker_allows(guards, call->latest_ns)) {
		return (struct again_refusal){AGAIN_REASON_BREAKER_OPEN, AGAIN_GUARD_BREAKER};
	}
	if (!budget_allows(guards, AGAIN_CLASS_TRANSIENT, call->latest_ns)) {
		return (struct again_refusal){AGAIN_REASON_BUDGET_EMPTY, AGAIN_GUARD_BUDGET};
	}
	return allowed;
}

// Paying.

/** A probe's lease runs from now, not from the end of a wait that could keep others out for hours. */
static void charge_breaker(const struct again_guards *guards, again_ns now_ns,
                           struct again_decision *decision)
{
	if (guards->breaker != NULL) {
		bool given = again_breaker_give(guards->breaker, guards->breaker_rule, now_ns,
		                                now_ns, &decision->lease);
		again_check(given);
		(void)given;
	}
}

static void charge_throttle(const struct again_guards *guards, const struct again_call *call)
{
	if (guards->throttle != NULL) {
		int sent = again_throttle_allow(guards->throttle, guards->throttle_rule,
		                                throttle_draw(call), call->latest_ns);
		again_check(sent != 0);
		(void)sent;
	}
}

static void charge_rate(const struct again_guards *guards, again_ns now_ns)
{
	if (guards->rate != NULL) {
		int taken = again_rate_take(guards->rate, guards->rate_rule, /*units=*/1, now_ns);
		again_check(taken != 0);
		(void)taken;
	}
}

static void charge_budget(const struct again_guards *guards, struct again_call *call,
                          uint32_t outcome_class)
{
	if (guards->budget != NULL) {
		int granted =
			again_budget_try_withdraw(guards->budget, guards->budget_rule,
		                                  outcome_class, call->latest_ns, &call->paid);
		again_check(granted != 0);
		call->granted++;
		(void)granted;
	}
}

void again_guards_charge(const struct again_guards *guards, struct again_call *call,
                         uint32_t outcome_class, struct again_decision *decision)
{
	charge_breaker(guards, call->latest_ns, decision);
	charge_throttle(guards, call);
	if (call->attempts > 0) {
		charge_rate(guards, call->latest_ns);
		charge_budget(guards, call, outcome_class);
	}
	decision->budget_left = again_guards_left(guards, outcome_class, call->latest_ns);
}

void again_guards_charge_hedge(const struct again_guards *guards, struct again_call *call,
                               struct again_decision *decision)
{
	charge_breaker(guards, call->latest_ns, decision);
	charge_budget(guards, call, AGAIN_CLASS_TRANSIENT);
}

uint32_t again_guards_left(const struct again_guards *guards, uint32_t outcome_class,
                           again_ns now_ns)
{
	if (guards->budget == NULL) {
		return UINT32_MAX;
	}
	uint32_t left =
		again_budget_left(guards->budget, guards->budget_rule, outcome_class, now_ns);
	// The first of them is counted without the failure that it will follow.
	return left - (guards->budget_rule->charge_failures != 0 && left > 0);
}

// Telling.

void again_guards_begin(const struct again_guards *guards, again_ns now_ns)
{
	if (guards->budget != NULL) {
		again_budget_call_begins(guards->budget, guards->budget_rule, now_ns);
	}
}

void again_guards_end(const struct again_guards *guards)
{
	if (guards->budget != NULL) {
		again_budget_call_ends(guards->budget, guards->budget_rule);
	}
}

static void report(const struct again_guards *guards, again_lease lease, uint32_t outcome_class,
                   again_ns now_ns)
{
	if (guards->breaker != NULL) {
		again_check(lease != 0);
		again_breaker_report(guards->breaker, guards->breaker_rule, lease, outcome_class,
		                     now_ns);
	}
}

/** The retry, and its hedges: one that did not win is cut off or no longer waited for. Other kinds count none. */
static void end_retries(const struct again_guards *guards, struct again_call *call)
{
	const struct again_budget_rule *rule = guards->budget_rule;
	if (rule->kind == AGAIN_BUDGET_CONCURRENCY) {
		struct again_gauge *gauge = &guards->budget->gauge;
		gauge->retries -= gauge->retries < call->granted ? gauge->retries : call->granted;
	}
	call->granted = 0;
}

static void account_budget(const struct again_guards *guards, struct again_call *call,
                           uint32_t outcome_class, bool can_pass)
{
	const struct again_budget_rule *rule = guards->budget_rule;
	end_retries(guards, call);
	if (outcome_class == AGAIN_CLASS_SUCCESS) {
		again_budget_success(guards->budget, rule, call->attempts - 1, call->paid,
		                     call->latest_ns);
	} else if (can_pass && rule->charge_failures != 0) {
		again_budget_failure(guards->budget, rule, outcome_class, call->latest_ns);
	}
}

void again_guards_account(const struct again_guards *guards, struct again_call *call,
                          const struct again_outcome *outcome, bool can_pass)
{
	uint32_t outcome_class = outcome->outcome_class;
	report(guards, outcome->lease, outcome_class, call->latest_ns);
	bool is_accepted =
		outcome_class == AGAIN_CLASS_SUCCESS || outcome_class == AGAIN_CLASS_PERMANENT;
	if (guards->throttle != NULL && is_accepted) {
		again_throttle_accept(guards->throttle, guards->throttle_rule, call->latest_ns);
	}
	if (guards->budget != NULL) {
		account_budget(guards, call, outcome_class, can_pass);
	}
}

void again_guards_take_back(const struct again_guards *guards, struct again_call *call,
                            again_lease lease)
{
	if (lease != 0) {
		report(guards, lease, AGAIN_CLASS_CANCELLED, call->latest_ns);
	}
	if (guards->budget == NULL) {
		return;
	}
	if (call->granted == 1) {
		again_budget_refund(guards->budget, guards->budget_rule, call->paid,
		                    call->latest_ns);
		call->granted = 0;
	}
	// More than one was granted, so something ran, and what each paid is not known: nothing comes back.
	end_retries(guards, call);
}

bool again_guards_renew(const struct again_guards *guards, again_ns now_ns, again_lease *lease)
{
	if (guards->breaker == NULL) {
		return true;
	}
	if (again_breaker_holds(guards->breaker, guards->breaker_rule, *lease, now_ns) != 0) {
		return true;
	}
	return again_breaker_give(guards->breaker, guards->breaker_rule, now_ns, now_ns, lease);
}
