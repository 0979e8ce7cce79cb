// SPDX-License-Identifier: MIT
// The child's environment, rewritten in place for each attempt: nothing is allocated between attempts.
#include "run/environment.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/signame.h"
#include "base/text.h"

#include <again/policy.h>

#include <inttypes.h>
#include <string.h>

static const char *const names[AGAIN_VARIABLES] = {
	[AGAIN_VARIABLE_ATTEMPT] = "AGAIN_ATTEMPT",
	[AGAIN_VARIABLE_MAX_ATTEMPTS] = "AGAIN_MAX_ATTEMPTS",
	[AGAIN_VARIABLE_RUN_ID] = "AGAIN_RUN_ID",
	[AGAIN_VARIABLE_LAST_EXIT] = "AGAIN_LAST_EXIT",
	[AGAIN_VARIABLE_LAST_SIGNAL] = "AGAIN_LAST_SIGNAL",
	[AGAIN_VARIABLE_LAST_REASON] = "AGAIN_LAST_REASON",
	[AGAIN_VARIABLE_ELAPSED_MS] = "AGAIN_ELAPSED_MS",
	[AGAIN_VARIABLE_REMAINING_MS] = "AGAIN_REMAINING_MS",
	[AGAIN_VARIABLE_DEADLINE_NS] = "AGAIN_DEADLINE_NS",
};

#define NS_PER_MS 1'000'000U

static bool is_ours(const char *variable)
{
	if (strncmp(variable, "AGAIN_", 6) != 0) {
		return false;
	}
	for (size_t i = 0; i < AGAIN_VARIABLES; i++) {
		const size_t len = strlen(names[i]);
		if (strncmp(variable, names[i], len) == 0 && variable[len] == '=') {
			return true;
		}
	}
	return false;
}

int again_environment_init(struct again_environment *environment, char *const *inherited,
                           struct again_error *err)
{
	environment->inherited = 0;
	size_t count = 0;
	while (inherited[count] != NULL) {
		count++;
	}
	environment->vars = again_alloc(count + AGAIN_VARIABLES + 1, sizeof(*environment->vars));
	if (environment->vars == NULL) {
		return again_error_set(err, AGAIN_ERR_MEMORY, NULL,
		                       "out of memory for the environment");
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_ours(inherited[i])) {
			environment->vars[environment->inherited++] = inherited[i];
		}
	}
	return 0;
}

// "NAME=" in the variable's own room, ready for its value.
static struct again_text begin(struct again_environment *environment, enum again_variable variable)
{
	struct again_text text = again_text_over(environment->ours[variable], AGAIN_VARIABLE_MAX);
	again_text_add(&text, names[variable]);
	again_text_add(&text, "=");
	return text;
}

static void tell_number(struct again_environment *environment, enum again_variable variable,
                        uint64_t number)
{
	struct again_text text = begin(environment, variable);
	again_text_addf(&text, "%" PRIu64, number);
}

static void tell_string(struct again_environment *environment, enum again_variable variable,
                        const char *string)
{
	struct again_text text = begin(environment, variable);
	again_text_add(&text, string);
}

static void tell_last(struct again_environment *environment, const struct again_attempt *last)
{
	char words[AGAIN_ATTEMPT_WORDS];
	if (last->kind == AGAIN_END_EXIT) {
		tell_number(environment, AGAIN_VARIABLE_LAST_EXIT, (uint64_t)last->code);
	}
	if (last->kind == AGAIN_END_SIGNAL) {
		tell_string(environment, AGAIN_VARIABLE_LAST_SIGNAL,
		            again_signal_name(last->signal));
	}
	tell_string(environment, AGAIN_VARIABLE_LAST_REASON, again_attempt_words(last, words));
}

void again_environment_tell(struct again_environment *environment,
                            const struct again_telling *telling)
{
	for (size_t i = 0; i < AGAIN_VARIABLES; i++) {
		environment->ours[i][0] = '\0';
	}
	tell_number(environment, AGAIN_VARIABLE_ATTEMPT, telling->attempt);
	if (telling->max_retries == AGAIN_UNLIMITED) {
		tell_string(environment, AGAIN_VARIABLE_MAX_ATTEMPTS, "unlimited");
	} else {
		tell_number(environment, AGAIN_VARIABLE_MAX_ATTEMPTS,
		            (uint64_t)telling->max_retries + 1);
	}
	tell_string(environment, AGAIN_VARIABLE_RUN_ID, telling->run_id);
	tell_number(environment, AGAIN_VARIABLE_ELAPSED_MS, telling->elapsed_ns / NS_PER_MS);
	if (telling->last != NULL) {
		tell_last(environment, telling->last);
	}
	if (telling->deadline_at_ns != AGAIN_NEVER) {
		tell_number(environment, AGAIN_VARIABLE_REMAINING_MS,
		            telling->remaining_ns / NS_PER_MS);
		tell_number(environment, AGAIN_VARIABLE_DEADLINE_NS, telling->deadline_at_ns);
	}
	char **next = environment->vars + environment->inherited;
	for (size_t i = 0; i < AGAIN_VARIABLES; i++) {
		if (environment->ours[i][0] != '\0') {
			*next++ = environment->ours[i];
		}
	}
	*next = NULL;
}

void again_environment_fini(struct again_environment *environment)
{
	again_free(environment->vars);
	environment->vars = NULL;
}
