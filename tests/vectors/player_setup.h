// SPDX-License-Identifier: MIT
// The state of a vector that is played, and its setup: the policy and the rules, before the first event.
//
// A command's words are the fields in the order of FIELDS in run.py. A rule that is not valid is kept for `validate`
// to say so, but its guard is not made.
#ifndef AGAIN_VECTORS_PLAYER_SETUP_H
#define AGAIN_VECTORS_PLAYER_SETUP_H

#include "player_words.h"

#include <again/again.h>

#define CALLS_MAX 8
#define EVENTS_MAX 1024
#define PLAN_MAX 512
#define TEXT_MAX 256

/** A vector while it is played. What was not given stays NULL in `guards`. */
struct play {
	struct again_policy policy;
	struct again_budget_rule budget_rule;
	struct again_breaker_rule breaker_rule;
	struct again_rate_rule rate_rule;
	struct again_throttle_rule throttle_rule;
	struct again_hedge_rule hedge_rule;
	union again_budget budget;
	struct again_breaker breaker;
	struct again_rate rate;
	struct again_throttle throttle;
	struct again_hedge hedge;
	struct again_guards guards;
	struct again_call calls[CALLS_MAX];
	struct again_decision decisions[CALLS_MAX];
	/** By event: its lease, and what it paid. */
	again_lease leases[EVENTS_MAX];
	uint32_t paid[EVENTS_MAX];
	size_t event;
	int setup_code;
	again_ns list[AGAIN_LIST_MAX];
	struct words_in in;
	struct words_out out;
};

/** A field of a struct that a setup command fills. */
struct field {
	size_t offset;
	size_t size;
};

#define FIELD(type, name)                                                     \
	{                                                                     \
		offsetof(struct type, name), sizeof(((struct type *)0)->name) \
	}

static void read_fields(struct play *play, void *object, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned char *field = (unsigned char *)object + fields[i].offset;
		uint64_t wide = 0;
		uint32_t narrow = 0;
		if (fields[i].size == sizeof(wide)) {
			memcpy(&wide, field, sizeof(wide));
			wide = number_or(&play->in, wide);
			memcpy(field, &wide, sizeof(wide));
		} else {
			memcpy(&narrow, field, sizeof(narrow));
			wide = number_or(&play->in, narrow);
			play->in.is_bad = play->in.is_bad || wide > UINT32_MAX;
			narrow = (uint32_t)wide;
			memcpy(field, &narrow, sizeof(narrow));
		}
	}
}

#define READ_FIELDS(play, object, fields) \
	read_fields(play, object, fields, sizeof(fields) / sizeof((fields)[0]))

// The setup: the order of the words is that of FIELDS in run.py.

static void do_policy(struct play *play)
{
	static const struct field fields[] = {
		FIELD(again_policy, max_retries),
		FIELD(again_policy, backoff),
		FIELD(again_policy, jitter),
		FIELD(again_policy, jitter_q32),
		FIELD(again_policy, degree),
		FIELD(again_policy, factor_q32),
		FIELD(again_policy, base_delay_ns),
		FIELD(again_policy, max_delay_ns),
		FIELD(again_policy, retry_ambiguous),
		FIELD(again_policy, deadline_ns),
		FIELD(again_policy, attempt_timeout_ns),
		FIELD(again_policy, min_attempt_ns),
		FIELD(again_policy, reset_after_ns),
		FIELD(again_policy, initial_delay_ns),
		FIELD(again_policy, hint_use),
		FIELD(again_policy, hint_jitter_q32),
		FIELD(again_policy, hint_max_ns),
		FIELD(again_policy, throttled_base_delay_ns),
	};
	READ_FIELDS(play, &play->policy, fields);
}

static void do_list(struct play *play)
{
	uint32_t count = small(&play->in);
	if (count > AGAIN_LIST_MAX) {
		play->in.is_bad = true;
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		play->list[i] = number(&play->in);
	}
	play->policy.list = play->list;
	play->policy.list_len = count;
}

static void make_budget(struct play *play)
{
	if (again_budget_rule_validate(&play->budget_rule, NULL) == 0) {
		again_budget_init(&play->budget, &play->budget_rule, 0);
		play->guards.budget_rule = &play->budget_rule;
		play->guards.budget = &play->budget;
	}
}

static void do_budget(struct play *play)
{
	static const struct field fields[] = {
		FIELD(again_budget_rule, kind),
		FIELD(again_budget_rule, capacity_mt),
		FIELD(again_budget_rule, cost_mt),
		FIELD(again_budget_rule, cost_timeout_mt),
		FIELD(again_budget_rule, cost_throttled_mt),
		FIELD(again_budget_rule, least_mt),
		FIELD(again_budget_rule, charge_failures),
		FIELD(again_budget_rule, deposit_call_mt),
		FIELD(again_budget_rule, deposit_retry_mt),
		FIELD(again_budget_rule, deposit_first_mt),
		FIELD(again_budget_rule, deposit_later_mt),
		FIELD(again_budget_rule, repay_last),
		FIELD(again_budget_rule, min_concurrency),
		FIELD(again_budget_rule, ratio_q32),
		FIELD(again_budget_rule, window_ns),
	};
	READ_FIELDS(play, &play->budget_rule, fields);
	make_budget(play);
}

static void make_breaker(struct play *play)
{
	if (again_breaker_rule_validate(&play->breaker_rule, NULL) == 0) {
		again_breaker_init(&play->breaker);
		play->guards.breaker_rule = &play->breaker_rule;
		play->guards.breaker = &play->breaker;
	}
}

static void do_breaker(struct play *play)
{
	static const struct field fields[] = {
		FIELD(again_breaker_rule, kind),      FIELD(again_breaker_rule, failures),
		FIELD(again_breaker_rule, min_calls), FIELD(again_breaker_rule, ratio_q32),
		FIELD(again_breaker_rule, window_ns), FIELD(again_breaker_rule, open_ns),
		FIELD(again_breaker_rule, lease_ns),  FIELD(again_breaker_rule, probes),
	};
	READ_FIELDS(play, &play->breaker_rule, fields);
	make_breaker(play);
}

static void make_rate(struct play *play)
{
	if (again_rate_rule_validate(&play->rate_rule, NULL) == 0) {
		again_rate_init(&play->rate);
		play->guards.rate_rule = &play->rate_rule;
		play->guards.rate = &play->rate;
	}
}

static void do_rate(struct play *play)
{
	static const struct field fields[] = {
		FIELD(again_rate_rule, burst),
		FIELD(again_rate_rule, interval_ns),
	};
	READ_FIELDS(play, &play->rate_rule, fields);
	make_rate(play);
}

static void make_throttle(struct play *play)
{
	if (again_throttle_rule_validate(&play->throttle_rule, NULL) == 0) {
		again_throttle_init(&play->throttle);
		play->guards.throttle_rule = &play->throttle_rule;
		play->guards.throttle = &play->throttle;
	}
}

static void do_throttle(struct play *play)
{
	static const struct field fields[] = {
		FIELD(again_throttle_rule, most_q32),
		FIELD(again_throttle_rule, k_q32),
		FIELD(again_throttle_rule, window_ns),
	};
	READ_FIELDS(play, &play->throttle_rule, fields);
	make_throttle(play);
}

static void do_hedging(struct play *play)
{
	static const struct field fields[] = {
		FIELD(again_hedge_rule, most),
		FIELD(again_hedge_rule, delay_ns),
	};
	READ_FIELDS(play, &play->hedge_rule, fields);
}

/** What may be validated, in the order of KINDS in run.py. */
enum what {
	POLICY,
	BUDGET,
	BREAKER,
	RATE,
	THROTTLE,
	HEDGE,
	SETUP
};

/** validate WHAT: the code's name and the field that is to blame, "-" for none. */
static void do_validate(struct play *play)
{
	struct again_error error = {0};
	int code = 0;
	switch ((enum what)small(&play->in)) {
	case POLICY:
		code = again_policy_validate(&play->policy, &error);
		break;
	case BUDGET:
		code = again_budget_rule_validate(&play->budget_rule, &error);
		break;
	case BREAKER:
		code = again_breaker_rule_validate(&play->breaker_rule, &error);
		break;
	case RATE:
		code = again_rate_rule_validate(&play->rate_rule, &error);
		break;
	case THROTTLE:
		code = again_throttle_rule_validate(&play->throttle_rule, &error);
		break;
	case HEDGE:
		code = again_hedge_rule_validate(&play->hedge_rule, &error);
		break;
	case SETUP:
		// What a text could not do: the setup command's own code.
		code = play->setup_code;
		break;
	}
	put_word(&play->out, again_code_name(code));
	put_word(&play->out, code != 0 && error.field != NULL ? error.field : "-");
}

static void do_text(struct play *play)
{
	size_t len = 0;
	const char *text = next_word(&play->in, &len);
	struct again_setup setup;
	again_setup_init(&setup, sizeof(setup));
	setup.policy = &play->policy;
	setup.list = play->list;
	setup.list_cap = AGAIN_LIST_MAX;
	setup.budget = &play->budget_rule;
	setup.breaker = &play->breaker_rule;
	setup.hedge = &play->hedge_rule;
	play->setup_code = again_setup_parse(&setup, text, len, NULL);
	if (play->setup_code != 0) {
		return;
	}
	if (play->budget_rule.kind != AGAIN_BUDGET_NONE) {
		make_budget(play);
	}
	if (play->breaker_rule.kind != AGAIN_BREAKER_NONE) {
		make_breaker(play);
	}
}

static void set_up(struct play *play)
{
	again_policy_init(&play->policy, sizeof(play->policy));
	again_budget_rule_init(&play->budget_rule, sizeof(play->budget_rule));
	again_breaker_rule_init(&play->breaker_rule, sizeof(play->breaker_rule));
	again_rate_rule_init(&play->rate_rule, sizeof(play->rate_rule));
	again_throttle_rule_init(&play->throttle_rule, sizeof(play->throttle_rule));
	again_hedge_rule_init(&play->hedge_rule, sizeof(play->hedge_rule));
	again_guards_init(&play->guards, sizeof(play->guards));
}

#endif
