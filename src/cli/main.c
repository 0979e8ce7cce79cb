// SPDX-License-Identifier: MIT
// From argv to a verb. Apart from again.c, so that tests can run the whole program on system calls of their own.
#include "cli/cli.h"

#include "run/descriptors.h"

#include <string.h>

typedef int verb_fn(const struct again_cli *cli, int start);

static const struct {
	const char *name;
	verb_fn *verb;
} verbs[] = {
	{"plan", again_verb_plan},
	{"flaky", again_verb_flaky},
};

static verb_fn *find_verb(const char *word)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(word, verbs[i].name) == 0) {
			return verbs[i].verb;
		}
	}
	return NULL;
}

bool again_is_verb(const char *word)
{
	return find_verb(word) != NULL;
}

int again_main(const struct again_cli *cli)
{
	struct again_error err = {0};
	if (again_descriptors_fill(cli->sys, &err) != 0) {
		return again_complain(cli, &err);
	}
	if (cli->argv[0] == NULL) {
		static char *const nothing[] = {NULL};
		const struct again_cli empty = {cli->sys, nothing, cli->environment};
		return again_verb_run(&empty, 0);
	}
	verb_fn *verb = cli->argv[1] != NULL ? find_verb(cli->argv[1]) : NULL;
	return verb != NULL ? verb(cli, 2) : again_verb_run(cli, 1);
}
