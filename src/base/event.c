// SPDX-License-Identifier: MIT
// An attempt's end in words. The log, the report, the hooks and the child's environment all say it
// the same way.
#include "base/event.h"

#include "base/error.h"
#include "base/signame.h"
#include "base/text.h"

#include <errno.h>

const char *again_attempt_cause(const struct again_attempt *attempt, char *buffer)
{
	if (attempt->kind == AGAIN_END_NOT_EXECUTED && attempt->sys == ENOENT) {
		struct again_text text = again_text_over(buffer, AGAIN_ATTEMPT_WORDS);
		again_text_add(&text, "not found");
		return buffer;
	}
	return again_errno_text(attempt->sys, buffer, AGAIN_ATTEMPT_WORDS);
}

const char *again_attempt_words(const struct again_attempt *attempt, char *buffer)
{
	char cause[AGAIN_ATTEMPT_WORDS];
	struct again_text text = again_text_over(buffer, AGAIN_ATTEMPT_WORDS);
	// However it ended after that: what failed was the time limit. An attempt that counts as a
	// success ended in time.
	bool out_of_time = attempt->cut == AGAIN_CUT_TIMEOUT || attempt->cut == AGAIN_CUT_DEADLINE;
	if (out_of_time && !attempt->succeeded) {
		again_text_add(&text, "timeout");
		return buffer;
	}
	switch (attempt->kind) {
	case AGAIN_END_EXIT:
		again_text_addf(&text, "exit %d", attempt->code);
		break;
	case AGAIN_END_SIGNAL:
		again_text_add(&text, "signal ");
		again_text_add(&text, again_signal_name(attempt->signal));
		break;
	case AGAIN_END_NOT_STARTED:
		again_text_add(&text, "cannot start: ");
		again_text_add(&text, again_attempt_cause(attempt, cause));
		break;
	case AGAIN_END_NOT_EXECUTED:
		again_text_add(&text, "cannot run: ");
		again_text_add(&text, again_attempt_cause(attempt, cause));
		break;
	}
	return buffer;
}
