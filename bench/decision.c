// SPDX-License-Identifier: MIT
// What a decision costs: nanoseconds per again_call_next, for each kind of policy. Target: at most 10.
//
//     decision [ROUNDS]
//
// Each line is the best of several runs, so that another program's work is not counted as ours. A call is started anew
// every 16 decisions, whose cost is in the number too.
#include <again/again.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ATTEMPTS_PER_CALL 16
#define RUNS 7

struct subject {
	const char *name;
	uint32_t backoff;
	uint32_t jitter;
	uint64_t factor_q32;
};

static const struct subject subjects[] = {
	{"exponential equal", AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_EQUAL, 2 * AGAIN_Q32_ONE},
	{"exponential full", AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_FULL, 2 * AGAIN_Q32_ONE},
	{"exponential none", AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_NONE, 2 * AGAIN_Q32_ONE},
	{"exponential decorrelated", AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_DECORRELATED,
         2 * AGAIN_Q32_ONE},
	{"exponential proportional", AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_PROPORTIONAL,
         2 * AGAIN_Q32_ONE},
	{"exponential*1.5 equal", AGAIN_BACKOFF_EXPONENTIAL, AGAIN_JITTER_EQUAL,
         AGAIN_Q32_ONE + AGAIN_Q32_ONE / 2},
	{"constant equal", AGAIN_BACKOFF_CONSTANT, AGAIN_JITTER_EQUAL, 2 * AGAIN_Q32_ONE},
	{"linear equal", AGAIN_BACKOFF_LINEAR, AGAIN_JITTER_EQUAL, 2 * AGAIN_Q32_ONE},
	{"fibonacci equal", AGAIN_BACKOFF_FIBONACCI, AGAIN_JITTER_EQUAL, 2 * AGAIN_Q32_ONE},
	{"polynomial equal", AGAIN_BACKOFF_POLYNOMIAL, AGAIN_JITTER_EQUAL, 2 * AGAIN_Q32_ONE},
};

static double now_ns(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/** Decides `rounds` times; returns a sum of the delays, so that nothing can be left out. */
static uint64_t decide(const struct again_policy *policy, uint64_t rounds)
{
	uint64_t sum = 0;
	struct again_call call;
	struct again_decision decision = {0};
	struct again_outcome outcome = {.outcome_class = AGAIN_CLASS_TRANSIENT};
	for (uint64_t i = 0; i < rounds; i++) {
		if (i % ATTEMPTS_PER_CALL == 0) {
			again_call_init(&call, policy, /*now_ns=*/0, /*seed=*/1, /*operation=*/i);
			again_call_begin(&call, policy, /*now_ns=*/0, &decision);
		}
		outcome.started_ns = decision.not_before_ns;
		outcome.ended_ns = outcome.started_ns + 1;
		again_call_next(&call, policy, &outcome, outcome.ended_ns, &decision);
		sum += decision.delay_ns;
	}
	return sum;
}

static void measure(const struct subject *subject, uint64_t rounds)
{
	struct again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	policy.max_retries = AGAIN_UNLIMITED;
	policy.deadline_ns = AGAIN_NEVER / 2;
	policy.backoff = subject->backoff;
	policy.jitter = subject->jitter;
	policy.factor_q32 = subject->factor_q32;
	struct again_error error = {0};
	if (again_policy_validate(&policy, &error) != 0) {
		(void)fprintf(stderr, "decision: %s: %s\n", subject->name, error.text);
		exit(1);
	}
	double best_ns = 1e9;
	uint64_t sum = 0;
	for (int run = 0; run < RUNS; run++) {
		double start_ns = now_ns();
		sum += decide(&policy, rounds);
		double each_ns = (now_ns() - start_ns) / (double)rounds;
		best_ns = each_ns < best_ns ? each_ns : best_ns;
	}
	(void)printf("%-26s %6.2f ns/decision  (sum %" PRIu64 ")\n", subject->name, best_ns, sum);
}

int main(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 2'000'000;
	if (rounds == 0) {
		(void)fprintf(stderr, "usage: decision [ROUNDS]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		measure(&subjects[i], rounds);
	}
	return 0;
}
