// SPDX-License-Identifier: MIT
// Hedges: when another attempt may start beside the one that runs. @pure
//
// A hedge is an attempt of the call under its running number, so all that is counted of it is in the call: what it paid,
// and that it runs. A refusal ends nothing but the hedging, and changes nothing: neither here nor in the call.
#include <again/hedge.h>

#include "base/number.h"
#include "policy/check.h"
#include "policy/fit.h"
#include "policy/guards.h"
#include "policy/rule.h"
#include "policy/saturate.h"

#include <stdbool.h>

/** sizeof the first struct that was published. */
#define FIRST_SIZE (offsetof(struct again_hedge_rule, delay_ns) + sizeof(again_ns))

_Static_assert(sizeof(struct again_hedge_rule) == FIRST_SIZE,
               "a field was appended: see the head of policy.c");
_Static_assert(AGAIN_HEDGES_MAX < UINT16_MAX, "a call counts a retry and all of its hedges");

static const struct again_hedge_rule defaults = {
	.most = 1,
	.delay_ns = AGAIN_NS_PER_SECOND,
};

void again_hedge_rule_init(struct again_hedge_rule *rule, size_t size)
{
	again_rule_init(rule, size, &defaults, sizeof(defaults));
}

int again_hedge_rule_validate(const struct again_hedge_rule *rule, struct again_error *error)
{
	int code = again_rule_check_size(rule->size, FIRST_SIZE, sizeof(*rule), error);
	if (code != 0) {
		return code;
	}
	if (rule->most < 1 || rule->most > AGAIN_HEDGES_MAX) {
		return again_rule_bad_range(error, "most", "most must be from 1 to 255");
	}
	if (rule->delay_ns == 0) {
		return again_rule_bad_range(error, "delay_ns",
		                            "delay_ns must be above 0: never is AGAIN_NEVER");
	}
	return 0;
}

void again_hedge_init(struct again_hedge *hedge, const struct again_hedge_rule *rule,
                      again_ns now_ns)
{
	*hedge = (struct again_hedge){
		.next_at_ns = again_ns_add(now_ns, rule->delay_ns),
		.left = rule->most,
	};
}

/** The first check that refuses a hedge at `start_ns`; the guards are asked when it is time. */
static struct again_refusal refusal(const struct again_hedge *hedge, const struct again_call *call,
                                    const struct again_policy *policy,
                                    const struct again_guards *guards, again_ns start_ns)
{
	bool is_over = call->reason != AGAIN_REASON_NONE;
	if (is_over || hedge->left == 0 || hedge->next_at_ns == AGAIN_NEVER) {
		return (struct again_refusal){AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE};
	}
	if (!again_call_fits(call, policy, start_ns)) {
		return (struct again_refusal){AGAIN_REASON_WOULD_EXCEED_DEADLINE, AGAIN_GUARD_NONE};
	}
	return guards != NULL && start_ns == call->latest_ns
	               ? again_guards_refusal_of_hedge(guards, call)
	               : (struct again_refusal){AGAIN_REASON_NONE, AGAIN_GUARD_NONE};
}

/** One more attempt, now. */
static void start(struct again_hedge *hedge, const struct again_hedge_rule *rule,
                  struct again_call *call, const struct again_policy *policy,
                  const struct again_guards *guards, struct again_decision *decision)
{
	decision->attempt_timeout_ns = again_call_limit(call, policy, call->latest_ns);
	if (guards != NULL) {
		again_guards_charge_hedge(guards, call, decision);
	}
	hedge->left--;
	hedge->next_at_ns = again_ns_add(call->latest_ns, rule->delay_ns);
}

void again_hedge_next(struct again_hedge *hedge, const struct again_hedge_rule *rule,
                      struct again_call *call, const struct again_policy *policy,
                      const struct again_guards *guards, again_ns now_ns,
                      struct again_decision *out_decision)
{
	bool is_over = call->reason != AGAIN_REASON_NONE;
	again_check(is_over || call->attempts > 0);
	// An end is told again as it was.
	again_ns latest_ns = again_ns_max(call->latest_ns, is_over ? 0 : now_ns);
	again_ns start_ns = again_ns_max(latest_ns, hedge->next_at_ns);
	call->latest_ns = latest_ns;
	struct again_refusal no = refusal(hedge, call, policy, guards, start_ns);
	bool is_known =
		no.reason == AGAIN_REASON_NONE || no.reason == AGAIN_REASON_WOULD_EXCEED_DEADLINE;
	again_ns delay_ns = is_known ? start_ns - latest_ns : 0;
	*out_decision = (struct again_decision){
		.verb = no.reason == AGAIN_REASON_NONE ? AGAIN_VERB_HEDGE : AGAIN_VERB_STOP,
		.reason = no.reason,
		.attempt = call->attempts,
		.guard = no.guard,
		.delay_ns = delay_ns,
		.not_before_ns = latest_ns + delay_ns,
		.budget_left = UINT32_MAX,
	};
	if (no.reason == AGAIN_REASON_NONE && delay_ns == 0) {
		start(hedge, rule, call, policy, guards, out_decision);
	}
	if (guards != NULL) {
		out_decision->budget_left =
			again_guards_left(guards, AGAIN_CLASS_TRANSIENT, latest_ns);
	}
}
