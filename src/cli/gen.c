// SPDX-License-Identifier: MIT
// again-gen: prints what is made of tables at build time: of the option table the manual's option section and the
// completions of bash, zsh and fish; of the library's presets a list for its manual. It is not installed.
#include "cli/options.h"

#include <again/text.h>

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

// Inside single quotes and brackets of zsh's _arguments.
static void print_zsh_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '[' || *c == ']' || *c == ':') {
			putchar('\\');
		}
		if (*c != '\'') {
			putchar(*c);
		}
	}
}

// ":N:(words)" or ":FILE:_files". A colon inside a list of words would end it.
static void print_zsh_value(const struct again_option *option)
{
	if (option->argument == NULL) {
		return;
	}
	printf(":%s:", option->argument);
	if (wants_file(option)) {
		printf("_files");
		return;
	}
	if (option->words[0] == '\0') {
		putchar(' '); // nothing to complete
		return;
	}
	putchar('(');
	for (const char *c = option->words; *c != '\0'; c++) {
		if (*c != ':') {
			putchar(*c);
		}
	}
	putchar(')');
}

static void print_zsh(void)
{
	printf("#compdef again\n"
	       "_arguments -S \\\n");
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		const struct again_option *option = &again_options[i];
		if (option->letter != 0) {
			printf("  '(-%c --%s)'{-%c,--%s}'[", option->letter, option->name,
			       option->letter, option->name);
		} else {
			printf("  '--%s[", option->name);
		}
		print_zsh_text(option->help);
		printf("]");
		print_zsh_value(option);
		printf("' \\\n");
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

static void print_preset_list(const char *kind, const struct again_preset *presets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		printf("%s\t%s\t%s\t%s\n", kind, presets[i].name, presets[i].text,
		       presets[i].source);
	}
}

static void print_presets(void)
{
	size_t count = 0;
	const struct again_preset *presets = again_policy_presets(&count);
	print_preset_list("policy", presets, count);
	presets = again_budget_presets(&count);
	print_preset_list("budget", presets, count);
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
	} else if (strcmp(what, "presets") == 0) {
		print_presets();
	} else {
		(void)fprintf(stderr, "usage: again-gen man|bash|zsh|fish|presets\n");
		return 2;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
