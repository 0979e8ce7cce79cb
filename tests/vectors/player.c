// SPDX-License-Identifier: MIT
// Plays a test vector with libagain: reads commands from one line of text and writes what each of them told.
//
// A line is one vector: first its policy and rules, then its events. run.py writes such lines from *.jsonl and compares
// the answers; enums are their numbers here, and "-" is what a vector does not say (so the library's default). All of
// the state is on the stack of again_play: no I/O, no allocation, no global, so it runs as WebAssembly too. What is not
// understood makes the whole answer empty; a bad vector cannot pass.
#include "player.h"
#include "player_pure.h"
#include "player_setup.h"

/** The moment of an event. */
static again_ns moment(struct play *play)
{
	return number(&play->in);
}

static size_t index_below(struct play *play, size_t count)
{
	uint32_t index = small(&play->in);
	if (index >= count) {
		play->in.is_bad = true;
		return 0;
	}
	return index;
}

/** A yes or no. */
static void put_flag(struct play *play, int flag)
{
	put_number(&play->out, flag != 0 ? 1 : 0);
}

static void put_decision(struct play *play, const struct again_decision *decision)
{
	put_number(&play->out, decision->verb);
	put_word(&play->out, again_reason_name(decision->reason));
	put_number(&play->out, decision->attempt);
	put_word(&play->out, again_guard_name(decision->guard));
	put_number(&play->out, decision->delay_ns);
	put_number(&play->out, decision->not_before_ns);
	put_number(&play->out, decision->attempt_timeout_ns);
	put_flag(play, decision->lease != 0);
	put_number(&play->out, decision->budget_left);
	play->leases[play->event] = decision->lease;
}

// A call.

static void do_begin(struct play *play)
{
	size_t which = index_below(play, CALLS_MAX);
	again_ns now = moment(play);
	uint64_t seed = number(&play->in);
	uint64_t operation = number(&play->in);
	struct again_decision *decision = &play->decisions[which];
	again_call_init(&play->calls[which], &play->policy, now, seed, operation);
	again_call_begin(&play->calls[which], &play->policy, &play->guards, now, decision);
	put_decision(play, decision);
}

static void do_start(struct play *play)
{
	size_t which = index_below(play, CALLS_MAX);
	again_ns now = moment(play);
	struct again_decision *decision = &play->decisions[which];
	again_call_start(&play->calls[which], &play->policy, &play->guards, now, decision);
	put_decision(play, decision);
}

/** next CALL T CLASS HINT HINT_NS STARTED ENDED LEASE. What is not given is as docs/vectors.md says. */
static void do_next(struct play *play)
{
	size_t which = index_below(play, CALLS_MAX);
	again_ns now = moment(play);
	struct again_decision *decision = &play->decisions[which];
	struct again_outcome outcome = {0};
	outcome.outcome_class = small(&play->in);
	outcome.hint_kind = small(&play->in);
	outcome.hint_ns = number(&play->in);
	outcome.started_ns = number_or(&play->in, decision->not_before_ns);
	outcome.ended_ns = number_or(&play->in, now);
	uint64_t lease_of = number_or(&play->in, EVENTS_MAX);
	outcome.lease = lease_of < EVENTS_MAX ? play->leases[lease_of] : decision->lease;
	again_call_next(&play->calls[which], &play->policy, &play->guards, &outcome, now, decision);
	put_decision(play, decision);
}

static void do_hedge_init(struct play *play)
{
	again_hedge_init(&play->hedge, &play->hedge_rule, moment(play));
}

static void do_hedge(struct play *play)
{
	size_t which = index_below(play, CALLS_MAX);
	again_ns now = moment(play);
	struct again_decision decision;
	again_hedge_next(&play->hedge, &play->hedge_rule, &play->calls[which], &play->policy,
	                 &play->guards, now, &decision);
	put_decision(play, &decision);
}

// The guards by hand.

static void do_breaker_allow(struct play *play)
{
	again_ns now = moment(play);
	again_ns start = number_or(&play->in, now);
	put_flag(play, again_breaker_allow(&play->breaker, &play->breaker_rule, now, start,
	                                   &play->leases[play->event]));
}

static void do_breaker_report(struct play *play)
{
	again_ns now = moment(play);
	uint32_t outcome_class = small(&play->in);
	again_lease lease = play->leases[index_below(play, EVENTS_MAX)];
	again_breaker_report(&play->breaker, &play->breaker_rule, lease, outcome_class, now);
}

static void do_breaker_holds(struct play *play)
{
	again_ns now = moment(play);
	again_lease lease = play->leases[index_below(play, EVENTS_MAX)];
	put_flag(play, again_breaker_holds(&play->breaker, &play->breaker_rule, lease, now));
}

static void do_breaker_look(struct play *play)
{
	again_ns now = moment(play);
	put_word(&play->out, again_breaker_state_name(again_breaker_state_at(&play->breaker, now)));
	put_number(&play->out, again_breaker_opens_at(&play->breaker, &play->breaker_rule, now));
	put_flag(play, again_breaker_would_allow(&play->breaker, &play->breaker_rule, now));
}

static void do_breaker_force_open(struct play *play)
{
	again_breaker_force_open(&play->breaker);
}

static void do_breaker_force_close(struct play *play)
{
	again_breaker_force_close(&play->breaker);
}

static void do_breaker_reset(struct play *play)
{
	again_breaker_reset(&play->breaker);
}

static void do_budget_begins(struct play *play)
{
	again_budget_call_begins(&play->budget, &play->budget_rule, moment(play));
}

static void do_budget_ends(struct play *play)
{
	again_budget_call_ends(&play->budget, &play->budget_rule);
}

static void do_budget_failure(struct play *play)
{
	again_ns now = moment(play);
	again_budget_failure(&play->budget, &play->budget_rule, small(&play->in), now);
}

static void do_budget_withdraw(struct play *play)
{
	again_ns now = moment(play);
	uint32_t outcome_class = small(&play->in);
	put_flag(play, again_budget_try_withdraw(&play->budget, &play->budget_rule, outcome_class,
	                                         now, &play->paid[play->event]));
}

static void do_budget_refund(struct play *play)
{
	again_ns now = moment(play);
	uint32_t paid = play->paid[index_below(play, EVENTS_MAX)];
	again_budget_refund(&play->budget, &play->budget_rule, paid, now);
}

static void do_budget_retry_ends(struct play *play)
{
	uint32_t paid = play->paid[index_below(play, EVENTS_MAX)];
	again_budget_retry_ends(&play->budget, &play->budget_rule, paid);
}

static void do_budget_success(struct play *play)
{
	again_ns now = moment(play);
	uint32_t retries = small(&play->in);
	uint64_t paid_by = number_or(&play->in, EVENTS_MAX);
	uint32_t paid = paid_by < EVENTS_MAX ? play->paid[paid_by] : 0;
	again_budget_success(&play->budget, &play->budget_rule, retries, paid, now);
}

static void do_budget_look(struct play *play)
{
	again_ns now = moment(play);
	uint32_t outcome_class = small(&play->in);
	const union again_budget *budget = &play->budget;
	put_number(&play->out, again_budget_left(budget, &play->budget_rule, outcome_class, now));
	switch ((enum again_budget_kind)play->budget_rule.kind) {
	case AGAIN_BUDGET_NONE:
		break;
	case AGAIN_BUDGET_TOKENS:
		put_number(&play->out, budget->tokens.granted);
		put_number(&play->out, budget->tokens.refused);
		put_number(&play->out, budget->tokens.balance_mt);
		break;
	case AGAIN_BUDGET_WINDOW:
		put_number(&play->out, budget->window.granted);
		put_number(&play->out, budget->window.refused);
		break;
	case AGAIN_BUDGET_CONCURRENCY:
		put_number(&play->out, budget->gauge.granted);
		put_number(&play->out, budget->gauge.refused);
		put_number(&play->out, budget->gauge.calls);
		put_number(&play->out, budget->gauge.retries);
		break;
	}
}

static void do_rate_take(struct play *play)
{
	again_ns now = moment(play);
	put_flag(play, again_rate_take(&play->rate, &play->rate_rule, small(&play->in), now));
}

static void do_rate_wait(struct play *play)
{
	again_ns now = moment(play);
	put_number(&play->out,
	           again_rate_wait(&play->rate, &play->rate_rule, small(&play->in), now));
}

static void do_rate_reserve(struct play *play)
{
	again_ns now = moment(play);
	uint32_t units = small(&play->in);
	again_ns most_wait = number(&play->in);
	again_ns wait = 0;
	int taken = again_rate_reserve(&play->rate, &play->rate_rule, units, most_wait, now, &wait);
	put_flag(play, taken);
	if (taken != 0) {
		put_number(&play->out, wait);
	}
}

static void do_throttle_allow(struct play *play)
{
	again_ns now = moment(play);
	uint64_t draw = number(&play->in);
	put_flag(play, again_throttle_allow(&play->throttle, &play->throttle_rule, draw, now));
}

static void do_throttle_accept(struct play *play)
{
	again_throttle_accept(&play->throttle, &play->throttle_rule, moment(play));
}

static void do_throttle_look(struct play *play)
{
	put_number(&play->out,
	           again_throttle_reject_q32(&play->throttle, &play->throttle_rule, moment(play)));
}

struct command {
	const char *name;
	void (*run)(struct play *play);
};

static const struct command *find_command(const char *name, size_t len)
{
	static const struct command commands[] = {
		{"policy", do_policy},
		{"list", do_list},
		{"budget", do_budget},
		{"breaker", do_breaker},
		{"rate", do_rate},
		{"throttle", do_throttle},
		{"hedging", do_hedging},
		{"text", do_text},
		{"validate", do_validate},
		{"begin", do_begin},
		{"start", do_start},
		{"next", do_next},
		{"hedge_init", do_hedge_init},
		{"hedge", do_hedge},
		{"breaker_allow", do_breaker_allow},
		{"breaker_report", do_breaker_report},
		{"breaker_holds", do_breaker_holds},
		{"breaker_look", do_breaker_look},
		{"breaker_force_open", do_breaker_force_open},
		{"breaker_force_close", do_breaker_force_close},
		{"breaker_reset", do_breaker_reset},
		{"budget_begins", do_budget_begins},
		{"budget_ends", do_budget_ends},
		{"budget_failure", do_budget_failure},
		{"budget_withdraw", do_budget_withdraw},
		{"budget_refund", do_budget_refund},
		{"budget_retry_ends", do_budget_retry_ends},
		{"budget_success", do_budget_success},
		{"budget_look", do_budget_look},
		{"rate_take", do_rate_take},
		{"rate_wait", do_rate_wait},
		{"rate_reserve", do_rate_reserve},
		{"throttle_allow", do_throttle_allow},
		{"throttle_accept", do_throttle_accept},
		{"throttle_look", do_throttle_look},
		{"draws", do_draws},
		{"uniform", do_uniform},
		{"delay", do_delay},
		{"range", do_range},
		{"growth", do_growth},
		{"plan", do_plan},
		{"retry_after", do_retry_after},
		{"ms_header", do_ms_header},
		{"pushback_ms", do_pushback_ms},
	};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].name) == len && memcmp(commands[i].name, name, len) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

/** One command, up to its ';'. Setup commands are no events: they tell nothing. */
static void run_command(struct play *play)
{
	bool is_event = *play->in.at == '!';
	play->in.at += is_event ? 1 : 0;
	size_t len = 0;
	const char *name = next_word(&play->in, &len);
	const struct command *command = find_command(name, len);
	if (command == NULL || play->event >= EVENTS_MAX) {
		play->in.is_bad = true;
		return;
	}
	command->run(play);
	if (*play->in.at != ';') {
		play->in.is_bad = true;
		return;
	}
	play->in.at++;
	if (is_event) {
		put_end(&play->out);
		play->event++;
	}
}

size_t again_play(const char *line, char *out, size_t cap)
{
	struct play play = {
		.in = {.at = line},
		.out = {.at = out, .left = cap, .is_first = true},
	};
	set_up(&play);
	while (*play.in.at != '\0' && !play.in.is_bad) {
		run_command(&play);
	}
	return play.in.is_bad || play.out.left == 0 ? 0 : (size_t)(play.out.at - out);
}
