// SPDX-License-Identifier: MIT
// Stepping aside: what to do about children that again has before it starts.
//
// A shell that does `daemon & exec again …` leaves its children to again. They are not ours: they must not be reaped,
// waited for or ended. So where there are any, again forks once. The new process goes on and sees only its own children;
// the old one stays as a stand-in that passes signals on and ends as the new one ends.
#ifndef AGAIN_RUN_ASIDE_H
#define AGAIN_RUN_ASIDE_H

#include "run/signals.h"

/** How the process that did the work has ended. */
struct again_aside {
	/** This process is the stand-in; its work is over. */
	bool stood_in;
	/** What to exit with. */
	int exit_code;
	/** The signal to die of; 0: none. */
	int signal;
};

/**
 * Forks if there are children. Returns 0 in the process that is to go on, and, when everything is over, in the one that
 * stood in for it (out_aside->stood_in). Negative with *err where it cannot be done.
 */
[[nodiscard]] int again_step_aside(const struct again_sys *sys, const struct again_signals *signals,
                                   struct again_aside *out_aside, struct again_error *err);

#endif
