// SPDX-License-Identifier: MIT
// Reasons and exit codes: the contract that scripts rely on, in one place. @pure
#include "run/verdict.h"

#include <stddef.h>

struct wording {
	const char *name;
	const char *text;
};

static const struct wording wordings[] = {
#define AGAIN_RUN_REASON_WORDING(name, word, text) {(word), (text)},
	AGAIN_RUN_REASONS(AGAIN_RUN_REASON_WORDING)
#undef AGAIN_RUN_REASON_WORDING
};

enum again_run_reason again_run_end(const struct again_super *super,
                                    const struct again_attempt *attempt)
{
	if (super->survived) {
		return AGAIN_RUN_SURVIVOR;
	}
	if (super->broken) {
		return AGAIN_RUN_INTERNAL_ERROR;
	}
	if (super->stop_signal != 0) {
		return AGAIN_RUN_INTERRUPTED;
	}
	if (attempt == NULL) {
		return AGAIN_RUN_POLICY;
	}
	if (attempt->kind == AGAIN_END_NOT_EXECUTED) {
		return AGAIN_RUN_NOT_EXECUTABLE;
	}
	return attempt->cut == AGAIN_CUT_DEADLINE ? AGAIN_RUN_DEADLINE : AGAIN_RUN_POLICY;
}

// The exit code that the last attempt's end stands for.
static int attempt_code(const struct again_attempt *attempt)
{
	if (attempt == NULL || attempt->cut == AGAIN_CUT_TIMEOUT ||
	    attempt->cut == AGAIN_CUT_DEADLINE) {
		return AGAIN_EXIT_TIMEOUT;
	}
	switch (attempt->kind) {
	case AGAIN_END_EXIT:
		return attempt->code != 0 ? attempt->code : 1;
	case AGAIN_END_SIGNAL:
		return 128 + attempt->signal;
	case AGAIN_END_NOT_STARTED:
		break;
	case AGAIN_END_NOT_EXECUTED:
		return attempt->code;
	}
	return AGAIN_EXIT_SELF;
}

void again_verdict_judge(struct again_verdict *verdict, const struct again_super *super,
                         const struct again_attempt *attempt, uint32_t policy_reason,
                         int give_up_code)
{
	const enum again_run_reason reason = again_run_end(super, attempt);
	verdict->succeeded = reason == AGAIN_RUN_POLICY && policy_reason == AGAIN_REASON_SUCCESS;
	verdict->reason = reason == AGAIN_RUN_POLICY ? again_reason_name(policy_reason)
	                                             : wordings[reason].name;
	verdict->reason_text = reason == AGAIN_RUN_POLICY ? again_reason_text(policy_reason)
	                                                  : wordings[reason].text;
	verdict->stop_signal = super->stop_signal;
	if (verdict->succeeded) {
		verdict->exit_code = 0;
	} else if (reason == AGAIN_RUN_SURVIVOR || reason == AGAIN_RUN_INTERNAL_ERROR) {
		verdict->exit_code = AGAIN_EXIT_SELF;
	} else if (reason == AGAIN_RUN_INTERRUPTED) {
		verdict->exit_code = 128 + super->stop_signal;
	} else {
		verdict->exit_code = give_up_code >= 0 ? give_up_code : attempt_code(attempt);
	}
}
