// SPDX-License-Identifier: MIT
// `again plan`: the schedule that options give, before anything runs.
//
// Everything is asked of the library (<again/plan.h>). Least and most are exact, and so is the median of a delay, which
// is drawn uniformly; only under decorrelated jitter, where each delay depends on the one before, it is that of a fixed
// sample of calls. So are the distribution of the sum and the chance to end before the deadline. With --seed the delays
// are the very ones that a run with these options decides.
#include "cli/cli.h"

#include "base/number.h"
#include "base/text.h"

#include <again/call.h>
#include <again/plan.h>

/** Longer schedules, and endless ones, are printed up to a row where every delay has reached its cap long since. */
#define ROWS_MAX 1000
#define ROWS_OF_LONGER 20

/** How many calls stand for all where there is no formula: for each delay, and for the whole run, which is told once. */
#define DELAY_SAMPLES 1001
#define RUN_SAMPLES 10'000

/** The sample does not follow --seed: that says which run this is, not what runs are like. */
#define SAMPLE_SEED 0

/** Fitting delays into a deadline, no more are counted. */
#define COUNT_MAX 1'000'000

_Static_assert(RUN_SAMPLES >= 2 * DELAY_SAMPLES, "as much as again_plan_delays wants");

struct plan {
	const struct again_settings *settings;
	const struct again_policy *policy;
	bool seeded;
	uint32_t rows;
	again_ns seeded_ns[ROWS_MAX];
	struct again_spread delays[ROWS_MAX];
	again_ns work[RUN_SAMPLES];
	/** The exit code so far. */
	int code;
	const struct again_cli *cli;
	struct again_text text;
	char buffer[4096];
};

// Prints what is there, so that a schedule of any length needs no more room.
static void flush(struct plan *plan)
{
	if (plan->code == 0) {
		plan->code = again_print(plan->cli, plan->text.at, plan->text.len);
	}
	plan->text = again_text_over(plan->buffer, sizeof(plan->buffer));
}

// A sum of delays can be longer than a time can say.
static void add_time(struct again_text *text, again_ns ns, bool exact)
{
	if (ns == AGAIN_NEVER) {
		again_text_add(text, "over 584 years");
	} else if (exact) {
		again_text_add_seconds(text, ns);
		again_text_add(text, "s");
	} else {
		again_text_add_delay(text, ns);
	}
}

static void add_cell(struct again_text *line, again_ns ns, bool exact)
{
	char cell[40];
	struct again_text text = again_text_over(cell, sizeof(cell));
	add_time(&text, ns, exact);
	again_text_addf(line, "  %14s", cell);
}

struct sums {
	again_ns median;
	again_ns seeded;
};

static void add_row(struct plan *plan, uint32_t n, again_ns median, struct sums *sums)
{
	const struct again_spread *delay = &plan->delays[n];
	sums->median = again_ns_add(sums->median, median);
	again_text_addf(&plan->text, "%5u", n + 1);
	add_cell(&plan->text, delay->least_ns, false);
	add_cell(&plan->text, median, false);
	add_cell(&plan->text, delay->most_ns, false);
	if (plan->seeded) {
		sums->seeded = again_ns_add(sums->seeded, plan->seeded_ns[n]);
		add_cell(&plan->text, plan->seeded_ns[n], true);
	}
	add_cell(&plan->text, plan->seeded ? sums->seeded : sums->median, plan->seeded);
	again_text_add(&plan->text, "\n");
	if (plan->text.len > sizeof(plan->buffer) / 2) {
		flush(plan);
	}
}

static void add_rows(struct plan *plan, struct sums *sums)
{
	const bool chained = plan->policy->jitter == AGAIN_JITTER_DECORRELATED;
	again_text_addf(&plan->text, "%5s  %14s  %14s  %14s", "retry", "least", "median", "most");
	if (plan->seeded) {
		again_text_addf(&plan->text, "  %14s", "with the seed");
	}
	again_text_addf(&plan->text, "  %14s\n", "cumulated");
	// For the bounds one call is enough.
	again_plan_delays(plan->policy, plan->rows, SAMPLE_SEED, plan->work,
	                  chained ? DELAY_SAMPLES : 1, plan->delays);
	for (uint32_t n = 0; n < plan->rows; n++) {
		const struct again_spread *delay = &plan->delays[n];
		add_row(plan, n,
		        chained ? delay->median_ns
		                : delay->least_ns + (delay->most_ns - delay->least_ns) / 2,
		        sums);
	}
	if (plan->policy->max_retries == AGAIN_UNLIMITED) {
		again_text_add(&plan->text, "  ...  and so on, without an end\n");
	} else if (plan->policy->max_retries > plan->rows) {
		again_text_addf(&plan->text, "  ...  and %u more\n",
		                plan->policy->max_retries - plan->rows);
	}
}

static bool has_all_rows(const struct plan *plan)
{
	return plan->rows == plan->policy->max_retries;
}

static void add_total(struct plan *plan, again_ns seeded_ns)
{
	struct again_spread total;
	again_plan_total(plan->policy, plan->rows, SAMPLE_SEED, plan->work, RUN_SAMPLES, &total);
	again_text_add(&plan->text,
	               has_all_rows(plan) ? "total delay: least " : "total delay of these: least ");
	add_time(&plan->text, total.least_ns, false);
	if (total.least_ns < total.most_ns) {
		again_text_add(&plan->text, ", median ");
		add_time(&plan->text, total.median_ns, false);
		again_text_add(&plan->text, ", 95 % within ");
		add_time(&plan->text, total.p95_ns, false);
	}
	again_text_add(&plan->text, ", most ");
	add_time(&plan->text, total.most_ns, false);
	if (plan->seeded) {
		again_text_add(&plan->text, ", with the seed ");
		add_time(&plan->text, seeded_ns, true);
	}
	again_text_add(&plan->text, "\n");
}

// How many retries start before the deadline if attempts take no time, with the shortest or the longest delays.
static uint32_t count_fitting(const struct again_policy *policy, bool longest)
{
	const again_ns first = policy->initial_delay_ns;
	again_ns at = longest || policy->jitter == AGAIN_JITTER_NONE ? first : 0;
	again_ns last = 0;
	uint32_t fitting = 0;
	while (fitting < policy->max_retries && fitting < COUNT_MAX) {
		again_ns least = 0;
		again_ns most = 0;
		again_policy_range(policy, fitting, last, &least, &most);
		last = longest ? most : least;
		at = again_ns_add(at, last);
		const again_ns left = again_ns_sub(policy->deadline_ns, at);
		if (left == 0 || left < policy->min_attempt_ns) {
			break;
		}
		fitting++;
	}
	return fitting;
}

static void add_initial_delay(struct plan *plan)
{
	if (plan->policy->initial_delay_ns == 0) {
		return;
	}
	again_text_add(&plan->text, "before the first attempt: ");
	if (plan->seeded) {
		again_text_add_seconds(&plan->text, again_call_plan_initial(
							    plan->policy, plan->settings->seed, 0));
		again_text_add(&plan->text, "s with the seed, else ");
	}
	if (plan->policy->jitter != AGAIN_JITTER_NONE) {
		again_text_add(&plan->text, "0s to ");
	}
	again_text_add_delay(&plan->text, plan->policy->initial_delay_ns);
	again_text_add(&plan->text, "\n");
}

// To the percent: the sample knows no better. What is not certain is not told as if it were.
static void add_chance(struct plan *plan, again_ns attempt_ns)
{
	const uint64_t q32 = again_plan_chance(plan->policy, plan->rows + 1, attempt_ns,
	                                       SAMPLE_SEED, RUN_SAMPLES);
	const uint64_t percent = (q32 * 100 + AGAIN_Q32_ONE / 2) / AGAIN_Q32_ONE;
	if (percent == 0 && q32 > 0) {
		again_text_add(&plan->text, "under 1 %");
	} else if (percent == 100 && q32 < AGAIN_Q32_ONE) {
		again_text_add(&plan->text, "over 99 %");
	} else {
		again_text_addf(&plan->text, "%u %%", (unsigned)percent);
	}
}

// How long attempts will take is not known: it is told for none of it, and for all that --timeout gives them.
static void add_chances(struct plan *plan)
{
	const struct again_policy *policy = plan->policy;
	if (policy->deadline_ns == AGAIN_NEVER || !has_all_rows(plan)) {
		return;
	}
	again_text_addf(&plan->text, "chance of all %u attempts: ", plan->rows + 1);
	add_chance(plan, /*attempt_ns=*/0);
	again_text_add(&plan->text, " if they take no time");
	if (policy->attempt_timeout_ns != AGAIN_NEVER) {
		again_text_add(&plan->text, ", ");
		add_chance(plan, policy->attempt_timeout_ns);
		again_text_add(&plan->text, " if each takes its ");
		again_text_add_delay(&plan->text, policy->attempt_timeout_ns);
	}
	again_text_add(&plan->text, "\n");
}

static void add_deadline(struct plan *plan)
{
	const struct again_policy *policy = plan->policy;
	if (policy->deadline_ns == AGAIN_NEVER) {
		return;
	}
	const uint32_t fewest = count_fitting(policy, true);
	const uint32_t most = count_fitting(policy, false);
	again_text_add(&plan->text, "deadline ");
	again_text_add_delay(&plan->text, policy->deadline_ns);
	again_text_add(&plan->text, ": ");
	if (fewest == policy->max_retries) {
		again_text_addf(&plan->text, "all %u retries fit", fewest);
	} else if (fewest == most) {
		again_text_addf(&plan->text, "%u%s %s", fewest,
		                fewest == COUNT_MAX ? " or more" : "",
		                fewest == 1 ? "retry fits" : "retries fit");
	} else {
		again_text_addf(&plan->text, "%u to %u%s retries fit", fewest, most,
		                most == COUNT_MAX ? " or more" : "");
	}
	again_text_add(&plan->text, ", if attempts take no time\n");
}

static void print_plan(struct plan *plan)
{
	struct sums sums = {0};
	plan->text = again_text_over(plan->buffer, sizeof(plan->buffer));
	if (plan->seeded) {
		(void)again_call_plan(plan->policy, plan->settings->seed, /*operation=*/0,
		                      plan->rows, plan->seeded_ns);
	}
	add_initial_delay(plan);
	add_rows(plan, &sums);
	add_total(plan, sums.seeded);
	add_deadline(plan);
	add_chances(plan);
	flush(plan);
}

int again_verb_plan(const struct again_cli *cli, int start)
{
	struct again_settings settings;
	int command = 0;
	int code = 0;
	again_settings_init(&settings);
	if (again_read_settings(cli, start, &settings, &command, &code)) {
		struct plan plan = {
			.cli = cli,
			.settings = &settings,
			.policy = &settings.policy,
			.seeded = settings.given[AGAIN_OPTION_SEED] != NULL,
			.rows = settings.policy.max_retries <= ROWS_MAX
		                        ? settings.policy.max_retries
		                        : ROWS_OF_LONGER,
		};
		print_plan(&plan);
		code = plan.code;
	}
	again_settings_fini(&settings);
	return code;
}
