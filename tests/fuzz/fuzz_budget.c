// SPDX-License-Identifier: MIT
// Any bytes as a budget's rule; if it is valid, any events in the life of that budget, beside the plainest model of it.
//
// The model of a bucket is one number, of a window a list of all that ever happened, of a gauge two counts. At the end
// some calls run through the budget whose attempts fail by chance: what succeeds must be what was attempted less what
// failed, and every attempt but the first of a call a grant.
#include <again/again.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 300
#define CALLS 50
#define RETRIES_MAX 200

static void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

/** What is left of the input; it ends in zeros without end. */
struct input {
	const uint8_t *bytes;
	size_t size;
};

static uint64_t take(struct input *input, size_t bytes)
{
	uint64_t value = 0;
	size_t taken = input->size < bytes ? input->size : bytes;
	memcpy(&value, input->bytes, taken);
	input->bytes += taken;
	input->size -= taken;
	return value;
}

/** A number of any length in bits: a byte says how many. */
static uint64_t take_any(struct input *input)
{
	uint64_t shift = take(input, 1) % 65;
	return shift == 64 ? AGAIN_NEVER : take(input, 8) >> shift;
}

/** Mostly small, sometimes anything. */
static uint32_t take_amount(struct input *input)
{
	uint64_t form = take(input, 1) % 8;
	if (form == 0) {
		return 0;
	}
	return (uint32_t)(form == 1 ? take(input, 4) : take(input, 2) % 4001);
}

static struct again_budget_rule take_rule(struct input *input)
{
	struct again_budget_rule rule;
	again_budget_rule_init(&rule, sizeof(rule));
	rule.kind = (uint32_t)take(input, 1) % 5;
	uint64_t given = take(input, 2);
	if (rule.kind == AGAIN_BUDGET_CONCURRENCY || (given & 1) != 0) {
		rule.min_concurrency = (uint32_t)take_any(input) % 16;
		rule.ratio_q32 = (uint32_t)take(input, 4);
	}
	if (rule.kind == AGAIN_BUDGET_WINDOW || (given & 2) != 0) {
		rule.window_ns = take_any(input);
	}
	if (rule.kind != AGAIN_BUDGET_CONCURRENCY || (given & 4) != 0) {
		rule.capacity_mt = take_amount(input);
		rule.cost_mt = take_amount(input);
		rule.cost_timeout_mt = (given & 8) != 0 ? take_amount(input) : 0;
		rule.cost_throttled_mt = (given & 16) != 0 ? take_amount(input) : 0;
		rule.least_mt = (given & 32) != 0 ? take_amount(input) : 0;
		rule.deposit_call_mt = take_amount(input);
		rule.deposit_retry_mt = (given & 64) != 0 ? take_amount(input) : 0;
		rule.deposit_first_mt = take_amount(input);
		rule.deposit_later_mt = take_amount(input);
		rule.charge_failures = (given >> 7 & 7) == 0 ? 1 : 0;
		rule.repay_last = (given >> 10 & 3) == 0 ? 1 : 0;
	}
	rule.size = (given >> 12 & 15) == 15 ? (uint32_t)take(input, 1) : rule.size;
	return rule;
}

struct entry {
	uint64_t tenth;
	int64_t change_mt;
};

/** What the budget must be, kept beside it. */
struct shadow {
	struct again_budget_rule rule;
	union again_budget budget;
	int64_t balance_mt;
	struct entry entries[EVENTS_MAX + CALLS * (2 * RETRIES_MAX + 2)];
	size_t entry_count;
	again_ns now_ns;
	/** The latest time that the budget was told with a change or a question for a retry. */
	again_ns latest_ns;
	uint32_t calls;
	uint32_t retries;
	uint32_t granted;
	uint32_t refused;
};

static uint64_t tenth_of(const struct shadow *shadow)
{
	again_ns held_ns = shadow->now_ns > shadow->latest_ns ? shadow->now_ns : shadow->latest_ns;
	return held_ns / (shadow->rule.window_ns / 10);
}

static bool is_kind(const struct shadow *shadow, enum again_budget_kind kind)
{
	return shadow->rule.kind == (uint32_t)kind;
}

static void see(struct shadow *shadow)
{
	shadow->latest_ns = shadow->now_ns > shadow->latest_ns ? shadow->now_ns : shadow->latest_ns;
}

/** Nothing put in or taken out does not tell the time either. */
static void change(struct shadow *shadow, int64_t change_mt)
{
	if (change_mt == 0) {
		return;
	}
	see(shadow);
	if (is_kind(shadow, AGAIN_BUDGET_WINDOW)) {
		shadow->entries[shadow->entry_count++] =
			(struct entry){.tenth = tenth_of(shadow), .change_mt = change_mt};
	}
	if (is_kind(shadow, AGAIN_BUDGET_TOKENS)) {
		shadow->balance_mt += change_mt;
		shadow->balance_mt = shadow->balance_mt < 0 ? 0 : shadow->balance_mt;
		if (shadow->balance_mt > (int64_t)shadow->rule.capacity_mt) {
			shadow->balance_mt = shadow->rule.capacity_mt;
		}
	}
}

static int64_t balance_of(const struct shadow *shadow)
{
	if (is_kind(shadow, AGAIN_BUDGET_TOKENS)) {
		return shadow->balance_mt;
	}
	int64_t balance_mt = shadow->rule.capacity_mt;
	for (size_t i = 0; i < shadow->entry_count; i++) {
		if (tenth_of(shadow) - shadow->entries[i].tenth < 10) {
			balance_mt += shadow->entries[i].change_mt;
		}
	}
	return balance_mt;
}

static int64_t cost_of(const struct shadow *shadow, uint32_t outcome_class)
{
	const struct again_budget_rule *rule = &shadow->rule;
	if (outcome_class == AGAIN_CLASS_TIMEOUT && rule->cost_timeout_mt != 0) {
		return rule->cost_timeout_mt;
	}
	if (outcome_class == AGAIN_CLASS_THROTTLED && rule->cost_throttled_mt != 0) {
		return rule->cost_throttled_mt;
	}
	return rule->cost_mt;
}

/** Whether a retry must be granted: the header's words. */
static bool is_due(const struct shadow *shadow, uint32_t outcome_class)
{
	if (is_kind(shadow, AGAIN_BUDGET_NONE)) {
		return true;
	}
	if (is_kind(shadow, AGAIN_BUDGET_CONCURRENCY)) {
		// Twice the ratio and one: the half unit that rounding to Q32 may have cut. Calls are few: no wrap.
		uint64_t ratio_q33 = 2 * (uint64_t)shadow->rule.ratio_q32 + 1;
		uint64_t most = ratio_q33 * shadow->calls >> 33;
		return shadow->retries < most || shadow->retries < shadow->rule.min_concurrency;
	}
	int64_t least_mt = shadow->rule.least_mt != 0 ? (int64_t)shadow->rule.least_mt
	                                              : cost_of(shadow, outcome_class);
	return balance_of(shadow) >= least_mt;
}

static uint32_t left_of(const struct shadow *shadow, uint32_t outcome_class)
{
	return again_budget_left(&shadow->budget, &shadow->rule, outcome_class, shadow->now_ns);
}

/** What the state shows must be what the model has. */
static void compare(const struct shadow *shadow)
{
	uint32_t granted = 0;
	uint32_t refused = 0;
	if (is_kind(shadow, AGAIN_BUDGET_TOKENS)) {
		const struct again_tokens *tokens = &shadow->budget.tokens;
		require(tokens->balance_mt == (uint64_t)shadow->balance_mt);
		require(tokens->balance_mt <= shadow->rule.capacity_mt);
		granted = tokens->granted;
		refused = tokens->refused;
	} else if (is_kind(shadow, AGAIN_BUDGET_WINDOW)) {
		granted = shadow->budget.window.granted;
		refused = shadow->budget.window.refused;
		require(shadow->budget.window.tenth <= tenth_of(shadow));
	} else if (is_kind(shadow, AGAIN_BUDGET_CONCURRENCY)) {
		const struct again_gauge *gauge = &shadow->budget.gauge;
		require(gauge->calls == shadow->calls && gauge->retries == shadow->retries);
		granted = gauge->granted;
		refused = gauge->refused;
	} else {
		return;
	}
	require(granted == shadow->granted && refused == shadow->refused);
}

/** Asks for a retry; *out_paid as told. */
static bool withdraw(struct shadow *shadow, uint32_t outcome_class, uint32_t *out_paid)
{
	bool due = is_due(shadow, outcome_class);
	union again_budget before = shadow->budget;
	uint32_t left = left_of(shadow, outcome_class);
	require(memcmp(&before, &shadow->budget, sizeof(before)) == 0);
	require((left > 0) == due);
	uint32_t paid = 0;
	int code = again_budget_try_withdraw(&shadow->budget, &shadow->rule, outcome_class,
	                                     shadow->now_ns, &paid);
	require(code == (due ? 1 : 0));
	see(shadow);
	if (!due) {
		shadow->refused++;
		return false;
	}
	shadow->granted++;
	if (is_kind(shadow, AGAIN_BUDGET_CONCURRENCY)) {
		shadow->retries++;
		require(paid > 0);
	} else if (!is_kind(shadow, AGAIN_BUDGET_NONE)) {
		int64_t cost_mt = cost_of(shadow, outcome_class);
		int64_t there_mt = balance_of(shadow);
		require(there_mt > 0);
		if (is_kind(shadow, AGAIN_BUDGET_TOKENS) && cost_mt > there_mt) {
			cost_mt = there_mt;
		}
		require(paid == (shadow->rule.charge_failures != 0 ? 0 : (uint32_t)cost_mt));
		change(shadow, (int64_t)shadow->rule.deposit_retry_mt - (int64_t)paid);
		if (shadow->rule.charge_failures == 0) {
			// One after the other: what was told before is what is left and this one.
			require(left == UINT32_MAX || left_of(shadow, outcome_class) == left - 1);
		}
	}
	*out_paid = paid;
	return true;
}

static void tell_failure(struct shadow *shadow, uint32_t outcome_class)
{
	again_budget_failure(&shadow->budget, &shadow->rule, outcome_class, shadow->now_ns);
	if (shadow->rule.charge_failures != 0) {
		change(shadow, -cost_of(shadow, outcome_class));
	}
}

static void tell_success(struct shadow *shadow, uint32_t retries, uint32_t paid)
{
	const struct again_budget_rule *rule = &shadow->rule;
	again_budget_success(&shadow->budget, rule, retries, paid, shadow->now_ns);
	int64_t deposit_mt =
		retries == 0 ? (int64_t)rule->deposit_first_mt : (int64_t)rule->deposit_later_mt;
	change(shadow, deposit_mt + (retries > 0 && rule->repay_last != 0 ? (int64_t)paid : 0));
}

static void begin_call(struct shadow *shadow)
{
	again_budget_call_begins(&shadow->budget, &shadow->rule, shadow->now_ns);
	shadow->calls += is_kind(shadow, AGAIN_BUDGET_CONCURRENCY) ? 1 : 0;
	if (shadow->rule.deposit_call_mt != 0) {
		change(shadow, shadow->rule.deposit_call_mt);
	}
}

static void end_call(struct shadow *shadow)
{
	again_budget_call_ends(&shadow->budget, &shadow->rule);
	shadow->calls -= shadow->calls > 0 ? 1 : 0;
}

static void end_retry(struct shadow *shadow, uint32_t paid, bool has_run)
{
	if (has_run) {
		again_budget_retry_ends(&shadow->budget, &shadow->rule, paid);
	} else {
		again_budget_refund(&shadow->budget, &shadow->rule, paid, shadow->now_ns);
		if (is_kind(shadow, AGAIN_BUDGET_TOKENS)) {
			change(shadow, (int64_t)paid - (int64_t)shadow->rule.deposit_retry_mt);
		}
	}
	shadow->retries -= paid > 0 && shadow->retries > 0 ? 1 : 0;
}

/** One event; `paid` is what the latest grant told. */
static void happen(struct shadow *shadow, struct input *input, uint32_t *paid)
{
	static const uint32_t classes[] = {AGAIN_CLASS_TRANSIENT, AGAIN_CLASS_TIMEOUT,
	                                   AGAIN_CLASS_THROTTLED, AGAIN_CLASS_SERVER};
	uint64_t event = take(input, 1);
	uint32_t outcome_class = classes[event >> 6];
	switch (event & 7) {
	case 0:
		begin_call(shadow);
		break;
	case 1:
		end_call(shadow);
		break;
	case 2:
		tell_failure(shadow, outcome_class);
		break;
	case 3:
		tell_success(shadow, (uint32_t)(event >> 6), (event >> 6) > 0 ? *paid : 0);
		break;
	case 4:
		end_retry(shadow, *paid, (event & 8) != 0);
		*paid = 0;
		break;
	case 5:
		// Far, or back, or some tenths on.
		shadow->now_ns = (event & 8) != 0 ? take_any(input)
		                                  : shadow->now_ns + shadow->rule.window_ns / 16 *
		                                                             (event >> 4);
		break;
	default:
		(void)withdraw(shadow, outcome_class, paid);
		break;
	}
}

/** One call to its end; whether it succeeded. Its attempts fail where a byte of the stream is below `fails_below`. */
static bool live(struct shadow *shadow, struct again_rng *rng, uint64_t fails_below,
                 uint64_t *attempts, uint64_t *failed, bool *out_has_given_up)
{
	uint32_t paid = 0;
	bool has_succeeded = false;
	*out_has_given_up = false;
	begin_call(shadow);
	for (uint32_t retries = 0;; retries++) {
		++*attempts;
		has_succeeded = again_rng_next(rng) % 256 >= fails_below;
		end_retry(shadow, paid, /*has_run=*/true);
		if (has_succeeded) {
			tell_success(shadow, retries, paid);
			break;
		}
		++*failed;
		tell_failure(shadow, AGAIN_CLASS_TRANSIENT);
		*out_has_given_up = retries == RETRIES_MAX - 1;
		if (*out_has_given_up || !withdraw(shadow, AGAIN_CLASS_TRANSIENT, &paid)) {
			break;
		}
	}
	end_call(shadow);
	return has_succeeded;
}

/** Success is what was attempted and did not fail, exactly; and each attempt but a call's first was a grant. */
static void require_identity(struct shadow *shadow, struct input *input)
{
	uint64_t fails_below = take(input, 1);
	struct again_rng rng = again_rng_root(take(input, 8));
	uint32_t granted_before = shadow->granted;
	uint32_t refused_before = shadow->refused;
	uint64_t attempts = 0;
	uint64_t failed = 0;
	uint64_t successes = 0;
	uint64_t given_up = 0;
	for (uint64_t i = 0; i < CALLS; i++) {
		bool has_given_up = false;
		successes += live(shadow, &rng, fails_below, &attempts, &failed, &has_given_up);
		given_up += has_given_up;
		compare(shadow);
	}
	require(successes == attempts - failed);
	require(attempts == CALLS + (uint64_t)(shadow->granted - granted_before));
	require(successes + given_up == CALLS - (uint64_t)(shadow->refused - refused_before));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct shadow shadow;
	struct input input = {.bytes = bytes, .size = size};
	memset(&shadow, 0, sizeof(shadow));
	shadow.rule = take_rule(&input);
	struct again_error error = {0};
	int code = again_budget_rule_validate(&shadow.rule, &error);
	require(code == error.code);
	if (code != 0) {
		require(code < 0 && error.field != NULL && error.text[0] != '\0');
		return 0;
	}
	shadow.now_ns = take_any(&input);
	again_budget_init(&shadow.budget, &shadow.rule, shadow.now_ns);
	shadow.balance_mt = shadow.rule.capacity_mt;
	see(&shadow);
	uint32_t paid = 0;
	for (int event = 0; event < EVENTS_MAX && input.size > 9; event++) {
		happen(&shadow, &input, &paid);
		compare(&shadow);
	}
	require_identity(&shadow, &input);
	return 0;
}
