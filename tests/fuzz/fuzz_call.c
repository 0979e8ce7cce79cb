// SPDX-License-Identifier: MIT
// Any bytes as a policy; if it is valid, any events as the life of a call, which must keep what the headers promise.
#include <again/again.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 200

static void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

/** What is left of the input; it ends in zeros without end. */
struct input {
	const uint8_t *bytes;
	size_t size;
};

static uint64_t take(struct input *input, size_t bytes)
{
	uint64_t value = 0;
	size_t taken = input->size < bytes ? input->size : bytes;
	memcpy(&value, input->bytes, taken);
	input->bytes += taken;
	input->size -= taken;
	return value;
}

/** A number of any length in bits: a byte says how many. */
static uint64_t take_any(struct input *input)
{
	uint64_t shift = take(input, 1) % 65;
	return shift == 64 ? AGAIN_NEVER : take(input, 8) >> shift;
}

static struct again_policy take_policy(struct input *input, again_ns *list)
{
	struct again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	uint64_t changed = take(input, 2);
	policy.backoff = (uint32_t)take(input, 1) % 8;
	policy.jitter = (uint32_t)take(input, 1) % 6;
	policy.max_retries = (changed & 1) != 0 ? (uint32_t)take_any(input) : policy.max_retries;
	policy.jitter_q32 = (changed & 2) != 0 ? (uint32_t)take_any(input) : policy.jitter_q32;
	policy.degree = (changed & 4) != 0 ? (uint32_t)take(input, 1) : policy.degree;
	policy.factor_q32 = (changed & 8) != 0 ? take_any(input) : policy.factor_q32;
	policy.base_delay_ns = (changed & 16) != 0 ? take_any(input) : policy.base_delay_ns;
	policy.max_delay_ns = (changed & 32) != 0 ? take_any(input) : policy.max_delay_ns;
	policy.deadline_ns = (changed & 64) != 0 ? take_any(input) : policy.deadline_ns;
	policy.attempt_timeout_ns =
		(changed & 128) != 0 ? take_any(input) : policy.attempt_timeout_ns;
	policy.min_attempt_ns = (changed & 256) != 0 ? take_any(input) : policy.min_attempt_ns;
	policy.reset_after_ns = (changed & 512) != 0 ? take_any(input) : policy.reset_after_ns;
	policy.initial_delay_ns = (changed & 1024) != 0 ? take_any(input) : policy.initial_delay_ns;
	policy.retry_ambiguous = (changed & 2048) != 0 ? (uint32_t)take(input, 1) : 0;
	policy.size = (changed & 4096) != 0 ? (uint32_t)take(input, 1) : policy.size;
	policy.list_len = (uint32_t)take(input, 1) % 8;
	policy.list = (changed & 8192) != 0 ? NULL : list;
	for (uint32_t i = 0; i < policy.list_len; i++) {
		list[i] = take_any(input);
	}
	return policy;
}

/** What the call must be doing, kept beside it in the plainest way. */
struct shadow {
	const struct again_policy *policy;
	again_ns latest_ns;
	again_ns deadline_at_ns;
	uint32_t attempts;
	uint32_t step;
	again_ns last_ns;
	bool ended;
};

static again_ns sum(again_ns a, again_ns b)
{
	return a > AGAIN_NEVER - b ? AGAIN_NEVER : a + b;
}

static bool fits(const struct shadow *shadow, again_ns start_ns)
{
	again_ns need = shadow->policy->min_attempt_ns > 0 ? shadow->policy->min_attempt_ns : 1;
	return shadow->deadline_at_ns == AGAIN_NEVER ||
	       (start_ns < shadow->deadline_at_ns && shadow->deadline_at_ns - start_ns >= need);
}

static void require_delay(const struct shadow *shadow, again_ns delay_ns)
{
	again_ns least = 0;
	again_ns most = 0;
	again_policy_range(shadow->policy, shadow->step, shadow->last_ns, &least, &most);
	require(least >= 1 && least <= most && most <= shadow->policy->max_delay_ns);
	require(delay_ns >= least && delay_ns <= most);
}

static void require_retry(struct shadow *shadow, const struct again_decision *decision)
{
	const struct again_policy *policy = shadow->policy;
	require(decision->reason == AGAIN_REASON_NONE);
	require(decision->attempt ==
	        (shadow->attempts < UINT32_MAX ? shadow->attempts + 1 : UINT32_MAX));
	require(decision->attempt - 1 <= policy->max_retries);
	require(decision->not_before_ns == sum(shadow->latest_ns, decision->delay_ns));
	require(fits(shadow, decision->not_before_ns));
	require(decision->attempt_timeout_ns >= 1 &&
	        decision->attempt_timeout_ns <= policy->attempt_timeout_ns);
	require(shadow->deadline_at_ns == AGAIN_NEVER ||
	        sum(decision->not_before_ns, decision->attempt_timeout_ns) <=
	                shadow->deadline_at_ns);
	shadow->attempts = decision->attempt;
}

static void require_end(struct shadow *shadow, const struct again_decision *decision)
{
	bool past = shadow->deadline_at_ns != AGAIN_NEVER &&
	            shadow->latest_ns >= shadow->deadline_at_ns;
	bool would_exceed = decision->reason == AGAIN_REASON_WOULD_EXCEED_DEADLINE;
	require(decision->reason != AGAIN_REASON_NONE);
	require((decision->verb == AGAIN_VERB_SUCCEED) ==
	        (decision->reason == AGAIN_REASON_SUCCESS));
	require(decision->attempt == shadow->attempts);
	require(would_exceed || decision->delay_ns == 0);
	require(!would_exceed || !fits(shadow, sum(shadow->latest_ns, decision->delay_ns)));
	require(decision->reason != AGAIN_REASON_DEADLINE || past);
	require(decision->reason != AGAIN_REASON_EXHAUSTED ||
	        shadow->attempts > shadow->policy->max_retries);
	shadow->ended = true;
}

static void follow_begin(struct shadow *shadow, const struct again_decision *decision)
{
	require(decision->delay_ns <= shadow->policy->initial_delay_ns);
	if (decision->verb == AGAIN_VERB_RETRY) {
		require_retry(shadow, decision);
	} else {
		require_end(shadow, decision);
	}
}

static void follow_next(struct shadow *shadow, const struct again_outcome *outcome,
                        const struct again_decision *decision)
{
	const struct again_policy *policy = shadow->policy;
	again_ns ran_ns = outcome->ended_ns > outcome->started_ns
	                          ? outcome->ended_ns - outcome->started_ns
	                          : 0;
	if (policy->reset_after_ns != AGAIN_NEVER && ran_ns >= policy->reset_after_ns) {
		shadow->step = 0;
		shadow->last_ns = 0;
	}
	if (decision->reason == AGAIN_REASON_WOULD_EXCEED_DEADLINE) {
		require_delay(shadow, decision->delay_ns);
	}
	if (decision->verb != AGAIN_VERB_RETRY) {
		require_end(shadow, decision);
		return;
	}
	require(outcome->outcome_class == AGAIN_CLASS_TRANSIENT);
	require_delay(shadow, decision->delay_ns);
	require_retry(shadow, decision);
	shadow->step++;
	shadow->last_ns = decision->delay_ns;
}

static void live(const struct again_policy *policy, struct input *input)
{
	struct again_call call;
	struct again_decision decision;
	uint64_t seed = take(input, 8);
	struct shadow shadow = {.policy = policy, .latest_ns = take_any(input)};
	shadow.deadline_at_ns = sum(shadow.latest_ns, policy->deadline_ns);
	again_call_init(&call, policy, shadow.latest_ns, seed, /*operation=*/0);
	again_call_begin(&call, policy, /*guards=*/NULL, shadow.latest_ns, &decision);
	follow_begin(&shadow, &decision);
	for (int event = 0; event < EVENTS_MAX && input->size > 0; event++) {
		struct again_outcome outcome = {
			.outcome_class = take(input, 1) % 16 < 12 ? AGAIN_CLASS_TRANSIENT
		                                                  : (uint32_t)take(input, 1) % 6,
			.started_ns = take_any(input),
			.ended_ns = take_any(input),
		};
		again_ns now_ns = take_any(input);
		struct again_decision before = decision;
		bool had_ended = shadow.ended;
		again_call_next(&call, policy, /*guards=*/NULL, &outcome, now_ns, &decision);
		if (had_ended) {
			require(memcmp(&before, &decision, sizeof(before)) == 0);
			continue;
		}
		shadow.latest_ns = now_ns > shadow.latest_ns ? now_ns : shadow.latest_ns;
		follow_next(&shadow, &outcome, &decision);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	again_ns list[8] = {0};
	struct input input = {.bytes = bytes, .size = size};
	struct again_policy policy = take_policy(&input, list);
	struct again_error error = {0};
	int code = again_policy_validate(&policy, &error);
	require(code == error.code);
	if (code != 0) {
		require(code < 0 && error.field != NULL && error.text[0] != '\0');
		return 0;
	}
	live(&policy, &input);
	return 0;
}
