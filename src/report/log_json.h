// SPDX-License-Identifier: MIT
// An event as one JSON object on one line, with the report's names.
#ifndef AGAIN_REPORT_LOG_JSON_H
#define AGAIN_REPORT_LOG_JSON_H

#include "base/event.h"
#include "base/json.h"

/**
 * Writes the object; the caller begins and ends the text. `brief`: what can be of any length (name, command, rule) is
 * null, and the rest fits into AGAIN_LOG_LINE.
 */
void again_log_json_event(struct again_json *json, const struct again_event *event, bool brief);

#endif
