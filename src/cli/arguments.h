// SPDX-License-Identifier: MIT
// The command line and the --config file, read into settings.
#ifndef AGAIN_CLI_ARGUMENTS_H
#define AGAIN_CLI_ARGUMENTS_H

#include "base/file.h"
#include "cli/settings.h"

/** One walk along argv: "--name value", "--name=value", "-n value", "-nvalue", "-qv"; ends at "--" or the first other word. */
struct again_cursor {
	char *const *argv;
	/** The next word; when the walk is over, the first word that is no option. */
	int at;
	/** The rest of a word of short options; NULL: none. */
	const char *bundle;
};

/**
 * The next option: 1 with *out_id and *out_value (NULL where it takes none), 0 at the end, or negative with *err, a whole
 * sentence.
 */
[[nodiscard]] int again_cursor_next(struct again_cursor *cursor, enum again_option_id *out_id,
                                    const char **out_value, struct again_error *err);

/**
 * Reads argv from `start` on, and before it the file that --config names, into initialised settings, and completes them.
 * 0 with *out_command (the index of the first word that is no option), or negative with *err, a whole sentence.
 * Where -h or -V stands on the command line reading ends there, with 0 and settings->given[…] set.
 */
[[nodiscard]] int again_arguments_read(struct again_settings *settings, char *const *argv,
                                       int start, const struct again_file_calls *files,
                                       int *out_command, struct again_error *err);

/** Reads a --config file into the settings. Errors name the file and the line. */
[[nodiscard]] int again_config_read(struct again_settings *settings, const char *path,
                                    const struct again_file_calls *files, struct again_error *err);

#endif
