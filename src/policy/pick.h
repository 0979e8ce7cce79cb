// SPDX-License-Identifier: MIT
// A delay from a draw that is already made: what call.c and jitter.c share. @pure
#ifndef AGAIN_POLICY_PICK_H
#define AGAIN_POLICY_PICK_H

#include <again/policy.h>

/** again_policy_delay, with the draw by value. */
again_ns again_policy_pick(const struct again_policy *policy, uint32_t n, again_ns last_delay_ns,
                           uint64_t draw);

#endif
