// SPDX-License-Identifier: MIT
// What a run is told to do: every option's value, checked one by one as it is set and all together at the end.
//
// Values are borrowed: argv and the text of a --config file must outlive the settings.
#ifndef AGAIN_CLI_SETTINGS_H
#define AGAIN_CLI_SETTINGS_H

#include "cli/options.h"
#include "run/rules.h"
#include "run/super.h"

#include <again/policy.h>

/** Seeds have this many bits: every language with doubles can hold them. */
#define AGAIN_SEED_BITS 53
#define AGAIN_SEED_MAX ((UINT64_C(1) << AGAIN_SEED_BITS) - 1)

struct again_settings {
	struct again_policy policy;
	again_ns list[AGAIN_LIST_MAX];
	struct again_rules rules;
	/** Rules of the command line, which stand before those of a file. */
	unsigned command_line_rules;
	/** The texts of the rules, ours. */
	char *rule_texts[AGAIN_RULES_MAX];
	uint64_t seed;
	again_ns kill_after_ns;
	enum again_leftovers leftovers;
	/** -1: the last attempt's own code. */
	int give_up_code;
	/** The last value of each option as it was given; NULL: it was not. */
	const char *given[AGAIN_OPTIONS];
	/** Where it stands in the --config file; 0: it comes from the command line. */
	unsigned line[AGAIN_OPTIONS];
	/** The bytes of that file, ours. */
	char *file_text;
};

void again_settings_init(struct again_settings *settings);
void again_settings_fini(struct again_settings *settings);

/** Who sets an option: the command line wins over a file, whichever is read first. */
enum again_setter {
	AGAIN_SET_BY_FILE = 0,
	AGAIN_SET_BY_COMMAND_LINE,
};

/** Where a value comes from. */
struct again_origin {
	enum again_setter setter;
	/** In the file; 0 for the command line. */
	unsigned line;
};

/**
 * Sets one option. On failure *err holds the reason and the accepted form, without the option's name and value.
 * A file's values are set first, then the command line's.
 */
[[nodiscard]] int again_settings_set(struct again_settings *settings, enum again_option_id id,
                                     const char *value, struct again_origin origin,
                                     struct again_error *err);

/**
 * Completes the defaults that depend on other options, and refuses options that contradict each other: then *err holds a
 * whole sentence.
 */
[[nodiscard]] int again_settings_complete(struct again_settings *settings, struct again_error *err);

/** Parses --success: "0,3", "0-2", "!0". On failure *err holds the reason. */
[[nodiscard]] int again_parse_success(const char *text, struct again_ends *out_ends,
                                      struct again_error *err);

/** Parses a WHEN: "exit:1,6-8", "signal:KILL,9", "timeout", "any", joined by "&". On failure *err holds the reason. */
[[nodiscard]] int again_parse_when(const char *text, struct again_ends *out_ends,
                                   struct again_error *err);

/** "--max-delay '1s'", or "--quiet": an option as it was given, in the caller's buffer. */
const char *again_settings_quote(const struct again_settings *settings, enum again_option_id id,
                                 char *buffer, size_t cap);

/** The words of --kill-leftovers. */
const char *again_leftovers_name(enum again_leftovers leftovers);

#endif
