// SPDX-License-Identifier: MIT
// What a policy makes of a server's hint: the four uses of <again/policy.h>. @pure
#ifndef AGAIN_POLICY_HINT_USE_H
#define AGAIN_POLICY_HINT_USE_H

#include <again/call.h>
#include <again/policy.h>

#include <stdbool.h>

/** A wait before the next attempt: 16 bytes, which are returned in registers. */
struct again_wait {
	again_ns delay_ns;
	/** AGAIN_GUARD_HINT where the hint made it. */
	uint16_t guard;
	/** AGAIN_REASON_HINT_TOO_LONG, else AGAIN_REASON_NONE. */
	uint16_t reason;
	/** The growth starts anew after it. */
	bool is_anew;
};

/** Whether the hint, if it is one, says how long. */
static inline bool again_hint_says_when(const struct again_outcome *outcome)
{
	return outcome->hint_kind == AGAIN_HINT_RELATIVE ||
	       outcome->hint_kind == AGAIN_HINT_ABSOLUTE;
}

/** The wait where the policy's own is `own_ns` and the hint says how long. The hint's jitter shares the delay's draw. */
struct again_wait again_hint_use(const struct again_policy *policy,
                                 const struct again_outcome *outcome, again_ns now_ns,
                                 again_ns own_ns, uint64_t draw);

#endif
