// SPDX-License-Identifier: MIT
// What the report keeps of very long runs, and the memory for it: only what is used, and none.
#include "report_kit.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/** Takes the place of base/alloc.c: memory that there is none of, or that is mapped from the system. */
static bool out_of_memory;
static bool mapping;
static void *mapped;
static size_t mapped_len;

void *again_alloc(size_t count, size_t size)
{
	if (out_of_memory) {
		return NULL;
	}
	if (!mapping) {
		return calloc(count, size);
	}
	mapped_len = count * size;
	mapped = mmap(NULL, mapped_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mapped == MAP_FAILED ? NULL : mapped;
}

void again_free(void *memory)
{
	if (memory == NULL || memory != mapped) {
		free(memory);
		return;
	}
	assert_int_equal(munmap(mapped, mapped_len), 0);
	mapped = NULL;
}

static void memory_is_touched_only_as_it_is_used(void **state)
{
	(void)state;
	mapping = true;
	struct again_history history;
	assert_int_equal(again_history_open(&history, NULL), 0);
	mapping = false;
	// C libraries map so much from the system instead of clearing it.
	assert_true(mapped_len >= 128 * 1024);
	const struct again_attempt attempt = {.number = 1, .code = 7, .rule = "retry-on exit:7"};
	again_history_add(&history, &attempt);
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	static unsigned char there[1024];
	assert_true(mapped_len / page <= sizeof(there));
	assert_int_equal(mincore(mapped, mapped_len, there), 0);
	for (size_t i = 0; i < mapped_len / page; i++) {
		assert_int_equal(there[i] & 1, i == 0);
	}
	again_history_close(&history);
	again_history_close(&history);
}

static void very_long_runs(void **state)
{
	(void)state;
	static const uint32_t counts[] = {1,    99,   100,  101,  999,  1000,
	                                  1001, 1500, 1900, 1901, 12345};
	for (size_t i = 0; i < COUNT(counts); i++) {
		struct again_report report;
		make_attempts(&report, counts[i]);
		const size_t len = counts[i] < 1000 ? counts[i] : 1000;
		assert_int_equal(again_history_len(&report.history), len);
		assert_int_equal(again_history_omitted(&report.history), counts[i] - len);
		for (size_t k = 0; k < len; k++) {
			const struct again_history_entry *entry =
				again_history_at(&report.history, k);
			size_t number = k < 100 ? k + 1 : k + 1 + counts[i] - len;
			assert_int_equal(entry->attempt.number, number);
			assert_true(entry->waited_ns ==
			            (number == counts[i] ? AGAIN_NEVER : number * S));
		}
		finish(&report);
		assert_int_equal(count_of("\"attempt\": "), len);
		char bytes[64];
		(void)snprintf(bytes, sizeof(bytes), "\"attempts_omitted\": %u\n",
		               counts[i] - (unsigned)len);
		has(bytes);
	}
}

static void without_memory(void **state)
{
	(void)state;
	out_of_memory = true;
	struct again_report report;
	struct again_error error = {0};
	assert_int_equal(again_report_open(&report, &error), AGAIN_ERR_MEMORY);
	assert_string_equal(error.text, "no memory for the report");
	out_of_memory = false;
	again_report_close(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		// First: once glibc has taken back such a piece, it cuts the next one from its
		// heap.
		cmocka_unit_test(memory_is_touched_only_as_it_is_used),
		cmocka_unit_test(very_long_runs),
		cmocka_unit_test(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
