// SPDX-License-Identifier: MIT
// The signals that again takes: blocked and read from a signalfd. There is no handler in the program.
//
// Taken are SIGCHLD, the signals that stop (HUP INT QUIT TERM ALRM VTALRM PROF XCPU), USR1, USR2 and WINCH, but those that
// were ignored when again started stay ignored, for again and for the command: that was somebody's wish (nohup). TSTP,
// TTIN, TTOU and CONT keep their default action, so that ^Z stops the whole job.
// Ignored by again itself and given back to the command: PIPE (always as the default) and XFSZ (as it was).
#ifndef AGAIN_RUN_SIGNALS_H
#define AGAIN_RUN_SIGNALS_H

#include "run/sys.h"

struct again_signals {
	int fd;
	struct sigaction file_size_action;
};

struct again_signal {
	int number;
	/** The terminal sent it, so the whole foreground group has it already. */
	bool from_terminal;
};

/** Blocks and opens. Must come before the first child. */
[[nodiscard]] int again_signals_open(struct again_signals *signals, const struct again_sys *sys,
                                     struct again_error *err);

void again_signals_close(struct again_signals *signals, const struct again_sys *sys);

/** One signal that waits, without blocking: 1 with *out_signal, 0 where none does, -1 with errno. */
[[nodiscard]] int again_signals_read(const struct again_signals *signals,
                                     const struct again_sys *sys, struct again_signal *out_signal);

/** Whether a signal of this number asks for the end of the run. */
bool again_signal_stops(int number);

/**
 * Sends us the signal with its default action and without a core dump: where it is blocked, death waits until it is let
 * through.
 */
void again_signal_raise(const struct again_sys *sys, int number);

/**
 * Dies of the signal, as the default action would have it. Returns where that is impossible: as
 * pid 1, for which default actions do not exist.
 */
void again_signal_die(const struct again_sys *sys, int number);

#endif
