// SPDX-License-Identifier: MIT
// Saving: the bytes, and that what was saved and loaded goes on as if it had not been. (What is refused: test_load.c.)
#include "save_kit.h"

#include "policy/bytes.h"

#include <stdlib.h>

/** The bytes in hexadecimal, with blanks. */
static void assert_bytes(const struct saved *saved, const char *hex)
{
	size_t at = 0;
	for (; *hex != '\0'; hex += hex[0] == ' ' ? 1 : 2) {
		if (*hex != ' ') {
			char pair[3] = {hex[0], hex[1], '\0'};
			unsigned long wanted = strtoul(pair, NULL, 16);
			check(at < saved->len && saved->bytes[at] == wanted,
			      "byte %zu of %zu is %02x, not %s", at, saved->len, saved->bytes[at],
			      pair);
			at++;
		}
	}
	assert_int_equal(at, saved->len);
}

static void test_checksum_is_the_published_one(void **)
{
	assert_int_equal(crc_of((const uint8_t *)"123456789", 9), 0xcbf43926);
}

/** The checksums here were found with Python's zlib.crc32. */
static void test_bytes_of_a_call(void **)
{
	struct saved saved = save_call(&a_call);
	assert_bytes(&saved, "41 47 4e 63 0100 3000 "
	                     "0807060504030201 ffffffffffffffff 00ca9a3b00000000 1817161514131211 "
	                     "03000000 02000000 00 00 0001 88130000 fc8e9ffd");
}

static void test_bytes_of_a_breaker(void **)
{
	struct saved saved = save_breaker(&a_breaker);
	assert_bytes(&saved, "41 47 4e 6b 0100 4000 "
	                     "00ac23fc06000000 0700000000000000 01000080 02 81 07 00 "
	                     "0a00000009000000 0800000008000000 0100000000000000 0000000000000000 "
	                     "ffffffffffffffff 9d524eb5");
}

static void test_bytes_of_budgets(void **)
{
	struct saved saved = save_budget(&a_bucket, &tokens_rule);
	assert_bytes(&saved, "41 47 4e 62 0100 1c00 01000000 0000000000000000 "
	                     "1fa1070000000000 11000000 ffffffff 4f15ef18");
	saved = save_budget(&a_window, &window_rule);
	assert_bytes(&saved, "41 47 4e 62 0100 6c00 02000000 00e40b5402000000 "
	                     "0000000000010000 "
	                     "0100000000000000 ffffffffffffffff 40420f0000000000 c0bdf0ffffffffff "
	                     "ffffffffffffff07 01000000000000f8 0000000000000000 0000000000000000 "
	                     "0000000000000000 0000000000000000 01000000 02000000 bed94bb4");
	saved = save_budget(&a_gauge, &gauge_rule);
	assert_bytes(&saved, "41 47 4e 62 0100 1c00 03000000 0000000000000000 "
	                     "64000000 14000000 03000000 04000000 bd9f14e4");
	saved = save_budget(&a_gauge, &no_rule);
	assert_bytes(&saved, "41 47 4e 62 0100 0c00 00000000 0000000000000000 22c298d8");
}

/** On a machine with the other byte order each integer is turned round, and no more. */
static void test_bytes_of_another_machine(void **)
{
	const uint8_t from[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	const uint8_t wanted[] = {8, 7, 6, 5, 4, 3, 2, 1, 9, 13, 12, 11, 10, 15, 14};
	uint8_t to[sizeof(from)];
	uint8_t back[sizeof(from)];
	again_bytes_copy(to, from, "8142", /*reversed=*/true);
	assert_memory_equal(to, wanted, sizeof(to));
	again_bytes_copy(back, to, "8142", /*reversed=*/true);
	assert_memory_equal(back, from, sizeof(back));
	again_bytes_copy(to, from, "8142", /*reversed=*/false);
	assert_memory_equal(to, from, sizeof(to));
}

static void test_round_trips(void **)
{
	struct saved saved = save_call(&a_call);
	struct again_call call;
	assert_int_equal(again_call_load(&call, saved.bytes, saved.len, NULL), 0);
	assert_memory_equal(&call, &a_call, sizeof(call));
	saved = save_breaker(&a_breaker);
	struct again_breaker breaker;
	assert_int_equal(again_breaker_load(&breaker, saved.bytes, saved.len, NULL), 0);
	assert_memory_equal(&breaker, &a_breaker, sizeof(breaker));
	saved = save_budget(&a_window, &window_rule);
	union again_budget budget;
	assert_int_equal(again_budget_load(&budget, &window_rule, saved.bytes, saved.len, NULL), 0);
	assert_memory_equal(&budget.window, &a_window.window, sizeof(budget.window));
	saved = save_budget(&a_gauge, &gauge_rule);
	assert_int_equal(again_budget_load(&budget, &gauge_rule, saved.bytes, saved.len, NULL), 0);
	assert_memory_equal(&budget.gauge, &a_gauge.gauge, sizeof(budget.gauge));
}

/** Where the kind is known, its member's size is enough: for the state, and exactly so many bytes for what is saved. */
static void test_storage_of_one_kind(void **)
{
	void *storage = malloc(sizeof(struct again_tokens));
	union again_budget *small = storage;
	uint8_t *bytes = malloc(FRAME + RULE + sizeof(struct again_tokens));
	assert_non_null(small);
	assert_non_null(bytes);
	memcpy(small, &a_bucket, sizeof(struct again_tokens));
	size_t len = FRAME + RULE + sizeof(struct again_tokens);
	assert_int_equal(again_budget_save(small, &tokens_rule, bytes, len), len);
	memset(small, 0, sizeof(struct again_tokens));
	assert_int_equal(again_budget_load(small, &tokens_rule, bytes, len, NULL), 0);
	assert_memory_equal(small, &a_bucket, sizeof(struct again_tokens));
	struct saved none = save_budget(NULL, &no_rule);
	assert_int_equal(again_budget_load(NULL, &no_rule, none.bytes, none.len, NULL), 0);
	free(bytes);
	free(storage);
}

static void test_too_little_room(void **)
{
	uint8_t bytes[AGAIN_SAVE_MAX];
	uint8_t untouched[AGAIN_SAVE_MAX];
	memset(bytes, 0xA5, sizeof(bytes));
	memset(untouched, 0xA5, sizeof(untouched));
	for (size_t cap = 0; cap < FRAME + sizeof(struct again_call); cap++) {
		assert_int_equal(again_call_save(&a_call, bytes, cap), AGAIN_ERR_SPACE);
	}
	for (size_t cap = 0; cap < FRAME + sizeof(struct again_breaker); cap++) {
		assert_int_equal(again_breaker_save(&a_breaker, bytes, cap), AGAIN_ERR_SPACE);
	}
	for (size_t cap = 0; cap < FRAME + RULE + sizeof(struct again_window); cap++) {
		assert_int_equal(again_budget_save(&a_window, &window_rule, bytes, cap),
		                 AGAIN_ERR_SPACE);
	}
	assert_memory_equal(bytes, untouched, sizeof(bytes));
}

// A state that was saved goes on as if it had not been.

/** Through bytes, into storage that holds something else. */
static struct again_call moved(const struct again_call *call)
{
	struct saved saved = save_call(call);
	struct again_call loaded;
	memset(&loaded, 0x5A, sizeof(loaded));
	assert_int_equal(again_call_load(&loaded, saved.bytes, saved.len, NULL), 0);
	return loaded;
}

static struct again_outcome any_outcome(struct again_rng *rng, again_ns now_ns)
{
	struct again_outcome outcome =
		outcome_of(AGAIN_CLASS_TRANSIENT, now_ns, now_ns + again_uniform(rng, 0, 3 * S));
	outcome.outcome_class =
		(uint32_t)again_uniform(rng, AGAIN_CLASS_THROTTLED, AGAIN_CLASS_AMBIGUOUS);
	outcome.hint_kind = again_uniform(rng, 0, 3) == 0 ? AGAIN_HINT_RELATIVE : AGAIN_HINT_NONE;
	outcome.hint_ns = 5 * S;
	return outcome;
}

/** One of two calls to which the same happens, with its guards; one of them is saved. */
struct twin {
	struct again_guards guards;
	union again_budget budget;
	struct again_breaker breaker;
	struct again_call call;
	struct again_decision decision;
};

static void open_twin(struct twin *twin, const struct again_policy *policy,
                      const struct again_breaker_rule *breaker_rule, uint64_t operation)
{
	memset(twin, 0, sizeof(*twin));
	again_guards_init(&twin->guards, sizeof(twin->guards));
	if (breaker_rule != NULL) {
		twin->guards.budget_rule = &gauge_rule;
		twin->guards.budget = &twin->budget;
		twin->guards.breaker_rule = breaker_rule;
		twin->guards.breaker = &twin->breaker;
		again_budget_init(&twin->budget, &gauge_rule, S);
		again_breaker_init(&twin->breaker);
	}
	assert_int_equal(again_guards_validate(&twin->guards, NULL), 0);
	again_call_init(&twin->call, policy, S, seed, operation);
	again_call_begin(&twin->call, policy, &twin->guards, S, &twin->decision);
}

static void step_twin(struct twin *twin, const struct again_policy *policy,
                      const struct again_outcome *outcome)
{
	struct again_outcome told = *outcome;
	told.lease = twin->decision.lease;
	again_call_next(&twin->call, policy, &twin->guards, &told, told.ended_ns, &twin->decision);
}

static uint32_t assert_goes_on(const struct again_policy *policy,
                               const struct again_breaker_rule *breaker_rule, uint64_t operation)
{
	struct twin one;
	struct twin other;
	struct again_rng rng = again_rng_split(again_rng_root(seed), operation);
	open_twin(&one, policy, breaker_rule, operation);
	open_twin(&other, policy, breaker_rule, operation);
	for (int events = 0; events < 20; events++) {
		check(memcmp(&one.decision, &other.decision, sizeof(one.decision)) == 0,
		      "%s, seed %" PRIu64 ", operation %" PRIu64 ": event %d",
		      jitter_name(policy->jitter), seed, operation, events);
		other.call = moved(&other.call);
		assert_memory_equal(&one.call, &other.call, sizeof(one.call));
		struct again_outcome outcome = any_outcome(&rng, one.decision.not_before_ns);
		step_twin(&one, policy, &outcome);
		step_twin(&other, policy, &outcome);
	}
	assert_int_equal(one.decision.verb, AGAIN_VERB_STOP);
	assert_memory_equal(&one.budget, &other.budget, sizeof(one.budget));
	assert_memory_equal(&one.breaker, &other.breaker, sizeof(one.breaker));
	return one.decision.reason;
}

static void assert_calls_go_on(const struct again_breaker_rule *breaker_rule, unsigned reasons)
{
	unsigned seen = 0;
	for (uint32_t jitter = 0; jitter <= AGAIN_JITTER_PROPORTIONAL; jitter++) {
		struct again_policy policy =
			policy_of(AGAIN_BACKOFF_EXPONENTIAL, (enum again_jitter)jitter);
		policy.max_retries = 12;
		policy.max_delay_ns = 20 * S;
		policy.initial_delay_ns = S;
		policy.reset_after_ns = 2 * S;
		policy.retry_ambiguous = 1;
		policy.deadline_ns = 120 * S;
		assert_valid(&policy);
		for (uint64_t operation = 0; operation < 100; operation++) {
			seen |= 1u << assert_goes_on(&policy, breaker_rule, operation);
		}
	}
	check((seen & reasons) == reasons, "the ends are %x", seen);
}

static void test_calls_go_on(void **)
{
	assert_calls_go_on(NULL,
	                   1u << AGAIN_REASON_EXHAUSTED | 1u << AGAIN_REASON_WOULD_EXCEED_DEADLINE);
}

static void test_guarded_calls_go_on(void **)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BREAKER_CONSECUTIVE;
	rule.failures = 8;
	assert_calls_go_on(&rule, 1u << AGAIN_REASON_BREAKER_OPEN);
}

static void assert_budget_goes_on(const struct again_budget_rule *rule, size_t size)
{
	union again_budget one = {0};
	union again_budget other = {0};
	struct again_rng rng = again_rng_root(seed);
	uint32_t granted = 0;
	assert_int_equal(again_budget_rule_validate(rule, NULL), 0);
	again_budget_init(&one, rule, S);
	other = one;
	for (again_ns now_ns = S; now_ns < 1'000 * S; now_ns += again_uniform(&rng, 0, S)) {
		struct saved saved = save_budget(&other, rule);
		memset(&other, 0x5A, size);
		assert_int_equal(again_budget_load(&other, rule, saved.bytes, saved.len, NULL), 0);
		assert_memory_equal(&one, &other, size);
		uint32_t paid = 0;
		uint32_t other_paid = 0;
		if (again_uniform(&rng, 0, 1) == 0) {
			again_budget_call_begins(&one, rule, now_ns);
			again_budget_call_begins(&other, rule, now_ns);
		} else if (again_budget_try_withdraw(&one, rule, AGAIN_CLASS_TRANSIENT, now_ns,
		                                     &paid) != 0) {
			granted++;
			assert_int_equal(again_budget_try_withdraw(&other, rule,
			                                           AGAIN_CLASS_TRANSIENT, now_ns,
			                                           &other_paid),
			                 1);
		} else {
			again_budget_success(&one, rule, 0, 0, now_ns);
			assert_int_equal(again_budget_try_withdraw(&other, rule,
			                                           AGAIN_CLASS_TRANSIENT, now_ns,
			                                           &other_paid),
			                 0);
			again_budget_success(&other, rule, 0, 0, now_ns);
		}
		assert_int_equal(paid, other_paid);
	}
	assert_true(granted > 10);
}

static void test_budgets_go_on(void **)
{
	assert_budget_goes_on(&tokens_rule, sizeof(struct again_tokens));
	assert_budget_goes_on(&window_rule, sizeof(struct again_window));
	assert_budget_goes_on(&gauge_rule, sizeof(struct again_gauge));
}

/** Through every state, with leases that are out while it is saved. */
static void assert_breaker_goes_on(const struct again_breaker_rule *rule)
{
	struct again_breaker one;
	struct again_rng rng = again_rng_root(seed);
	unsigned seen = 0;
	again_lease leases[4] = {0};
	assert_int_equal(again_breaker_rule_validate(rule, NULL), 0);
	again_breaker_init(&one);
	struct again_breaker other = one;
	for (again_ns now_ns = S; now_ns < 2'000 * S; now_ns += again_uniform(&rng, 0, S)) {
		struct saved saved = save_breaker(&other);
		memset(&other, 0x5A, sizeof(other));
		assert_int_equal(again_breaker_load(&other, saved.bytes, saved.len, NULL), 0);
		again_lease *lease = &leases[again_uniform(&rng, 0, 3)];
		uint32_t outcome_class =
			again_uniform(&rng, 0, 1) == 0 ? AGAIN_CLASS_SUCCESS : AGAIN_CLASS_SERVER;
		again_breaker_report(&one, rule, *lease, outcome_class, now_ns);
		again_breaker_report(&other, rule, *lease, outcome_class, now_ns);
		again_lease other_lease = *lease;
		assert_int_equal(again_breaker_allow(&one, rule, now_ns, now_ns, lease),
		                 again_breaker_allow(&other, rule, now_ns, now_ns, &other_lease));
		assert_int_equal(*lease, other_lease);
		if (again_uniform(&rng, 0, 400) == 0) {
			again_breaker_force_open(&one);
			again_breaker_force_open(&other);
		} else if (one.state == AGAIN_BREAKER_ISOLATED) {
			again_breaker_reset(&one);
			again_breaker_reset(&other);
		}
		assert_memory_equal(&one, &other, sizeof(one));
		seen |= 1u << one.state;
	}
	assert_int_equal(seen, 15);
}

static void test_breakers_go_on(void **)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	rule.kind = AGAIN_BREAKER_CONSECUTIVE;
	rule.failures = 4;
	rule.open_ns = 3 * S;
	rule.lease_ns = 2 * S;
	rule.probes = 2;
	assert_breaker_goes_on(&rule);
	rule.kind = AGAIN_BREAKER_RATIO;
	rule.failures = 0;
	rule.min_calls = 5;
	rule.ratio_q32 = AGAIN_Q32_ONE / 4 * 3;
	rule.window_ns = 10 * S;
	assert_breaker_goes_on(&rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum_is_the_published_one),
		cmocka_unit_test(test_bytes_of_a_call),
		cmocka_unit_test(test_bytes_of_a_breaker),
		cmocka_unit_test(test_bytes_of_budgets),
		cmocka_unit_test(test_bytes_of_another_machine),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_storage_of_one_kind),
		cmocka_unit_test(test_too_little_room),
		cmocka_unit_test(test_calls_go_on),
		cmocka_unit_test(test_guarded_calls_go_on),
		cmocka_unit_test(test_budgets_go_on),
		cmocka_unit_test(test_breakers_go_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
