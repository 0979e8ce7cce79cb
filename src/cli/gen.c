// SPDX-License-Identifier: MIT
// again-gen: prints what is made of the option table at build time: the manual's option section and the completions of
// bash, zsh and fish. It is not installed.
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static const char *const manuals[AGAIN_OPTIONS] = {
#define OPTION(group, id, letter, name, argument, standard, words, form, help, manual) \
	[AGAIN_OPTION_##id] = (manual),
#include "cli/options.def"
#undef OPTION
};

static bool wants_file(const struct again_option *option)
{
	return strcmp(option->words, "@file") == 0;
}

static void print_manual(void)
{
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		const struct again_option *option = &again_options[i];
		if (option->group != NULL) {
			printf("%s.Ss %s\n.Bl -tag -width Ds\n", i > 0 ? ".El\n" : "",
			       option->group);
		}
		printf(".It ");
		if (option->letter != 0) {
			printf("Fl %c , ", option->letter);
		}
		printf("Fl -%s", option->name);
		if (option->argument != NULL) {
			printf(" Ar %s", option->argument);
		}
		printf("\n%s\n", manuals[i]);
		if (option->standard != NULL) {
			printf("Default: %s.\n", option->standard);
		}
	}
	printf(".El\n");
}

static void print_bash(void)
{
	printf("# bash completion for again(1)\n"
	       "_again() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i\n"
	       "\tCOMPREPLY=()\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n"
	       "\t\t--) _command_offset $((i + 1)); return ;;\n"
	       "\t\tesac\n"
	       "\tdone\n"
	       "\tcase $prev in\n");
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		const struct again_option *option = &again_options[i];
		if (option->argument == NULL) {
			continue;
		}
		printf("\t--%s", option->name);
		if (option->letter != 0) {
			printf("|-%c", option->letter);
		}
		if (wants_file(option)) {
			printf(") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
		} else {
			printf(") COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n",
			       option->words);
		}
	}
	printf("\tesac\n"
	       "\tif [[ $cur == -* ]]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W '");
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		printf("%s--%s", i > 0 ? " " : "", again_options[i].name);
	}
	printf("' -- \"$cur\"))\n"
	       "\telif ((COMP_CWORD == 1)); then\n"
	       "\t\tCOMPREPLY=($(compgen -c -W 'plan flaky' -- \"$cur\"))\n"
	       "\telse\n"
	       "\t\tCOMPREPLY=($(compgen -c -f -- \"$cur\"))\n"
	       "\tfi\n"
	       "}\n"
	       "complete -F _again again\n");
}

// Text inside single quotes of a shell: the descriptions hold none.
static void print_zsh(void)
{
	printf("#compdef again\n"
	       "_arguments -S \\\n");
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		const struct again_option *option = &again_options[i];
		char help[160];
		size_t len = 0;
		for (const char *c = option->help; *c != '\0' && len + 3 < sizeof(help); c++) {
			if (*c == '[' || *c == ']' || *c == ':') {
				help[len++] = '\\';
			}
			if (*c != '\'') {
				help[len++] = *c;
			}
		}
		help[len] = '\0';
		char value[256] = "";
		if (option->argument != NULL && wants_file(option)) {
			(void)snprintf(value, sizeof(value), ":%s:_files", option->argument);
		} else if (option->argument != NULL) {
			// A colon inside a list of values would end it.
			(void)snprintf(value, sizeof(value), ":%s:(%s)", option->argument,
			               option->words);
			for (char *c = strchr(value, '(');
			     c != NULL && (c = strchr(c, ':')) != NULL;) {
				memmove(c, c + 1, strlen(c));
			}
		}
		if (option->letter != 0) {
			printf("  '(-%c --%s)'{-%c,--%s}'[%s]%s' \\\n", option->letter,
			       option->name, option->letter, option->name, help, value);
		} else {
			printf("  '--%s[%s]%s' \\\n", option->name, help, value);
		}
	}
	printf("  '(-):command: _command_names -e' \\\n"
	       "  '*::arguments: _normal'\n");
}

static void print_fish(void)
{
	printf("# fish completion for again(1)\n");
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		const struct again_option *option = &again_options[i];
		printf("complete -c again");
		if (option->letter != 0) {
			printf(" -s %c", option->letter);
		}
		printf(" -l %s", option->name);
		if (option->argument != NULL && wants_file(option)) {
			printf(" -r -F");
		} else if (option->argument != NULL) {
			printf(" -x -a '%s'", option->words);
		}
		printf(" -d \"%s\"\n", option->help);
	}
	printf("complete -c again -n __fish_is_first_token -a 'plan flaky'\n"
	       "complete -c again -n 'not __fish_is_first_token' -a '(__fish_complete_subcommand)'\n");
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	if (strcmp(what, "man") == 0) {
		print_manual();
	} else if (strcmp(what, "bash") == 0) {
		print_bash();
	} else if (strcmp(what, "zsh") == 0) {
		print_zsh();
	} else if (strcmp(what, "fish") == 0) {
		print_fish();
	} else {
		(void)fprintf(stderr, "usage: again-gen man|bash|zsh|fish\n");
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
