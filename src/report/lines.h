// SPDX-License-Identifier: MIT
// An event as a line for people, without its end: the words that the manual promises.
#ifndef AGAIN_REPORT_LINES_H
#define AGAIN_REPORT_LINES_H

#include "base/event.h"
#include "base/text.h"

/** "again: " or "again[NAME]: ". */
void again_lines_prefix(struct again_text *text, const char *name);

/**
 * The event's words. Adds nothing where there is nothing to say: the run's end with a success at
 * the first try.
 */
void again_lines_event(struct again_text *text, const struct again_event *event);

/** Which rule decided what an attempt's end means; its `rule` is not NULL. */
void again_lines_rule(struct again_text *text, const struct again_event *event);

#endif
