// SPDX-License-Identifier: MIT
// A window (AGAIN_BUDGET_WINDOW): deposits and withdrawals that are forgotten when they are old. @pure
//
// Ten sums, each of a tenth of the window, told from the clock's origin: the running tenth and the nine before it count
// (slots.h). So what is put in is forgotten between nine tenths of the window and the whole of it later. Their sum is made
// anew each time it is asked for: ten additions cost less than one more state that has to be right.
//
// The balance may be negative: a retry may cost more than `least`, and old deposits go before newer retries do. A clock
// that goes backwards is held in the latest tenth.
#include "policy/budget_kinds.h"
#include "policy/slots.h"

#define TENTHS 10

static uint64_t tenths_begun(const struct again_window *window,
                             const struct again_budget_rule *rule, again_ns now_ns)
{
	return again_slots_begun(window->tenth, rule->window_ns / TENTHS, now_ns);
}

/** Forgets what is no longer in the window. */
static void advance(struct again_window *window, const struct again_budget_rule *rule,
                    again_ns now_ns)
{
	uint64_t begun = tenths_begun(window, rule, now_ns);
	if (begun > 0) {
		again_slots_shift(window->change_mt, TENTHS, sizeof(window->change_mt[0]), begun);
		window->tenth += begun;
	}
}

/** Adds to the running tenth; at AGAIN_WINDOW_CHANGE_MAX it is full. */
static void add(struct again_window *window, int64_t change_mt)
{
	int64_t sum_mt = window->change_mt[0] + change_mt;
	if (sum_mt > AGAIN_WINDOW_CHANGE_MAX) {
		sum_mt = AGAIN_WINDOW_CHANGE_MAX;
	}
	if (sum_mt < -AGAIN_WINDOW_CHANGE_MAX) {
		sum_mt = -AGAIN_WINDOW_CHANGE_MAX;
	}
	window->change_mt[0] = sum_mt;
}

/** The reserve and the youngest of the tenths. */
static int64_t sum_of(const struct again_window *window, const struct again_budget_rule *rule,
                      uint64_t tenths)
{
	int64_t sum_mt = rule->capacity_mt;
	for (uint64_t i = 0; i < tenths; i++) {
		sum_mt += window->change_mt[i];
	}
	return sum_mt;
}

void again_window_init(struct again_window *window, const struct again_budget_rule *rule,
                       again_ns now_ns)
{
	*window = (struct again_window){0};
	window->tenth = tenths_begun(window, rule, now_ns);
}

void again_window_change(struct again_window *window, const struct again_budget_rule *rule,
                         int64_t change_mt, again_ns now_ns)
{
	advance(window, rule, now_ns);
	add(window, change_mt);
}

int64_t again_window_balance(const struct again_window *window,
                             const struct again_budget_rule *rule, again_ns now_ns)
{
	uint64_t begun = tenths_begun(window, rule, now_ns);
	return sum_of(window, rule, begun < TENTHS ? TENTHS - begun : 0);
}

uint32_t again_window_left(const struct again_window *window, const struct again_budget_rule *rule,
                           uint32_t cost_mt, again_ns now_ns)
{
	uint32_t least_mt = again_budget_least(rule, cost_mt);
	int64_t above_mt = again_window_balance(window, rule, now_ns) - (int64_t)least_mt;
	if (above_mt < 0) {
		return 0;
	}
	// The same under charge_failures: what the next retry does not pay, the next failure does.
	uint64_t more = (uint64_t)above_mt / (cost_mt - rule->deposit_retry_mt);
	return more < UINT32_MAX ? (uint32_t)more + 1 : UINT32_MAX;
}

int again_window_try_withdraw(struct again_window *window, const struct again_budget_rule *rule,
                              uint32_t cost_mt, again_ns now_ns, uint32_t *out_paid)
{
	advance(window, rule, now_ns);
	int64_t least_mt = again_budget_least(rule, cost_mt);
	if (sum_of(window, rule, TENTHS) < least_mt) {
		again_count(&window->refused);
		return 0;
	}
	uint32_t paid_mt = rule->charge_failures != 0 ? 0 : cost_mt;
	add(window, (int64_t)rule->deposit_retry_mt - (int64_t)paid_mt);
	again_count(&window->granted);
	*out_paid = paid_mt;
	return 1;
}
