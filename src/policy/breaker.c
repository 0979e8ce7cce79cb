// SPDX-License-Identifier: MIT
// A circuit breaker: the states of <again/breaker.h>. @pure
//
//              allow                       success                failure                by hand
//     CLOSED     yes                       counted                counted, perhaps OPEN  ISOLATED
//     OPEN       HALF_OPEN when over       -                      -                      ISOLATED, CLOSED
//     HALF_OPEN  while a place is free     the last one: CLOSED   OPEN                   ISOLATED, CLOSED
//     ISOLATED   no                        -                      -                      CLOSED
//
// OPEN and ISOLATED give no leases, and a lease of another generation holds nowhere: so nothing can be reported there.
// Nothing happens by itself: what time has changed is seen when somebody asks, and written down when a lease is given.
#include "policy/breaker.h"

#include "base/number.h"
#include "policy/check.h"
#include "policy/saturate.h"
#include "policy/slots.h"

#include <again/call.h>

#include <string.h>

_Static_assert(sizeof(struct again_breaker) <= 64, "the state of a breaker");

#define FIFTHS (sizeof(((struct again_breaker *)NULL)->fifths) / sizeof(struct again_breaker_fifth))

/** Into a state, in which nothing is out and nothing counted yet. What is out from before no longer holds. */
static void turn(struct again_breaker *breaker, enum again_breaker_state state, again_ns until_ns)
{
	*breaker = (struct again_breaker){
		.until_ns = until_ns,
		.generation = breaker->generation + 1,
		.state = (uint8_t)state,
	};
}

static void open(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                 again_ns now_ns)
{
	turn(breaker, AGAIN_BREAKER_OPEN, again_ns_add(now_ns, rule->open_ns));
}

// Places of HALF_OPEN.

static bool is_lapsed(const struct again_breaker *breaker, again_ns now_ns)
{
	return now_ns >= breaker->until_ns;
}

/** A bit for each place that may be given without a forfeit. */
static uint32_t free_places(const struct again_breaker *breaker,
                            const struct again_breaker_rule *rule)
{
	again_check(rule->probes >= 1 && rule->probes <= AGAIN_BREAKER_PROBES_MAX);
	uint32_t places = (UINT32_C(1) << rule->probes) - 1;
	return places & ~(uint32_t)breaker->probes_out;
}

/** The latest lease that is out has run out: so have all, and their places are free. */
static void forfeit_lapsed(struct again_breaker *breaker, again_ns now_ns)
{
	if (breaker->probes_out != 0 && is_lapsed(breaker, now_ns)) {
		breaker->generation++;
		breaker->probes_out = 0;
	}
}

bool again_breaker_may_probe(const struct again_breaker *breaker,
                             const struct again_breaker_rule *rule, again_ns now_ns)
{
	switch ((enum again_breaker_state)breaker->state) {
	case AGAIN_BREAKER_CLOSED:
		return true;
	case AGAIN_BREAKER_OPEN:
		return is_lapsed(breaker, now_ns);
	case AGAIN_BREAKER_HALF_OPEN:
		return free_places(breaker, rule) != 0 || is_lapsed(breaker, now_ns);
	case AGAIN_BREAKER_ISOLATED:
		break;
	}
	return false;
}

bool again_breaker_give_probe(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                              again_ns now_ns, again_ns start_ns, again_lease *out_lease)
{
	if (!again_breaker_may_probe(breaker, rule, now_ns)) {
		return false;
	}
	if (breaker->state == AGAIN_BREAKER_OPEN) {
		turn(breaker, AGAIN_BREAKER_HALF_OPEN, 0);
	}
	forfeit_lapsed(breaker, now_ns);
	uint32_t place = free_places(breaker, rule);
	place &= ~place + 1;
	again_ns lapses_ns = again_ns_add(again_ns_max(start_ns, now_ns), rule->lease_ns);
	// What was out before and has reported must not make a lease longer.
	breaker->until_ns =
		breaker->probes_out == 0 ? lapses_ns : again_ns_max(breaker->until_ns, lapses_ns);
	breaker->probes_out = (uint8_t)(breaker->probes_out | place);
	*out_lease = again_breaker_lease(breaker, place);
	return true;
}

// What is counted while CLOSED.

static bool is_too_many(const struct again_breaker *breaker, const struct again_breaker_rule *rule)
{
	uint64_t calls = 0;
	uint64_t failures = 0;
	for (size_t i = 0; i < FIFTHS; i++) {
		calls += breaker->fifths[i].calls;
		failures += breaker->fifths[i].failures;
	}
	return calls >= rule->min_calls &&
	       (again_u128)failures * AGAIN_Q32_ONE >= (again_u128)calls * rule->ratio_q32;
}

static void count_in_window(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                            bool failed, again_ns now_ns)
{
	again_check(rule->window_ns >= FIFTHS);
	uint64_t begun = again_slots_begun(breaker->tally, rule->window_ns / FIFTHS, now_ns);
	if (begun > 0) {
		again_slots_shift(breaker->fifths, FIFTHS, sizeof(breaker->fifths[0]), begun);
		breaker->tally += begun;
	}
	struct again_breaker_fifth *running = &breaker->fifths[0];
	if (running->calls < UINT32_MAX) {
		running->calls++;
		running->failures += failed ? 1 : 0;
	}
	if (failed && is_too_many(breaker, rule)) {
		open(breaker, rule, now_ns);
	}
}

static void count_in_a_row(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                           bool failed, again_ns now_ns)
{
	breaker->tally = failed ? breaker->tally + 1 : 0;
	if (failed && breaker->tally >= rule->failures) {
		open(breaker, rule, now_ns);
	}
}

static void count(struct again_breaker *breaker, const struct again_breaker_rule *rule, bool failed,
                  again_ns now_ns)
{
	again_check(rule->kind <= AGAIN_BREAKER_RATIO);
	switch ((enum again_breaker_kind)rule->kind) {
	case AGAIN_BREAKER_NONE:
		return;
	case AGAIN_BREAKER_CONSECUTIVE:
		count_in_a_row(breaker, rule, failed, now_ns);
		return;
	case AGAIN_BREAKER_RATIO:
		count_in_window(breaker, rule, failed, now_ns);
		return;
	}
}

static void end_probe(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                      bool failed, again_ns now_ns)
{
	if (failed) {
		open(breaker, rule, now_ns);
		return;
	}
	breaker->successes++;
	if (breaker->successes >= rule->probes) {
		turn(breaker, AGAIN_BREAKER_CLOSED, 0);
	}
}

// Reports.

/** Whether the server was at fault. It was not where it answered, even if the answer was no. */
static bool is_failure(uint32_t outcome_class)
{
	return outcome_class != AGAIN_CLASS_SUCCESS && outcome_class != AGAIN_CLASS_PERMANENT;
}

int again_breaker_holds(const struct again_breaker *breaker, const struct again_breaker_rule *,
                        again_lease lease, again_ns now_ns)
{
	uint32_t place = (uint32_t)lease;
	if (lease >> 32 != breaker->generation) {
		return 0;
	}
	if (breaker->state == AGAIN_BREAKER_CLOSED) {
		return place == AGAIN_LEASE_CLOSED;
	}
	return breaker->state == AGAIN_BREAKER_HALF_OPEN && (breaker->probes_out & place) != 0 &&
	       !is_lapsed(breaker, now_ns);
}

void again_breaker_report(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                          again_lease lease, uint32_t outcome_class, again_ns now_ns)
{
	if (again_breaker_holds(breaker, rule, lease, now_ns) == 0) {
		return;
	}
	breaker->probes_out = (uint8_t)(breaker->probes_out & ~lease);
	if (outcome_class == AGAIN_CLASS_CANCELLED) {
		return;
	}
	if (breaker->state == AGAIN_BREAKER_CLOSED) {
		count(breaker, rule, is_failure(outcome_class), now_ns);
	} else {
		end_probe(breaker, rule, is_failure(outcome_class), now_ns);
	}
}

// The public face.

void again_breaker_init(struct again_breaker *breaker)
{
	*breaker = (struct again_breaker){0};
}

uint32_t again_breaker_state_at(const struct again_breaker *breaker, again_ns now_ns)
{
	bool is_over = breaker->state == AGAIN_BREAKER_OPEN && is_lapsed(breaker, now_ns);
	return is_over ? AGAIN_BREAKER_HALF_OPEN : breaker->state;
}

again_ns again_breaker_opens_at(const struct again_breaker *breaker,
                                const struct again_breaker_rule *rule, again_ns now_ns)
{
	if (again_breaker_may(breaker, rule, now_ns)) {
		return now_ns;
	}
	return breaker->state == AGAIN_BREAKER_ISOLATED ? AGAIN_NEVER : breaker->until_ns;
}

int again_breaker_would_allow(const struct again_breaker *breaker,
                              const struct again_breaker_rule *rule, again_ns now_ns)
{
	return again_breaker_may(breaker, rule, now_ns);
}

int again_breaker_allow(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                        again_ns now_ns, again_ns start_ns, again_lease *out_lease)
{
	return again_breaker_give(breaker, rule, now_ns, start_ns, out_lease);
}

void again_breaker_force_open(struct again_breaker *breaker)
{
	turn(breaker, AGAIN_BREAKER_ISOLATED, 0);
}

void again_breaker_force_close(struct again_breaker *breaker)
{
	uint32_t generation = breaker->generation;
	bool was_closed = breaker->state == AGAIN_BREAKER_CLOSED;
	turn(breaker, AGAIN_BREAKER_CLOSED, 0);
	// No change of state: the attempts that are out still count.
	breaker->generation = was_closed ? generation : breaker->generation;
}

void again_breaker_reset(struct again_breaker *breaker)
{
	turn(breaker, AGAIN_BREAKER_CLOSED, 0);
}

const char *again_breaker_state_name(uint32_t state)
{
	switch ((enum again_breaker_state)state) {
	case AGAIN_BREAKER_CLOSED:
		return "closed";
	case AGAIN_BREAKER_OPEN:
		return "open";
	case AGAIN_BREAKER_HALF_OPEN:
		return "half_open";
	case AGAIN_BREAKER_ISOLATED:
		return "isolated";
	}
	return "unknown";
}
