// SPDX-License-Identifier: MIT
// What the tests of the report share: a run told to it event by event, and the text that it writes.
#ifndef AGAIN_TESTS_REPORT_KIT_H
#define AGAIN_TESTS_REPORT_KIT_H

#include "report/report.h"

#include <again/policy.h>

#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S AGAIN_NS_PER_SECOND
#define MS (S / 1000)
#define START UINT64_C(1763922622123456789)

/** Of the run: begin() sets it to the defaults. */
extern struct again_policy policy;

/** What finish() wrote. */
extern char written[2000000];
extern size_t written_len;

/** Opens the report and starts the run. */
void begin(struct again_report *report, again_ns initial_delay_ns);
void wait_ended(struct again_report *report, const struct again_attempt *attempt,
                again_ns waited_ns);
/** The whole attempt, from its start to its end. */
void ended(struct again_report *report, const struct again_attempt *attempt);
void over(struct again_report *report, const struct again_attempt *attempt,
          const struct again_verdict *verdict);

/** A whole run of so many failures; the wait after attempt n took n seconds. */
void make_attempts(struct again_report *report, uint32_t count);

/** Writes and closes the report into `written`. */
void finish(struct again_report *report);

/** The report has these bytes somewhere. */
void has(const char *bytes);
void hasnt(const char *bytes);
unsigned count_of(const char *bytes);

#endif
