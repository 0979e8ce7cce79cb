// SPDX-License-Identifier: MIT
// --help and --version, made from the option table.
#include "cli/cli.h"

#include "base/text.h"

#include <string.h>

/** Where the descriptions begin. */
#define COLUMN 30

static const char introduction[] =
	"Usage: again [OPTION]... [--] COMMAND [ARG]...\n"
	"       again plan [OPTION]...        print the delays that these options give; runs nothing\n"
	"       again flaky [OPTION]...       a command that fails on purpose (again flaky --help)\n"
	"\n"
	"Runs COMMAND until it succeeds, waiting longer after each failure.\n"
	"D is a number with ns us ms s m h d, or of seconds: 0.1 250ms 1m30s. Options end at the first other word.\n";

static const char conclusion[] =
	"\n"
	"WHEN is exit:1,6-8  signal:KILL,9  timeout  any, joined by & (and). The first match decides.\n"
	"\n"
	"Exit status: 0 success; the last attempt's own after a failure, 128+n if it died of signal n;\n"
	"124 ended at a time limit; 125 again itself failed or was misused; 126 not executable; 127 not found.\n"
	"\n"
	"  again -n 8 -d 0.5 -t 30s -- curl -fsS https://example.org/\n"
	"  again --stop-on exit:2 --deadline 10m -o report.json -- make deploy\n";

static void add_option(struct again_text *text, const struct again_option *option)
{
	if (option->group != NULL) {
		again_text_addf(text, "\n%s\n", option->group);
	}
	char left[64];
	struct again_text name = again_text_over(left, sizeof(left));
	if (option->letter != 0) {
		again_text_addf(&name, "  -%c, --%s", option->letter, option->name);
	} else {
		again_text_addf(&name, "      --%s", option->name);
	}
	if (option->argument != NULL) {
		again_text_addf(&name, " %s", option->argument);
	}
	again_text_addf(text, "%-*s%s", COLUMN, left, option->help);
	if (option->standard != NULL) {
		again_text_addf(text, " (%s)", option->standard);
	}
	again_text_add(text, "\n");
}

int again_print_help(const struct again_cli *cli)
{
	char buffer[6144];
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add(&text, introduction);
	for (size_t i = 0; i < AGAIN_OPTIONS; i++) {
		add_option(&text, &again_options[i]);
	}
	again_text_add(&text, conclusion);
	return again_print(cli, text.at, text.len);
}

int again_print_version(const struct again_cli *cli)
{
	static const char version[] = "again " AGAIN_VERSION "\n";
	return again_print(cli, version, strlen(version));
}
