// SPDX-License-Identifier: MIT
// `again plan`: the schedule that options give, before anything runs.
//
// Least, median and most come from the range that each delay is drawn from. Only decorrelated jitter has no closed form,
// because each delay depends on the one before: its medians are those of a fixed sample of calls. With --seed the
// delays are the very ones that a run with these options decides.
#include "cli/cli.h"

#include "base/number.h"
#include "base/text.h"

#include <again/call.h>

#include <stdlib.h>

/** Longer schedules, and endless ones, are printed up to a row where every delay has reached its cap long since. */
#define ROWS_MAX 1000
#define ROWS_OF_LONGER 20

/** How many calls stand for all where there is no formula. */
#define SAMPLE 1001

/** Fitting delays into a deadline, no more are counted. */
#define COUNT_MAX 1'000'000

struct plan {
	const struct again_settings *settings;
	const struct again_policy *policy;
	bool seeded;
	uint32_t rows;
	again_ns seeded_ns[ROWS_MAX];
	again_ns sample_ns[SAMPLE];
	again_ns sorted_ns[SAMPLE];
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

static int compare(const void *a, const void *b)
{
	const again_ns x = *(const again_ns *)a;
	const again_ns y = *(const again_ns *)b;
	return (x > y) - (x < y);
}

// The delay before retry n of each call of the sample follows from the one before.
static again_ns sampled_median(struct plan *plan, uint32_t n)
{
	for (size_t i = 0; i < SAMPLE; i++) {
		struct again_rng rng =
			again_rng_split(again_rng_split(again_rng_root(0), i), n + 1);
		const again_ns last = n == 0 ? 0 : plan->sample_ns[i];
		plan->sample_ns[i] = again_policy_delay(plan->policy, n, last, &rng);
		plan->sorted_ns[i] = plan->sample_ns[i];
	}
	qsort(plan->sorted_ns, SAMPLE, sizeof(plan->sorted_ns[0]), compare);
	return plan->sorted_ns[SAMPLE / 2];
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
	again_ns least;
	again_ns median;
	again_ns most;
	again_ns seeded;
};

static void add_row(struct plan *plan, uint32_t n, again_ns least, again_ns median, again_ns most,
                    struct sums *sums)
{
	sums->least = again_ns_add(sums->least, least);
	sums->median = again_ns_add(sums->median, median);
	sums->most = again_ns_add(sums->most, most);
	again_text_addf(&plan->text, "%5u", n + 1);
	add_cell(&plan->text, least, false);
	add_cell(&plan->text, median, false);
	add_cell(&plan->text, most, false);
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
	again_ns last = 0;
	for (uint32_t n = 0; n < plan->rows; n++) {
		again_ns least = 0;
		again_ns most = 0;
		again_policy_range(plan->policy, n, last, &least, &most);
		last = most;
		add_row(plan, n, least,
		        chained ? sampled_median(plan, n) : least + (most - least) / 2, most, sums);
	}
	if (plan->policy->max_retries == AGAIN_UNLIMITED) {
		again_text_add(&plan->text, "  ...  and so on, without an end\n");
	} else if (plan->policy->max_retries > plan->rows) {
		again_text_addf(&plan->text, "  ...  and %u more\n",
		                plan->policy->max_retries - plan->rows);
	}
}

static void add_total(struct plan *plan, const struct sums *sums)
{
	const bool all = plan->rows == plan->policy->max_retries;
	again_text_add(&plan->text, all ? "total delay: least " : "total delay of these: least ");
	add_time(&plan->text, sums->least, false);
	again_text_add(&plan->text, ", most ");
	add_time(&plan->text, sums->most, false);
	if (plan->seeded) {
		again_text_add(&plan->text, ", with the seed ");
		add_time(&plan->text, sums->seeded, true);
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
		if (at >= policy->deadline_ns) {
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
	add_total(plan, &sums);
	add_deadline(plan);
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
