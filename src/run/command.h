// SPDX-License-Identifier: MIT
// The command as the child needs it: the paths to try, found once, and an argv for /bin/sh.
#ifndef AGAIN_RUN_COMMAND_H
#define AGAIN_RUN_COMMAND_H

#include <again/types.h>

struct again_command {
	/** NULL-terminated, borrowed from the caller for the command's life. */
	char *const *argv;
	/** NULL-terminated: where execvp would look. */
	char **paths;
	/** {"/bin/sh", a path, argv[1], …}: the second is filled in by the child. */
	char **shell_argv;
	/** The bytes that paths point into. */
	char *bytes;
};

/** `search` is $PATH, NULL where it is not set; argv[0] with a slash in it is not searched for. */
[[nodiscard]] int again_command_init(struct again_command *command, char *const *argv,
                                     const char *search, struct again_error *err);

void again_command_fini(struct again_command *command);

#endif
