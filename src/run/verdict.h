// SPDX-License-Identifier: MIT
// Why a run ended and what again exits with. @pure
#ifndef AGAIN_RUN_VERDICT_H
#define AGAIN_RUN_VERDICT_H

#include "base/event.h"
#include "run/super.h"

#include <again/call.h>

#include <stdbool.h>

/** Ends that the runner knows and the policy does not: constant, name in reports, words for people. */
#define AGAIN_RUN_REASONS(X)                                            \
	X(AGAIN_RUN_POLICY, "", "")                                     \
	X(AGAIN_RUN_INTERRUPTED, "interrupted", "interrupted")          \
	X(AGAIN_RUN_DEADLINE, "deadline", "deadline reached")           \
	X(AGAIN_RUN_NOT_EXECUTABLE, "not_executable", "not executable") \
	X(AGAIN_RUN_SURVIVOR, "survivor", "processes outlived KILL")    \
	X(AGAIN_RUN_INTERNAL_ERROR, "internal_error", "again itself failed")

/** AGAIN_RUN_POLICY: the policy's reason holds. */
enum again_run_reason {
#define AGAIN_RUN_REASON_ENUM(name, word, text) name,
	AGAIN_RUN_REASONS(AGAIN_RUN_REASON_ENUM)
#undef AGAIN_RUN_REASON_ENUM
};

/** again's own failure, or its misuse. */
#define AGAIN_EXIT_SELF 125
/** The last attempt was ended at a time limit. */
#define AGAIN_EXIT_TIMEOUT 124

/** What ends the run whatever the policy says; AGAIN_RUN_POLICY where nothing does. `attempt` NULL: none was made yet. */
enum again_run_reason again_run_end(const struct again_super *super,
                                    const struct again_attempt *attempt);

/**
 * Fills reason, reason_text, succeeded, exit_code and stop_signal of the verdict.
 * `policy_reason` is the policy's last word; `give_up_code` replaces the code of every give-up, -1: it does not.
 */
void again_verdict_judge(struct again_verdict *verdict, const struct again_super *super,
                         const struct again_attempt *attempt, uint32_t policy_reason,
                         int give_up_code);

#endif
