// SPDX-License-Identifier: MIT
// Any bytes as a saved call, budget and breaker, with and without a head and a checksum that fit: what loads saves back to
// the same bytes and can be lived with, and one flipped bit is refused.
#include <again/again.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FRAME 12
#define RULE 12
#define EVENTS 16

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

static uint32_t crc_of(const uint8_t *bytes, size_t len)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? UINT32_C(0xedb88320) : 0);
		}
	}
	return ~crc;
}

static void put(uint8_t *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (uint8_t)(value >> (8 * i));
	}
}

/** What is to be loaded: bytes of their very length, so that a sanitizer sees a read behind them. */
struct saved {
	uint8_t *bytes;
	size_t len;
};

/** `size` is that of the body that would be right. */
static struct saved take_saved(struct input *input, char letter,
                               const struct again_budget_rule *rule, size_t size)
{
	uint64_t how = take(input, 1);
	size_t len = (how & 1) != 0 ? FRAME + size : (size_t)take(input, 1) % (AGAIN_SAVE_MAX + 1);
	struct saved saved = {.bytes = calloc(len + 1, 1), .len = len};
	require(saved.bytes != NULL);
	for (size_t i = 0; i < len; i++) {
		saved.bytes[i] = (uint8_t)take(input, 1);
	}
	if ((how & 2) != 0 && len >= FRAME) {
		memcpy(saved.bytes, "AGN", 3);
		saved.bytes[3] = (uint8_t)letter;
		put(saved.bytes + 4, 1, 2);
		put(saved.bytes + 6, len - FRAME, 2);
	}
	if ((how & 8) != 0 && rule != NULL && len >= FRAME + RULE) {
		put(saved.bytes + 8, rule->kind, 4);
		put(saved.bytes + 12, rule->window_ns, 8);
	}
	if ((how & 4) != 0 && len >= FRAME) {
		put(saved.bytes + len - 4, crc_of(saved.bytes, len - 4), 4);
	}
	return saved;
}

union object {
	struct again_call call;
	union again_budget budget;
	struct again_breaker breaker;
	uint8_t bytes[AGAIN_SAVE_MAX];
};

static int load(char letter, const struct again_budget_rule *rule, const struct saved *saved,
                union object *object)
{
	union object before = *object;
	struct again_error error = {0};
	int code =
		letter == 'c' ? again_call_load(&object->call, saved->bytes, saved->len, &error)
		: letter == 'b'
			? again_budget_load(&object->budget, rule, saved->bytes, saved->len, &error)
			: again_breaker_load(&object->breaker, saved->bytes, saved->len, &error);
	require(code <= 0 && error.code == code);
	require((code == 0) == (error.text[0] == '\0'));
	require(code == 0 || memcmp(before.bytes, object->bytes, sizeof(before)) == 0);
	return code;
}

static int save(char letter, const struct again_budget_rule *rule, const union object *object,
                uint8_t *bytes, size_t cap)
{
	return letter == 'c'   ? again_call_save(&object->call, bytes, cap)
	       : letter == 'b' ? again_budget_save(&object->budget, rule, bytes, cap)
	                       : again_breaker_save(&object->breaker, bytes, cap);
}

/** True if it was loaded; then it is saved and damaged too. */
static bool follow(struct input *input, char letter, const struct again_budget_rule *rule,
                   size_t size, union object *out_object)
{
	struct saved saved = take_saved(input, letter, rule, size);
	bool loaded = load(letter, rule, &saved, out_object) == 0;
	if (loaded) {
		uint8_t bytes[AGAIN_SAVE_MAX];
		require(saved.len == FRAME + size);
		require(save(letter, rule, out_object, bytes, saved.len - 1) == AGAIN_ERR_SPACE);
		require(save(letter, rule, out_object, bytes, saved.len) == (int)saved.len);
		require(memcmp(bytes, saved.bytes, saved.len) == 0);
		union object other = {0};
		size_t bit = (size_t)(take(input, 2) * 8 * saved.len >> 16);
		saved.bytes[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		require(load(letter, rule, &saved, &other) < 0);
	}
	free(saved.bytes);
	return loaded;
}

static void rules(struct again_budget_rule *out_rules)
{
	for (uint32_t kind = 0; kind <= AGAIN_BUDGET_CONCURRENCY; kind++) {
		again_budget_rule_init(&out_rules[kind], sizeof(out_rules[kind]));
		out_rules[kind].kind = kind;
	}
	out_rules[AGAIN_BUDGET_TOKENS].capacity_mt = 500'000;
	out_rules[AGAIN_BUDGET_TOKENS].cost_mt = 5'000;
	out_rules[AGAIN_BUDGET_TOKENS].deposit_first_mt = 1'000;
	out_rules[AGAIN_BUDGET_TOKENS].repay_last = 1;
	out_rules[AGAIN_BUDGET_WINDOW].capacity_mt = 10'000;
	out_rules[AGAIN_BUDGET_WINDOW].cost_mt = 1'000;
	out_rules[AGAIN_BUDGET_WINDOW].deposit_call_mt = 100;
	out_rules[AGAIN_BUDGET_WINDOW].window_ns = 10 * AGAIN_NS_PER_SECOND;
	out_rules[AGAIN_BUDGET_CONCURRENCY].min_concurrency = 3;
	out_rules[AGAIN_BUDGET_CONCURRENCY].ratio_q32 = UINT32_C(1) << 29;
	for (uint32_t kind = 0; kind <= AGAIN_BUDGET_CONCURRENCY; kind++) {
		require(again_budget_rule_validate(&out_rules[kind], NULL) == 0);
	}
}

/** Whatever was loaded, the library must be able to go on with it. */
static void live(struct input *input, struct again_call *call, const struct again_guards *guards)
{
	struct again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	policy.max_retries = AGAIN_UNLIMITED;
	again_ns now_ns = call->latest_ns;
	struct again_decision decision = {.lease = 1};
	if (call->attempts == 0) {
		again_call_begin(call, &policy, guards, now_ns, &decision);
	}
	for (int event = 0; event < EVENTS && call->attempts > 0; event++) {
		struct again_outcome outcome = {
			.outcome_class = (uint32_t)take(input, 1) % 10,
			.started_ns = now_ns,
			.ended_ns = now_ns,
			.lease = decision.lease != 0 ? decision.lease : 1,
		};
		now_ns = take(input, 8) >> take(input, 1) % 64;
		again_call_next(call, &policy, guards, &outcome, now_ns, &decision);
		require(decision.verb <= AGAIN_VERB_SUCCEED);
		require((decision.verb == AGAIN_VERB_RETRY) == (call->reason == AGAIN_REASON_NONE));
		require(again_breaker_state_at(guards->breaker, now_ns) <= AGAIN_BREAKER_ISOLATED);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const size_t sizes[] = {0, sizeof(struct again_tokens), sizeof(struct again_window),
	                               sizeof(struct again_gauge)};
	struct input input = {.bytes = bytes, .size = size};
	struct again_budget_rule budget_rules[AGAIN_BUDGET_CONCURRENCY + 1];
	rules(budget_rules);
	struct again_budget_rule *rule = &budget_rules[take(&input, 1) % 4];
	union object call = {0};
	union object budget = {0};
	union object breaker = {0};
	bool loaded = follow(&input, 'c', NULL, sizeof(call.call), &call);
	loaded = follow(&input, 'b', rule, RULE + sizes[rule->kind], &budget) || loaded;
	loaded = follow(&input, 'k', NULL, sizeof(breaker.breaker), &breaker) || loaded;
	if (loaded) {
		struct again_guards guards;
		struct again_breaker_rule breaker_rule;
		again_breaker_rule_init(&breaker_rule, sizeof(breaker_rule));
		breaker_rule.kind = AGAIN_BREAKER_CONSECUTIVE;
		breaker_rule.failures = 2;
		breaker_rule.probes = 2;
		again_guards_init(&guards, sizeof(guards));
		guards.budget_rule = rule;
		guards.budget = &budget.budget;
		guards.breaker_rule = &breaker_rule;
		guards.breaker = &breaker.breaker;
		require(again_guards_validate(&guards, NULL) == 0);
		live(&input, &call.call, &guards);
	}
	return 0;
}
