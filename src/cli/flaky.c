// SPDX-License-Identifier: MIT
// `again flaky`: a command that fails on purpose, for examples and tests.
//
// It fails while AGAIN_ATTEMPT is at most --failures. With --state it counts its own calls instead: each call appends one
// byte to the file, and where its own byte stands is its number, so calls at the same time count right without a lock.
// It prints nothing that it was not asked to print.
#include "cli/cli.h"

#include "base/error.h"
#include "base/number.h"
#include "base/signame.h"
#include "base/text.h"
#include "run/signals.h"

#include <again/rng.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct flaky {
	uint64_t failures;
	uint64_t exit_code;
	/** In percent; 0: not at random. */
	uint64_t random;
	uint64_t seed;
	bool seeded;
	again_ns delay_ns;
	/** 0: it exits. */
	int signal;
	bool hang;
	const char *state;
	const char *print;
	const char *print_error;
	/** How many of --exit, --signal and --hang were given. */
	unsigned ways;
};

typedef int set_fn(struct flaky *flaky, const char *value, struct again_error *err);

static int set_failures(struct flaky *flaky, const char *value, struct again_error *err)
{
	return again_parse_u64(value, 0, UINT64_MAX, &flaky->failures, err);
}

static int set_state(struct flaky *flaky, const char *value, struct again_error *err)
{
	flaky->state = value;
	return value[0] != '\0' ? 0 : again_error_set(err, AGAIN_ERR_INVALID, NULL, "is empty");
}

static int set_exit(struct flaky *flaky, const char *value, struct again_error *err)
{
	flaky->ways++;
	return again_parse_u64(value, 1, 255, &flaky->exit_code, err);
}

static int set_signal(struct flaky *flaky, const char *value, struct again_error *err)
{
	flaky->ways++;
	flaky->signal = again_signal_number(value, strlen(value));
	return flaky->signal > 0 ? 0
	                         : again_error_set(err, AGAIN_ERR_INVALID, NULL, "is no signal");
}

static int set_hang(struct flaky *flaky, const char *value, struct again_error *err)
{
	(void)value;
	(void)err;
	flaky->ways++;
	flaky->hang = true;
	return 0;
}

static int set_random(struct flaky *flaky, const char *value, struct again_error *err)
{
	return again_parse_u64(value, 0, 100, &flaky->random, err);
}

static int set_seed(struct flaky *flaky, const char *value, struct again_error *err)
{
	flaky->seeded = true;
	return again_parse_u64(value, 0, AGAIN_SEED_MAX, &flaky->seed, err);
}

static int set_delay(struct flaky *flaky, const char *value, struct again_error *err)
{
	return again_parse_duration(value, &flaky->delay_ns, err);
}

static int set_print(struct flaky *flaky, const char *value, struct again_error *err)
{
	(void)err;
	flaky->print = value;
	return 0;
}

static int set_print_error(struct flaky *flaky, const char *value, struct again_error *err)
{
	(void)err;
	flaky->print_error = value;
	return 0;
}

static const struct flaky_option {
	const char *name;
	/** NULL: it takes no value. */
	const char *argument;
	const char *form;
	const char *help;
	set_fn *set;
} options[] = {
	{"failures", "N", "a whole number from 0", "fail while AGAIN_ATTEMPT is at most N (0)",
         set_failures},
	{"state", "FILE", "a file that can be written",
         "count calls in FILE instead of reading AGAIN_ATTEMPT", set_state},
	{"exit", "CODE", "a whole number from 1 to 255", "how a failing call exits (1)", set_exit},
	{"signal", "NAME", "a signal such as KILL or 9", "a failing call dies of this signal",
         set_signal},
	{"hang", NULL, "it without a value", "a failing call never ends by itself", set_hang},
	{"random", "PERCENT", "a whole number from 0 to 100", "fail this often, at random",
         set_random},
	{"seed", "N", "a whole number from 0 to 9007199254740991",
         "makes --random reproducible (random)", set_seed},
	{"delay", "D", "a duration such as 0.1 or 250ms", "wait this long first", set_delay},
	{"print", "TEXT", "a text", "print a line on standard output", set_print},
	{"print-error", "TEXT", "a text", "print a line on standard error", set_print_error},
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

static int print_help(const struct again_cli *cli)
{
	char buffer[2048];
	struct again_text text = again_text_over(buffer, sizeof(buffer));
	again_text_add(&text, "Usage: again flaky [OPTION]...\n\n"
	                      "Fails on purpose. Without options it succeeds.\n\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		char left[40];
		struct again_text name = again_text_over(left, sizeof(left));
		again_text_addf(&name, "  --%s %s", options[i].name,
		                options[i].argument != NULL ? options[i].argument : "");
		again_text_addf(&text, "%-22s%s\n", left, options[i].help);
	}
	again_text_add(&text, "\n  again --base-delay 0.1 -- again flaky --failures 3\n");
	return again_print(cli, text.at, text.len);
}

static const struct flaky_option *find(const char *name, size_t len)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (strlen(options[i].name) == len && memcmp(options[i].name, name, len) == 0) {
			return &options[i];
		}
	}
	return NULL;
}

// One word, and the next one where it is the value. The number of words taken, or negative.
static int read_option(char *const *words, struct flaky *flaky, struct again_error *err)
{
	const char *word = words[0];
	const char *name = strncmp(word, "--", 2) == 0 ? word + 2 : "";
	const char *equals = strchr(name, '=');
	const size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct flaky_option *option = find(name, len);
	if (option == NULL) {
		return again_error_format(
			err, AGAIN_ERR_INVALID, NULL,
			"flaky: unknown option '%.60s'; again flaky --help lists them all", word);
	}
	const char *value = equals != NULL ? equals + 1 : words[1];
	if (option->argument == NULL) {
		value = equals != NULL ? NULL : "";
	}
	struct again_error reason = {.text = "a value is missing"};
	if (option->argument == NULL && value == NULL) {
		(void)again_error_set(&reason, AGAIN_ERR_SYNTAX, NULL, "it takes no value");
	}
	if (value == NULL || option->set(flaky, value, &reason) != 0) {
		return again_error_format(err, AGAIN_ERR_INVALID, option->name,
		                          "flaky: --%s '%.40s': %.80s; use %s", option->name,
		                          value != NULL ? value : "", reason.text, option->form);
	}
	return option->argument != NULL && equals == NULL ? 2 : 1;
}

// This call's number, from 1.
static int count_call(const struct again_cli *cli, const struct flaky *flaky, uint64_t *out_number,
                      struct again_error *err)
{
	const struct again_file_calls *files = cli->sys->files;
	if (flaky->state == NULL) {
		const char *attempt = again_variable_value(cli, "AGAIN_ATTEMPT");
		*out_number = 1;
		return attempt == NULL ? 0
		                       : again_parse_u64(attempt, 1, UINT64_MAX, out_number, err);
	}
	const int fd = again_open_file(files, flaky->state, O_RDWR | O_APPEND | O_CREAT, 0666);
	if (fd < 0) {
		return again_error_system(err, errno, "flaky: cannot open '%.80s'", flaky->state);
	}
	char first = '.';
	if (files->read(fd, &first, 1) > 0 && first != '.') {
		(void)files->close(fd);
		return again_error_format(
			err, AGAIN_ERR_INVALID, "state",
			"flaky: --state '%.80s': holds something else; use a file of its own",
			flaky->state);
	}
	// O_APPEND moves the offset behind what this call wrote, whatever others append meanwhile.
	const bool counted = files->write(fd, ".", 1) == 1;
	const off_t offset = counted ? lseek(fd, 0, SEEK_CUR) : -1;
	const int reason = errno;
	(void)files->close(fd);
	if (offset < 0) {
		return again_error_system(err, reason, "flaky: cannot count in '%.80s'",
		                          flaky->state);
	}
	*out_number = (uint64_t)offset;
	return 0;
}

static void print_line(const struct again_cli *cli, int fd, const char *line)
{
	if (line != NULL) {
		char buffer[4096];
		struct again_text text = again_text_over(buffer, sizeof(buffer) - 1);
		again_text_add(&text, line);
		buffer[text.len] = '\n';
		(void)!again_write_all(cli->sys->files, fd, buffer, text.len + 1);
	}
}

static void sleep_for(const struct again_cli *cli, again_ns ns)
{
	const struct timespec span = {
		.tv_sec = (time_t)(ns / AGAIN_NS_PER_SECOND),
		.tv_nsec = (long)(ns % AGAIN_NS_PER_SECOND),
	};
	(void)cli->sys->ppoll(/*fds=*/NULL, 0, ns == AGAIN_NEVER ? NULL : &span);
}

static bool is_unlucky(const struct flaky *flaky, uint64_t number)
{
	struct again_rng rng = again_rng_split(again_rng_root(flaky->seed), number);
	return again_uniform(&rng, 1, 100) <= flaky->random;
}

static int call(const struct again_cli *cli, const struct flaky *flaky, uint64_t number)
{
	if (flaky->delay_ns > 0) {
		sleep_for(cli, flaky->delay_ns);
	}
	print_line(cli, STDOUT_FILENO, flaky->print);
	print_line(cli, STDERR_FILENO, flaky->print_error);
	if (number > flaky->failures && !is_unlucky(flaky, number)) {
		return 0;
	}
	while (flaky->hang) {
		sleep_for(cli, AGAIN_NEVER);
	}
	if (flaky->signal != 0) {
		again_signal_die(cli->sys, flaky->signal);
		return 128 + flaky->signal;
	}
	return (int)flaky->exit_code;
}

// Where no seed was given, each call draws its own.
static void draw_seed(const struct again_cli *cli, struct flaky *flaky)
{
	struct timespec now = {0};
	if (!flaky->seeded && cli->sys->getrandom(&flaky->seed, sizeof(flaky->seed)) !=
	                              (ssize_t)sizeof(flaky->seed)) {
		(void)cli->sys->clock_gettime(CLOCK_REALTIME, &now);
		flaky->seed = (uint64_t)now.tv_nsec ^ (uint64_t)cli->sys->getpid() << 32;
	}
}

int again_verb_flaky(const struct again_cli *cli, int start)
{
	struct flaky flaky = {.exit_code = 1};
	struct again_error err = {0};
	for (int at = start; cli->argv[at] != NULL;) {
		if (strcmp(cli->argv[at], "--help") == 0 || strcmp(cli->argv[at], "-h") == 0) {
			return print_help(cli);
		}
		const int taken = read_option(cli->argv + at, &flaky, &err);
		if (taken < 0) {
			return again_complain(cli, &err);
		}
		at += taken;
	}
	if (flaky.ways > 1) {
		(void)again_error_set(
			&err, AGAIN_ERR_CONFLICT, NULL,
			"flaky: --exit, --signal and --hang contradict each other; use one of them");
		return again_complain(cli, &err);
	}
	draw_seed(cli, &flaky);
	uint64_t number = 0;
	if (count_call(cli, &flaky, &number, &err) != 0) {
		return again_complain(cli, &err);
	}
	return call(cli, &flaky, number);
}
