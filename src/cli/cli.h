// SPDX-License-Identifier: MIT
// The mains' shared door: the program's surroundings, its verbs, and how it says that something is wrong.
#ifndef AGAIN_CLI_CLI_H
#define AGAIN_CLI_CLI_H

#include "cli/settings.h"
#include "run/sys.h"
#include "run/verdict.h"

struct again_cli {
	const struct again_sys *sys;
	/** argv as main got it, NULL-terminated. */
	char *const *argv;
	char *const *environment;
};

/** The program. Returns what to exit with, or does not return where it dies of a signal. */
int again_main(const struct again_cli *cli);

/** Verbs: `start` is the index of the first word after the verb. */
int again_verb_run(const struct again_cli *cli, int start);
int again_verb_plan(const struct again_cli *cli, int start);
int again_verb_flaky(const struct again_cli *cli, int start);

/** Whether the word is a verb. */
bool again_is_verb(const char *word);

/** --help and --version, on standard output; 0, or AGAIN_EXIT_SELF where that cannot be written. */
int again_print_help(const struct again_cli *cli);
int again_print_version(const struct again_cli *cli);

/** "again: TEXT" on standard error; returns AGAIN_EXIT_SELF. */
int again_complain(const struct again_cli *cli, const struct again_error *err);

/** Writes to standard output; 0, or AGAIN_EXIT_SELF and a line on standard error. */
int again_print(const struct again_cli *cli, const char *bytes, size_t len);

/** The value of an environment variable, NULL where it is not set. */
const char *again_variable_value(const struct again_cli *cli, const char *name);

/**
 * The settings of a run or a plan: reads the words from `start` on, and the deadline of an outer again.
 * True with *out_command; false where there is nothing to do any more and *out_exit says what to exit with.
 */
bool again_read_settings(const struct again_cli *cli, int start, struct again_settings *settings,
                         int *out_command, int *out_exit);

#endif
