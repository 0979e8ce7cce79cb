// SPDX-License-Identifier: MIT
// The supervisor's decisions: which one thing to do next, given a state and what just happened. @pure
//
// One table [state][event] of small functions. The runner asks again_super_step() "what now?", does exactly that one
// action, and reports what came of it as the next event. Nothing here knows processes, clocks or descriptors.
//
//     READY --GO--> HOLDING --DUE--> STARTING --STARTED--> RUNNING --EXITED--> CHECKING --EMPTY--> DECIDING --GO--> HOLDING …
//                                                             | TIMEOUT, DEADLINE, STOP     | LEFT             | END
//                                                             v                             v                  v
//                                                           ENDING --GRACE--> KILLING    (ENDING)             OVER
//
// The promise that lives here: DECIDING is entered from RUNNING, ENDING or KILLING only when nothing of the attempt is
// alive (or was asked to be left alone), so no attempt can start beside the remains of another.
#ifndef AGAIN_RUN_SUPER_H
#define AGAIN_RUN_SUPER_H

#include "base/event.h"

#include <stdbool.h>

enum again_super_state {
	AGAIN_SUPER_READY = 0,
	/** Waiting for an attempt to be due. */
	AGAIN_SUPER_HOLDING,
	AGAIN_SUPER_STARTING,
	/** The attempt's own process is alive. */
	AGAIN_SUPER_RUNNING,
	/** It has ended by itself; is anything of it left? */
	AGAIN_SUPER_CHECKING,
	/** A signal was sent to everything of the attempt; the grace runs. */
	AGAIN_SUPER_ENDING,
	/** KILL was sent; one more grace runs. */
	AGAIN_SUPER_KILLING,
	/** The attempt is over; what follows is the policy's word. */
	AGAIN_SUPER_DECIDING,
	AGAIN_SUPER_OVER,
	AGAIN_SUPER_STATES
};

enum again_super_event_type {
	/** Policy: an attempt may start at a time that the runner knows. */
	AGAIN_SUPER_GO = 0,
	/** Policy: no more. */
	AGAIN_SUPER_END,
	/** The wait is over. */
	AGAIN_SUPER_DUE,
	AGAIN_SUPER_STARTED,
	/** No process could be made. */
	AGAIN_SUPER_NOT_STARTED,
	/** The attempt's own process was reaped; `succeeded` says what its end means. */
	AGAIN_SUPER_EXITED,
	/** No descendant is left. */
	AGAIN_SUPER_EMPTY,
	/** Descendants are left. */
	AGAIN_SUPER_LEFT,
	AGAIN_SUPER_TIMEOUT,
	AGAIN_SUPER_DEADLINE,
	/** The grace is over. */
	AGAIN_SUPER_GRACE,
	/** While killing: time to look for more. */
	AGAIN_SUPER_ROUND,
	/** Somebody sent `signal` to stop the run. */
	AGAIN_SUPER_STOP,
	/** A system call that the run cannot do without has failed. */
	AGAIN_SUPER_BROKEN,
	AGAIN_SUPER_EVENTS
};

struct again_super_event {
	enum again_super_event_type type;
	/** With EXITED. */
	bool succeeded;
	/** With STOP: its number. */
	int signal;
};

enum again_super_action {
	/** Wait for the next event. */
	AGAIN_SUPER_DO_WAIT = 0,
	/** Arm the wait that the policy decided, then wait for the next event. */
	AGAIN_SUPER_DO_HOLD,
	/** Start an attempt: STARTED or NOT_STARTED. */
	AGAIN_SUPER_DO_START,
	/** Reap what is dead: EMPTY or LEFT. */
	AGAIN_SUPER_DO_CHECK,
	/** Send `send` to everything of the attempt, start the grace unless it runs, then wait for the next event. */
	AGAIN_SUPER_DO_SEND,
	/** Send KILL to everything of the attempt, start the last grace unless it runs, then wait for the next event. */
	AGAIN_SUPER_DO_KILL,
	/** Ask the policy what the attempt's end means: GO or END. */
	AGAIN_SUPER_DO_DECIDE,
	/** Tell the verdict. Nothing follows. */
	AGAIN_SUPER_DO_FINISH,
	/** An event that cannot happen in this state: a bug in the runner. */
	AGAIN_SUPER_BUG
};

/** What becomes of descendants that outlive their attempt. */
enum again_leftovers {
	/** Of a failed attempt they are ended, of a successful one left alone. */
	AGAIN_LEFTOVERS_FAILED = 0,
	AGAIN_LEFTOVERS_ALWAYS,
	AGAIN_LEFTOVERS_NEVER,
};

struct again_super {
	enum again_super_state state;
	enum again_leftovers leftovers;
	/** No grace: KILL at once. */
	bool impatient;
	/** The attempt's own process is reaped. */
	bool exited;
	/** Its end was a success, and its own. */
	bool succeeded;
	/** Why again ended the attempt. */
	enum again_cut cut;
	/** The signal to send (DO_SEND). */
	int send;
	/** The first signal that told again to stop; 0: none. */
	int stop_signal;
	bool broken;
	/** Something outlived KILL. */
	bool survived;
};

/** A run that has not begun. */
void again_super_init(struct again_super *super, enum again_leftovers leftovers, bool impatient);

/** What to do now that `event` has happened. */
enum again_super_action again_super_step(struct again_super *super,
                                         const struct again_super_event *event);

/** The number of SIGTERM and SIGKILL on every Linux (signal(7)); this file includes no <signal.h>. */
#define AGAIN_SUPER_SIGTERM 15

#endif
