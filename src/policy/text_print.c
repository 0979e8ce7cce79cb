// SPDX-License-Identifier: MIT
// Policy text, written: the settings that differ from the defaults. @pure
#include "policy/text_settings.h"

#include "base/exact.h"

/** The defaults as text has them: without a max-delay of its own, a policy's is again_default_cap. */
struct printing {
	struct again_writer writer;
	const struct again_policy *policy;
	struct again_policy defaults;
};

/** "NAME=", after a comma where it is not the first. */
static struct again_writer *begin(struct printing *printing, enum again_setting_id id)
{
	struct again_text *text = &printing->writer.text;
	again_text_add(text, text->len > 0 ? "," : "");
	again_text_add(text, again_settings_of_text[id].name);
	again_text_add(text, "=");
	return &printing->writer;
}

static void print_time(struct printing *printing, enum again_setting_id id, again_ns ns,
                       again_ns default_ns)
{
	if (ns != default_ns) {
		again_write_duration(begin(printing, id), ns);
	}
}

/** The same for one that may be none. */
static void print_limit(struct printing *printing, enum again_setting_id id, again_ns ns,
                        again_ns default_ns)
{
	if (ns != default_ns) {
		again_write_limit(begin(printing, id), ns);
	}
}

static void print_word(struct printing *printing, enum again_setting_id id,
                       const struct again_word *words, uint32_t number)
{
	struct again_writer *writer = begin(printing, id);
	while (words->word != NULL && words->number != number) {
		words++;
	}
	again_text_add(&writer->text, words->word != NULL ? words->word : "");
}

static void print_max_retries(struct printing *printing)
{
	const uint32_t max_retries = printing->policy->max_retries;
	if (max_retries == printing->defaults.max_retries) {
		return;
	}
	struct again_text *text = &begin(printing, AGAIN_SETTING_MAX_RETRIES)->text;
	if (max_retries == AGAIN_UNLIMITED) {
		again_text_add(text, "unlimited");
	} else {
		again_text_add_u64(text, max_retries);
	}
}

static void print_factor(struct printing *printing)
{
	const uint64_t factor_q32 = printing->policy->factor_q32;
	if (factor_q32 == printing->defaults.factor_q32) {
		return;
	}
	struct again_writer *writer = begin(printing, AGAIN_SETTING_FACTOR);
	if (factor_q32 >> 63 != 0) {
		// again_parse_q32 reads what is below 2^31.
		writer->unsayable = true;
		return;
	}
	again_text_add_q32(&writer->text, factor_q32);
}

static void print_backoff(struct printing *printing)
{
	const struct again_policy *policy = printing->policy;
	if (policy->backoff == printing->defaults.backoff) {
		return;
	}
	if (policy->backoff == AGAIN_BACKOFF_LIST) {
		struct again_writer *writer = begin(printing, AGAIN_SETTING_BACKOFF);
		for (uint32_t i = 0; i < policy->list_len; i++) {
			again_text_add(&writer->text, i == 0 ? "list:" : "/");
			again_write_duration(writer, policy->list[i]);
		}
		return;
	}
	print_word(printing, AGAIN_SETTING_BACKOFF, again_backoff_words, policy->backoff);
	if (policy->backoff == AGAIN_BACKOFF_POLYNOMIAL &&
	    policy->degree != printing->defaults.degree) {
		again_text_add(&printing->writer.text, ":");
		again_text_add_u64(&printing->writer.text, policy->degree);
	}
}

static void print_jitter(struct printing *printing)
{
	const struct again_policy *policy = printing->policy;
	if (policy->jitter == printing->defaults.jitter) {
		return;
	}
	print_word(printing, AGAIN_SETTING_JITTER, again_jitter_words, policy->jitter);
	if (policy->jitter == AGAIN_JITTER_PROPORTIONAL &&
	    policy->jitter_q32 != printing->defaults.jitter_q32) {
		again_text_add(&printing->writer.text, ":");
		again_text_add_q32(&printing->writer.text, policy->jitter_q32);
	}
}

static void print_delays(struct printing *printing)
{
	const struct again_policy *policy = printing->policy;
	const struct again_policy *defaults = &printing->defaults;
	print_max_retries(printing);
	print_time(printing, AGAIN_SETTING_BASE_DELAY, policy->base_delay_ns,
	           defaults->base_delay_ns);
	print_limit(printing, AGAIN_SETTING_MAX_DELAY, policy->max_delay_ns,
	            again_default_cap(policy));
	print_factor(printing);
	print_backoff(printing);
	print_jitter(printing);
}

static void print_limits(struct printing *printing)
{
	const struct again_policy *policy = printing->policy;
	const struct again_policy *defaults = &printing->defaults;
	print_limit(printing, AGAIN_SETTING_TIMEOUT, policy->attempt_timeout_ns,
	            defaults->attempt_timeout_ns);
	print_limit(printing, AGAIN_SETTING_DEADLINE, policy->deadline_ns, defaults->deadline_ns);
	print_limit(printing, AGAIN_SETTING_RESET_AFTER, policy->reset_after_ns,
	            defaults->reset_after_ns);
	print_time(printing, AGAIN_SETTING_INITIAL_DELAY, policy->initial_delay_ns,
	           defaults->initial_delay_ns);
	print_time(printing, AGAIN_SETTING_MIN_ATTEMPT, policy->min_attempt_ns,
	           defaults->min_attempt_ns);
	print_time(printing, AGAIN_SETTING_THROTTLED_BASE_DELAY, policy->throttled_base_delay_ns,
	           defaults->throttled_base_delay_ns);
}

static void print_hints(struct printing *printing)
{
	const struct again_policy *policy = printing->policy;
	const struct again_policy *defaults = &printing->defaults;
	if (policy->hint_use != defaults->hint_use) {
		print_word(printing, AGAIN_SETTING_HINT, again_hint_words, policy->hint_use);
	}
	print_limit(printing, AGAIN_SETTING_HINT_MAX, policy->hint_max_ns, defaults->hint_max_ns);
	if (policy->hint_jitter_q32 != defaults->hint_jitter_q32) {
		again_text_add_q32(&begin(printing, AGAIN_SETTING_HINT_JITTER)->text,
		                   policy->hint_jitter_q32);
	}
	if (policy->retry_ambiguous != defaults->retry_ambiguous) {
		again_text_add(&begin(printing, AGAIN_SETTING_RETRY_AMBIGUOUS)->text,
		               policy->retry_ambiguous != 0 ? "yes" : "no");
	}
}

static void print_hedge(struct printing *printing, const struct again_hedge_rule *rule)
{
	if (rule->delay_ns == AGAIN_NEVER) {
		return;
	}
	struct again_writer *writer = begin(printing, AGAIN_SETTING_HEDGE);
	again_write_duration(writer, rule->delay_ns);
	if (rule->most != 1) {
		again_text_add(&writer->text, "/most:");
		again_text_add_u64(&writer->text, rule->most);
	}
}

/** The parts of a setup as we know them; NULL or NONE for those that it has not. */
struct parts {
	struct again_policy policy;
	struct again_budget_rule budget;
	struct again_breaker_rule breaker;
	struct again_hedge_rule hedge;
};

/** Copies the parts; false where one is not valid. */
static bool take(const struct again_setup *setup, struct parts *out)
{
	again_budget_rule_init(&out->budget, sizeof(out->budget));
	again_breaker_rule_init(&out->breaker, sizeof(out->breaker));
	again_hedge_rule_init(&out->hedge, sizeof(out->hedge));
	out->hedge.delay_ns = AGAIN_NEVER;
	if (setup->size != sizeof(*setup) ||
	    again_take_policy(setup->policy, &out->policy, /*error=*/NULL) != 0 ||
	    again_policy_validate(&out->policy, /*error=*/NULL) != 0) {
		return false;
	}
	if (setup->budget != NULL &&
	    (again_take_budget(setup->budget, &out->budget, /*error=*/NULL) != 0 ||
	     again_budget_rule_validate(&out->budget, /*error=*/NULL) != 0)) {
		return false;
	}
	if (setup->breaker != NULL &&
	    (again_take_breaker(setup->breaker, &out->breaker, /*error=*/NULL) != 0 ||
	     again_breaker_rule_validate(&out->breaker, /*error=*/NULL) != 0)) {
		return false;
	}
	return setup->hedge == NULL ||
	       (again_take_hedge(setup->hedge, &out->hedge, /*error=*/NULL) == 0 &&
	        again_hedge_rule_validate(&out->hedge, /*error=*/NULL) == 0);
}

int again_setup_print(const struct again_setup *setup, char *buffer, size_t cap)
{
	struct parts parts;
	if (!take(setup, &parts)) {
		return AGAIN_ERR_RANGE;
	}
	if (cap == 0) {
		return AGAIN_ERR_SPACE;
	}
	struct printing printing = {
		.writer = again_writer_over(buffer, cap),
		.policy = &parts.policy,
	};
	again_policy_init(&printing.defaults, sizeof(printing.defaults));
	print_delays(&printing);
	print_limits(&printing);
	print_hints(&printing);
	print_hedge(&printing, &parts.hedge);
	if (parts.budget.kind != AGAIN_BUDGET_NONE) {
		again_write_budget_rule(begin(&printing, AGAIN_SETTING_BUDGET), &parts.budget);
	}
	if (parts.breaker.kind != AGAIN_BREAKER_NONE) {
		again_write_breaker_rule(begin(&printing, AGAIN_SETTING_BREAKER), &parts.breaker);
	}
	return again_writer_end(&printing.writer);
}
