// SPDX-License-Identifier: MIT
// A row of entries, of which the last 900 are a ring.
#include "report/history.h"

#include "base/alloc.h"
#include "base/error.h"

#define KEPT (AGAIN_HISTORY_FIRST + AGAIN_HISTORY_LAST)

// C libraries map so large a piece from the system instead of cutting it from their heap and
// clearing it: pages are touched, and exist, only as attempts come.
#define MAPPED_BYTES ((size_t)256 * 1024)

_Static_assert(KEPT * sizeof(struct again_history_entry) <= MAPPED_BYTES, "the entries fit");

int again_history_open(struct again_history *history, struct again_error *err)
{
	*history = (struct again_history){.entries = again_alloc(1, MAPPED_BYTES)};
	if (history->entries == NULL) {
		return again_error_set(err, AGAIN_ERR_MEMORY, /*field=*/NULL,
		                       "no memory for the report");
	}
	return 0;
}

/** Where the attempt that was added as number `n`, from 0, stands or stood. */
static struct again_history_entry *entry_of(const struct again_history *history, size_t n)
{
	if (n < AGAIN_HISTORY_FIRST) {
		return &history->entries[n];
	}
	return &history->entries[AGAIN_HISTORY_FIRST +
	                         (n - AGAIN_HISTORY_FIRST) % AGAIN_HISTORY_LAST];
}

void again_history_add(struct again_history *history, const struct again_attempt *attempt)
{
	*entry_of(history, history->count) = (struct again_history_entry){
		.attempt = *attempt,
		.waited_ns = AGAIN_NEVER,
	};
	history->count++;
}

void again_history_waited(struct again_history *history, again_ns waited_ns)
{
	again_assert(history->count > 0);
	entry_of(history, history->count - 1)->waited_ns = waited_ns;
}

size_t again_history_len(const struct again_history *history)
{
	return history->count < KEPT ? history->count : KEPT;
}

size_t again_history_omitted(const struct again_history *history)
{
	return history->count - again_history_len(history);
}

const struct again_history_entry *again_history_at(const struct again_history *history, size_t i)
{
	again_assert(i < again_history_len(history));
	return entry_of(history, i < AGAIN_HISTORY_FIRST ? i : i + again_history_omitted(history));
}

void again_history_close(struct again_history *history)
{
	again_free(history->entries);
	*history = (struct again_history){0};
}
