// SPDX-License-Identifier: MIT
// The loop: ask the supervisor "what now?", do exactly that one thing, report back.
#include "run/run.h"

#include "base/error.h"
#include "base/number.h"
#include "run/aside.h"
#include "run/runner.h"
#include "run/tree.h"
#include "run/verdict.h"

#include <errno.h>

static again_ns read_clock(const struct again_sys *sys, clockid_t clock, again_ns before)
{
	struct timespec now;
	if (sys->clock_gettime(clock, &now) != 0) {
		return before; // time stands still for a moment; it never goes back
	}
	return (again_ns)now.tv_sec * AGAIN_NS_PER_SECOND + (again_ns)now.tv_nsec;
}

void again_runner_read_clocks(struct again_runner *runner)
{
	runner->now.boot_ns = read_clock(runner->sys, CLOCK_BOOTTIME, runner->now.boot_ns);
	runner->now.mono_ns = read_clock(runner->sys, CLOCK_MONOTONIC, runner->now.mono_ns);
}

uint64_t again_runner_utc(const struct again_runner *runner)
{
	return read_clock(runner->sys, CLOCK_REALTIME, 0);
}

void again_runner_tell(struct again_runner *runner, struct again_event event)
{
	event.utc_ns = again_runner_utc(runner);
	event.facts = runner->config->facts;
	event.attempt = runner->attempt.number > 0 ? &runner->attempt : NULL;
	runner->config->on_event(runner->config->context, &event);
}

struct again_super_event again_runner_break(struct again_runner *runner, const char *what)
{
	const int reason = errno;
	if (runner->error.code == 0) {
		(void)again_error_system(&runner->error, reason, "%s", what);
	}
	return (struct again_super_event){.type = AGAIN_SUPER_BROKEN};
}

static struct again_super_event verb_event(const struct again_decision *decision)
{
	const bool retrying = decision->verb == AGAIN_VERB_RETRY;
	return (struct again_super_event){.type = retrying ? AGAIN_SUPER_GO : AGAIN_SUPER_END};
}

// Asks the policy, unless the attempt's end has already decided.
static void ask_policy(struct again_runner *runner, struct again_attempt *attempt)
{
	if (again_run_end(&runner->super, attempt) != AGAIN_RUN_POLICY) {
		return;
	}
	const struct again_outcome outcome = {
		.outcome_class = again_rules_class(runner->config->rules, attempt, &attempt->rule),
		.started_ns = runner->attempt_boot_ns,
		.ended_ns = again_ns_add(runner->attempt_boot_ns, attempt->duration_ns),
	};
	again_call_next(&runner->call, runner->policy, /*guards=*/NULL, &outcome,
	                runner->now.boot_ns, &runner->next);
	attempt->retrying = runner->next.verb == AGAIN_VERB_RETRY;
	attempt->delay_ns = attempt->retrying ? runner->next.delay_ns : 0;
}

static void close_attempt(struct again_runner *runner)
{
	struct again_attempt *attempt = &runner->attempt;
	runner->timers.limit_mono_ns = AGAIN_NEVER;
	runner->timers.grace_mono_ns = AGAIN_NEVER;
	runner->timers.round_mono_ns = AGAIN_NEVER;
	runner->attempt_open = false;
	attempt->cut = runner->super.cut;
	attempt->succeeded = runner->super.succeeded;
	if (runner->child != 0) {
		// It outlived KILL: how it will end nobody knows, how long it has run we do.
		attempt->kind = AGAIN_END_SIGNAL;
		attempt->signal = SIGKILL;
		attempt->duration_ns = again_ns_sub(runner->now.mono_ns, runner->attempt_mono_ns);
	}
	ask_policy(runner, attempt);
	again_runner_tell(runner, (struct again_event){.type = AGAIN_EVENT_ATTEMPT_END});
}

static struct again_super_event decide(struct again_runner *runner)
{
	close_attempt(runner);
	return runner->attempt.retrying ? verb_event(&runner->next)
	                                : (struct again_super_event){.type = AGAIN_SUPER_END};
}

static void begin_hold(struct again_runner *runner)
{
	runner->hold_boot_ns = runner->now.boot_ns;
	runner->timers.due_boot_ns = runner->next.not_before_ns;
}

static void end_hold(struct again_runner *runner, enum again_super_event_type how)
{
	runner->timers.due_boot_ns = AGAIN_NEVER;
	if (how == AGAIN_SUPER_DUE && runner->attempt.number > 0) {
		runner->total_delay_ns =
			again_ns_add(runner->total_delay_ns, runner->next.delay_ns);
	}
	if (runner->next.delay_ns == 0) {
		return; // the first attempt, without an initial delay
	}
	again_runner_tell(runner, (struct again_event){
					  .type = AGAIN_EVENT_WAIT_END,
					  .waited_ns = again_ns_sub(runner->now.boot_ns,
	                                                            runner->hold_boot_ns),
				  });
}

// Does the one action and reports what came of it.
static struct again_super_event perform(struct again_runner *runner, enum again_super_action action)
{
	switch (action) {
	case AGAIN_SUPER_DO_HOLD:
		begin_hold(runner);
		return again_runner_wait(runner);
	case AGAIN_SUPER_DO_START:
		return again_attempt_start(runner);
	case AGAIN_SUPER_DO_CHECK:
		return again_attempt_reap(runner);
	case AGAIN_SUPER_DO_SEND:
		again_attempt_send(runner);
		return again_runner_wait(runner);
	case AGAIN_SUPER_DO_KILL:
		if (runner->super.broken) {
			return again_attempt_rescue(runner);
		}
		again_attempt_kill(runner);
		return again_runner_wait(runner);
	case AGAIN_SUPER_DO_DECIDE:
		return decide(runner);
	case AGAIN_SUPER_DO_WAIT:
		return again_runner_wait(runner);
	case AGAIN_SUPER_DO_FINISH:
	case AGAIN_SUPER_BUG:
		break;
	}
	again_assert(action == AGAIN_SUPER_DO_WAIT); // none of the actions above
	return (struct again_super_event){0};
}

static void loop(struct again_runner *runner, struct again_super_event event)
{
	for (;;) {
		const enum again_super_state before = runner->super.state;
		const enum again_super_action action = again_super_step(&runner->super, &event);
		again_assert(action != AGAIN_SUPER_BUG);
		if (before == AGAIN_SUPER_HOLDING && runner->super.state != before) {
			end_hold(runner, event.type);
			if (event.type == AGAIN_SUPER_DEADLINE) {
				runner->next.reason =
					AGAIN_REASON_DEADLINE; // the machine slept through it
			}
		}
		if (action == AGAIN_SUPER_DO_FINISH) {
			return;
		}
		event = perform(runner, action);
	}
}

static void tell_verdict(struct again_runner *runner, struct again_run_result *out_result)
{
	if (runner->attempt_open) {
		close_attempt(runner);
	}
	const struct again_attempt *last = runner->attempt.number > 0 ? &runner->attempt : NULL;
	struct again_verdict verdict = {
		.attempts = runner->attempt.number,
		.total_delay_ns = runner->total_delay_ns,
		.duration_ns = again_ns_sub(runner->now.boot_ns, runner->run_boot_ns),
		.error = runner->error.code != 0 ? &runner->error : NULL,
	};
	if (runner->super.survived) {
		verdict.survivor_count = again_tree_list(runner->sys, runner->sys->getpid(),
		                                         verdict.survivors, AGAIN_SURVIVORS_MAX);
	}
	again_verdict_judge(&verdict, &runner->super, last, runner->next.reason,
	                    runner->config->give_up_code);
	out_result->exit_code = verdict.exit_code;
	out_result->signal = again_run_end(&runner->super, last) == AGAIN_RUN_INTERRUPTED
	                             ? verdict.stop_signal
	                             : 0;
	again_runner_tell(runner,
	                  (struct again_event){.type = AGAIN_EVENT_RUN_END, .verdict = &verdict});
}

static int prepare(struct again_runner *runner, struct again_error *err)
{
	const struct again_run_config *config = runner->config;
	int result =
		again_command_init(&runner->command, config->facts->command, config->search, err);
	if (result == 0) {
		result = again_environment_init(&runner->environment, config->environment, err);
	}
	if (result != 0) {
		return result;
	}
	if (runner->sys->become_subreaper() != 0) {
		return again_error_system(err, errno,
		                          "cannot become the reaper of the command's descendants");
	}
	struct again_launch_failure *failure = runner->sys->map_shared(sizeof(*failure));
	if (failure == NULL) {
		return again_error_system(err, errno, "cannot map shared memory");
	}
	runner->launch = (struct again_launch){
		.paths = runner->command.paths,
		.argv = runner->command.argv,
		.shell_argv = runner->command.shell_argv,
		.envp = runner->environment.vars,
		.pipe_action = {.sa_handler = SIG_DFL},
		.file_size_action = runner->signals->file_size_action,
		.parent = runner->sys->getpid(),
		.failure = failure,
	};
	return 0;
}

static void begin(struct again_runner *runner)
{
	const struct again_run_facts *facts = runner->config->facts;
	again_runner_read_clocks(runner);
	runner->run_boot_ns = runner->now.boot_ns;
	again_call_init(&runner->call, runner->policy, runner->now.boot_ns, facts->seed,
	                /*operation=*/0);
	again_call_begin(&runner->call, runner->policy, /*guards=*/NULL, runner->now.boot_ns,
	                 &runner->next);
	runner->timers.deadline_boot_ns =
		again_ns_add(runner->now.boot_ns, runner->policy->deadline_ns);
	again_runner_tell(runner, (struct again_event){
					  .type = AGAIN_EVENT_RUN_START,
					  .delay_ns = runner->next.delay_ns,
				  });
}

static void clean_up(struct again_runner *runner)
{
	if (runner->launch.failure != NULL) {
		(void)runner->sys->unmap(runner->launch.failure, sizeof(*runner->launch.failure));
	}
	if (runner->timers.fd >= 0) {
		(void)runner->sys->files->close(runner->timers.fd);
	}

	again_environment_fini(&runner->environment);
	again_command_fini(&runner->command);
}

int again_run(const struct again_run_config *config, struct again_run_result *out_result,
              struct again_error *err)
{
	struct again_runner runner = {
		.config = config,
		.sys = config->sys,
		.policy = config->facts->policy,
		.timers = {AGAIN_NEVER, AGAIN_NEVER, AGAIN_NEVER, AGAIN_NEVER, AGAIN_NEVER, -1,
	                   AGAIN_NEVER},
		.signals = config->signals,
	};
	struct again_run_result outcome = {0};
	struct again_aside aside = {0};
	int result = again_step_aside(config->sys, config->signals, &aside, err);
	if (result == 0 && aside.stood_in) {
		outcome = (struct again_run_result){true, aside.exit_code, aside.signal};
	} else if (result == 0) {
		result = prepare(&runner, err);
		if (result == 0) {
			again_super_init(&runner.super, config->leftovers,
			                 config->facts->kill_after_ns == 0);
			begin(&runner);
			loop(&runner, verb_event(&runner.next));
			tell_verdict(&runner, &outcome);
		}
	}
	if (result == 0) {
		*out_result = outcome;
	}
	clean_up(&runner);
	return result;
}
