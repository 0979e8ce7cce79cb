// SPDX-License-Identifier: MIT
// Any bytes as a breaker's rule; if it is valid, any events as its life, beside a breaker that is kept in the plainest way:
// a list of what was reported, a list of leases, and generations that do not wrap.
//
// Required of every event: both agree; a lease that no longer holds changes nothing; at most `probes` are out; the
// generation never falls; and it is never wedged: open_ns and lease_ns after the last event, an attempt is allowed, unless
// it is isolated.
#include "fuzz_kit.h"

#define EVENTS_MAX 300

struct lease {
	again_lease value;
	uint64_t generation;
	bool is_probe;
};

struct shadow {
	const struct again_breaker_rule *rule;
	uint32_t state;
	uint64_t generation;
	/** OPEN: until when. HALF_OPEN: until when the latest lease holds. */
	again_ns until_ns;
	uint32_t probes_out;
	uint32_t successes;
	uint32_t row;
	uint64_t latest_fifth;
	/** What was reported since it closed. */
	struct {
		uint64_t fifth;
		bool failed;
	} past[EVENTS_MAX];
	size_t past_count;
	struct lease leases[EVENTS_MAX];
	size_t lease_count;
	/** The latest moment of anything. */
	again_ns latest_ns;
};

static struct again_breaker_rule take_rule(struct input *input)
{
	struct again_breaker_rule rule;
	again_breaker_rule_init(&rule, sizeof(rule));
	uint64_t changed = take(input, 1);
	rule.kind = (uint32_t)take(input, 1) % 4;
	if (rule.kind == AGAIN_BREAKER_RATIO) {
		rule.min_calls = (uint32_t)take(input, 1) % 8;
		rule.ratio_q32 = take(input, 1) * (AGAIN_Q32_ONE / 64);
		rule.window_ns = take_any(input);
	} else if (rule.kind == AGAIN_BREAKER_CONSECUTIVE) {
		rule.failures = (uint32_t)take(input, 1) % 8;
	}
	rule.probes = (uint32_t)take(input, 1) % 10;
	rule.open_ns = (changed & 1) != 0 ? take_any(input) : rule.open_ns;
	rule.lease_ns = (changed & 2) != 0 ? take_any(input) : rule.lease_ns;
	rule.window_ns = (changed & 4) != 0 ? take(input, 2) : rule.window_ns;
	rule.size = (changed & 24) == 24 ? (uint32_t)take(input, 1) : rule.size;
	rule.failures = (changed & 96) == 96 ? (uint32_t)take(input, 1) : rule.failures;
	return rule;
}

// The plain breaker.

static void turn(struct shadow *shadow, uint32_t state, again_ns until_ns)
{
	shadow->state = state;
	shadow->until_ns = until_ns;
	shadow->generation++;
	shadow->probes_out = 0;
	shadow->successes = 0;
	shadow->row = 0;
	shadow->past_count = 0;
	shadow->latest_fifth = 0;
}

static bool allows(const struct shadow *shadow, again_ns now_ns)
{
	bool is_over = now_ns >= shadow->until_ns;
	return shadow->state == AGAIN_BREAKER_CLOSED ||
	       (shadow->state == AGAIN_BREAKER_OPEN && is_over) ||
	       (shadow->state == AGAIN_BREAKER_HALF_OPEN &&
	        (shadow->probes_out < shadow->rule->probes || is_over));
}

static bool holds(const struct shadow *shadow, const struct lease *lease, again_ns now_ns)
{
	bool may_report = shadow->state == AGAIN_BREAKER_CLOSED ||
	                  (shadow->state == AGAIN_BREAKER_HALF_OPEN && now_ns < shadow->until_ns);
	return may_report && lease->generation == shadow->generation;
}

static void give(struct shadow *shadow, again_ns now_ns, again_ns start_ns, again_lease value)
{
	if (shadow->state == AGAIN_BREAKER_OPEN) {
		turn(shadow, AGAIN_BREAKER_HALF_OPEN, 0);
	}
	bool is_probe = shadow->state == AGAIN_BREAKER_HALF_OPEN;
	if (is_probe) {
		if (shadow->probes_out > 0 && now_ns >= shadow->until_ns) {
			shadow->generation++;
			shadow->probes_out = 0;
		}
		again_ns ends_ns =
			sum(start_ns > now_ns ? start_ns : now_ns, shadow->rule->lease_ns);
		if (shadow->probes_out == 0 || ends_ns > shadow->until_ns) {
			shadow->until_ns = ends_ns;
		}
		shadow->probes_out++;
	}
	// Two probes that are out differ.
	for (size_t i = 0; i < shadow->lease_count && is_probe; i++) {
		require(!holds(shadow, &shadow->leases[i], now_ns) ||
		        shadow->leases[i].value != value);
	}
	shadow->leases[shadow->lease_count] = (struct lease){value, shadow->generation, is_probe};
	shadow->lease_count++;
}

static bool is_above_ratio(const struct shadow *shadow)
{
	uint64_t calls = 0;
	uint64_t failures = 0;
	for (size_t i = 0; i < shadow->past_count; i++) {
		bool counts = shadow->latest_fifth - shadow->past[i].fifth < 5;
		calls += counts ? 1 : 0;
		failures += counts && shadow->past[i].failed ? 1 : 0;
	}
	return calls >= shadow->rule->min_calls &&
	       (wide)failures * AGAIN_Q32_ONE >= (wide)calls * shadow->rule->ratio_q32;
}

static bool count(struct shadow *shadow, bool failed, again_ns now_ns)
{
	if (shadow->rule->kind == AGAIN_BREAKER_CONSECUTIVE) {
		shadow->row = failed ? shadow->row + 1 : 0;
		return shadow->row >= shadow->rule->failures;
	}
	if (shadow->rule->kind == AGAIN_BREAKER_NONE) {
		return false;
	}
	uint64_t fifth = now_ns / (shadow->rule->window_ns / 5);
	shadow->latest_fifth = fifth > shadow->latest_fifth ? fifth : shadow->latest_fifth;
	shadow->past[shadow->past_count].fifth = shadow->latest_fifth;
	shadow->past[shadow->past_count].failed = failed;
	shadow->past_count++;
	return failed && is_above_ratio(shadow);
}

static void report(struct shadow *shadow, const struct lease *lease, uint32_t outcome_class,
                   again_ns now_ns)
{
	bool failed =
		outcome_class != AGAIN_CLASS_SUCCESS && outcome_class != AGAIN_CLASS_PERMANENT;
	shadow->probes_out -= lease->is_probe ? 1 : 0;
	if (outcome_class == AGAIN_CLASS_CANCELLED) {
		return;
	}
	if (!lease->is_probe) {
		if (count(shadow, failed, now_ns)) {
			turn(shadow, AGAIN_BREAKER_OPEN, sum(now_ns, shadow->rule->open_ns));
		}
		return;
	}
	shadow->successes++;
	if (failed) {
		turn(shadow, AGAIN_BREAKER_OPEN, sum(now_ns, shadow->rule->open_ns));
	} else if (shadow->successes == shadow->rule->probes) {
		turn(shadow, AGAIN_BREAKER_CLOSED, 0);
	}
}

// Both.

static void require_same(const struct again_breaker *breaker, const struct shadow *shadow,
                         again_ns now_ns)
{
	const struct again_breaker_rule *rule = shadow->rule;
	struct again_breaker before = *breaker;
	bool allowed = allows(shadow, now_ns);
	bool is_half_open = shadow->state == AGAIN_BREAKER_OPEN && now_ns >= shadow->until_ns;
	require(again_breaker_state_at(breaker, now_ns) ==
	        (is_half_open ? AGAIN_BREAKER_HALF_OPEN : shadow->state));
	require(breaker->generation == (uint32_t)shadow->generation);
	require((uint32_t)__builtin_popcount(breaker->probes_out) == shadow->probes_out);
	require(shadow->probes_out <= rule->probes && breaker->probes_out >> rule->probes == 0);
	require(again_breaker_would_allow(breaker, rule, now_ns) == (allowed ? 1 : 0));
	again_ns opens_ns = again_breaker_opens_at(breaker, rule, now_ns);
	require(opens_ns == (allowed                                   ? now_ns
	                     : shadow->state == AGAIN_BREAKER_ISOLATED ? AGAIN_NEVER
	                                                               : shadow->until_ns));
	for (size_t i = 0; i < shadow->lease_count; i++) {
		require(again_breaker_holds(breaker, rule, shadow->leases[i].value, now_ns) ==
		        (holds(shadow, &shadow->leases[i], now_ns) ? 1 : 0));
	}
	require(memcmp(&before, breaker, sizeof(before)) == 0);
}

static void require_not_wedged(const struct again_breaker *breaker, const struct shadow *shadow)
{
	const struct again_breaker_rule *rule = shadow->rule;
	again_ns later_ns = sum(sum(shadow->latest_ns, rule->open_ns), rule->lease_ns);
	struct again_breaker copy = *breaker;
	again_lease lease = 0;
	if (later_ns == AGAIN_NEVER) {
		return;
	}
	bool allowed = again_breaker_allow(&copy, rule, later_ns, later_ns, &lease) == 1;
	require(allowed == (shadow->state != AGAIN_BREAKER_ISOLATED));
	require(allowed == (lease != 0));
}

static void ask(struct again_breaker *breaker, struct shadow *shadow, struct input *input,
                again_ns now_ns)
{
	again_ns start_ns =
		take(input, 1) < 128 ? now_ns : take_moment(input, now_ns, 1'000'000'000);
	struct again_breaker before = *breaker;
	again_lease lease = 0;
	bool allowed = allows(shadow, now_ns);
	require(again_breaker_allow(breaker, shadow->rule, now_ns, start_ns, &lease) ==
	        (allowed ? 1 : 0));
	if (!allowed) {
		require(lease == 0 && memcmp(&before, breaker, sizeof(before)) == 0);
		return;
	}
	require(lease != 0);
	give(shadow, now_ns, start_ns, lease);
	shadow->latest_ns = start_ns > shadow->latest_ns ? start_ns : shadow->latest_ns;
}

/** Some lease that was given and not yet reported, however old. */
static void tell(struct again_breaker *breaker, struct shadow *shadow, struct input *input,
                 again_ns now_ns)
{
	if (shadow->lease_count == 0) {
		return;
	}
	size_t place = take(input, 2) % shadow->lease_count;
	struct lease lease = shadow->leases[place];
	uint32_t outcome_class = (uint32_t)take(input, 1) % 10;
	struct again_breaker before = *breaker;
	again_breaker_report(breaker, shadow->rule, lease.value, outcome_class, now_ns);
	if (holds(shadow, &lease, now_ns)) {
		report(shadow, &lease, outcome_class, now_ns);
	} else {
		require(memcmp(&before, breaker, sizeof(before)) == 0);
	}
	shadow->lease_count--;
	shadow->leases[place] = shadow->leases[shadow->lease_count];
}

static void use_hands(struct again_breaker *breaker, struct shadow *shadow, uint64_t kind)
{
	uint64_t generation = shadow->generation;
	bool was_closed = shadow->state == AGAIN_BREAKER_CLOSED;
	switch (kind % 3) {
	case 0:
		again_breaker_force_open(breaker);
		turn(shadow, AGAIN_BREAKER_ISOLATED, 0);
		break;
	case 1:
		again_breaker_force_close(breaker);
		turn(shadow, AGAIN_BREAKER_CLOSED, 0);
		shadow->generation = was_closed ? generation : shadow->generation;
		break;
	default:
		again_breaker_reset(breaker);
		turn(shadow, AGAIN_BREAKER_CLOSED, 0);
		break;
	}
}

static void live(const struct again_breaker_rule *rule, struct input *input)
{
	struct again_breaker breaker;
	struct shadow shadow = {.rule = rule};
	again_breaker_init(&breaker);
	again_ns now_ns = take_any(input);
	for (int event = 0; event < EVENTS_MAX && input->size > 0; event++) {
		uint64_t kind = take(input, 1);
		again_ns scale_ns = (kind & 1) != 0 ? rule->open_ns : rule->lease_ns;
		now_ns = take_moment(input, now_ns, (kind & 2) != 0 ? rule->window_ns : scale_ns);
		shadow.latest_ns = now_ns > shadow.latest_ns ? now_ns : shadow.latest_ns;
		uint64_t generation = shadow.generation;
		if (kind < 120) {
			ask(&breaker, &shadow, input, now_ns);
		} else if (kind < 248) {
			tell(&breaker, &shadow, input, now_ns);
		} else {
			use_hands(&breaker, &shadow, kind);
		}
		require(shadow.generation >= generation);
		require_same(&breaker, &shadow, now_ns);
		require_not_wedged(&breaker, &shadow);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = {.bytes = bytes, .size = size};
	struct again_breaker_rule rule = take_rule(&input);
	struct again_error error = {0};
	int code = again_breaker_rule_validate(&rule, &error);
	require(code == error.code);
	if (code != 0) {
		require(code < 0 && error.field != NULL && error.text[0] != '\0');
		return 0;
	}
	live(&rule, &input);
	return 0;
}
