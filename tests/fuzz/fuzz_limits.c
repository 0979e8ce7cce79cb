// SPDX-License-Identifier: MIT
// Any bytes as the rule of a rate limiter or a throttle; if it is valid, any events as its life.
//
// The rate limiter is required to be GCRA in wide integers, and never to let more than burst + elapsed / interval units
// start between any two moments. The throttle is required to be the formula, in wide integers, over a list of all events.
#include "fuzz_kit.h"

#define EVENTS_MAX 200

static void require_told(int code, const struct again_error *error)
{
	require(code == error->code);
	require(code == 0 || (code < 0 && error->field != NULL && error->text[0] != '\0'));
}

// The rate limiter.

struct start {
	again_ns at_ns;
	uint64_t units;
};

struct starts {
	/** By time. */
	struct start list[EVENTS_MAX];
	size_t count;
};

static void add_start(struct starts *starts, again_ns at_ns, uint64_t units)
{
	size_t place = starts->count;
	while (place > 0 && starts->list[place - 1].at_ns > at_ns) {
		starts->list[place] = starts->list[place - 1];
		place--;
	}
	starts->list[place] = (struct start){at_ns, units};
	starts->count++;
}

static void require_conforming(const struct again_rate_rule *rule, const struct starts *starts)
{
	for (size_t first = 0; first < starts->count; first++) {
		uint64_t units = 0;
		for (size_t last = first; last < starts->count; last++) {
			again_ns elapsed_ns = starts->list[last].at_ns - starts->list[first].at_ns;
			units += starts->list[last].units;
			require(units <= (wide)rule->burst + elapsed_ns / rule->interval_ns);
		}
	}
}

/** How long until they conform, by the definition; AGAIN_NEVER: they never do. */
static again_ns wait_of(const struct again_rate_rule *rule, again_ns arrival_ns, uint64_t units,
                        again_ns now_ns)
{
	wide from = arrival_ns > now_ns ? arrival_ns : now_ns;
	wide after = from + (wide)units * rule->interval_ns;
	wide burst = (wide)rule->burst * rule->interval_ns;
	if (units == 0) {
		return 0;
	}
	if (units > rule->burst || after >= AGAIN_NEVER) {
		return AGAIN_NEVER;
	}
	return after > now_ns + burst ? (again_ns)(after - burst - now_ns) : 0;
}

static void live_rate(const struct again_rate_rule *rule, struct input *input)
{
	struct again_rate rate;
	struct starts starts = {.count = 0};
	again_rate_init(&rate);
	again_ns now_ns = take_any(input);
	for (int event = 0; event < EVENTS_MAX && input->size > 0; event++) {
		uint64_t kind = take(input, 1);
		now_ns = take_moment(input, now_ns, rule->interval_ns);
		uint64_t units = take(input, 1);
		units = (kind & 1) != 0 ? units % 4 : units * rule->burst / 128;
		units = units < UINT32_MAX ? units : UINT32_MAX;
		again_ns most_wait_ns = (kind & 2) != 0 ? take_any(input) : 0;
		again_ns expected_ns = wait_of(rule, rate.arrival_ns, units, now_ns);
		again_ns arrival_ns = rate.arrival_ns;
		again_ns wait_ns = 7;
		require(again_rate_wait(&rate, rule, (uint32_t)units, now_ns) == expected_ns);
		bool given = (kind & 2) == 0
		                     ? again_rate_take(&rate, rule, (uint32_t)units, now_ns) == 1
		                     : again_rate_reserve(&rate, rule, (uint32_t)units,
		                                          most_wait_ns, now_ns, &wait_ns) == 1;
		require(given == (expected_ns != AGAIN_NEVER && expected_ns <= most_wait_ns));
		require(wait_ns == (given && (kind & 2) != 0 ? expected_ns : 7));
		require(given || rate.arrival_ns == arrival_ns);
		require(rate.arrival_ns >= arrival_ns);
		if (given && units > 0) {
			add_start(&starts, now_ns + expected_ns, units);
		}
	}
	require_conforming(rule, &starts);
}

static void fuzz_rate(struct input *input)
{
	struct again_rate_rule rule;
	struct again_error error = {0};
	again_rate_rule_init(&rule, sizeof(rule));
	uint64_t changed = take(input, 1);
	rule.burst = (changed & 1) != 0 ? (uint32_t)take_any(input) : (uint32_t)take(input, 1) % 8;
	rule.interval_ns = take_any(input);
	rule.size = (changed & 6) == 6 ? (uint32_t)take(input, 1) : rule.size;
	int code = again_rate_rule_validate(&rule, &error);
	require_told(code, &error);
	if (code == 0) {
		live_rate(&rule, input);
	}
}

// The throttle.

struct seen {
	uint64_t tenth;
	bool is_accept;
};

struct past {
	struct seen list[EVENTS_MAX];
	size_t count;
	uint64_t latest;
};

/** requests and accepts as they are in tenth `now`. */
static void count_past(const struct past *past, uint64_t now, uint64_t *out_requests,
                       uint64_t *out_accepts)
{
	*out_requests = 0;
	*out_accepts = 0;
	for (size_t i = 0; i < past->count; i++) {
		bool counts = now - past->list[i].tenth < 10;
		*out_requests += counts && !past->list[i].is_accept ? 1 : 0;
		*out_accepts += counts && past->list[i].is_accept ? 1 : 0;
	}
}

static void live_throttle(const struct again_throttle_rule *rule, struct input *input)
{
	struct again_throttle throttle;
	struct past past = {.count = 0};
	again_throttle_init(&throttle);
	again_ns now_ns = take_any(input);
	for (int event = 0; event < EVENTS_MAX && input->size > 0; event++) {
		uint64_t kind = take(input, 1);
		now_ns = take_moment(input, now_ns, rule->window_ns / 8);
		uint64_t tenth = now_ns / (rule->window_ns / 10);
		tenth = tenth > past.latest ? tenth : past.latest;
		uint64_t requests = 0;
		uint64_t accepts = 0;
		count_past(&past, tenth, &requests, &accepts);
		wide enough = (wide)accepts * rule->k_q32;
		wide excess = (wide)requests << 32;
		excess = excess > enough ? excess - enough : 0;
		uint64_t p_q32 = (uint64_t)(excess / (requests + 1));
		struct again_throttle before = throttle;
		uint32_t told_q32 = again_throttle_reject_q32(&throttle, rule, now_ns);
		require(told_q32 == (p_q32 < rule->most_q32 ? p_q32 : rule->most_q32));
		require(memcmp(&before, &throttle, sizeof(before)) == 0);
		past.latest = tenth;
		past.list[past.count] = (struct seen){tenth, kind < 80};
		past.count++;
		if (kind < 80) {
			again_throttle_accept(&throttle, rule, now_ns);
			continue;
		}
		// Near the edge as often as anywhere.
		uint64_t draw = take(input, 8);
		draw = kind < 160 ? ((uint64_t)told_q32 << 32) + draw % 5 - 2 : draw;
		bool rejected = (wide)draw * (requests + 1) < excess << 32;
		bool bounded = rule->most_q32 != UINT32_MAX && draw >> 32 >= rule->most_q32;
		require(again_throttle_allow(&throttle, rule, draw, now_ns) ==
		        (rejected && !bounded ? 0 : 1));
	}
}

static void fuzz_throttle(struct input *input)
{
	struct again_throttle_rule rule;
	struct again_error error = {0};
	again_throttle_rule_init(&rule, sizeof(rule));
	uint64_t changed = take(input, 1);
	rule.most_q32 = (changed & 1) != 0 ? (uint32_t)take_any(input) : rule.most_q32;
	rule.k_q32 = (changed & 2) != 0 ? take_any(input) : rule.k_q32;
	rule.k_q32 = (changed & 4) != 0 ? AGAIN_Q32_ONE + take(input, 4) : rule.k_q32;
	rule.window_ns = (changed & 8) != 0 ? take_any(input) : rule.window_ns;
	rule.size = (changed & 48) == 48 ? (uint32_t)take(input, 1) : rule.size;
	int code = again_throttle_rule_validate(&rule, &error);
	require_told(code, &error);
	if (code == 0) {
		live_throttle(&rule, input);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .size = size};
	if ((take(&input, 1) & 1) != 0) {
		fuzz_rate(&input);
	} else {
		fuzz_throttle(&input);
	}
	return 0;
}
