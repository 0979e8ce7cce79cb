// SPDX-License-Identifier: MIT
// The attempts of a run: the first 100 and the last 900 of them, in memory that is touched only as
// it is used.
#ifndef AGAIN_REPORT_HISTORY_H
#define AGAIN_REPORT_HISTORY_H

#include "base/event.h"

#define AGAIN_HISTORY_FIRST 100
#define AGAIN_HISTORY_LAST 900

struct again_history_entry {
	struct again_attempt attempt;
	/** How long the wait after it has lasted; AGAIN_NEVER where there was none. */
	again_ns waited_ns;
};

struct again_history {
	struct again_history_entry *entries;
	/** All that were added, the omitted ones too. */
	size_t count;
};

[[nodiscard]] int again_history_open(struct again_history *history, struct again_error *err);

/** Takes a copy of the next attempt. */
void again_history_add(struct again_history *history, const struct again_attempt *attempt);

/** How long the wait after the latest attempt has lasted. */
void again_history_waited(struct again_history *history, again_ns waited_ns);

/** How many are kept, and the i-th of them in order, i from 0. */
size_t again_history_len(const struct again_history *history);
const struct again_history_entry *again_history_at(const struct again_history *history, size_t i);

/** How many there were between the first and the last ones. */
size_t again_history_omitted(const struct again_history *history);

void again_history_close(struct again_history *history);

#endif
