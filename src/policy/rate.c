// SPDX-License-Identifier: MIT
// A rate limiter in one word: GCRA, as <again/rate.h> says. @pure
//
// With T the later of the word and the clock, `units` conform once T is at most (burst - units) * interval ahead of the
// clock; to take them moves the word to T + units * interval. A valid rule's burst * interval fits, so no product here
// can wrap; a sum can, at the end of time, and then the units never conform: a limiter must not forget what it gave.
#include <again/rate.h>

#include "base/number.h"
#include "policy/check.h"
#include "policy/rule.h"
#include "policy/saturate.h"

/** sizeof the first struct that was published. */
#define FIRST_SIZE (offsetof(struct again_rate_rule, interval_ns) + sizeof(again_ns))

_Static_assert(sizeof(struct again_rate_rule) == FIRST_SIZE,
               "a field was appended: see the head of policy.c");
_Static_assert(sizeof(struct again_rate) == 8, "the state of a rate limiter");

static const struct again_rate_rule defaults = {
	.burst = 1,
	.interval_ns = AGAIN_NS_PER_SECOND,
};

void again_rate_rule_init(struct again_rate_rule *rule, size_t size)
{
	again_rule_init(rule, size, &defaults, sizeof(defaults));
}

int again_rate_rule_validate(const struct again_rate_rule *rule, struct again_error *error)
{
	int code = again_rule_check_size(rule->size, FIRST_SIZE, sizeof(*rule), error);
	if (code != 0) {
		return code;
	}
	if (rule->burst == 0) {
		return again_rule_bad_range(error, "burst", "burst must be above 0");
	}
	if (rule->interval_ns == 0) {
		return again_rule_bad_range(error, "interval_ns", "interval_ns must be above 0");
	}
	if (again_ns_mul(rule->interval_ns, rule->burst) == AGAIN_NEVER) {
		return again_rule_bad_range(
			error, "interval_ns",
			"interval_ns is too long: burst times as long must fit");
	}
	return 0;
}

void again_rate_init(struct again_rate *rate)
{
	rate->arrival_ns = 0;
}

/** The word after `units`, which are at most the burst; AGAIN_NEVER: they do not fit before the end of time. */
static again_ns arrival_after(const struct again_rate *rate, const struct again_rate_rule *rule,
                              uint32_t units, again_ns now_ns)
{
	return again_ns_add(again_ns_max(rate->arrival_ns, now_ns), units * rule->interval_ns);
}

again_ns again_rate_wait(const struct again_rate *rate, const struct again_rate_rule *rule,
                         uint32_t units, again_ns now_ns)
{
	again_check(rule->burst > 0 && rule->interval_ns > 0);
	if (units == 0) {
		return 0;
	}
	if (units > rule->burst || arrival_after(rate, rule, units, now_ns) == AGAIN_NEVER) {
		return AGAIN_NEVER;
	}
	again_ns ahead_ns = again_ns_sub(rate->arrival_ns, now_ns);
	return again_ns_sub(ahead_ns, (rule->burst - units) * rule->interval_ns);
}

int again_rate_take(struct again_rate *rate, const struct again_rate_rule *rule, uint32_t units,
                    again_ns now_ns)
{
	again_ns wait_ns = 0;
	return again_rate_reserve(rate, rule, units, /*most_wait_ns=*/0, now_ns, &wait_ns);
}

int again_rate_reserve(struct again_rate *rate, const struct again_rate_rule *rule, uint32_t units,
                       again_ns most_wait_ns, again_ns now_ns, again_ns *out_wait_ns)
{
	again_ns wait_ns = again_rate_wait(rate, rule, units, now_ns);
	if (wait_ns == AGAIN_NEVER || wait_ns > most_wait_ns) {
		return 0;
	}
	if (units > 0) {
		rate->arrival_ns = arrival_after(rate, rule, units, now_ns);
	}
	*out_wait_ns = wait_ns;
	return 1;
}
