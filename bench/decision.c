// SPDX-License-Identifier: MIT
// What a decision costs: nanoseconds per again_call_next, for each kind of policy, with and without guards.
//
//     decision [RUNS]
//
// A line each: a word for what it is, its name, the fastest and the median of so many runs. The words: "plain" without
// guards, "guarded" with a bucket of tokens and a breaker that counts, "windowed" with those that keep a window of time,
// "early" and "late" at attempt 10 and at attempt 10^9 of a call, "peer" for backoff16.c. A run is short, so that some of
// many are not disturbed by other programs. A call is started anew every 16 decisions; that is in the number too.
#include <again/again.h>

#include "backoff16.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ATTEMPTS_PER_CALL 16
#define ROUNDS 50'000
#define RUNS_MAX 1000

/** One and a half, and a factor with all 33 bits, in Q32. */
#define ONE_AND_A_HALF (3 * AGAIN_Q32_ONE / 2)
#define ONE_AND_A_BIT (AGAIN_Q32_ONE + AGAIN_Q32_ONE / 7)

struct backoff {
	const char *name;
	uint32_t kind;
	uint64_t factor_q32;
	uint32_t degree;
};

static const struct backoff backoffs[] = {
	{"exponential", AGAIN_BACKOFF_EXPONENTIAL, 2 * AGAIN_Q32_ONE, 2},
	{"exponential*1.5", AGAIN_BACKOFF_EXPONENTIAL, ONE_AND_A_HALF, 2},
	{"exponential*1.142857", AGAIN_BACKOFF_EXPONENTIAL, ONE_AND_A_BIT, 2},
	{"constant", AGAIN_BACKOFF_CONSTANT, 2 * AGAIN_Q32_ONE, 2},
	{"linear", AGAIN_BACKOFF_LINEAR, 2 * AGAIN_Q32_ONE, 2},
	{"fibonacci", AGAIN_BACKOFF_FIBONACCI, 2 * AGAIN_Q32_ONE, 2},
	{"polynomial", AGAIN_BACKOFF_POLYNOMIAL, 2 * AGAIN_Q32_ONE, 2},
	{"polynomial:8", AGAIN_BACKOFF_POLYNOMIAL, 2 * AGAIN_Q32_ONE, AGAIN_DEGREE_MAX},
	{"list", AGAIN_BACKOFF_LIST, 2 * AGAIN_Q32_ONE, 2},
};

static const char *const jitters[] = {
	[AGAIN_JITTER_EQUAL] = "equal",
	[AGAIN_JITTER_NONE] = "none",
	[AGAIN_JITTER_FULL] = "full",
	[AGAIN_JITTER_DECORRELATED] = "decorrelated",
	[AGAIN_JITTER_PROPORTIONAL] = "proportional",
};

static const again_ns list[] = {1000000000, 5000000000, 30000000000, 120000000000};

/** What is measured: decisions of calls under a policy, beginning at some attempt, with guards or without. */
struct subject {
	struct again_policy policy;
	/** NULL: none. */
	const struct again_guards *guards;
	const char *word;
	/** How many decisions of the call are skipped. */
	uint32_t skipped;
	char name[64];
};

/** Guards with their states and rules. They are asked and paid, and never refuse. */
struct world {
	struct again_budget_rule budget_rule;
	union again_budget budget;
	struct again_breaker_rule breaker_rule;
	struct again_breaker breaker;
	struct again_guards guards;
};

static double now_ns(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void must(int code, const char *name, const struct again_error *error)
{
	if (code != 0) {
		(void)fprintf(stderr, "decision: %s: %s\n", name, error->text);
		exit(1);
	}
}

/** Decides `rounds` times; returns a sum of the delays, so that nothing can be left out. */
static uint64_t decide(const struct subject *subject, uint64_t rounds)
{
	const struct again_policy *policy = &subject->policy;
	const struct again_guards *guards = subject->guards;
	uint64_t sum = 0;
	struct again_call call;
	struct again_decision decision = {0};
	struct again_outcome outcome = {.outcome_class = AGAIN_CLASS_TRANSIENT};
	for (uint64_t i = 0; i < rounds; i++) {
		if (i % ATTEMPTS_PER_CALL == 0) {
			again_call_init(&call, policy, /*now_ns=*/0, /*seed=*/1, /*operation=*/i);
			again_call_begin(&call, policy, guards, /*now_ns=*/0, &decision);
			// As if so many had been decided: nobody waits for a billion of them.
			call.attempts += subject->skipped;
			call.step += subject->skipped;
		}
		outcome.lease = decision.lease;
		outcome.started_ns = decision.not_before_ns;
		outcome.ended_ns = outcome.started_ns + 1;
		again_call_next(&call, policy, guards, &outcome, outcome.ended_ns, &decision);
		sum += decision.delay_ns;
	}
	if (decision.verb != AGAIN_VERB_RETRY) {
		(void)fprintf(stderr, "decision: %s: the call ended: %s\n", subject->name,
		              again_reason_text(decision.reason));
		exit(1);
	}
	return sum;
}

/** The same for the peer, with its random word from the generator that needs least. */
static uint64_t decide_16(const struct subject *, uint64_t rounds)
{
	uint64_t sum = 0;
	uint32_t random = 1;
	struct backoff16 backoff;
	for (uint64_t i = 0; i < rounds; i++) {
		if (i % ATTEMPTS_PER_CALL == 0) {
			backoff16_init(&backoff, 1000, 60'000, UINT32_MAX);
		}
		random = random * 1664525 + 1013904223;
		uint16_t wait_ms = 0;
		if (backoff16_next(&backoff, random, &wait_ms) == 0) {
			sum += wait_ms;
		}
	}
	return sum;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

static void measure(const struct subject *subject,
                    uint64_t run_decisions(const struct subject *, uint64_t), int runs)
{
	static double each_ns[RUNS_MAX];
	uint64_t sum = 0;
	for (int run = 0; run < runs; run++) {
		double start_ns = now_ns();
		sum += run_decisions(subject, ROUNDS);
		each_ns[run] = (now_ns() - start_ns) / ROUNDS;
	}
	qsort(each_ns, (size_t)runs, sizeof(each_ns[0]), compare);
	(void)printf("%-8s %-36s %7.2f %7.2f ns  (sum %" PRIu64 ")\n", subject->word, subject->name,
	             each_ns[0], each_ns[runs / 2], sum);
}

static struct subject subject_of(const char *word, const struct backoff *backoff, uint32_t jitter)
{
	struct subject subject = {.word = word};
	(void)snprintf(subject.name, sizeof(subject.name), "%s %s", backoff->name, jitters[jitter]);
	struct again_policy *policy = &subject.policy;
	again_policy_init(policy, sizeof(*policy));
	policy->max_retries = AGAIN_UNLIMITED;
	policy->deadline_ns = AGAIN_NEVER / 2;
	policy->backoff = backoff->kind;
	policy->jitter = jitter;
	policy->factor_q32 = backoff->factor_q32;
	policy->degree = backoff->degree;
	policy->list = list;
	policy->list_len = sizeof(list) / sizeof(list[0]);
	struct again_error error = {0};
	must(again_policy_validate(policy, &error), subject.name, &error);
	return subject;
}

static void set_up(struct world *world, uint32_t budget_kind, uint32_t breaker_kind)
{
	struct again_error error = {0};
	struct again_budget_rule *budget = &world->budget_rule;
	again_budget_rule_init(budget, sizeof(*budget));
	budget->kind = budget_kind;
	budget->capacity_mt = AGAIN_BUDGET_MT_MAX;
	budget->cost_mt = 1;
	budget->window_ns = budget_kind == AGAIN_BUDGET_WINDOW ? 10 * AGAIN_NS_PER_SECOND : 0;
	must(again_budget_rule_validate(budget, &error), "budget", &error);
	again_budget_init(&world->budget, budget, /*now_ns=*/0);
	struct again_breaker_rule *breaker = &world->breaker_rule;
	again_breaker_rule_init(breaker, sizeof(*breaker));
	breaker->kind = breaker_kind;
	if (breaker_kind == AGAIN_BREAKER_CONSECUTIVE) {
		breaker->failures = UINT32_MAX;
	} else {
		breaker->min_calls = UINT32_MAX;
		breaker->ratio_q32 = AGAIN_Q32_ONE;
		breaker->window_ns = 10 * AGAIN_NS_PER_SECOND;
	}
	must(again_breaker_rule_validate(breaker, &error), "breaker", &error);
	again_breaker_init(&world->breaker);
	again_guards_init(&world->guards, sizeof(world->guards));
	world->guards.budget_rule = budget;
	world->guards.budget = &world->budget;
	world->guards.breaker_rule = breaker;
	world->guards.breaker = &world->breaker;
	must(again_guards_validate(&world->guards, &error), "guards", &error);
}

static void measure_plain(int runs)
{
	for (size_t i = 0; i < sizeof(backoffs) / sizeof(backoffs[0]); i++) {
		for (uint32_t jitter = 0; jitter < sizeof(jitters) / sizeof(jitters[0]); jitter++) {
			// It is the default's backoff, and no other.
			if (jitter != AGAIN_JITTER_DECORRELATED || i == 0) {
				struct subject subject = subject_of("plain", &backoffs[i], jitter);
				measure(&subject, decide, runs);
			}
		}
	}
}

static void measure_guarded(const char *word, const char *name, uint32_t budget_kind,
                            uint32_t breaker_kind, int runs)
{
	struct world world = {0};
	set_up(&world, budget_kind, breaker_kind);
	struct subject subject = subject_of(word, &backoffs[0], AGAIN_JITTER_EQUAL);
	(void)snprintf(subject.name, sizeof(subject.name), "%s", name);
	subject.guards = &world.guards;
	measure(&subject, decide, runs);
}

static void measure_late(int runs)
{
	for (size_t i = 0; i < sizeof(backoffs) / sizeof(backoffs[0]); i++) {
		struct subject subject = subject_of("early", &backoffs[i], AGAIN_JITTER_EQUAL);
		subject.skipped = 9;
		measure(&subject, decide, runs);
		subject.word = "late";
		subject.skipped = 999'999'999;
		measure(&subject, decide, runs);
	}
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	if (runs == 0 || runs > RUNS_MAX) {
		(void)fprintf(stderr, "usage: decision [RUNS], up to %d\n", RUNS_MAX);
		return 2;
	}
	struct subject peer = {.word = "peer", .name = "backoff16"};
	measure(&peer, decide_16, (int)runs);
	measure_plain((int)runs);
	measure_guarded("guarded", "tokens, consecutive", AGAIN_BUDGET_TOKENS,
	                AGAIN_BREAKER_CONSECUTIVE, (int)runs);
	measure_guarded("windowed", "window, ratio", AGAIN_BUDGET_WINDOW, AGAIN_BREAKER_RATIO,
	                (int)runs);
	measure_late((int)runs);
	return 0;
}
