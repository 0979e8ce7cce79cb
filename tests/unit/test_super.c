// SPDX-License-Identifier: MIT
// The supervisor's table against a model of the world: random processes that die, linger, ignore TERM or even KILL, random
// timers and signals. Whatever happens, no attempt starts beside the remains of another.
#include "run/super.h"

#include "again/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define RUNS 200'000
#define STEPS_MAX 400

/** What is alive, and what it takes to end it. */
struct world {
	bool own_alive;
	unsigned others;
	bool heeds_term;
	bool heeds_kill;
	/** What the attempt that just ended has left on purpose. */
	bool last_succeeded;
	bool last_cut;
	unsigned attempts;
	unsigned steps_in_killing;
	unsigned stops;
	bool killed;
};

static uint64_t seed;
static struct again_rng rng;

static bool chance(unsigned percent)
{
	return again_uniform(&rng, 1, 100) <= percent;
}

static void end_all(struct world *world)
{
	world->own_alive = false;
	world->others = 0;
}

// What the runner would report after it has reaped: EXITED once, then what is left.
static struct again_super_event reaped(struct world *world, bool *own_reported)
{
	if (!world->own_alive && !*own_reported) {
		*own_reported = true;
		world->last_succeeded = chance(30);
		return (struct again_super_event){.type = AGAIN_SUPER_EXITED,
		                                  .succeeded = world->last_succeeded};
	}
	return (struct again_super_event){.type = world->others > 0 || world->own_alive
	                                                  ? AGAIN_SUPER_LEFT
	                                                  : AGAIN_SUPER_EMPTY};
}

static struct again_super_event stop(struct world *world)
{
	world->stops++;
	return (struct again_super_event){.type = AGAIN_SUPER_STOP,
	                                  .signal = 2 + (int)again_uniform(&rng, 0, 13)};
}

// Something happens while the runner waits.
static struct again_super_event happen(struct world *world, const struct again_super *super,
                                       bool *own_reported)
{
	if (super->state == AGAIN_SUPER_HOLDING) {
		if (chance(10)) {
			return stop(world);
		}
		if (chance(5)) {
			return (struct again_super_event){.type = chance(50) ? AGAIN_SUPER_DEADLINE
			                                                     : AGAIN_SUPER_BROKEN};
		}
		return (struct again_super_event){.type = AGAIN_SUPER_DUE};
	}
	const unsigned what = (unsigned)again_uniform(&rng, 0, 9);
	const bool ending =
		super->state == AGAIN_SUPER_ENDING || super->state == AGAIN_SUPER_KILLING;
	if (what == 0) {
		return stop(world);
	}
	if (what == 1) {
		return (struct again_super_event){.type = AGAIN_SUPER_DEADLINE};
	}
	if (what == 2 && (ending || world->own_alive)) {
		return (struct again_super_event){.type = AGAIN_SUPER_TIMEOUT};
	}
	if (what == 3 && ending) {
		return (struct again_super_event){.type = AGAIN_SUPER_GRACE};
	}
	if (what == 4 && super->state == AGAIN_SUPER_KILLING) {
		return (struct again_super_event){.type = AGAIN_SUPER_ROUND};
	}
	if (what == 5 && chance(5)) {
		return (struct again_super_event){.type = AGAIN_SUPER_BROKEN};
	}
	if (what >= 8 && world->own_alive && !(ending && world->killed)) {
		world->own_alive = false;
	}
	return reaped(world, own_reported);
}

static bool may_be_left(const struct again_super *super, const struct world *world)
{
	return super->leftovers == AGAIN_LEFTOVERS_NEVER ||
	       (super->leftovers == AGAIN_LEFTOVERS_FAILED && world->last_succeeded &&
	        !world->last_cut);
}

static void start_attempt(const struct again_super *super, struct world *world)
{
	if (super->leftovers != AGAIN_LEFTOVERS_NEVER && (world->own_alive || world->others > 0)) {
		fail_msg("seed %llu: an attempt starts beside %u processes",
		         (unsigned long long)seed, world->others);
	}
	if (world->own_alive) {
		fail_msg("seed %llu: an attempt starts beside another", (unsigned long long)seed);
	}
	world->own_alive = true;
	world->others = (unsigned)again_uniform(&rng, 0, 3);
	world->heeds_term = chance(60);
	world->heeds_kill = chance(95);
	world->killed = false;
	world->attempts++;
}

static void check_end(const struct again_super *super, const struct world *world)
{
	const bool alive = world->own_alive || world->others > 0;
	const bool allowed = super->survived || (!world->own_alive && may_be_left(super, world));
	if (alive && !allowed) {
		fail_msg("seed %llu: the run ends and %u processes live on",
		         (unsigned long long)seed, world->others);
	}
	assert_int_equal(super->stop_signal != 0, world->stops > 0);
	assert_int_equal(super->state, AGAIN_SUPER_OVER);
}

static struct again_super_event started(const struct again_super *super, struct world *world,
                                        bool *own_reported)
{
	if (chance(5)) {
		world->last_succeeded = false;
		return (struct again_super_event){.type = AGAIN_SUPER_NOT_STARTED};
	}
	start_attempt(super, world);
	*own_reported = false;
	return (struct again_super_event){.type = AGAIN_SUPER_STARTED};
}

static struct again_super_event killed(struct again_super *super, struct world *world,
                                       bool *own_reported)
{
	world->killed = true;
	if (world->heeds_kill) {
		end_all(world);
	}
	if (!super->broken) {
		return happen(world, super, own_reported);
	}
	// A broken run has no timers to wait for: the runner kills and reaps by force, and says how that went.
	*own_reported = *own_reported || !world->own_alive;
	super->exited = !world->own_alive;
	return (struct again_super_event){.type = world->own_alive || world->others > 0
	                                                  ? AGAIN_SUPER_GRACE
	                                                  : AGAIN_SUPER_EMPTY};
}

static void run_once(void)
{
	struct again_super super;
	struct world world = {0};
	bool own_reported = true;
	again_super_init(&super, (enum again_leftovers)again_uniform(&rng, 0, 2), chance(20));
	struct again_super_event event = {.type = chance(95) ? AGAIN_SUPER_GO : AGAIN_SUPER_END};
	for (unsigned step = 0; step < STEPS_MAX; step++) {
		const enum again_super_action action = again_super_step(&super, &event);
		switch (action) {
		case AGAIN_SUPER_DO_WAIT:
		case AGAIN_SUPER_DO_HOLD:
			event = happen(&world, &super, &own_reported);
			break;
		case AGAIN_SUPER_DO_START:
			event = started(&super, &world, &own_reported);
			break;
		case AGAIN_SUPER_DO_CHECK:
			event = reaped(&world, &own_reported);
			break;
		case AGAIN_SUPER_DO_SEND:
			assert_in_range(super.send, 1, 64);
			if (world.heeds_term) {
				end_all(&world);
			}
			event = happen(&world, &super, &own_reported);
			break;
		case AGAIN_SUPER_DO_KILL:
			event = killed(&super, &world, &own_reported);
			break;
		case AGAIN_SUPER_DO_DECIDE:
			world.last_cut = super.cut != AGAIN_CUT_NONE;
			if (world.last_succeeded && !world.last_cut && !super.broken) {
				assert_true(super.succeeded);
			}
			event.type = super.stop_signal != 0 || super.broken || super.succeeded ||
			                             chance(20)
			                     ? AGAIN_SUPER_END
			                     : AGAIN_SUPER_GO;
			break;
		case AGAIN_SUPER_DO_FINISH:
			check_end(&super, &world);
			return;
		case AGAIN_SUPER_BUG:
			fail_msg("seed %llu: event %d cannot happen in state %d",
			         (unsigned long long)seed, event.type, super.state);
		}
	}
	fail_msg("seed %llu: no end after %d steps", (unsigned long long)seed, STEPS_MAX);
}

static void test_model(void **state)
{
	(void)state;
	for (seed = 1; seed <= RUNS; seed++) {
		rng = again_rng_root(seed);
		run_once();
	}
}

static enum again_super_action step(struct again_super *super, enum again_super_event_type type)
{
	const struct again_super_event event = {.type = type, .signal = 15};
	return again_super_step(super, &event);
}

static void run_until_running(struct again_super *super)
{
	again_super_init(super, AGAIN_LEFTOVERS_FAILED, /*impatient=*/false);
	assert_int_equal(step(super, AGAIN_SUPER_GO), AGAIN_SUPER_DO_HOLD);
	assert_int_equal(step(super, AGAIN_SUPER_DUE), AGAIN_SUPER_DO_START);
	assert_int_equal(step(super, AGAIN_SUPER_STARTED), AGAIN_SUPER_DO_WAIT);
}

static void test_second_stop_is_impatience(void **state)
{
	(void)state;
	struct again_super super;
	run_until_running(&super);
	assert_int_equal(step(&super, AGAIN_SUPER_STOP), AGAIN_SUPER_DO_SEND);
	assert_int_equal(super.send, 15);
	assert_int_equal(step(&super, AGAIN_SUPER_STOP), AGAIN_SUPER_DO_KILL);
}

static void test_first_stop_in_a_grace_is_passed_on(void **state)
{
	(void)state;
	struct again_super super;
	run_until_running(&super);
	assert_int_equal(step(&super, AGAIN_SUPER_TIMEOUT), AGAIN_SUPER_DO_SEND);
	assert_int_equal(step(&super, AGAIN_SUPER_STOP), AGAIN_SUPER_DO_SEND);
	assert_int_equal(super.cut, AGAIN_CUT_TIMEOUT);
	assert_int_equal(super.stop_signal, 15);
}

static void test_no_grace_kills_at_once(void **state)
{
	(void)state;
	struct again_super super;
	run_until_running(&super);
	super.impatient = true;
	assert_int_equal(step(&super, AGAIN_SUPER_TIMEOUT), AGAIN_SUPER_DO_KILL);
	assert_int_equal(super.cut, AGAIN_CUT_TIMEOUT);
}

static void test_stop_in_a_wait_ends_at_once(void **state)
{
	(void)state;
	struct again_super super;
	again_super_init(&super, AGAIN_LEFTOVERS_FAILED, /*impatient=*/false);
	(void)step(&super, AGAIN_SUPER_GO);
	assert_int_equal(step(&super, AGAIN_SUPER_STOP), AGAIN_SUPER_DO_FINISH);
}

static void test_success_of_a_timed_out_attempt_does_not_count(void **state)
{
	(void)state;
	struct again_super super;
	run_until_running(&super);
	(void)step(&super, AGAIN_SUPER_TIMEOUT);
	const struct again_super_event exited = {.type = AGAIN_SUPER_EXITED, .succeeded = true};
	assert_int_equal(again_super_step(&super, &exited), AGAIN_SUPER_DO_CHECK);
	assert_int_equal(step(&super, AGAIN_SUPER_EMPTY), AGAIN_SUPER_DO_DECIDE);
	assert_false(super.succeeded);
}

static void test_impossible_events_are_bugs(void **state)
{
	(void)state;
	struct again_super super;
	again_super_init(&super, AGAIN_LEFTOVERS_FAILED, /*impatient=*/false);
	assert_int_equal(step(&super, AGAIN_SUPER_STARTED), AGAIN_SUPER_BUG);
	run_until_running(&super);
	assert_int_equal(step(&super, AGAIN_SUPER_DUE), AGAIN_SUPER_BUG);
	super.state = AGAIN_SUPER_OVER;
	for (int type = 0; type < AGAIN_SUPER_EVENTS; type++) {
		assert_int_equal(step(&super, (enum again_super_event_type)type), AGAIN_SUPER_BUG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_second_stop_is_impatience),
		cmocka_unit_test(test_first_stop_in_a_grace_is_passed_on),
		cmocka_unit_test(test_no_grace_kills_at_once),
		cmocka_unit_test(test_stop_in_a_wait_ends_at_once),
		cmocka_unit_test(test_success_of_a_timed_out_attempt_does_not_count),
		cmocka_unit_test(test_impossible_events_are_bugs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
