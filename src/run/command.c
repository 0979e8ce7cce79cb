// SPDX-License-Identifier: MIT
// PATH resolved into a list before the first fork, so that the child neither allocates nor searches.
#include "run/command.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>

// What a shell-less search uses where PATH is not set (confstr(3), _CS_PATH).
#define DEFAULT_SEARCH "/bin:/usr/bin"

static size_t count_of(char *const *list)
{
	size_t count = 0;
	while (list[count] != NULL) {
		count++;
	}
	return count;
}

static size_t count_colons(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++) {
		count += *text == ':';
	}
	return count;
}

// Writes "dir/name" for each dir of search; an empty dir is the current folder.
static void join_paths(struct again_command *command, const char *search, const char *name)
{
	const size_t name_len = strlen(name);
	char *out = command->bytes;
	char **path = command->paths;
	for (const char *dir = search; dir != NULL;) {
		const char *colon = strchr(dir, ':');
		const size_t len = colon != NULL ? (size_t)(colon - dir) : strlen(dir);
		*path++ = out;
		memcpy(out, dir, len);
		out += len;
		if (len > 0) {
			*out++ = '/';
		}
		memcpy(out, name, name_len + 1);
		out += name_len + 1;
		dir = colon != NULL ? colon + 1 : NULL;
	}
}

int again_command_init(struct again_command *command, char *const *argv, const char *search,
                       struct again_error *err)
{
	*command = (struct again_command){.argv = argv};
	const char *name = argv[0];
	const size_t argc = count_of(argv);
	if (search == NULL) {
		search = DEFAULT_SEARCH;
	}
	if (name[0] == '\0' || strchr(name, '/') != NULL) {
		search = "";
	}
	const size_t dirs = count_colons(search) + 1;
	command->paths = again_alloc(dirs + 1, sizeof(*command->paths));
	command->shell_argv = again_alloc(argc + 2, sizeof(*command->shell_argv));
	command->bytes = again_alloc(strlen(search) + dirs * (strlen(name) + 2), 1);
	if (command->paths == NULL || command->shell_argv == NULL || command->bytes == NULL) {
		again_command_fini(command);
		return again_error_set(err, AGAIN_ERR_MEMORY, NULL,
		                       "out of memory for the command");
	}
	join_paths(command, search, name);
	static char shell[] = "/bin/sh";
	command->shell_argv[0] = shell;
	memcpy(command->shell_argv + 2, argv + 1, argc * sizeof(*argv));
	return 0;
}

void again_command_fini(struct again_command *command)
{
	again_free(command->paths);
	again_free(command->shell_argv);
	again_free(command->bytes);
	command->paths = NULL;
	command->shell_argv = NULL;
	command->bytes = NULL;
}
