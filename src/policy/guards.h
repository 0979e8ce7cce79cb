// SPDX-License-Identifier: MIT
// A call's guards: what call.c and hedge.c ask them, pay them and tell them. @pure
//
// Nothing here is called without guards. `now` is the call's latest_ns everywhere.
#ifndef AGAIN_POLICY_GUARDS_H
#define AGAIN_POLICY_GUARDS_H

#include <again/call.h>
#include <again/guards.h>

#include <stdbool.h>

/** The first check that refuses: an enum again_reason, AGAIN_REASON_NONE where none does, and an enum again_guard. */
struct again_refusal {
	uint32_t reason;
	uint32_t guard;
};

/** A call begins. */
void again_guards_begin(const struct again_guards *guards, again_ns now_ns);

/** The attempt that ran, and its hedges, are over. `can_pass`: the failure is of a class that is tried again. */
void again_guards_account(const struct again_guards *guards, struct again_call *call,
                          const struct again_outcome *outcome, bool can_pass);

/** The attempt that was offered is not made: what it paid comes back. */
void again_guards_take_back(const struct again_guards *guards, struct again_call *call,
                            again_lease lease);

/** Asks for the next attempt after a failure of this class. Nothing is paid; a refusal is counted where it was made. */
struct again_refusal again_guards_refusal(const struct again_guards *guards,
                                          const struct again_call *call, uint32_t outcome_class);

/** Pays for the next attempt, which was asked for at this very moment; completes the decision. */
void again_guards_charge(const struct again_guards *guards, struct again_call *call,
                         uint32_t outcome_class, struct again_decision *decision);

/** The same for a hedge of the attempt that runs: breaker and budget alone. */
struct again_refusal again_guards_refusal_of_hedge(const struct again_guards *guards,
                                                   const struct again_call *call);
void again_guards_charge_hedge(const struct again_guards *guards, struct again_call *call,
                               struct again_decision *decision);

/** Whether the breaker still lets the attempt of a lease start; it may get another lease. */
bool again_guards_renew(const struct again_guards *guards, again_ns now_ns, again_lease *lease);

/** A call ends. */
void again_guards_end(const struct again_guards *guards);

/** What a decision tells of the budget. */
uint32_t again_guards_left(const struct again_guards *guards, uint32_t outcome_class,
                           again_ns now_ns);

#endif
