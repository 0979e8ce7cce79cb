// SPDX-License-Identifier: MIT
// again: runs a command until it succeeds, politely. The map of the program:
//
//   cli/main.c         argv to a verb
//   cli/run.c          the main job: settings become a run, events become a log and a report
//   cli/plan.c         the verb that prints a schedule
//   cli/flaky.c        the verb that fails on purpose
//   cli/options.def    the one table of options; options.c looks them up
//   cli/arguments.c    the command line's grammar; config.c the file's
//   cli/settings.c     one setter an option; when.c conditions; conflicts.c what does not go together
//   cli/help.c         --help and --version; gen.c (at build time) manual and completions
//
//   run/run.c          the loop: ask the supervisor what now, do it, report back
//   run/super.c        the supervisor's table [state][event]                                     pure
//   run/rules.c        what an attempt's end means; verdict.c why a run ended and its exit code  pure
//   run/attempt.c      start, reap, signal, kill; wait.c timers and signals as events
//   run/tree.c         everything that descends from an attempt, found in /proc
//   run/command.c      PATH and argv for the child; environment.c what it is told
//   run/aside.c        children that were there before; descriptors.c closed standard descriptors
//   run/signals.c      signals as data; sys.c every system call, and the one vfork
//
//   policy/            libagain: delays, jitter, deadlines, one call's life                      pure
//   report/            events told: log lines, JSON lines, the report, files written whole or not at all
//   base/              text, numbers, JSON, errors, event types
#include "cli/cli.h"

#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	const struct again_cli cli = {&again_sys_real, argv, environ};
	return again_main(&cli);
}
