// SPDX-License-Identifier: MIT
// What the tests of the log share: a log that writes into memory, and an event that a test changes
// line by line.
#ifndef AGAIN_TESTS_LOG_KIT_H
#define AGAIN_TESTS_LOG_KIT_H

#include "report/log.h"

#include <again/policy.h>

#include <stddef.h>

#define S AGAIN_NS_PER_SECOND
#define MS (S / 1000)

/** What was written, and how often. */
extern char taken[65536];
extern size_t taken_len;
extern unsigned writes;

/** What the next writes do: -errno, or the most that is taken; 0 ends the list. */
extern const int *plan;
/** Whether there is room; -1: ask the list of writes. */
extern int room;
/** -1: there was one without end. */
extern int longest_wait_ms;

extern struct again_log log_under_test;

/** Of the policy, the facts, the attempt and the verdict below. */
extern struct again_event event;
extern struct again_policy policy;
extern struct again_run_facts facts;
extern struct again_attempt attempt;
extern struct again_verdict verdict;

/**
 * A new log, with nothing written and room for all; and the event: attempt 2 of 6 failed, the run
 * did after 6.
 */
void start(enum again_log_format format, enum again_verbosity verbosity, const char *name);

/** Tells the event and compares all that was written for it. */
void tells(enum again_event_type type, const char *text);

#endif
