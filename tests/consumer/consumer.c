/* SPDX-License-Identifier: MIT */
/* A program of somebody else: C99, built with pkg-config against what is installed (tests/cli/examples.bats). */
#include <again/again.h>

#include <stdio.h>

int main(void)
{
	struct again_policy policy;
	struct again_error error;
	struct again_call call;
	struct again_decision next;
	struct again_outcome outcome = {0};
	again_ns now = 0;

	again_policy_init(&policy, sizeof(policy));
	policy.max_retries = 3;
	policy.jitter = AGAIN_JITTER_NONE;
	if (again_policy_validate(&policy, &error) != 0) {
		return 1;
	}
	outcome.outcome_class = AGAIN_CLASS_TRANSIENT;
	again_call_init(&call, &policy, now, 1, 0);
	again_call_begin(&call, &policy, NULL, now, &next);
	while (next.verb == AGAIN_VERB_RETRY) {
		now = next.not_before_ns;
		again_call_next(&call, &policy, NULL, &outcome, now, &next);
	}
	printf("%u attempts in %u s: %s\n", (unsigned)next.attempt,
	       (unsigned)(now / AGAIN_NS_PER_SECOND), again_reason_text(next.reason));
	return 0;
}
