// SPDX-License-Identifier: MIT
// The report: listens to a run's events and tells at its end, as one JSON object, what happened.
//
// docs/report.schema.json describes it. The facts of the run are borrowed and must live until the
// report is written.
#ifndef AGAIN_REPORT_REPORT_H
#define AGAIN_REPORT_REPORT_H

#include "base/event.h"
#include "base/json.h"
#include "report/history.h"
#include "report/output.h"

#include <stdbool.h>

#define AGAIN_REPORT_SCHEMA_VERSION 1

struct again_report {
	struct again_history history;
	/** NULL before the run's start. */
	const struct again_run_facts *facts;
	/**
	 * Before the first attempt: what was decided, and how long it lasted (AGAIN_NEVER: there
	 * was none).
	 */
	again_ns initial_delay_ns;
	again_ns initial_waited_ns;
	/** The run's end. */
	bool ended;
	bool has_result;
	struct again_verdict verdict;
	struct again_error error;
	char result[AGAIN_ATTEMPT_WORDS];
};

/** Opens an empty report; this is the one place where it takes memory. */
[[nodiscard]] int again_report_open(struct again_report *report, struct again_error *err);

/** An again_event_fn: `context` is a struct again_report. */
void again_report_event(void *context, const struct again_event *event);

/** Writes the report of a run that has ended into a sink. */
[[nodiscard]] int again_report_write(const struct again_report *report, again_json_sink_fn *sink,
                                     void *context, struct again_error *err);

/** Writes it into an output that was opened: all of it, or nothing where the output can do so. */
[[nodiscard]] int again_report_save(const struct again_report *report, struct again_output *output,
                                    struct again_error *err);

void again_report_close(struct again_report *report);

#endif
