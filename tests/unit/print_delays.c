// SPDX-License-Identifier: MIT
// The library's side of policy_reference.py: reads cases, one a line, and prints what libagain makes of each.
//
//     plan   POLICY SEED OPERATION COUNT    the initial delay, then COUNT delays
//     range  POLICY N LAST                  least and most of the delay before retry N
//     growth POLICY N                       the delay before retry N without jitter
//     hint   NOW TEXT                       the delay, or none
//
// POLICY is: backoff jitter base max factor_q32 jitter_q32 degree initial list_len list…
#include <again/again.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 1000

/** The next number of the line that `at` is in. */
static uint64_t number(char **at)
{
	char *end = *at;
	uint64_t value = strtoull(*at, &end, 10);
	if (end == *at) {
		(void)fprintf(stderr, "print_delays: a number is missing\n");
		exit(2);
	}
	*at = end;
	return value;
}

static struct again_policy policy(char **at)
{
	static again_ns list[AGAIN_LIST_MAX];
	struct again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	policy.max_retries = AGAIN_UNLIMITED;
	policy.backoff = (uint32_t)number(at);
	policy.jitter = (uint32_t)number(at);
	policy.base_delay_ns = number(at);
	policy.max_delay_ns = number(at);
	policy.factor_q32 = number(at);
	policy.jitter_q32 = (uint32_t)number(at);
	policy.degree = (uint32_t)number(at);
	policy.initial_delay_ns = number(at);
	policy.list_len = (uint32_t)number(at);
	policy.list = list;
	for (uint32_t i = 0; i < policy.list_len && i < AGAIN_LIST_MAX; i++) {
		list[i] = number(at);
	}
	struct again_error error = {0};
	if (again_policy_validate(&policy, &error) != 0) {
		(void)fprintf(stderr, "print_delays: %s: %s\n", error.field, error.text);
		exit(2);
	}
	return policy;
}

static void plan(char *at)
{
	static again_ns delays[COUNT_MAX];
	struct again_policy of = policy(&at);
	uint64_t seed = number(&at);
	uint64_t operation = number(&at);
	size_t count = number(&at);
	count = again_call_plan(&of, seed, operation, count < COUNT_MAX ? count : COUNT_MAX,
	                        delays);
	(void)printf("%" PRIu64, again_call_plan_initial(&of, seed, operation));
	for (size_t i = 0; i < count; i++) {
		(void)printf(" %" PRIu64, delays[i]);
	}
	(void)printf("\n");
}

static void range(char *at)
{
	struct again_policy of = policy(&at);
	uint32_t n = (uint32_t)number(&at);
	again_ns last = number(&at);
	again_ns least = 0;
	again_ns most = 0;
	again_policy_range(&of, n, last, &least, &most);
	(void)printf("%" PRIu64 " %" PRIu64 "\n", least, most);
}

static void growth(char *at)
{
	struct again_policy of = policy(&at);
	(void)printf("%" PRIu64 "\n", again_policy_growth(&of, (uint32_t)number(&at)));
}

static void hint(char *at)
{
	uint64_t now_unix_s = number(&at);
	at++;
	again_ns delay = 0;
	if (again_parse_retry_after(at, strcspn(at, "\n"), now_unix_s, &delay) != 0) {
		(void)printf("none\n");
		return;
	}
	(void)printf("%" PRIu64 "\n", delay);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(char *at);
	} kinds[] = {{"plan ", plan}, {"range ", range}, {"growth ", growth}, {"hint ", hint}};
	static char line[16'384];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			size_t len = strlen(kinds[i].name);
			if (strncmp(line, kinds[i].name, len) == 0) {
				kinds[i].run(line + len);
			}
		}
	}
	return 0;
}
