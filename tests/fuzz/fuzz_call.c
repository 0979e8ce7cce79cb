// SPDX-License-Identifier: MIT
// Any bytes as a policy; if it is valid, any events as the life of a call, with guards or without, beside which a shadow
// lives that knows what the headers promise and nothing of how it is done.
#include "fuzz_kit.h"

#define EVENTS_MAX 200

static struct again_policy take_policy(struct input *input, again_ns *list)
{
	struct again_policy policy;
	again_policy_init(&policy, sizeof(policy));
	uint64_t changed = take(input, 3);
	policy.backoff = (uint32_t)take(input, 1) % 8;
	policy.jitter = (uint32_t)take(input, 1) % 6;
	policy.max_retries = (changed & 1) != 0 ? (uint32_t)take_any(input) : policy.max_retries;
	policy.jitter_q32 = (changed & 2) != 0 ? (uint32_t)take_any(input) : policy.jitter_q32;
	policy.degree = (changed & 4) != 0 ? (uint32_t)take(input, 1) : policy.degree;
	policy.factor_q32 = (changed & 8) != 0 ? take_any(input) : policy.factor_q32;
	policy.base_delay_ns = (changed & 16) != 0 ? take_any(input) : policy.base_delay_ns;
	policy.max_delay_ns = (changed & 32) != 0 ? take_any(input) : policy.max_delay_ns;
	policy.deadline_ns = (changed & 64) != 0 ? take_any(input) : policy.deadline_ns;
	policy.attempt_timeout_ns =
		(changed & 128) != 0 ? take_any(input) : policy.attempt_timeout_ns;
	policy.min_attempt_ns = (changed & 256) != 0 ? take_any(input) : policy.min_attempt_ns;
	policy.reset_after_ns = (changed & 512) != 0 ? take_any(input) : policy.reset_after_ns;
	policy.initial_delay_ns = (changed & 1024) != 0 ? take_any(input) : policy.initial_delay_ns;
	policy.retry_ambiguous = (changed & 2048) != 0 ? (uint32_t)take(input, 1) % 3 : 0;
	policy.size = (changed & 4096) != 0 ? 100 + 4 * (uint32_t)take(input, 1) % 32 : policy.size;
	policy.hint_use = (changed & 16384) != 0 ? (uint32_t)take(input, 1) % 5 : policy.hint_use;
	policy.hint_jitter_q32 =
		(changed & 32768) != 0 ? (uint32_t)take_any(input) : policy.hint_jitter_q32;
	policy.hint_max_ns = (changed & 65536) != 0 ? take_any(input) : policy.hint_max_ns;
	policy.throttled_base_delay_ns = (changed & 131072) != 0 ? take_any(input) : 0;
	policy.list_len = (uint32_t)take(input, 1) % 8;
	policy.list = (changed & 8192) != 0 ? NULL : list;
	for (uint32_t i = 0; i < policy.list_len; i++) {
		list[i] = take_any(input);
	}
	return policy;
}

/** The policy as it counts: what its struct ends before has the defaults. */
static struct again_policy effective(const struct again_policy *policy)
{
	struct again_policy whole;
	again_policy_init(&whole, sizeof(whole));
	memcpy(&whole, policy, policy->size);
	whole.size = sizeof(whole);
	return whole;
}

/** What calls share. */
struct world {
	struct again_breaker_rule breaker_rule;
	struct again_breaker breaker;
	struct again_throttle_rule throttle_rule;
	struct again_throttle throttle;
	struct again_rate_rule rate_rule;
	struct again_rate rate;
	struct again_budget_rule budget_rule;
	union again_budget budget;
	struct again_guards guards;
};

static void take_budget(struct world *world, struct input *input)
{
	struct again_budget_rule *rule = &world->budget_rule;
	again_budget_rule_init(rule, sizeof(*rule));
	rule->kind = (uint32_t)take(input, 1) % 4;
	if (rule->kind == AGAIN_BUDGET_CONCURRENCY) {
		rule->min_concurrency = (uint32_t)take(input, 1) % 4;
		rule->ratio_q32 = (uint32_t)take(input, 4);
	} else if (rule->kind != AGAIN_BUDGET_NONE) {
		rule->capacity_mt = 1 + (uint32_t)take(input, 1);
		rule->cost_mt = 1 + (uint32_t)take(input, 1) % rule->capacity_mt;
		rule->cost_timeout_mt = (uint32_t)take(input, 1) % (rule->capacity_mt + 1);
		rule->charge_failures = (uint32_t)take(input, 1) % 2;
		rule->repay_last = 1 - rule->charge_failures;
		rule->deposit_first_mt = (uint32_t)take(input, 1);
		rule->window_ns = rule->kind == AGAIN_BUDGET_WINDOW ? 10 + take(input, 5) : 0;
	}
	again_budget_init(&world->budget, rule, /*now_ns=*/0);
}

static void take_world(struct world *world, struct input *input)
{
	uint64_t guards = take(input, 1);
	again_breaker_rule_init(&world->breaker_rule, sizeof(world->breaker_rule));
	world->breaker_rule.kind = AGAIN_BREAKER_CONSECUTIVE;
	world->breaker_rule.failures = 1 + (uint32_t)take(input, 1) % 4;
	world->breaker_rule.open_ns = 1 + take_any(input) / 2;
	world->breaker_rule.probes = 1 + (uint32_t)take(input, 1) % AGAIN_BREAKER_PROBES_MAX;
	again_breaker_init(&world->breaker);
	again_throttle_rule_init(&world->throttle_rule, sizeof(world->throttle_rule));
	again_throttle_init(&world->throttle);
	again_rate_rule_init(&world->rate_rule, sizeof(world->rate_rule));
	world->rate_rule.burst = 1 + (uint32_t)take(input, 1) % 8;
	again_rate_init(&world->rate);
	take_budget(world, input);
	again_guards_init(&world->guards, sizeof(world->guards));
	world->guards.breaker_rule = &world->breaker_rule;
	world->guards.throttle_rule = &world->throttle_rule;
	world->guards.rate_rule = &world->rate_rule;
	world->guards.budget_rule = &world->budget_rule;
	world->guards.breaker = (guards & 1) != 0 ? &world->breaker : NULL;
	world->guards.throttle = (guards & 2) != 0 ? &world->throttle : NULL;
	world->guards.rate = (guards & 4) != 0 ? &world->rate : NULL;
	world->guards.budget = (guards & 8) != 0 ? &world->budget : NULL;
}

static uint32_t granted(const struct world *world)
{
	switch ((enum again_budget_kind)world->budget_rule.kind) {
	case AGAIN_BUDGET_NONE:
		break;
	case AGAIN_BUDGET_TOKENS:
		return world->budget.tokens.granted;
	case AGAIN_BUDGET_WINDOW:
		return world->budget.window.granted;
	case AGAIN_BUDGET_CONCURRENCY:
		return world->budget.gauge.granted;
	}
	return 0;
}

/** What the call must be doing, kept beside it in the plainest way. */
struct shadow {
	struct again_policy policy;
	/** NULL: no guards. */
	struct world *world;
	struct world before;
	struct again_rng rng;
	again_ns latest_ns;
	again_ns deadline_at_ns;
	uint32_t attempts;
	uint32_t step;
	again_ns last_ns;
	uint32_t hedges;
	bool ended;
};

static bool has(const struct shadow *shadow, const void *state)
{
	return shadow->world != NULL && state != NULL;
}

static bool fits(const struct shadow *shadow, again_ns start_ns)
{
	again_ns need = shadow->policy.min_attempt_ns > 0 ? shadow->policy.min_attempt_ns : 1;
	return shadow->deadline_at_ns == AGAIN_NEVER ||
	       (start_ns < shadow->deadline_at_ns && shadow->deadline_at_ns - start_ns >= need);
}

static bool is_past(const struct shadow *shadow)
{
	return shadow->deadline_at_ns != AGAIN_NEVER && shadow->latest_ns >= shadow->deadline_at_ns;
}

/** What guards promise after any event. */
static void require_world(const struct shadow *shadow)
{
	const struct world *world = shadow->world;
	if (has(shadow, world != NULL ? world->guards.budget : NULL)) {
		const struct again_gauge *gauge = &world->budget.gauge;
		bool counts = world->budget_rule.kind == AGAIN_BUDGET_CONCURRENCY;
		require(!counts || gauge->calls == (shadow->ended ? 0 : 1));
		require(!counts || gauge->retries <= (shadow->ended ? 0 : 1 + shadow->hedges));
		require(world->budget_rule.kind != AGAIN_BUDGET_TOKENS ||
		        world->budget.tokens.balance_mt <= world->budget_rule.capacity_mt);
	}
}

/** The limit and the lease of an attempt that may start at not_before_ns. */
static void require_attempt(const struct shadow *shadow, const struct again_decision *decision)
{
	const struct again_policy *policy = &shadow->policy;
	require(fits(shadow, decision->not_before_ns));
	require(decision->attempt_timeout_ns >= 1 &&
	        decision->attempt_timeout_ns <= policy->attempt_timeout_ns);
	require(shadow->deadline_at_ns == AGAIN_NEVER ||
	        sum(decision->not_before_ns, decision->attempt_timeout_ns) <=
	                shadow->deadline_at_ns);
	require((decision->lease != 0) ==
	        has(shadow, shadow->world != NULL ? shadow->world->guards.breaker : NULL));
}

static void require_retry(struct shadow *shadow, const struct again_decision *decision)
{
	require(decision->reason == AGAIN_REASON_NONE);
	require(decision->attempt ==
	        (shadow->attempts < UINT32_MAX ? shadow->attempts + 1 : UINT32_MAX));
	require(decision->attempt - 1 <= shadow->policy.max_retries);
	require(decision->not_before_ns == sum(shadow->latest_ns, decision->delay_ns));
	require_attempt(shadow, decision);
	if (shadow->world != NULL && shadow->attempts > 0) {
		const struct world *world = shadow->world;
		bool counts = world->guards.budget != NULL &&
		              world->budget_rule.kind != AGAIN_BUDGET_NONE;
		require(granted(world) == granted(&shadow->before) + (counts ? 1 : 0));
		require((world->rate.arrival_ns > shadow->before.rate.arrival_ns) ==
		        (world->guards.rate != NULL));
	}
	shadow->attempts = decision->attempt;
}

static uint32_t guard_of(uint32_t reason)
{
	switch (reason) {
	case AGAIN_REASON_BREAKER_OPEN:
		return AGAIN_GUARD_BREAKER;
	case AGAIN_REASON_THROTTLED:
		return AGAIN_GUARD_THROTTLE;
	case AGAIN_REASON_RATE_LIMITED:
		return AGAIN_GUARD_RATE;
	case AGAIN_REASON_BUDGET_EMPTY:
		return AGAIN_GUARD_BUDGET;
	case AGAIN_REASON_SERVER_REFUSED:
	case AGAIN_REASON_HINT_TOO_LONG:
		return AGAIN_GUARD_HINT;
	}
	return AGAIN_GUARD_NONE;
}

static void require_end(struct shadow *shadow, const struct again_decision *decision)
{
	uint32_t reason = decision->reason;
	bool would_exceed = reason == AGAIN_REASON_WOULD_EXCEED_DEADLINE;
	require(reason != AGAIN_REASON_NONE && decision->lease == 0);
	require((decision->verb == AGAIN_VERB_SUCCEED) == (reason == AGAIN_REASON_SUCCESS));
	require(decision->attempt == shadow->attempts);
	require(would_exceed || reason == AGAIN_REASON_HINT_TOO_LONG || decision->delay_ns == 0);
	require(!would_exceed || !fits(shadow, sum(shadow->latest_ns, decision->delay_ns)));
	require(would_exceed || decision->guard == guard_of(reason));
	require(reason != AGAIN_REASON_DEADLINE || is_past(shadow));
	require(reason != AGAIN_REASON_EXHAUSTED || shadow->attempts > shadow->policy.max_retries);
	uint32_t guard = guard_of(reason);
	require(shadow->world != NULL || guard == AGAIN_GUARD_NONE || guard == AGAIN_GUARD_HINT);
	if (shadow->world != NULL) {
		// What was refused was not paid.
		require(granted(shadow->world) == granted(&shadow->before));
		require(shadow->world->rate.arrival_ns <= shadow->before.rate.arrival_ns);
	}
	shadow->ended = true;
}

static void follow_begin(struct shadow *shadow, const struct again_decision *decision)
{
	require(decision->delay_ns <= shadow->policy.initial_delay_ns);
	if (decision->verb == AGAIN_VERB_RETRY) {
		require_retry(shadow, decision);
	} else {
		require_end(shadow, decision);
	}
}

/** The policy's own delay, from the public function and the documented stream. */
static again_ns own_delay(const struct shadow *shadow, uint32_t outcome_class)
{
	struct again_policy policy = shadow->policy;
	if (outcome_class == AGAIN_CLASS_THROTTLED && policy.throttled_base_delay_ns != 0) {
		policy.base_delay_ns = policy.throttled_base_delay_ns;
	}
	again_ns least = 0;
	again_ns most = 0;
	again_policy_range(&policy, shadow->step, shadow->last_ns, &least, &most);
	require(least >= 1 && least <= most && most <= policy.max_delay_ns);
	struct again_rng rng = again_rng_split(shadow->rng, shadow->attempts);
	again_ns delay_ns = again_policy_delay(&policy, shadow->step, shadow->last_ns, &rng);
	require(delay_ns >= least && delay_ns <= most);
	return delay_ns;
}

/** What the hint makes of it; true where it is too long. */
static bool hinted_delay(const struct shadow *shadow, const struct again_outcome *outcome,
                         again_ns *delay_ns)
{
	const struct again_policy *policy = &shadow->policy;
	again_ns own_ns = *delay_ns;
	again_ns asked_ns = outcome->hint_ns;
	if (outcome->hint_kind == AGAIN_HINT_ABSOLUTE) {
		asked_ns = asked_ns > shadow->latest_ns ? asked_ns - shadow->latest_ns : 0;
	} else if (outcome->hint_kind != AGAIN_HINT_RELATIVE) {
		return false;
	}
	again_ns more_ns = (again_ns)(((wide)asked_ns * policy->hint_jitter_q32) >> 32);
	more_ns = policy->jitter == AGAIN_JITTER_NONE ? 0 : more_ns;
	struct again_rng rng = again_rng_split(shadow->rng, shadow->attempts);
	again_ns hint_ns = again_uniform(&rng, asked_ns, sum(asked_ns, more_ns));
	bool is_too_long = asked_ns > policy->hint_max_ns;
	if (policy->hint_use == AGAIN_HINT_IGNORE) {
		return false;
	}
	if (policy->hint_use == AGAIN_HINT_BOUNDED) {
		again_ns bound_ns = sum(own_ns, policy->hint_max_ns);
		hint_ns = hint_ns < bound_ns ? hint_ns : bound_ns;
		is_too_long = false;
	}
	bool is_exact = policy->hint_use == AGAIN_HINT_EXACT;
	*delay_ns = is_exact || hint_ns > own_ns ? hint_ns : own_ns;
	*delay_ns = is_too_long ? asked_ns : *delay_ns;
	return is_too_long;
}

static bool can_pass(const struct shadow *shadow, uint32_t outcome_class)
{
	return outcome_class == AGAIN_CLASS_TRANSIENT || outcome_class == AGAIN_CLASS_THROTTLED ||
	       outcome_class == AGAIN_CLASS_TIMEOUT || outcome_class == AGAIN_CLASS_SERVER ||
	       (outcome_class == AGAIN_CLASS_AMBIGUOUS && shadow->policy.retry_ambiguous == 1);
}

static void follow_next(struct shadow *shadow, const struct again_outcome *outcome,
                        const struct again_decision *decision)
{
	const struct again_policy *policy = &shadow->policy;
	shadow->hedges = 0;
	if (outcome->outcome_class == AGAIN_CLASS_CANCELLED && outcome->started_ns == AGAIN_NEVER) {
		shadow->attempts--;
	}
	again_ns ran_ns = outcome->ended_ns > outcome->started_ns
	                          ? outcome->ended_ns - outcome->started_ns
	                          : 0;
	if (policy->reset_after_ns != AGAIN_NEVER && ran_ns >= policy->reset_after_ns) {
		shadow->step = 0;
		shadow->last_ns = 0;
	}
	bool is_waited = decision->verb == AGAIN_VERB_RETRY ||
	                 decision->reason == AGAIN_REASON_WOULD_EXCEED_DEADLINE ||
	                 decision->reason == AGAIN_REASON_HINT_TOO_LONG;
	if (!is_waited) {
		require_end(shadow, decision);
		return;
	}
	again_ns own_ns = own_delay(shadow, outcome->outcome_class);
	again_ns delay_ns = own_ns;
	bool is_too_long = hinted_delay(shadow, outcome, &delay_ns);
	require(can_pass(shadow, outcome->outcome_class) && !is_past(shadow));
	require(is_too_long == (decision->reason == AGAIN_REASON_HINT_TOO_LONG));
	require(decision->delay_ns == delay_ns);
	bool is_exact = policy->hint_use == AGAIN_HINT_EXACT &&
	                (outcome->hint_kind == AGAIN_HINT_RELATIVE ||
	                 outcome->hint_kind == AGAIN_HINT_ABSOLUTE);
	require((decision->guard == AGAIN_GUARD_HINT) ==
	        (is_exact || is_too_long || delay_ns > own_ns));
	if (decision->verb != AGAIN_VERB_RETRY) {
		require_end(shadow, decision);
		return;
	}
	require_retry(shadow, decision);
	shadow->step = is_exact ? 0 : shadow->step + 1;
	shadow->last_ns = is_exact ? 0 : own_ns;
}

static struct again_outcome take_outcome(struct input *input, const struct again_decision *decision)
{
	uint64_t kind = take(input, 1);
	return (struct again_outcome){
		.outcome_class =
			kind % 16 < 10 ? AGAIN_CLASS_TRANSIENT : (uint32_t)take(input, 1) % 10,
		.hint_kind = kind / 16 < 8 ? AGAIN_HINT_NONE : (uint32_t)take(input, 1) % 5,
		.hint_ns = kind / 16 < 8 ? 0 : take_any(input),
		.started_ns = take_any(input),
		.ended_ns = take_any(input),
		.lease = decision->lease,
	};
}

/** A hedge beside the attempt that runs; the one that does not win is told to the breaker. */
static void hedge(struct again_call *call, struct shadow *shadow, struct input *input)
{
	struct again_hedge_rule rule;
	struct again_hedge state;
	struct again_decision decision;
	again_hedge_rule_init(&rule, sizeof(rule));
	rule.delay_ns = 1 + take(input, 1);
	const struct again_guards *guards = shadow->world != NULL ? &shadow->world->guards : NULL;
	again_hedge_init(&state, &rule, shadow->latest_ns);
	shadow->latest_ns = sum(shadow->latest_ns, take(input, 1));
	again_hedge_next(&state, &rule, call, &shadow->policy, guards, shadow->latest_ns,
	                 &decision);
	require(decision.attempt == shadow->attempts);
	if (decision.verb == AGAIN_VERB_STOP) {
		require(guards != NULL || decision.reason == AGAIN_REASON_EXHAUSTED ||
		        decision.reason == AGAIN_REASON_WOULD_EXCEED_DEADLINE);
		return;
	}
	require(decision.verb == AGAIN_VERB_HEDGE && decision.guard == AGAIN_GUARD_NONE);
	require(fits(shadow, decision.not_before_ns));
	if (decision.delay_ns == 0) {
		require_attempt(shadow, &decision);
		shadow->hedges++;
		if (guards != NULL && guards->breaker != NULL) {
			again_breaker_report(guards->breaker, guards->breaker_rule, decision.lease,
			                     (uint32_t)take(input, 1) % 8, shadow->latest_ns);
		}
	}
}

/** The wait is over: it goes on, or not. */
static void start(struct again_call *call, struct shadow *shadow, again_ns now_ns,
                  struct again_decision *decision)
{
	struct again_decision offered = *decision;
	const struct again_guards *guards = shadow->world != NULL ? &shadow->world->guards : NULL;
	shadow->latest_ns = now_ns > shadow->latest_ns ? now_ns : shadow->latest_ns;
	again_call_start(call, &shadow->policy, guards, now_ns, decision);
	if (decision->verb == AGAIN_VERB_RETRY) {
		again_ns left_ns = shadow->deadline_at_ns == AGAIN_NEVER
		                           ? AGAIN_NEVER
		                           : shadow->deadline_at_ns - shadow->latest_ns;
		again_ns limit_ns = shadow->policy.attempt_timeout_ns;
		require(fits(shadow, shadow->latest_ns));
		require(decision->attempt_timeout_ns == (left_ns < limit_ns ? left_ns : limit_ns));
		offered.lease = decision->lease;
		offered.attempt_timeout_ns = decision->attempt_timeout_ns;
		require(memcmp(&offered, decision, sizeof(offered)) == 0);
		return;
	}
	require(decision->reason == AGAIN_REASON_DEADLINE ||
	        decision->reason == AGAIN_REASON_WOULD_EXCEED_DEADLINE ||
	        decision->reason == AGAIN_REASON_BREAKER_OPEN);
	shadow->attempts--;
	require_end(shadow, decision);
}

static void live(const struct again_policy *policy, struct world *world, struct input *input)
{
	struct again_call call;
	struct again_decision decision;
	uint64_t seed = take(input, 8);
	const struct again_guards *guards = world != NULL ? &world->guards : NULL;
	struct shadow shadow = {
		.policy = effective(policy),
		.world = world,
		.rng = again_rng_split(again_rng_root(seed), 0),
		.latest_ns = take_any(input),
	};
	shadow.deadline_at_ns = sum(shadow.latest_ns, policy->deadline_ns);
	again_call_init(&call, policy, shadow.latest_ns, seed, /*operation=*/0);
	shadow.before = world != NULL ? *world : shadow.before;
	again_call_begin(&call, policy, guards, shadow.latest_ns, &decision);
	follow_begin(&shadow, &decision);
	for (int event = 0; event < EVENTS_MAX && input->size > 0; event++) {
		require_world(&shadow);
		uint64_t kind = take(input, 1) % 8;
		again_ns now_ns = take_moment(input, shadow.latest_ns, AGAIN_NS_PER_SECOND);
		shadow.before = world != NULL ? *world : shadow.before;
		if (kind == 0 && !shadow.ended && shadow.hedges == 0) {
			start(&call, &shadow, now_ns, &decision);
			continue;
		}
		if (kind == 1 && !shadow.ended) {
			hedge(&call, &shadow, input);
			continue;
		}
		struct again_outcome outcome = take_outcome(input, &decision);
		struct again_decision before = decision;
		again_call_next(&call, policy, guards, &outcome, now_ns, &decision);
		if (shadow.ended) {
			require(memcmp(&before, &decision, sizeof(before)) == 0);
			require(world == NULL ||
			        memcmp(&shadow.before, world, sizeof(*world)) == 0);
			continue;
		}
		shadow.latest_ns = now_ns > shadow.latest_ns ? now_ns : shadow.latest_ns;
		follow_next(&shadow, &outcome, &decision);
	}
	require_world(&shadow);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	again_ns list[8] = {0};
	struct input input = {.bytes = bytes, .size = size};
	struct again_policy policy = take_policy(&input, list);
	struct again_error error = {0};
	int code = again_policy_validate(&policy, &error);
	require(code == error.code);
	if (code != 0) {
		require(code < 0 && error.field != NULL && error.text[0] != '\0');
		return 0;
	}
	struct world world;
	memset(&world, 0, sizeof(world));
	bool is_guarded = take(&input, 1) % 4 != 0;
	take_world(&world, &input);
	is_guarded = is_guarded && again_guards_validate(&world.guards, NULL) == 0;
	live(&policy, is_guarded ? &world : NULL, &input);
	return 0;
}
