// SPDX-License-Identifier: MIT
// The log: every event becomes a line, for people or as JSON.
//
// A line is one write(2). The log never makes a run wait: a line that the descriptor has no room
// for (a pipe that nobody reads, a terminal that is stopped) is kept and written before the next
// one; the end of the run waits until everything is out, a second where a signal has told again to
// stop. After a second of that wait signals are let through, so that anybody can end it. What fails is
// remembered, and nothing stops for it.
#ifndef AGAIN_REPORT_LOG_H
#define AGAIN_REPORT_LOG_H

#include "base/event.h"
#include "base/file.h"

#include <stdbool.h>

enum again_log_format {
	AGAIN_LOG_TEXT = 0,
	AGAIN_LOG_JSON = 1,
};

enum again_verbosity {
	/** Only the final failure. */
	AGAIN_VERBOSITY_QUIET = -1,
	/** Failed attempts and the end. */
	AGAIN_VERBOSITY_NORMAL = 0,
	/** Everything. */
	AGAIN_VERBOSITY_VERBOSE = 1,
};

struct again_log_config {
	/** Borrowed, not closed. */
	int fd;
	enum again_log_format format;
	enum again_verbosity verbosity;
	/** What --name gave, for the prefix; NULL: nothing. Lives as long as the log. */
	const char *name;
	const struct again_file_calls *files;
};

/**
 * A longer line of text is cut; a longer JSON line goes without name, command and rule. Linux's PIPE_BUF:
 * atomic.
 */
#define AGAIN_LOG_LINE 4096

/** How much is kept for a descriptor that has no room. */
#define AGAIN_LOG_KEPT 8192

struct again_log {
	struct again_log_config config;
	int failure;
	bool initial_wait;
	size_t kept_len;
	char kept[AGAIN_LOG_KEPT];
	char line[AGAIN_LOG_LINE];
};

void again_log_init(struct again_log *log, const struct again_log_config *config);

/** An again_event_fn: `context` is a struct again_log. */
void again_log_event(void *context, const struct again_event *event);

/**
 * The errno of the first line that was not written in full, 0 where all were. EAGAIN: nobody read,
 * and there were more lines than could be kept.
 */
int again_log_failure(const struct again_log *log);

#endif
