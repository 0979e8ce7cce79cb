// SPDX-License-Identifier: MIT
// What a policy makes of a server's hint. @pure
//
// All clients get the same hint, so it is spread, and only upward: a server that says "in 30 s" must not be asked before.
// The bound is on what the server asked for, not on what the jitter made of it.
#include "policy/hint_use.h"

#include "base/number.h"
#include "policy/newer.h"
#include "policy/saturate.h"
#include "policy/splitmix.h"

/** A hint in the past is one to come at once. */
static again_ns asked_for(const struct again_outcome *outcome, again_ns now_ns)
{
	return outcome->hint_kind == AGAIN_HINT_ABSOLUTE ? again_ns_sub(outcome->hint_ns, now_ns)
	                                                 : outcome->hint_ns;
}

static again_ns spread(const struct again_policy *policy, again_ns asked_ns, uint64_t draw)
{
	if (policy->jitter == AGAIN_JITTER_NONE) {
		return asked_ns;
	}
	again_u128 more = (again_u128)asked_ns * again_policy_hint_jitter(policy);
	again_ns most = again_ns_add(asked_ns, (again_ns)(more >> 32));
	return again_splitmix_scale(draw, asked_ns, most);
}

/** The longer of the two. */
static struct again_wait at_least(again_ns own_ns, again_ns hint_ns)
{
	return (struct again_wait){
		.delay_ns = again_ns_max(own_ns, hint_ns),
		.guard = hint_ns > own_ns ? AGAIN_GUARD_HINT : AGAIN_GUARD_NONE,
	};
}

struct again_wait again_hint_use(const struct again_policy *policy,
                                 const struct again_outcome *outcome, again_ns now_ns,
                                 again_ns own_ns, uint64_t draw)
{
	enum again_hint_use use = (enum again_hint_use)again_policy_hint_use(policy);
	again_ns asked_ns = asked_for(outcome, now_ns);
	again_ns hint_ns = spread(policy, asked_ns, draw);
	again_ns hint_max_ns = again_policy_hint_max(policy);
	switch (use) {
	case AGAIN_HINT_IGNORE:
		return (struct again_wait){.delay_ns = own_ns};
	case AGAIN_HINT_BOUNDED:
		return at_least(own_ns, again_ns_min(hint_ns, again_ns_add(own_ns, hint_max_ns)));
	case AGAIN_HINT_AT_LEAST:
	case AGAIN_HINT_EXACT:
		break;
	}
	if (asked_ns > hint_max_ns) {
		return (struct again_wait){
			.delay_ns = asked_ns,
			.guard = AGAIN_GUARD_HINT,
			.reason = AGAIN_REASON_HINT_TOO_LONG,
		};
	}
	if (use == AGAIN_HINT_EXACT) {
		return (struct again_wait){
			.delay_ns = hint_ns,
			.guard = AGAIN_GUARD_HINT,
			.is_anew = true,
		};
	}
	return at_least(own_ns, hint_ns);
}
