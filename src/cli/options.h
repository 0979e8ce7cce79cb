// SPDX-License-Identifier: MIT
// The option table as data: what each option is called, takes, and says of itself.
#ifndef AGAIN_CLI_OPTIONS_H
#define AGAIN_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum again_option_id {
#define OPTION(group, id, letter, name, argument, standard, words, form, help, manual) \
	AGAIN_OPTION_##id,
#include "cli/options.def"
#undef OPTION
	AGAIN_OPTIONS
};

struct again_option {
	/** The group that this option opens; NULL where it goes on with the last one's. */
	const char *group;
	/** 0: no short form. */
	char letter;
	const char *name;
	/** NULL: it takes no value. */
	const char *argument;
	/** NULL: nothing to say. */
	const char *standard;
	/** Values for completion, separated by spaces; "@file": a file name. */
	const char *words;
	/** What is accepted, as the end of "use …". */
	const char *form;
	const char *help;
};

/** Indexed by enum again_option_id, in the order of the table. */
extern const struct again_option again_options[AGAIN_OPTIONS];

/** The option with this long name (len bytes), NULL where there is none. */
const struct again_option *again_option_by_name(const char *name, size_t len);

/** The option with this letter, NULL where there is none. */
const struct again_option *again_option_by_letter(char letter);

/** The option that somebody means who writes this long name: another tool's word for it, or the nearest; or NULL. */
const struct again_option *again_option_meant(const char *name, size_t len);

#endif
