// SPDX-License-Identifier: MIT
// Policy text: each setting read and written, and whatever a setup can lack.
#include "text_kit.h"

static void test_defaults_are_an_empty_text(void **)
{
	static const char *const nothing[] = {"", " ", " \t\r\n"};
	struct parts defaults;
	parts_init(&defaults);
	assert_written(&defaults, "");
	for (size_t i = 0; i < COUNT(nothing); i++) {
		struct parts parts;
		parts_of(&parts, nothing[i]);
		assert_true(are_equal(&parts, &defaults));
	}
	assert_int_equal(again_setup_parse(&defaults.setup, NULL, 0, NULL), 0);
}

/** Texts and how they are written: shortest form, the order of the header. */
static const struct {
	const char *text;
	const char *written;
} texts[] = {
	{"max-retries=5", ""},
	{"max-retries=0", "max-retries=0"},
	{"max-retries=unlimited", "max-retries=unlimited"},
	{"max-retries=4294967294", "max-retries=4294967294"},
	{"base-delay=10ms", "base-delay=10ms"},
	{"base-delay=0.01", "base-delay=10ms"},
	{"base-delay=90", "base-delay=1m30s"},
	{"max-delay=1m", ""},
	{"max-delay=none", "max-delay=none"},
	{"max-delay=0.5h", "max-delay=30m"},
	{"factor=2.0", ""},
	{"factor=1.5", "factor=1.5"},
	{"factor=1", "factor=1"},
	{"backoff=exponential", ""},
	{"backoff=constant", "backoff=constant"},
	{"backoff=linear", "backoff=linear"},
	{"backoff=fibonacci", "backoff=fibonacci"},
	{"backoff=polynomial", "backoff=polynomial"},
	{"backoff=polynomial:2", "backoff=polynomial"},
	{"backoff=polynomial:8", "backoff=polynomial:8"},
	{"backoff=list:1", "backoff=list:1s"},
	{"backoff=list:1s/5s/30s", "backoff=list:1s/5s/30s"},
	{"backoff=list:5m/1ms,max-delay=1h", "max-delay=1h,backoff=list:5m/1ms"},
	{"jitter=equal", ""},
	{"jitter=none", "jitter=none"},
	{"jitter=full", "jitter=full"},
	{"jitter=decorrelated", "jitter=decorrelated"},
	{"jitter=proportional", "jitter=proportional"},
	{"jitter=proportional:.2", "jitter=proportional"},
	{"jitter=proportional:0.1", "jitter=proportional:0.1"},
	{"timeout=30s", "timeout=30s"},
	{"timeout=none", ""},
	{"deadline=10m", "deadline=10m"},
	{"deadline=0", "deadline=0s"},
	{"deadline=none", ""},
	{"reset-after=10m", "reset-after=10m"},
	{"reset-after=none", ""},
	{"initial-delay=5s", "initial-delay=5s"},
	{"initial-delay=0", ""},
	{"min-attempt=200ms", "min-attempt=200ms"},
	{"throttled-base-delay=1m", "throttled-base-delay=1m"},
	{"throttled-base-delay=none", ""},
	{"hint=at-least", ""},
	{"hint=ignore", "hint=ignore"},
	{"hint=exact", "hint=exact"},
	{"hint=bounded", "hint=bounded"},
	{"hint-max=1h", ""},
	{"hint-max=none", "hint-max=none"},
	{"hint-jitter=0.2", ""},
	{"hint-jitter=0", "hint-jitter=0"},
	{"retry-ambiguous=no", ""},
	{"retry-ambiguous=yes", "retry-ambiguous=yes"},
	{"hedge=2s", "hedge=2s"},
	{"hedge=2s/most:1", "hedge=2s"},
	{"hedge=50ms/most:3", "hedge=50ms/most:3"},
	{"hedge=none", ""},
	{"budget=10%", "budget=sre10"},
	{"budget=none", ""},
	{"breaker=failures:5/open:30s", "breaker=failures:5/open:30s"},
	{"breaker=none", ""},
	{" jitter=full ,\n\tmax-retries=3 ", "max-retries=3,jitter=full"},
	{"budget=grpc,hedge=1s,hint=exact,deadline=1m,jitter=none,factor=3",
         "factor=3,jitter=none,deadline=1m,hint=exact,hedge=1s,budget=grpc"},
};

static void test_texts_read_and_written(void **)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct parts parts;
		parts_of(&parts, texts[i].text);
		assert_written(&parts, texts[i].written);
	}
}

static void test_values_land_in_their_fields(void **)
{
	struct parts parts;
	parts_of(&parts,
	         "max-retries=8,base-delay=10ms,max-delay=2s,factor=1.5,jitter=proportional:0.5,"
	         "timeout=3s,deadline=4m,reset-after=5m,initial-delay=6s,min-attempt=7ms,"
	         "throttled-base-delay=1s,hint=bounded,hint-max=9s,hint-jitter=0.25,"
	         "retry-ambiguous=yes,hedge=11ms/most:2,budget=envoy,"
	         "breaker=failures:12/open:13s");
	assert_int_equal(parts.policy.max_retries, 8);
	assert_int_equal(parts.policy.base_delay_ns, 10 * MS);
	assert_int_equal(parts.policy.max_delay_ns, 2 * S);
	assert_int_equal(parts.policy.factor_q32, AGAIN_Q32_ONE + AGAIN_Q32_ONE / 2);
	assert_int_equal(parts.policy.backoff, AGAIN_BACKOFF_EXPONENTIAL);
	assert_int_equal(parts.policy.jitter, AGAIN_JITTER_PROPORTIONAL);
	assert_int_equal(parts.policy.jitter_q32, AGAIN_Q32_ONE / 2);
	assert_int_equal(parts.policy.attempt_timeout_ns, 3 * S);
	assert_int_equal(parts.policy.deadline_ns, 240 * S);
	assert_int_equal(parts.policy.reset_after_ns, 300 * S);
	assert_int_equal(parts.policy.initial_delay_ns, 6 * S);
	assert_int_equal(parts.policy.min_attempt_ns, 7 * MS);
	assert_int_equal(parts.policy.throttled_base_delay_ns, 1 * S);
	assert_int_equal(parts.policy.hint_use, AGAIN_HINT_BOUNDED);
	assert_int_equal(parts.policy.hint_max_ns, 9 * S);
	assert_int_equal(parts.policy.hint_jitter_q32, AGAIN_Q32_ONE / 4);
	assert_int_equal(parts.policy.retry_ambiguous, 1);
	assert_int_equal(parts.hedge.delay_ns, 11 * MS);
	assert_int_equal(parts.hedge.most, 2);
	assert_int_equal(parts.budget.kind, AGAIN_BUDGET_CONCURRENCY);
	assert_int_equal(parts.breaker.failures, 12);
	assert_int_equal(parts.breaker.open_ns, 13 * S);
}

static void test_a_list_is_the_setups(void **)
{
	struct parts parts;
	parts_of(&parts, "backoff=list:1s/5s/30s");
	assert_int_equal(parts.policy.backoff, AGAIN_BACKOFF_LIST);
	assert_ptr_equal(parts.policy.list, parts.list);
	assert_int_equal(parts.policy.list_len, 3);
	assert_int_equal(parts.list[0], 1 * S);
	assert_int_equal(parts.list[2], 30 * S);
	// Another text leaves it alone, or replaces it, or ends it.
	parts_read(&parts, "max-retries=1");
	assert_int_equal(parts.policy.list_len, 3);
	assert_int_equal(parts.list[1], 5 * S);
	parts_read(&parts, "backoff=list:7s");
	assert_int_equal(parts.policy.list_len, 1);
	assert_int_equal(parts.list[0], 7 * S);
	parts_read(&parts, "backoff=linear");
	assert_null(parts.policy.list);
	assert_int_equal(parts.policy.list_len, 0);
}

static again_ns cap_of(const char *text)
{
	struct parts parts;
	parts_of(&parts, text);
	return parts.policy.max_delay_ns;
}

static void test_a_cap_that_is_not_given(void **)
{
	assert_int_equal(cap_of("base-delay=59s"), 60 * S);
	assert_int_equal(cap_of("base-delay=2m"), 120 * S);
	assert_int_equal(cap_of("throttled-base-delay=3m,base-delay=2m"), 180 * S);
	assert_int_equal(cap_of("backoff=list:1s"), AGAIN_NEVER);
	assert_int_equal(cap_of("backoff=list:1s,max-delay=2s"), 2 * S);
	// One that nobody chose follows the next text, one that was chosen stays.
	struct parts parts;
	parts_of(&parts, "base-delay=2m");
	parts_read(&parts, "base-delay=5s");
	assert_int_equal(parts.policy.max_delay_ns, 60 * S);
	parts_read(&parts, "max-delay=30s");
	parts_read(&parts, "backoff=list:1s/2s");
	assert_int_equal(parts.policy.max_delay_ns, 30 * S);
}

static void test_what_is_not_named_keeps_its_value(void **)
{
	struct parts parts;
	parts_of(&parts, "max-retries=9,jitter=full,budget=grpc,hedge=3s");
	parts_read(&parts, "base-delay=2s,breaker=failures:1/open:1s");
	assert_written(&parts, "max-retries=9,base-delay=2s,jitter=full,hedge=3s,budget=grpc,"
	                       "breaker=failures:1/open:1s");
	parts_read(&parts, "hedge=none,budget=none,breaker=none");
	assert_written(&parts, "max-retries=9,base-delay=2s,jitter=full");
}

static void test_a_kind_alone_has_its_default_number(void **)
{
	struct parts parts;
	parts_of(&parts, "jitter=proportional:0.5");
	parts_read(&parts, "jitter=proportional");
	assert_written(&parts, "jitter=proportional");
	parts_of(&parts, "backoff=polynomial:5");
	parts_read(&parts, "backoff=polynomial");
	assert_written(&parts, "backoff=polynomial");
}

static void test_a_preset_and_what_it_leaves_open(void **)
{
	struct parts parts;
	parts_of(&parts, "aws-2018,max-retries=8");
	assert_written(&parts, "max-retries=8,max-delay=20s,jitter=full,budget=aws-2018");
	parts_of(&parts, " no-retry ");
	assert_written(&parts, "max-retries=0");
	parts_of(&parts, "envoy,budget=none");
	assert_int_equal(parts.budget.kind, AGAIN_BUDGET_NONE);
}

static void test_parts_that_are_not_offered(void **)
{
	static const struct {
		const char *text;
		uint32_t column;
		const char *told;
	} cases[] = {
		{"budget=10%", 8, "budget '10%': not offered here"},
		{"breaker=failures:1/open:1s", 9, "breaker 'failures:1/open:1s': not offered here"},
		{"jitter=full,hedge=1s", 19, "hedge '1s': not offered here"},
		{"budget=none", 8, "budget 'none': not offered here"},
		{"backoff=list:1s", 14,
	         "delay of backoff '1s': lists are not offered here; use "
	         "list:D/D/..., each a duration above 0 such as 250ms or "
	         "1m30s"},
		{" grpc", 2, "preset 'grpc': budget 'grpc': not offered here"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct parts parts;
		parts_init(&parts);
		parts.setup.list = NULL;
		parts.setup.budget = NULL;
		parts.setup.breaker = NULL;
		parts.setup.hedge = NULL;
		struct again_error error = {0};
		assert_true(again_setup_parse(&parts.setup, cases[i].text, strlen(cases[i].text),
		                              &error) < 0);
		assert_string_equal(error.text, cases[i].told);
		assert_int_equal(error.column, cases[i].column);
		parts_read(&parts, "polly,max-retries=4");
		char text[128];
		assert_true(again_setup_print(&parts.setup, text, sizeof(text)) > 0);
		assert_string_equal(text,
		                    "max-retries=4,base-delay=2s,max-delay=none,backoff=constant,"
		                    "jitter=none");
	}
}

static void test_lists_fit_their_room(void **)
{
	struct parts parts;
	parts_init(&parts);
	parts.setup.list_cap = 2;
	struct again_error error = {0};
	parts_read(&parts, "backoff=list:1s/2s");
	assert_int_equal(again_setup_parse(&parts.setup, "backoff=list:1s/2s/3s", 21, &error),
	                 AGAIN_ERR_RANGE);
	assert_int_equal(error.column, 20);
	char text[2 * AGAIN_LIST_MAX + 32] = "backoff=list:1";
	for (size_t i = 1; i < AGAIN_LIST_MAX; i++) {
		memcpy(text + 12 + 2 * i, "/1", 3);
	}
	parts_of(&parts, text);
	assert_int_equal(parts.policy.list_len, AGAIN_LIST_MAX);
	memcpy(text + 12 + 2 * AGAIN_LIST_MAX, "/1", 3);
	assert_int_equal(again_setup_parse(&parts.setup, text, strlen(text), &error),
	                 AGAIN_ERR_RANGE);
	assert_non_null(strstr(error.text, "the list is too long"));
}

/** The longest text of all fits AGAIN_TEXT_MAX. */
static void test_the_longest_text(void **)
{
	struct parts parts;
	parts_of(&parts,
	         "max-retries=4294967294,factor=2147483647.9999999998,"
	         "jitter=proportional:0.9999999998,hint=at-least,hint-jitter=0.9999999998,"
	         "retry-ambiguous=yes,"
	         "budget=window:1h/reserve:999999.999/cost:999999.999/cost-timeout:999999.997/"
	         "cost-throttled:999999.996/least:999999.995/call:999999.994/"
	         "retry:999999.993/first:999999.992/later:999999.991/charge-failures,"
	         "breaker=ratio:99.99999998%/window:1h/min:4294967295/open:1h/lease:2h/probes:8,"
	         "hedge=1h/most:255");
	// The longest of durations.
	const again_ns longest = UINT64_C(9'223'371'599'999'999'999);
	parts.policy.backoff = AGAIN_BACKOFF_LIST;
	parts.policy.list = parts.list;
	parts.policy.list_len = AGAIN_LIST_MAX;
	for (size_t i = 0; i < AGAIN_LIST_MAX; i++) {
		parts.list[i] = longest;
	}
	parts.policy.base_delay_ns = longest;
	parts.policy.max_delay_ns = longest;
	parts.policy.deadline_ns = longest;
	parts.policy.attempt_timeout_ns = longest;
	parts.policy.min_attempt_ns = longest;
	parts.policy.reset_after_ns = longest;
	parts.policy.initial_delay_ns = longest;
	parts.policy.hint_max_ns = longest;
	parts.policy.throttled_base_delay_ns = longest;
	parts.budget.window_ns = longest;
	parts.breaker.window_ns = longest;
	parts.breaker.open_ns = longest;
	parts.breaker.lease_ns = longest - 1;
	parts.hedge.delay_ns = longest;
	char text[AGAIN_TEXT_MAX];
	int len = again_setup_print(&parts.setup, text, sizeof(text));
	check(len > 7000, "%d", len);
	struct parts same;
	parts_of(&same, text);
	assert_true(are_equal(&parts, &same));
}

static void test_too_little_room(void **)
{
	struct parts parts;
	parts_of(&parts, "max-retries=9,jitter=full,budget=grpc");
	const char whole[] = "max-retries=9,jitter=full,budget=grpc";
	char text[sizeof(whole) + 1];
	for (size_t cap = 0; cap < sizeof(whole); cap++) {
		memset(text, '#', sizeof(text));
		assert_int_equal(again_setup_print(&parts.setup, text, cap), AGAIN_ERR_SPACE);
		check(cap == 0 || text[0] == '\0', "room %zu", cap);
		check(text[cap] == '#', "room %zu", cap);
	}
	assert_int_equal(again_setup_print(&parts.setup, text, sizeof(whole)), sizeof(whole) - 1);
	assert_string_equal(text, whole);
}

/** What is valid, but longer or larger than text can say. */
static void test_what_no_text_says(void **)
{
	char text[128];
	struct parts parts;
	parts_init(&parts);
	parts.policy.base_delay_ns = (again_ns)INT64_MAX + 1;
	parts.policy.max_delay_ns = AGAIN_NEVER;
	assert_int_equal(again_setup_print(&parts.setup, text, sizeof(text)), AGAIN_ERR_RANGE);
	parts.policy.base_delay_ns = AGAIN_NEVER;
	assert_int_equal(again_setup_print(&parts.setup, text, sizeof(text)), AGAIN_ERR_RANGE);
	parts_init(&parts);
	parts.policy.factor_q32 = UINT64_C(1) << 63;
	assert_int_equal(again_setup_print(&parts.setup, text, sizeof(text)), AGAIN_ERR_RANGE);
	assert_int_equal(text[0], '\0');
	parts.policy.factor_q32 -= 1;
	assert_written(&parts, "factor=2147483647.9999999998");
}

static void test_what_is_not_valid_is_not_written(void **)
{
	char text[128];
	struct parts parts;
	parts_init(&parts);
	parts.policy.base_delay_ns = 0;
	assert_int_equal(again_setup_print(&parts.setup, text, sizeof(text)), AGAIN_ERR_RANGE);
	parts_init(&parts);
	parts.budget.cost_mt = 1;
	assert_int_equal(again_setup_print(&parts.setup, text, sizeof(text)), AGAIN_ERR_RANGE);
	parts_init(&parts);
	parts.breaker.probes = 0;
	assert_int_equal(again_setup_print(&parts.setup, text, sizeof(text)), AGAIN_ERR_RANGE);
	parts_init(&parts);
	parts.hedge.delay_ns = 0;
	assert_int_equal(again_setup_print(&parts.setup, text, sizeof(text)), AGAIN_ERR_RANGE);
}

/** Parts that were not valid before are refused whatever the text says, unless it makes them so. */
static void test_what_was_not_valid_before(void **)
{
	struct parts parts;
	struct again_error error = {0};
	parts_init(&parts);
	parts.policy.degree = 0;
	assert_int_equal(again_setup_parse(&parts.setup, "jitter=full", 11, &error),
	                 AGAIN_ERR_RANGE);
	parts_read(&parts, "backoff=linear");
	parts.budget.kind = 99;
	assert_int_equal(again_setup_parse(&parts.setup, "", 0, &error), AGAIN_ERR_RANGE);
	assert_int_equal(error.column, 0);
	parts_read(&parts, "budget=envoy");
	parts.breaker.open_ns = 0;
	assert_int_equal(again_setup_parse(&parts.setup, "", 0, &error), AGAIN_ERR_RANGE);
	parts_read(&parts, "breaker=none");
	parts.hedge.most = 0;
	assert_int_equal(again_setup_parse(&parts.setup, "", 0, &error), AGAIN_ERR_RANGE);
	parts_read(&parts, "hedge=1s");
	assert_written(&parts, "backoff=linear,hedge=1s,budget=envoy");
}

static void test_sizes_that_are_not_known_are_refused(void **)
{
	char text[128];
	static const uint32_t bad[] = {0, 4, UINT32_MAX};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct again_error error = {.column = 9};
		struct parts parts;
		uint32_t *const sizes[] = {&parts.setup.size, &parts.policy.size,
		                           &parts.budget.size, &parts.breaker.size,
		                           &parts.hedge.size};
		for (size_t j = 0; j < COUNT(sizes); j++) {
			parts_init(&parts);
			*sizes[j] = bad[i];
			assert_int_equal(again_setup_parse(&parts.setup, "", 0, &error),
			                 AGAIN_ERR_INVALID);
			assert_string_equal(error.field, "size");
			assert_int_equal(error.column, 0);
			assert_int_equal(again_setup_print(&parts.setup, text, sizeof(text)),
			                 AGAIN_ERR_RANGE);
		}
	}
}

/** A policy of the first published size has no hints: they are refused, and nothing is written behind its end. */
static void test_an_older_policy(void **)
{
	const size_t first = offsetof(struct again_policy, initial_delay_ns) + sizeof(again_ns);
	struct parts parts;
	struct again_error error = {0};
	parts_init(&parts);
	memset(&parts.policy, 0xA5, sizeof(parts.policy));
	again_policy_init(&parts.policy, first);
	parts_read(&parts, "max-retries=3,jitter=full");
	assert_int_equal(parts.policy.max_retries, 3);
	assert_int_equal(parts.policy.size, first);
	for (size_t i = first; i < sizeof(parts.policy); i++) {
		assert_int_equal(((const unsigned char *)&parts.policy)[i], 0xA5);
	}
	static const char *const newer[] = {"hint=exact", "hint-max=1s", "hint-jitter=0.1",
	                                    "throttled-base-delay=5s"};
	for (size_t i = 0; i < COUNT(newer); i++) {
		assert_int_equal(
			again_setup_parse(&parts.setup, newer[i], strlen(newer[i]), &error),
			AGAIN_ERR_INVALID);
		assert_non_null(strstr(error.text, "': not offered here"));
	}
	char text[128];
	assert_true(again_setup_print(&parts.setup, text, sizeof(text)) > 0);
	assert_string_equal(text, "max-retries=3,jitter=full");
}

static void test_init_writes_as_many_bytes_as_it_is_told(void **)
{
	_Alignas(struct again_setup) unsigned char room[2 * sizeof(struct again_setup)];
	for (size_t size = 0; size <= sizeof(room); size++) {
		memset(room, 0xA5, sizeof(room));
		again_setup_init((struct again_setup *)(void *)room, size);
		for (size_t i = sizeof(uint32_t); i < sizeof(room); i++) {
			check(room[i] == (i < size ? 0 : 0xA5), "byte %zu of %zu", i, size);
		}
		uint32_t told = 0;
		memcpy(&told, room, sizeof(told));
		assert_true(size < sizeof(told) || told == size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_an_empty_text),
		cmocka_unit_test(test_texts_read_and_written),
		cmocka_unit_test(test_values_land_in_their_fields),
		cmocka_unit_test(test_a_list_is_the_setups),
		cmocka_unit_test(test_a_cap_that_is_not_given),
		cmocka_unit_test(test_what_is_not_named_keeps_its_value),
		cmocka_unit_test(test_a_kind_alone_has_its_default_number),
		cmocka_unit_test(test_a_preset_and_what_it_leaves_open),
		cmocka_unit_test(test_parts_that_are_not_offered),
		cmocka_unit_test(test_lists_fit_their_room),
		cmocka_unit_test(test_the_longest_text),
		cmocka_unit_test(test_too_little_room),
		cmocka_unit_test(test_what_no_text_says),
		cmocka_unit_test(test_what_is_not_valid_is_not_written),
		cmocka_unit_test(test_what_was_not_valid_before),
		cmocka_unit_test(test_sizes_that_are_not_known_are_refused),
		cmocka_unit_test(test_an_older_policy),
		cmocka_unit_test(test_init_writes_as_many_bytes_as_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
