// SPDX-License-Identifier: MIT
// The word that was meant: a completion first, else the fewest changes, else none.
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const words[] = {
	"max-retries",
	"max-delay",
	"base-delay",
	"jitter",
	"budget",
	"a",
	"a-word-that-is-longer-than-any-that-is-compared",
};

static const char *nearest_to(const char *word, size_t len)
{
	struct again_nearest nearest = again_nearest_to(word, len);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		again_nearest_try(&nearest, words[i]);
	}
	return nearest.found;
}

static void assert_nearest(const char *word, const char *expected)
{
	const char *found = nearest_to(word, strlen(word));
	if (expected == NULL) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, expected);
}

static void a_word_itself(void **)
{
	assert_nearest("jitter", "jitter");
	assert_nearest("a", "a");
}

static void few_changes(void **)
{
	assert_nearest("jiter", "jitter");
	assert_nearest("jitterr", "jitter");
	assert_nearest("gitter", "jitter");
	assert_nearest("max-retires", "max-retries");
	assert_nearest("maxdelay", "max-delay");
}

static void a_beginning_wins(void **)
{
	assert_nearest("ba", "base-delay");
	assert_nearest("max", "max-retries");
	assert_nearest("max-d", "max-delay");
}

static void too_far_is_none(void **)
{
	assert_nearest("", NULL);
	assert_nearest("xyz", NULL);
	assert_nearest("completely-different", NULL);
	assert_nearest("a-word-that-is-longer-than-any-that-is", NULL);
}

/** Neither is looked at behind its length, and a zero byte is a byte. */
static void any_bytes(void **)
{
	assert_string_equal(nearest_to("jitter!", 6), "jitter");
	assert_string_equal(nearest_to("jit\0er", 6), "jitter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_itself),    cmocka_unit_test(few_changes),
		cmocka_unit_test(a_beginning_wins), cmocka_unit_test(too_far_is_none),
		cmocka_unit_test(any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
