// SPDX-License-Identifier: MIT
// Loading: everything that is not what was saved is refused, and the object is not written then.
#include "save_kit.h"

#include <stdlib.h>

/** Loads as a kind ('c', 'b' under `rule`, 'k'), and looks after the object and the error. */
static int load(char letter, const struct again_budget_rule *rule, const struct saved *saved,
                struct again_error *error)
{
	union {
		struct again_call call;
		union again_budget budget;
		struct again_breaker breaker;
		uint8_t bytes[AGAIN_SAVE_MAX];
	} object, untouched;
	memset(&object, 0x5A, sizeof(object));
	memset(&untouched, 0x5A, sizeof(untouched));
	// Of its very length, so that a sanitizer sees a read behind it.
	uint8_t *bytes = malloc(saved->len + 1);
	assert_non_null(bytes);
	uint8_t *end = bytes + 1;
	memcpy(end, saved->bytes, saved->len);
	*error = (struct again_error){0};
	int codes[2];
	for (int i = 0; i < 2; i++) {
		struct again_error *told = i == 0 ? error : NULL;
		codes[i] = letter == 'c' ? again_call_load(&object.call, end, saved->len, told)
		           : letter == 'b'
		                   ? again_budget_load(&object.budget, rule, end, saved->len, told)
		                   : again_breaker_load(&object.breaker, end, saved->len, told);
		assert_true(codes[i] == 0 ||
		            memcmp(object.bytes, untouched.bytes, sizeof(object)) == 0);
	}
	free(bytes);
	assert_int_equal(codes[0], codes[1]);
	assert_int_equal(error->code, codes[0]);
	assert_true((codes[0] == 0) == (error->text[0] == '\0'));
	return codes[0];
}

static void assert_load(char letter, const struct again_budget_rule *rule,
                        const struct saved *saved, int code, const char *field)
{
	struct again_error error;
	int found = load(letter, rule, saved, &error);
	check(found == code, "%c of %zu bytes: %d (%s), not %d", letter, saved->len, found,
	      error.text, code);
	if (field == NULL) {
		assert_null(error.field);
	} else {
		assert_non_null(error.field);
		assert_string_equal(error.field, field);
	}
}

struct sample {
	char letter;
	const struct again_budget_rule *rule;
	struct saved saved;
};

#define SAMPLES 6

static void samples(struct sample *out_samples)
{
	out_samples[0] = (struct sample){'c', NULL, save_call(&a_call)};
	out_samples[1] = (struct sample){'k', NULL, save_breaker(&a_breaker)};
	out_samples[2] = (struct sample){'b', &tokens_rule, save_budget(&a_bucket, &tokens_rule)};
	out_samples[3] = (struct sample){'b', &window_rule, save_budget(&a_window, &window_rule)};
	out_samples[4] = (struct sample){'b', &gauge_rule, save_budget(&a_gauge, &gauge_rule)};
	out_samples[5] = (struct sample){'b', &no_rule, save_budget(&a_gauge, &no_rule)};
}

static void test_other_lengths_are_refused(void **)
{
	struct sample all[SAMPLES];
	samples(all);
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t len = 0; len <= AGAIN_SAVE_MAX; len++) {
			struct saved cut = all[i].saved;
			cut.len = len;
			int code = len == all[i].saved.len ? 0 : AGAIN_ERR_SYNTAX;
			assert_load(all[i].letter, all[i].rule, &cut, code, NULL);
			// With a checksum that fits the wrong length, and with a head that says it too.
			if (len >= FRAME) {
				struct saved told = cut;
				told.bytes[6] ^= 1;
				seal(&told);
				assert_load(all[i].letter, all[i].rule, &told, AGAIN_ERR_SYNTAX,
				            NULL);
			}
			if (code != 0 && len >= FRAME) {
				cut.bytes[6] = (uint8_t)(len - FRAME);
				seal(&cut);
				assert_load(all[i].letter, all[i].rule, &cut, code, NULL);
			}
		}
	}
}

static void test_flipped_bits_are_refused(void **)
{
	struct sample all[SAMPLES];
	samples(all);
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t bit = 0; bit < 8 * all[i].saved.len; bit++) {
			struct saved damaged = all[i].saved;
			damaged.bytes[bit / 8] ^= (uint8_t)(1 << (bit % 8));
			bool in_version = bit / 8 == 4 || bit / 8 == 5;
			int code = in_version && bit != 32 ? AGAIN_ERR_VERSION : AGAIN_ERR_SYNTAX;
			assert_load(all[i].letter, all[i].rule, &damaged, code, NULL);
		}
	}
}

static void test_other_kinds_are_refused(void **)
{
	struct sample all[SAMPLES];
	samples(all);
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t j = 0; j < SAMPLES; j++) {
			bool budgets = all[i].letter == 'b' && all[j].letter == 'b';
			int code = budgets ? AGAIN_ERR_CONFLICT : AGAIN_ERR_SYNTAX;
			assert_load(all[i].letter, all[i].rule, &all[j].saved, i == j ? 0 : code,
			            budgets && i != j ? "kind" : NULL);
		}
	}
}

/** A newer form may be longer, and its checksum may be another. */
static void test_other_versions_are_refused(void **)
{
	struct sample all[SAMPLES];
	samples(all);
	for (size_t i = 0; i < SAMPLES; i++) {
		struct saved newer = all[i].saved;
		newer.bytes[4] = 2;
		assert_load(all[i].letter, all[i].rule, &newer, AGAIN_ERR_VERSION, NULL);
		newer.len = AGAIN_SAVE_MAX;
		assert_load(all[i].letter, all[i].rule, &newer, AGAIN_ERR_VERSION, NULL);
		newer = all[i].saved;
		newer.bytes[4] = 0;
		seal(&newer);
		assert_load(all[i].letter, all[i].rule, &newer, AGAIN_ERR_SYNTAX, NULL);
	}
}

static void test_garbage_is_refused(void **)
{
	struct again_rng rng = again_rng_root(seed);
	for (int round = 0; round < 10'000; round++) {
		struct saved garbage = of_length((int)again_uniform(&rng, FRAME, AGAIN_SAVE_MAX));
		for (size_t i = 0; i < garbage.len; i++) {
			garbage.bytes[i] = (uint8_t)again_rng_next(&rng);
		}
		assert_load("cbk"[round % 3], &window_rule, &garbage, AGAIN_ERR_SYNTAX, NULL);
	}
}

static void refuse_call(struct again_call call, const char *field)
{
	struct saved saved = save_call(&call);
	assert_load('c', NULL, &saved, field == NULL ? 0 : AGAIN_ERR_RANGE, field);
}

static void test_values_of_calls(void **)
{
	struct again_call call = a_call;
	call.granted = 0;
	call.reason = AGAIN_REASON_HINT_TOO_LONG;
	call.guard = AGAIN_GUARD_HINT;
	refuse_call(call, NULL);
	call.reason++;
	refuse_call(call, "reason");
	call.reason = UINT8_MAX;
	refuse_call(call, "reason");
	call.reason = AGAIN_REASON_HINT_TOO_LONG;
	call.guard = AGAIN_GUARD_HINT + 1;
	refuse_call(call, "guard");
	call = a_call;
	call.guard = AGAIN_GUARD_BREAKER;
	refuse_call(call, "guard");
	call = a_call;
	call.reason = AGAIN_REASON_EXHAUSTED;
	refuse_call(call, "granted");
	call = a_call;
	call.attempts = 0;
	call.step = 0;
	refuse_call(call, "granted");
	call.granted = 0;
	refuse_call(call, NULL);
	call = a_call;
	call.granted = 1 + AGAIN_HEDGES_MAX;
	refuse_call(call, NULL);
	call.granted++;
	refuse_call(call, "granted");
	call.granted = UINT16_MAX;
	refuse_call(call, "granted");
	call = a_call;
	call.paid = AGAIN_BUDGET_MT_MAX;
	refuse_call(call, NULL);
	call.paid++;
	refuse_call(call, "paid");
	// After an end it is what the budget had left.
	call.granted = 0;
	call.reason = AGAIN_REASON_EXHAUSTED;
	call.paid = UINT32_MAX;
	refuse_call(call, NULL);
}

static void refuse_step(uint32_t attempts, enum again_reason reason, uint32_t step, bool refused)
{
	struct again_call call = a_call;
	call.attempts = attempts;
	call.reason = (uint8_t)reason;
	call.step = step;
	call.granted = 0;
	refuse_call(call, refused ? "step" : NULL);
}

/** Each attempt offered but the first is a step at most; at 2^32 - 1 neither counts on. */
static void test_steps_of_calls(void **)
{
	refuse_step(0, AGAIN_REASON_NONE, 0, false);
	refuse_step(0, AGAIN_REASON_NONE, 1, true);
	refuse_step(1, AGAIN_REASON_NONE, 0, false);
	refuse_step(1, AGAIN_REASON_NONE, 1, true);
	refuse_step(3, AGAIN_REASON_NONE, 2, false);
	refuse_step(3, AGAIN_REASON_NONE, 3, true);
	refuse_step(UINT32_MAX - 1, AGAIN_REASON_NONE, UINT32_MAX - 2, false);
	refuse_step(UINT32_MAX - 1, AGAIN_REASON_NONE, UINT32_MAX - 1, true);
	refuse_step(UINT32_MAX, AGAIN_REASON_NONE, UINT32_MAX, false);
	// The attempt that was taken back was offered.
	refuse_step(0, AGAIN_REASON_DEADLINE, 0, false);
	refuse_step(0, AGAIN_REASON_DEADLINE, 1, true);
	refuse_step(3, AGAIN_REASON_DEADLINE, 3, false);
	refuse_step(3, AGAIN_REASON_DEADLINE, 4, true);
	refuse_step(UINT32_MAX - 2, AGAIN_REASON_DEADLINE, UINT32_MAX - 1, true);
	refuse_step(UINT32_MAX - 1, AGAIN_REASON_DEADLINE, UINT32_MAX, false);
	refuse_step(UINT32_MAX, AGAIN_REASON_DEADLINE, UINT32_MAX, false);
}

/** The same by a call itself, at its begin and where counts saturate. */
static void test_steps_that_happen(void **)
{
	struct again_policy policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE);
	policy.max_retries = AGAIN_UNLIMITED;
	policy.deadline_ns = 1'000 * S;
	struct again_call call;
	struct again_decision decision = begin(&call, &policy, S);
	refuse_call(call, NULL);
	call.attempts = UINT32_MAX - 2;
	call.step = UINT32_MAX - 3;
	for (int i = 0; i < 4; i++) {
		decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, S);
		assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
		refuse_call(call, NULL);
	}
	assert_int_equal(call.step, UINT32_MAX);
	again_call_start(&call, &policy, /*guards=*/NULL, 2'000 * S, &decision);
	assert_int_equal(decision.reason, AGAIN_REASON_DEADLINE);
	refuse_call(call, NULL);
	begin(&call, &policy, S);
	decision = next(&call, &policy, AGAIN_CLASS_TRANSIENT, S);
	again_call_start(&call, &policy, /*guards=*/NULL, 2'000 * S, &decision);
	assert_int_equal(call.step, call.attempts);
	refuse_call(call, NULL);
}

static void refuse_breaker(struct again_breaker breaker, const char *field)
{
	struct saved saved = save_breaker(&breaker);
	assert_load('k', NULL, &saved, field == NULL ? 0 : AGAIN_ERR_RANGE, field);
}

static void test_values_of_breakers(void **)
{
	struct again_breaker breaker = a_breaker;
	breaker.state = AGAIN_BREAKER_ISOLATED + 1;
	refuse_breaker(breaker, "state");
	for (uint32_t state = 0; state <= AGAIN_BREAKER_ISOLATED; state++) {
		bool probing = state == AGAIN_BREAKER_HALF_OPEN;
		breaker = a_breaker;
		breaker.state = (uint8_t)state;
		refuse_breaker(breaker, probing ? NULL : "probes_out");
		breaker.probes_out = 0;
		refuse_breaker(breaker, probing ? NULL : "successes");
		breaker.successes = 0;
		refuse_breaker(breaker, NULL);
	}
	breaker = a_breaker;
	breaker.successes = AGAIN_BREAKER_PROBES_MAX;
	refuse_breaker(breaker, "successes");
	breaker = a_breaker;
	breaker.reserved = 1;
	refuse_breaker(breaker, "reserved");
	for (size_t i = 0; i < 5; i++) {
		breaker = a_breaker;
		breaker.fifths[i] = (struct again_breaker_fifth){.calls = 4, .failures = 5};
		refuse_breaker(breaker, "fifths");
	}
}

static void test_values_of_budgets(void **)
{
	union again_budget budget = a_bucket;
	budget.tokens.balance_mt = tokens_rule.capacity_mt;
	struct saved saved = save_budget(&budget, &tokens_rule);
	assert_load('b', &tokens_rule, &saved, 0, NULL);
	budget.tokens.balance_mt++;
	saved = save_budget(&budget, &tokens_rule);
	assert_load('b', &tokens_rule, &saved, AGAIN_ERR_CONFLICT, "balance_mt");
	budget.tokens.balance_mt = UINT64_MAX;
	saved = save_budget(&budget, &tokens_rule);
	assert_load('b', &tokens_rule, &saved, AGAIN_ERR_CONFLICT, "balance_mt");
	for (size_t i = 0; i < 10; i++) {
		budget = a_window;
		budget.window.change_mt[i] = INT64_MAX / 16 + 1;
		saved = save_budget(&budget, &window_rule);
		assert_load('b', &window_rule, &saved, AGAIN_ERR_RANGE, "change_mt");
		budget.window.change_mt[i] = INT64_MIN;
		saved = save_budget(&budget, &window_rule);
		assert_load('b', &window_rule, &saved, AGAIN_ERR_RANGE, "change_mt");
	}
	saved = save_budget(&a_gauge, &gauge_rule);
	saved.bytes[8] = 4;
	seal(&saved);
	assert_load('b', &gauge_rule, &saved, AGAIN_ERR_RANGE, "kind");
}

/** Tenths of another length are other tenths, longer or shorter. */
static void test_other_windows_are_refused(void **)
{
	struct again_budget_rule rule = window_rule;
	struct saved saved = save_budget(&a_window, &window_rule);
	again_ns others_ns[] = {window_rule.window_ns - 1, window_rule.window_ns + 1, S,
	                        AGAIN_NEVER};
	for (size_t i = 0; i < sizeof(others_ns) / sizeof(others_ns[0]); i++) {
		rule.window_ns = others_ns[i];
		assert_int_equal(again_budget_rule_validate(&rule, NULL), 0);
		assert_load('b', &rule, &saved, AGAIN_ERR_CONFLICT, "window_ns");
		struct saved other = save_budget(&a_window, &rule);
		assert_load('b', &rule, &other, 0, NULL);
		assert_load('b', &window_rule, &other, AGAIN_ERR_CONFLICT, "window_ns");
	}
	const struct again_budget_rule *rules[] = {&tokens_rule, &gauge_rule, &no_rule};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		for (size_t byte = 0; byte < 8; byte++) {
			saved = save_budget(&a_bucket, rules[i]);
			saved.bytes[8 + 4 + byte] = 1;
			seal(&saved);
			assert_load('b', rules[i], &saved, AGAIN_ERR_CONFLICT, "window_ns");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_lengths_are_refused),
		cmocka_unit_test(test_flipped_bits_are_refused),
		cmocka_unit_test(test_other_kinds_are_refused),
		cmocka_unit_test(test_other_versions_are_refused),
		cmocka_unit_test(test_garbage_is_refused),
		cmocka_unit_test(test_values_of_calls),
		cmocka_unit_test(test_steps_of_calls),
		cmocka_unit_test(test_steps_that_happen),
		cmocka_unit_test(test_values_of_breakers),
		cmocka_unit_test(test_values_of_budgets),
		cmocka_unit_test(test_other_windows_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
