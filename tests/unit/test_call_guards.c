// SPDX-License-Identifier: MIT
// A call and its guards: the order of checks, what is paid and when, how a call begins; and the struct of guards.
#include "call_kit.h"

// The order of checks.

enum refusing {
	BY_CLASS,
	BY_ATTEMPTS,
	BY_SERVER,
	BY_DEADLINE,
	BY_BREAKER,
	BY_THROTTLE,
	BY_RATE,
	BY_BUDGET,
	BY_HINT,
	BY_FIT,
	BY_NOTHING
};

static const struct {
	uint32_t reason;
	uint32_t guard;
} refusals[] = {
	[BY_CLASS] = {AGAIN_REASON_NOT_RETRYABLE, AGAIN_GUARD_NONE},
	[BY_ATTEMPTS] = {AGAIN_REASON_EXHAUSTED, AGAIN_GUARD_NONE},
	[BY_SERVER] = {AGAIN_REASON_SERVER_REFUSED, AGAIN_GUARD_HINT},
	[BY_DEADLINE] = {AGAIN_REASON_DEADLINE, AGAIN_GUARD_NONE},
	[BY_BREAKER] = {AGAIN_REASON_BREAKER_OPEN, AGAIN_GUARD_BREAKER},
	[BY_THROTTLE] = {AGAIN_REASON_THROTTLED, AGAIN_GUARD_THROTTLE},
	[BY_RATE] = {AGAIN_REASON_RATE_LIMITED, AGAIN_GUARD_RATE},
	[BY_BUDGET] = {AGAIN_REASON_BUDGET_EMPTY, AGAIN_GUARD_BUDGET},
	[BY_HINT] = {AGAIN_REASON_HINT_TOO_LONG, AGAIN_GUARD_HINT},
	[BY_FIT] = {AGAIN_REASON_WOULD_EXCEED_DEADLINE, AGAIN_GUARD_NONE},
};

/** A call that has failed once, at 10 s, in a world where some checks refuse. */
struct scene {
	struct world world;
	struct again_policy policy;
	struct again_outcome outcome;
};

static void refuse(struct scene *scene, enum refusing by)
{
	struct world *world = &scene->world;
	switch (by) {
	case BY_CLASS:
		scene->outcome.outcome_class = AGAIN_CLASS_PERMANENT;
		break;
	case BY_ATTEMPTS:
		scene->policy.max_retries = 0;
		break;
	case BY_SERVER:
		scene->outcome.hint_kind = AGAIN_HINT_REFUSAL;
		break;
	case BY_DEADLINE:
		scene->policy.deadline_ns = 10 * S;
		break;
	case BY_BREAKER:
		again_breaker_force_open(&world->breaker);
		break;
	case BY_THROTTLE:
		world->throttle.tenths[0].requests = UINT32_MAX / 2;
		break;
	case BY_RATE:
		world->rate.arrival_ns = 10 * HOUR;
		break;
	case BY_BUDGET:
		world->budget.tokens.balance_mt = 0;
		break;
	case BY_HINT:
		scene->outcome.hint_kind = AGAIN_HINT_RELATIVE;
		scene->outcome.hint_ns = 2 * HOUR;
		break;
	case BY_FIT:
		scene->policy.deadline_ns = 10 * S + 1;
		break;
	case BY_NOTHING:
		break;
	}
}

/** The first of the two that are set up, or none, is what refuses; what was not refused by a guard itself cost nothing. */
static void assert_first_refuses(enum refusing first, enum refusing second)
{
	struct scene scene = {.policy = plain()};
	struct world *world = &scene.world;
	world_init(world);
	use_all(world);
	scene.outcome = outcome_of(AGAIN_CLASS_SERVER, 0, 10 * S);
	struct again_call call;
	struct again_decision offered = begin_under(&call, &scene.policy, &world->guards, 0);
	scene.outcome.lease = offered.lease;
	refuse(&scene, second);
	refuse(&scene, first);
	call.deadline_at_ns = scene.policy.deadline_ns;
	struct world before = *world;
	struct again_decision end =
		tell(&call, &scene.policy, &world->guards, scene.outcome, 10 * S);
	check(end.reason == refusals[first].reason, "%u before %u: %s", (unsigned)first,
	      (unsigned)second, again_reason_name(end.reason));
	assert_end(&end, refusals[first].reason, 1);
	if (first != BY_FIT || second != BY_HINT) {
		assert_int_equal(end.guard, refusals[first].guard);
	}
	assert_int_equal(world->rate.arrival_ns, before.rate.arrival_ns);
	assert_int_equal(world->budget.tokens.balance_mt, before.budget.tokens.balance_mt);
	assert_int_equal(world->budget.tokens.granted, 0);
	assert_int_equal(world->budget.tokens.refused, first == BY_BUDGET ? 1 : 0);
	assert_int_equal(world->breaker.probes_out, 0);
	assert_int_equal(world->breaker.generation, before.breaker.generation);
	assert_int_equal(world->throttle.tenths[0].requests,
	                 before.throttle.tenths[0].requests + (first == BY_THROTTLE ? 1 : 0));
	assert_int_equal(end.budget_left, world->budget.tokens.balance_mt / AGAIN_TOKEN_MT);
	// Told again it is the same, and the guards hear nothing of it.
	before = *world;
	struct again_decision told =
		tell(&call, &scene.policy, &world->guards, scene.outcome, 20 * S);
	assert_memory_equal(&told, &end, sizeof(end));
	again_call_begin(&call, &scene.policy, &world->guards, 20 * S, &told);
	assert_memory_equal(&told, &end, sizeof(end));
	again_call_start(&call, &scene.policy, &world->guards, 20 * S, &told);
	assert_memory_equal(&told, &end, sizeof(end));
	assert_memory_equal(&before, world, sizeof(before));
}

/** Of any two checks that would refuse, the earlier one does: so the order is the documented one. */
static void test_order_of_checks(void **)
{
	for (int first = 0; first < BY_NOTHING; first++) {
		for (int second = first + 1; second <= BY_NOTHING; second++) {
			// An outcome has one hint.
			if (first != BY_SERVER || second != BY_HINT) {
				assert_first_refuses((enum refusing)first, (enum refusing)second);
			}
		}
	}
}

/** Refused by nothing, all are paid at once. */
static void test_charge(void **)
{
	struct world world;
	world_init(&world);
	use_all(&world);
	struct again_policy policy = plain();
	struct again_call call;
	struct again_decision decision = begin_under(&call, &policy, &world.guards, 0);
	// The first attempt is a request, and no retry.
	assert_true(decision.lease != 0);
	assert_int_equal(decision.budget_left, 1000);
	assert_int_equal(world.throttle.tenths[0].requests, 1);
	assert_int_equal(world.rate.arrival_ns, 0);
	assert_int_equal(world.budget.tokens.granted, 0);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SERVER);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_true(decision.lease != 0);
	assert_int_equal(decision.budget_left, 999);
	assert_int_equal(decision.guard, AGAIN_GUARD_NONE);
	assert_int_equal(world.throttle.tenths[0].requests, 2);
	assert_int_equal(world.throttle.tenths[0].accepts, 0);
	assert_int_equal(world.rate.arrival_ns, 1 * S);
	assert_int_equal(world.budget.tokens.granted, 1);
	assert_int_equal(world.budget.tokens.balance_mt, 999'000);
	decision = pass(&call, &policy, &world.guards, &decision, AGAIN_CLASS_SUCCESS);
	assert_int_equal(decision.budget_left, 999);
	assert_int_equal(world.throttle.tenths[0].accepts, 1);
	assert_int_equal(world.throttle.tenths[0].requests, 2);
}

/** Guards without a state are not asked: the delays are those of a call without guards. */
static void test_guards_change_no_delay(void **)
{
	struct world world;
	world_init(&world);
	struct again_policy policy = default_policy();
	for (int all = 0; all < 2; all++) {
		struct again_call with;
		struct again_call without;
		struct again_decision there = begin_under(&with, &policy, &world.guards, 0);
		struct again_decision here = begin(&without, &policy, 0);
		while (here.verb == AGAIN_VERB_RETRY) {
			here = pass(&without, &policy, /*guards=*/NULL, &here,
			            AGAIN_CLASS_TRANSIENT);
			there = pass(&with, &policy, &world.guards, &there, AGAIN_CLASS_TRANSIENT);
			assert_int_equal(there.verb, here.verb);
			assert_int_equal(there.not_before_ns, here.not_before_ns);
		}
		use_all(&world);
		// It may refuse any of them.
		world.guards.throttle = NULL;
	}
}

// Beginning.

/** Deadline, breaker, throttle, fit: no attempt is made, and for a budget of calls the call is over. */
static void test_begin_is_refused(void **)
{
	static const enum refusing checks[] = {BY_DEADLINE, BY_BREAKER, BY_THROTTLE, BY_FIT};
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct scene scene = {.policy = plain()};
		struct world *world = &scene.world;
		world_init(world);
		world->budget_rule = in_flight_of(1);
		again_budget_init(&world->budget, &world->budget_rule, 0);
		use_all(world);
		refuse(&scene, checks[i]);
		scene.policy.initial_delay_ns = checks[i] == BY_FIT ? 1 * HOUR : 0;
		scene.policy.deadline_ns = checks[i] == BY_DEADLINE ? 0 : 10 * S;
		uint32_t requests = world->throttle.tenths[0].requests;
		struct again_call call;
		struct again_decision end =
			begin_under(&call, &scene.policy, &world->guards, 7 * S);
		assert_end(&end, refusals[checks[i]].reason, 0);
		assert_int_equal(end.guard, refusals[checks[i]].guard);
		assert_int_equal(end.budget_left, 1);
		assert_int_equal(end.delay_ns, checks[i] == BY_FIT ? 1 * HOUR : 0);
		assert_int_equal(world->budget.gauge.calls, 0);
		assert_int_equal(world->throttle.tenths[0].requests,
		                 requests + (checks[i] == BY_THROTTLE ? 1 : 0));
		// Neither the rate nor the budget is asked.
		assert_int_equal(world->budget.gauge.refused + world->budget.gauge.granted, 0);
		assert_int_equal(world->rate.arrival_ns, 0);
	}
}

/** Retries alone are limited: a call begins however empty the budget and the rate are. */
static void test_begin_needs_no_budget(void **)
{
	struct scene scene = {.policy = plain()};
	world_init(&scene.world);
	use_all(&scene.world);
	refuse(&scene, BY_RATE);
	refuse(&scene, BY_BUDGET);
	struct again_call call;
	struct again_decision decision = begin_under(&call, &scene.policy, &scene.world.guards, 0);
	assert_int_equal(decision.verb, AGAIN_VERB_RETRY);
	assert_int_equal(decision.budget_left, 0);
}

// The struct.

static void assert_guards_refused(const struct again_guards *guards, int code, const char *field)
{
	struct again_error error = {0};
	assert_int_equal(again_guards_validate(guards, &error), code);
	assert_int_equal(error.code, code);
	assert_string_equal(error.field, field);
	assert_int_equal(again_guards_validate(guards, /*error=*/NULL), code);
}

static void test_validation(void **)
{
	struct world world;
	world_init(&world);
	use_all(&world);
	struct again_guards good = world.guards;
	struct again_guards bad = good;
	bad.size--;
	assert_guards_refused(&bad, AGAIN_ERR_INVALID, "size");
	bad.size += 2;
	assert_guards_refused(&bad, AGAIN_ERR_INVALID, "size");
	bad = good;
	bad.reserved = 1;
	assert_guards_refused(&bad, AGAIN_ERR_INVALID, "reserved");
	bad = good;
	bad.breaker_rule = NULL;
	assert_guards_refused(&bad, AGAIN_ERR_CONFLICT, "breaker_rule");
	bad.breaker = NULL;
	assert_int_equal(again_guards_validate(&bad, NULL), 0);
	bad = good;
	bad.throttle_rule = NULL;
	assert_guards_refused(&bad, AGAIN_ERR_CONFLICT, "throttle_rule");
	bad = good;
	bad.rate_rule = NULL;
	assert_guards_refused(&bad, AGAIN_ERR_CONFLICT, "rate_rule");
	bad = good;
	bad.budget_rule = NULL;
	assert_guards_refused(&bad, AGAIN_ERR_CONFLICT, "budget_rule");
	// A rule's own field is named; a rule is checked without its state, too.
	world.breaker_rule.open_ns = 0;
	world.guards.breaker = NULL;
	assert_guards_refused(&world.guards, AGAIN_ERR_RANGE, "open_ns");
	world.breaker_rule.open_ns = 1;
	world.throttle_rule.most_q32 = 0;
	assert_guards_refused(&world.guards, AGAIN_ERR_RANGE, "most_q32");
	world.throttle_rule.most_q32 = 1;
	world.rate_rule.burst = 0;
	assert_guards_refused(&world.guards, AGAIN_ERR_RANGE, "burst");
	world.rate_rule.burst = 1;
	world.budget_rule.capacity_mt = 0;
	assert_int_not_equal(again_guards_validate(&world.guards, NULL), 0);
}

static void test_init(void **)
{
	_Alignas(struct again_guards) unsigned char room[2 * sizeof(struct again_guards)];
	for (size_t size = 4; size <= sizeof(room); size++) {
		struct again_guards *guards = (struct again_guards *)(void *)room;
		memset(room, 0xA5, sizeof(room));
		again_guards_init(guards, size);
		assert_int_equal(guards->size, size);
		for (size_t i = sizeof(guards->size); i < sizeof(room); i++) {
			check(room[i] == (i < size ? 0 : 0xA5), "byte %zu of %zu", i, size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_of_checks),
		cmocka_unit_test(test_charge),
		cmocka_unit_test(test_guards_change_no_delay),
		cmocka_unit_test(test_begin_is_refused),
		cmocka_unit_test(test_begin_needs_no_budget),
		cmocka_unit_test(test_validation),
		cmocka_unit_test(test_init),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
