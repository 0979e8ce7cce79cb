// SPDX-License-Identifier: MIT
// The main job: settings become a run, its events go to the log and the report, its end becomes ours.
#include "cli/cli.h"

#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "report/log.h"
#include "report/output.h"
#include "report/report.h"
#include "run/run.h"
#include "run/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct job {
	const struct again_cli *cli;
	const struct again_settings *settings;
	struct again_run_facts facts;
	struct again_run_config config;
	struct again_signals signals;
	char host[256];
	char run_id[17];
	/** What goes to standard error, and to --log-file. */
	struct again_log log;
	struct again_log file_log;
	bool logs_to_file;
	int log_fd;
	struct again_report report;
	struct again_output output;
	bool reports;
	/** The command could not be executed, and its name is that of a verb. */
	bool misplaced_verb;
};

static bool given(const struct job *job, enum again_option_id id)
{
	return job->settings->given[id] != NULL;
}

// Each event goes to everyone who tells of it. With --log-file standard error is told only what a person waits for.
static void tell(void *context, const struct again_event *event)
{
	struct job *job = context;
	if (job->logs_to_file) {
		again_log_event(&job->file_log, event);
	}
	if (!job->logs_to_file || event->type == AGAIN_EVENT_RUN_END ||
	    event->type == AGAIN_EVENT_STATUS) {
		again_log_event(&job->log, event);
	}
	if (job->reports) {
		again_report_event(&job->report, event);
	}
	if (event->type == AGAIN_EVENT_RUN_END && event->attempt != NULL &&
	    event->attempt->kind == AGAIN_END_NOT_EXECUTED) {
		job->misplaced_verb = again_is_verb(event->facts->command[0]);
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

// A seed and a name for the run. Where the kernel has no random bytes yet, the clock and the pid must do.
static void draw_identity(struct job *job)
{
	const struct again_sys *sys = job->cli->sys;
	uint64_t words[2];
	if (sys->getrandom(words, sizeof(words)) != (ssize_t)sizeof(words)) {
		struct timespec now = {0};
		(void)sys->clock_gettime(CLOCK_REALTIME, &now);
		struct again_rng rng = again_rng_root((uint64_t)now.tv_sec * AGAIN_NS_PER_SECOND +
		                                      (uint64_t)now.tv_nsec);
		rng = again_rng_split(rng, (uint64_t)sys->getpid());
		words[0] = again_rng_next(&rng);
		words[1] = again_rng_next(&rng);
	}
	job->facts.seed = given(job, AGAIN_OPTION_SEED) ? job->settings->seed
	                                                : words[0] >> (64 - AGAIN_SEED_BITS);
	struct again_text id = again_text_over(job->run_id, sizeof(job->run_id));
	again_text_addf(&id, "%016" PRIx64, words[1]);
	job->facts.run_id = job->run_id;
}

static void gather_facts(struct job *job, char *const *command)
{
	const struct again_settings *settings = job->settings;
	const struct again_sys *sys = job->cli->sys;
	const char *name = settings->given[AGAIN_OPTION_NAME];
	const char *success = settings->given[AGAIN_OPTION_SUCCESS];
	struct timespec now = {0};
	(void)sys->clock_gettime(CLOCK_REALTIME, &now);
	if (sys->gethostname(job->host, sizeof(job->host) - 1) != 0) {
		job->host[0] = '\0'; // a report without the host's name is better than none
	}
	draw_identity(job);
	job->facts.name = name != NULL ? name : base_name(command[0]);
	job->facts.host = job->host;
	job->facts.command = command;
	job->facts.policy = &settings->policy;
	job->facts.started_utc_ns =
		(uint64_t)now.tv_sec * AGAIN_NS_PER_SECOND + (uint64_t)now.tv_nsec;
	job->facts.kill_after_ns = settings->kill_after_ns;
	job->facts.kill_leftovers = again_leftovers_name(settings->leftovers);
	job->facts.success = success != NULL ? success : "0";
}

static int open_logs(struct job *job, struct again_error *err)
{
	const struct again_settings *settings = job->settings;
	const struct again_file_calls *files = job->cli->sys->files;
	const char *format = settings->given[AGAIN_OPTION_LOG_FORMAT];
	const char *path = settings->given[AGAIN_OPTION_LOG_FILE];
	const enum again_verbosity loud =
		given(job, AGAIN_OPTION_VERBOSE) ? AGAIN_VERBOSITY_VERBOSE : AGAIN_VERBOSITY_NORMAL;
	struct again_log_config config = {
		.fd = STDERR_FILENO,
		.format = format != NULL && strcmp(format, "json") == 0 ? AGAIN_LOG_JSON
	                                                                : AGAIN_LOG_TEXT,
		.verbosity = given(job, AGAIN_OPTION_QUIET) ? AGAIN_VERBOSITY_QUIET : loud,
		.name = settings->given[AGAIN_OPTION_NAME],
		.files = files,
	};
	if (path != NULL) {
		job->log_fd = again_open_file(files, path, O_WRONLY | O_APPEND | O_CREAT, 0666);
		if (job->log_fd < 0) {
			char cause[80];
			return again_error_format(
				err, AGAIN_ERR_SYSTEM, "log-file",
				"--log-file '%.80s': cannot be opened: %s; use %s", path,
				again_errno_text(errno, cause, sizeof(cause)),
				again_options[AGAIN_OPTION_LOG_FILE].form);
		}
		struct again_log_config file_config = config;
		file_config.fd = job->log_fd;
		file_config.verbosity = loud;
		again_log_init(&job->file_log, &file_config);
		job->logs_to_file = true;
		config.format = AGAIN_LOG_TEXT;
	}
	again_log_init(&job->log, &config);
	return 0;
}

static int open_report(struct job *job, struct again_error *err)
{
	const char *path = job->settings->given[AGAIN_OPTION_OUTPUT];
	if (path == NULL) {
		return 0;
	}
	struct again_error reason = {0};
	const int result = again_output_open(&job->output, path, job->cli->sys->files, &reason);
	if (result != 0) {
		return again_error_format(err, result, "output", "--output: %.120s; use %s",
		                          reason.text, again_options[AGAIN_OPTION_OUTPUT].form);
	}
	job->reports = again_report_open(&job->report, err) == 0;
	return job->reports ? 0 : AGAIN_ERR_MEMORY;
}

// What could not be told is told here, and a report that is missing makes a success a failure of ours.
static int close_books(struct job *job, int exit_code)
{
	struct again_error err = {0};
	if (job->misplaced_verb) {
		(void)again_error_format(&err, AGAIN_ERR_INVALID, NULL,
		                         "a verb comes first: again %s [OPTION]...",
		                         job->facts.command[0]);
		(void)again_complain(job->cli, &err);
	}
	if (job->reports && again_report_save(&job->report, &job->output, &err) != 0) {
		(void)again_complain(job->cli, &err);
		exit_code = exit_code == 0 ? AGAIN_EXIT_SELF : exit_code;
	}
	const int failure = job->logs_to_file ? again_log_failure(&job->file_log) : 0;
	if (failure != 0) {
		(void)again_error_system(&err, failure, "cannot write the log '%.120s'",
		                         job->settings->given[AGAIN_OPTION_LOG_FILE]);
		(void)again_complain(job->cli, &err);
	}
	return exit_code;
}

static int run(struct job *job)
{
	struct again_error err = {0};
	struct again_run_result result = {0};
	// A log may be a fifo that nobody reads: opening it must be easy to end. To try the report's place must not be.
	if (open_logs(job, &err) != 0 ||
	    again_signals_open(&job->signals, job->cli->sys, &err) != 0 ||
	    open_report(job, &err) != 0 || again_run(&job->config, &result, &err) != 0) {
		return again_complain(job->cli, &err);
	}
	int code = result.exit_code;
	if (result.signal != 0) {
		// From here on it waits for us: should the books take long because nobody reads them, it is let through.
		again_signal_raise(job->cli->sys, result.signal);
	}
	if (!result.stood_in) {
		code = close_books(job, code);
	}
	if (result.signal != 0) {
		again_signal_die(job->cli->sys, result.signal);
	}
	return code;
}

static int run_command(const struct again_cli *cli, const struct again_settings *settings,
                       char *const *command)
{
	struct job job = {
		.cli = cli,
		.settings = settings,
		.log_fd = -1,
		.signals = {.fd = -1},
		.config =
			{
				.sys = cli->sys,
				.rules = &settings->rules,
				.environment = cli->environment,
				.search = again_variable_value(cli, "PATH"),
				.leftovers = settings->leftovers,
				.give_up_code = settings->give_up_code,
				.on_event = tell,
			},
	};
	job.config.facts = &job.facts;
	job.config.signals = &job.signals;
	job.config.context = &job;
	gather_facts(&job, command);
	const int code = run(&job);
	again_signals_close(&job.signals, cli->sys);
	if (job.reports) {
		again_report_close(&job.report);
	}
	if (job.log_fd >= 0) {
		(void)cli->sys->files->close(job.log_fd);
	}
	return code;
}

int again_verb_run(const struct again_cli *cli, int start)
{
	struct again_settings settings;
	int command = 0;
	int code = 0;
	again_settings_init(&settings);
	if (again_read_settings(cli, start, &settings, &command, &code)) {
		if (cli->argv[command] == NULL) {
			const struct again_error err = {
				.text = "no command given; usage: again [OPTION]... [--] COMMAND [ARG]..."};
			code = again_complain(cli, &err);
		} else {
			code = run_command(cli, &settings, cli->argv + command);
		}
	}
	again_settings_fini(&settings);
	return code;
}
