// SPDX-License-Identifier: MIT
// What every verb needs: messages, the environment, the settings.
#include "cli/cli.h"

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/arguments.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int again_complain(const struct again_cli *cli, const struct again_error *err)
{
	char line[sizeof(err->text) + 16];
	struct again_text text = again_text_over(line, sizeof(line));
	again_text_add(&text, "again: ");
	again_text_add(&text, err->text);
	again_text_add(&text, "\n");
	// There is nowhere to tell that telling has failed; the exit code stands.
	(void)!again_write_all(cli->sys->files, STDERR_FILENO, text.at, text.len);
	return AGAIN_EXIT_SELF;
}

int again_print(const struct again_cli *cli, const char *bytes, size_t len)
{
	if (again_write_all(cli->sys->files, STDOUT_FILENO, bytes, len) == 0) {
		return 0;
	}
	struct again_error err = {0};
	(void)again_error_system(&err, errno, "cannot write to standard output");
	return again_complain(cli, &err);
}

const char *again_variable_value(const struct again_cli *cli, const char *name)
{
	const size_t len = strlen(name);
	for (char *const *variable = cli->environment; *variable != NULL; variable++) {
		if (strncmp(*variable, name, len) == 0 && (*variable)[len] == '=') {
			return *variable + len + 1;
		}
	}
	return NULL;
}

// An inner again never outlives the outer deadline, which stands on the same clock.
static int heed_outer_deadline(const struct again_cli *cli, struct again_settings *settings,
                               struct again_error *err)
{
	const char *value = again_variable_value(cli, "AGAIN_DEADLINE_NS");
	if (value == NULL) {
		return 0;
	}
	uint64_t deadline_at_ns = 0;
	struct again_error reason = {0};
	if (again_parse_u64(value, 0, AGAIN_NEVER, &deadline_at_ns, &reason) != 0) {
		return again_error_format(
			err, reason.code, NULL,
			"AGAIN_DEADLINE_NS '%.40s': %.80s; an outer again sets it, use env -u to drop it",
			value, reason.text);
	}
	struct timespec now;
	if (cli->sys->clock_gettime(CLOCK_BOOTTIME, &now) != 0) {
		return again_error_system(err, errno, "cannot read the clock");
	}
	const again_ns now_ns = (again_ns)now.tv_sec * AGAIN_NS_PER_SECOND + (again_ns)now.tv_nsec;
	const again_ns left = again_ns_sub(deadline_at_ns, now_ns);
	if (left < settings->policy.deadline_ns) {
		settings->policy.deadline_ns = left;
		// The outer again sends KILL one grace after the deadline. With as long a grace of our own we would be gone
		// before we have ended our command and told of it.
		settings->kill_after_ns -= settings->kill_after_ns / 5;
	}
	return 0;
}

bool again_read_settings(const struct again_cli *cli, int start, struct again_settings *settings,
                         int *out_command, int *out_exit)
{
	struct again_error err = {0};
	if (again_arguments_read(settings, cli->argv, start, cli->sys->files, out_command, &err) !=
	    0) {
		*out_exit = again_complain(cli, &err);
		return false;
	}
	if (settings->given[AGAIN_OPTION_HELP] != NULL) {
		*out_exit = again_print_help(cli);
		return false;
	}
	if (settings->given[AGAIN_OPTION_VERSION] != NULL) {
		*out_exit = again_print_version(cli);
		return false;
	}
	if (heed_outer_deadline(cli, settings, &err) != 0) {
		*out_exit = again_complain(cli, &err);
		return false;
	}
	return true;
}
