// SPDX-License-Identifier: MIT
// A policy's defaults, its validation field by field, its size, and the names of codes and reasons.
#include "policy_kit.h"

static void test_defaults(void **)
{
	struct again_policy policy = default_policy();
	assert_valid(&policy);
	assert_int_equal(policy.size, sizeof(policy));
	assert_int_equal(policy.max_retries, 5);
	assert_int_equal(policy.backoff, AGAIN_BACKOFF_EXPONENTIAL);
	assert_int_equal(policy.jitter, AGAIN_JITTER_EQUAL);
	assert_int_equal(policy.jitter_q32, 858993459); // 0.2 * 2^32 = 858993459.2
	assert_int_equal(policy.degree, 2);
	assert_int_equal(policy.factor_q32, UINT64_C(2) << 32);
	assert_int_equal(policy.base_delay_ns, 1 * S);
	assert_int_equal(policy.max_delay_ns, 60 * S);
	assert_null(policy.list);
	assert_int_equal(policy.list_len, 0);
	assert_int_equal(policy.deadline_ns, AGAIN_NEVER);
	assert_int_equal(policy.attempt_timeout_ns, AGAIN_NEVER);
	assert_int_equal(policy.min_attempt_ns, 0);
	assert_int_equal(policy.reset_after_ns, AGAIN_NEVER);
	assert_int_equal(policy.initial_delay_ns, 0);
	assert_int_equal(policy.retry_ambiguous, 0);
	assert_int_equal(policy.hint_use, AGAIN_HINT_AT_LEAST);
	assert_int_equal(policy.hint_jitter_q32, 858993459);
	assert_int_equal(policy.hint_max_ns, 1 * HOUR);
	assert_int_equal(policy.throttled_base_delay_ns, 0);
}

/**
 * The caller's struct may be shorter or longer than ours, with something of its own right behind
 * it.
 */
static void test_init_writes_as_many_bytes_as_it_is_told(void **)
{
	struct again_policy known = default_policy();
	_Alignas(struct again_policy) unsigned char room[2 * sizeof(known)];
	for (size_t size = 0; size <= sizeof(room); size++) {
		memset(room, 0xA5, sizeof(room));
		again_policy_init((struct again_policy *)(void *)room, size);
		known.size = (uint32_t)size;
		size_t ours = size < sizeof(known) ? size : sizeof(known);
		assert_memory_equal(room, &known, ours);
		for (size_t i = ours; i < sizeof(room); i++) {
			check(room[i] == (i < size ? 0 : 0xA5), "byte %zu of %zu", i, size);
		}
	}
}

/** A caller's struct ends with a field, the first of them with initial_delay_ns. */
static void test_sizes(void **)
{
	static const uint32_t good[] = {104, 108, 112, 120, 128};
	struct again_policy policy = default_policy();
	size_t known = 0;
	for (uint32_t size = 0; size <= 1000; size++) {
		policy.size = size;
		if (known < sizeof(good) / sizeof(good[0]) && size == good[known]) {
			known++;
			assert_valid(&policy);
		} else {
			assert_refused(&policy, AGAIN_ERR_INVALID, "size");
		}
	}
	assert_int_equal(known, 5);
	policy.size = UINT32_MAX;
	assert_refused(&policy, AGAIN_ERR_INVALID, "size");
}

/** The first published struct, with what would be bad values, and a page that is not ours, right behind it. */
static void test_a_short_struct_has_the_defaults(void **)
{
	_Alignas(struct again_policy) unsigned char room[sizeof(struct again_policy)];
	struct again_policy *policy = (struct again_policy *)(void *)room;
	for (size_t size = 104; size < sizeof(room); size++) {
		memset(room, 0xA5, sizeof(room));
		again_policy_init(policy, size);
		int code = again_policy_validate(policy, NULL);
		bool is_cut = size != 104 && size != 108 && size != 112 && size != 120;
		check((code == 0) != is_cut, "size %zu: %d", size, code);
		for (size_t i = size; i < sizeof(room); i++) {
			assert_int_equal(room[i], 0xA5);
		}
	}
}

/** The same without room: under a sanitizer this would tell of a read behind it. */
static void test_a_short_struct_is_not_read_behind(void **)
{
	_Alignas(struct again_policy) unsigned char room[104];
	struct again_policy *policy = (struct again_policy *)(void *)room;
	again_policy_init(policy, sizeof(room));
	assert_valid(policy);
	struct again_call call;
	struct again_decision decision;
	struct again_outcome outcome = {
		.outcome_class = AGAIN_CLASS_THROTTLED,
		.hint_kind = AGAIN_HINT_RELATIVE,
		.hint_ns = 1 * HOUR,
	};
	again_call_init(&call, policy, 0, /*seed=*/1, /*operation=*/1);
	again_call_begin(&call, policy, /*guards=*/NULL, 0, &decision);
	again_call_next(&call, policy, /*guards=*/NULL, &outcome, 0, &decision);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_in_range(decision.delay_ns, 1 * HOUR, 1 * HOUR + 12 * 60 * S);
	outcome.hint_ns = 1 * HOUR + 1;
	again_call_next(&call, policy, /*guards=*/NULL, &outcome, 0, &decision);
	assert_int_equal(decision.reason, AGAIN_REASON_HINT_TOO_LONG);
}

/**
 * A short struct is refused by its size alone: under a sanitizer this would tell of a read behind
 * it.
 */
static void test_validate_reads_nothing_behind_a_short_struct(void **)
{
	_Alignas(struct again_policy) unsigned char brief[8];
	again_policy_init((struct again_policy *)(void *)brief, sizeof(brief));
	assert_int_equal(again_policy_validate((struct again_policy *)(void *)brief, NULL),
	                 AGAIN_ERR_INVALID);
}

/** Sets one field of the defaults, which must then be refused as out of range by that name. */
#define assert_out_of_range(field_name, bad_value)                         \
	do {                                                               \
		struct again_policy bad_policy = default_policy();         \
		bad_policy.field_name = (bad_value);                       \
		assert_refused(&bad_policy, AGAIN_ERR_RANGE, #field_name); \
	} while (false)

/** The same, where the value is good. */
#define assert_in_order(field_name, good_value)                     \
	do {                                                        \
		struct again_policy good_policy = default_policy(); \
		good_policy.field_name = (good_value);              \
		assert_valid(&good_policy);                         \
	} while (false)

static void test_ranges(void **)
{
	assert_out_of_range(backoff, AGAIN_BACKOFF_LIST + 1);
	assert_out_of_range(backoff, UINT32_MAX);
	assert_out_of_range(jitter, AGAIN_JITTER_PROPORTIONAL + 1);
	assert_out_of_range(jitter, UINT32_MAX);
	assert_out_of_range(jitter_q32, 0);
	assert_out_of_range(degree, 0);
	assert_out_of_range(degree, AGAIN_DEGREE_MAX + 1);
	assert_out_of_range(factor_q32, 0);
	assert_out_of_range(factor_q32, AGAIN_Q32_ONE - 1);
	assert_out_of_range(base_delay_ns, 0);
	assert_out_of_range(max_delay_ns, 0);
	assert_out_of_range(attempt_timeout_ns, 0);
	assert_out_of_range(reset_after_ns, 0);
	assert_out_of_range(retry_ambiguous, 2);
	assert_out_of_range(hint_use, AGAIN_HINT_BOUNDED + 1);
	assert_out_of_range(hint_use, UINT32_MAX);
	assert_out_of_range(hint_max_ns, 0);
}

static void test_ends_of_ranges(void **)
{
	assert_in_order(max_retries, 0);
	assert_in_order(max_retries, AGAIN_UNLIMITED);
	assert_in_order(jitter_q32, 1);
	assert_in_order(jitter_q32, UINT32_MAX);
	assert_in_order(degree, 1);
	assert_in_order(degree, AGAIN_DEGREE_MAX);
	assert_in_order(factor_q32, AGAIN_Q32_ONE);
	assert_in_order(factor_q32, UINT64_MAX);
	assert_in_order(base_delay_ns, 1);
	assert_in_order(base_delay_ns, 60 * S);
	assert_in_order(max_delay_ns, 1 * S);
	assert_in_order(max_delay_ns, AGAIN_NEVER);
	assert_in_order(deadline_ns, 0);
	assert_in_order(attempt_timeout_ns, 1);
	assert_in_order(min_attempt_ns, AGAIN_NEVER);
	assert_in_order(reset_after_ns, 1);
	assert_in_order(initial_delay_ns, AGAIN_NEVER);
	assert_in_order(retry_ambiguous, 1);
	assert_in_order(hint_use, AGAIN_HINT_BOUNDED);
	assert_in_order(hint_jitter_q32, 0);
	assert_in_order(hint_jitter_q32, UINT32_MAX);
	assert_in_order(hint_max_ns, 1);
	assert_in_order(hint_max_ns, AGAIN_NEVER);
	assert_in_order(throttled_base_delay_ns, 1);
	assert_in_order(throttled_base_delay_ns, 60 * S);
}

static void test_cap_below_base(void **)
{
	struct again_policy policy = default_policy();
	policy.max_delay_ns = policy.base_delay_ns - 1;
	assert_refused(&policy, AGAIN_ERR_CONFLICT, "max_delay_ns");
	policy.base_delay_ns = policy.max_delay_ns;
	assert_valid(&policy);
}

static void test_cap_below_throttled_base(void **)
{
	struct again_policy policy = default_policy();
	policy.throttled_base_delay_ns = 60 * S + 1;
	assert_refused(&policy, AGAIN_ERR_CONFLICT, "max_delay_ns");
	policy.backoff = AGAIN_BACKOFF_LIST;
	static const again_ns list[] = {1};
	policy.list = list;
	policy.list_len = 1;
	assert_valid(&policy);
	policy = policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	policy.throttled_base_delay_ns = 60 * S;
	assert_refused(&policy, AGAIN_ERR_CONFLICT, "max_delay_ns");
	policy.throttled_base_delay_ns = 60 * S - 1;
	assert_valid(&policy);
}

static void test_least_attempt_above_deadline(void **)
{
	struct again_policy policy = default_policy();
	policy.deadline_ns = 5 * S;
	policy.min_attempt_ns = 5 * S + 1;
	assert_refused(&policy, AGAIN_ERR_CONFLICT, "min_attempt_ns");
	policy.min_attempt_ns = 5 * S;
	assert_valid(&policy);
}

static void test_decorrelated_has_a_growth_of_its_own(void **)
{
	for (uint32_t backoff = 0; backoff < AGAIN_BACKOFF_LIST; backoff++) {
		struct again_policy policy =
			policy_of((enum again_backoff)backoff, AGAIN_JITTER_DECORRELATED);
		if (backoff == AGAIN_BACKOFF_EXPONENTIAL) {
			assert_valid(&policy);
		} else {
			assert_refused(&policy, AGAIN_ERR_CONFLICT, "jitter");
		}
	}
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	policy.factor_q32 += 1;
	assert_refused(&policy, AGAIN_ERR_CONFLICT, "jitter");
}

/** aws-c-io: where scale == max the range is empty, and the wait is none at all. */
static void test_aws_c_io_decorrelated_without_room(void **)
{
	struct again_policy policy =
		policy_of(AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED);
	policy.max_delay_ns = policy.base_delay_ns;
	assert_refused(&policy, AGAIN_ERR_CONFLICT, "max_delay_ns");
	policy.max_delay_ns++;
	assert_valid(&policy);
}

static void test_lists(void **)
{
	again_ns list[AGAIN_LIST_MAX + 1];
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		list[i] = i + 1;
	}
	struct again_policy policy = policy_of(AGAIN_BACKOFF_LIST, AGAIN_JITTER_NONE);
	policy.list = list;
	assert_refused(&policy, AGAIN_ERR_RANGE, "list_len");
	policy.list_len = AGAIN_LIST_MAX + 1;
	assert_refused(&policy, AGAIN_ERR_RANGE, "list_len");
	policy.list_len = AGAIN_LIST_MAX;
	assert_valid(&policy);
	policy.list = NULL;
	assert_refused(&policy, AGAIN_ERR_RANGE, "list");
	policy.list = list;
	list[AGAIN_LIST_MAX - 1] = 0;
	assert_refused(&policy, AGAIN_ERR_RANGE, "list");
	policy.list_len--;
	assert_valid(&policy);
	// The base is not a list's, so the cap need not be above it.
	policy.max_delay_ns = policy.base_delay_ns - 1;
	assert_valid(&policy);
	policy.jitter = AGAIN_JITTER_DECORRELATED;
	assert_refused(&policy, AGAIN_ERR_CONFLICT, "jitter");
}

/**
 * curl #11826 (what does a delay of 0 mean?), tenacity #710 (a multiplier of 0), sethvargo PR #39
 * (a jitter of 0).
 */
static void test_zero_is_refused_where_it_could_mean_two_things(void **)
{
	assert_out_of_range(base_delay_ns, 0);
	assert_out_of_range(factor_q32, 0);
	assert_out_of_range(jitter_q32, 0);
	assert_out_of_range(reset_after_ns, 0);
}

static void test_error_is_untouched_by_success(void **)
{
	struct again_policy policy = default_policy();
	struct again_error error = {.code = 7, .text = "as it was"};
	assert_int_equal(again_policy_validate(&policy, &error), 0);
	assert_int_equal(error.code, 7);
	assert_string_equal(error.text, "as it was");
}

static void test_codes_have_names_and_meanings(void **)
{
	assert_string_equal(again_code_name(AGAIN_OK), "AGAIN_OK");
	assert_string_equal(again_strerror(AGAIN_OK), "success");
	assert_string_equal(again_code_name(AGAIN_ERR_SYNTAX), "AGAIN_ERR_SYNTAX");
	assert_string_equal(again_strerror(AGAIN_ERR_SYNTAX), "malformed text");
	assert_string_equal(again_code_name(-1), "AGAIN_ERR_INVALID");
	assert_string_equal(again_code_name(1), "unknown");
	assert_string_equal(again_code_name(INT32_MIN), "unknown");
	assert_string_equal(again_strerror(-9999), "unknown error");
}

static void test_reasons_have_names_and_words(void **)
{
	assert_string_equal(again_reason_name(AGAIN_REASON_NONE), "none");
	assert_string_equal(again_reason_name(AGAIN_REASON_WOULD_EXCEED_DEADLINE),
	                    "would_exceed_deadline");
	assert_string_equal(again_reason_text(AGAIN_REASON_EXHAUSTED), "retries exhausted");
	assert_string_equal(again_reason_name(AGAIN_REASON_CANCELLED), "cancelled");
	assert_string_equal(again_reason_name(UINT32_MAX), "unknown");
	assert_string_equal(again_reason_text(UINT32_MAX), "unknown reason");
}

static void test_classes_and_guards_have_names(void **)
{
	assert_string_equal(again_class_name(AGAIN_CLASS_SUCCESS), "success");
	assert_string_equal(again_class_name(AGAIN_CLASS_AMBIGUOUS), "ambiguous");
	assert_string_equal(again_class_name(AGAIN_CLASS_AMBIGUOUS + 1), "unknown");
	assert_string_equal(again_class_name(UINT32_MAX), "unknown");
	assert_string_equal(again_guard_name(AGAIN_GUARD_NONE), "none");
	assert_string_equal(again_guard_name(AGAIN_GUARD_HINT), "hint");
	assert_string_equal(again_guard_name(AGAIN_GUARD_HINT + 1), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_init_writes_as_many_bytes_as_it_is_told),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_a_short_struct_has_the_defaults),
		cmocka_unit_test(test_a_short_struct_is_not_read_behind),
		cmocka_unit_test(test_validate_reads_nothing_behind_a_short_struct),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_ends_of_ranges),
		cmocka_unit_test(test_cap_below_base),
		cmocka_unit_test(test_cap_below_throttled_base),
		cmocka_unit_test(test_least_attempt_above_deadline),
		cmocka_unit_test(test_decorrelated_has_a_growth_of_its_own),
		cmocka_unit_test(test_aws_c_io_decorrelated_without_room),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_zero_is_refused_where_it_could_mean_two_things),
		cmocka_unit_test(test_error_is_untouched_by_success),
		cmocka_unit_test(test_codes_have_names_and_meanings),
		cmocka_unit_test(test_reasons_have_names_and_words),
		cmocka_unit_test(test_classes_and_guards_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
