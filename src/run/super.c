// SPDX-License-Identifier: MIT
// The supervisor's table [state][event]. @pure
//
// Each function is one cell's meaning: it moves the state and returns the one action to take. A cell that is not filled
// is a bug of the runner, except the late timers and signals that any live state may meet.
#include "run/super.h"

#include <stddef.h>

typedef enum again_super_action again_super_fn(struct again_super *super,
                                               const struct again_super_event *event);

static enum again_super_action ignore(struct again_super *super,
                                      const struct again_super_event *event)
{
	(void)super;
	(void)event;
	return AGAIN_SUPER_DO_WAIT;
}

static enum again_super_action hold(struct again_super *super,
                                    const struct again_super_event *event)
{
	(void)event;
	super->state = AGAIN_SUPER_HOLDING;
	return AGAIN_SUPER_DO_HOLD;
}

static enum again_super_action finish(struct again_super *super,
                                      const struct again_super_event *event)
{
	(void)event;
	super->state = AGAIN_SUPER_OVER;
	return AGAIN_SUPER_DO_FINISH;
}

static enum again_super_action start(struct again_super *super,
                                     const struct again_super_event *event)
{
	(void)event;
	super->state = AGAIN_SUPER_STARTING;
	super->exited = false;
	super->succeeded = false;
	super->cut = AGAIN_CUT_NONE;
	return AGAIN_SUPER_DO_START;
}

static enum again_super_action run(struct again_super *super, const struct again_super_event *event)
{
	(void)event;
	super->state = AGAIN_SUPER_RUNNING;
	return AGAIN_SUPER_DO_WAIT;
}

static enum again_super_action decide(struct again_super *super,
                                      const struct again_super_event *event)
{
	(void)event;
	super->state = AGAIN_SUPER_DECIDING;
	return AGAIN_SUPER_DO_DECIDE;
}

// KILL, either after the grace or instead of it.
static enum again_super_action kill_tree(struct again_super *super,
                                         const struct again_super_event *event)
{
	(void)event;
	super->state = AGAIN_SUPER_KILLING;
	return AGAIN_SUPER_DO_KILL;
}

static enum again_super_action end_tree(struct again_super *super, int signal)
{
	if (super->impatient) {
		return kill_tree(super, NULL);
	}
	super->state = AGAIN_SUPER_ENDING;
	super->send = signal;
	return AGAIN_SUPER_DO_SEND;
}

static enum again_super_action check_exit(struct again_super *super,
                                          const struct again_super_event *event)
{
	super->state = AGAIN_SUPER_CHECKING;
	super->exited = true;
	super->succeeded = event->succeeded;
	return AGAIN_SUPER_DO_CHECK;
}

// Ended while we were ending it: not a success, whatever its exit code. The rest of it may still be alive.
static enum again_super_action check_rest(struct again_super *super,
                                          const struct again_super_event *event)
{
	(void)event;
	super->exited = true;
	return AGAIN_SUPER_DO_CHECK;
}

static enum again_super_action left_behind(struct again_super *super,
                                           const struct again_super_event *event)
{
	switch (super->leftovers) {
	case AGAIN_LEFTOVERS_NEVER:
		return decide(super, event);
	case AGAIN_LEFTOVERS_FAILED:
		if (super->succeeded) {
			return decide(super, event);
		}
		break;
	case AGAIN_LEFTOVERS_ALWAYS:
		break;
	}
	return end_tree(super, AGAIN_SUPER_SIGTERM);
}

// While ending or killing: the rest is awaited, unless it is to be left alone once the attempt's own process is gone.
static enum again_super_action left_still(struct again_super *super,
                                          const struct again_super_event *event)
{
	if (super->exited && super->leftovers == AGAIN_LEFTOVERS_NEVER) {
		return decide(super, event);
	}
	return AGAIN_SUPER_DO_WAIT;
}

static enum again_super_action time_out(struct again_super *super,
                                        const struct again_super_event *event)
{
	(void)event;
	super->cut = AGAIN_CUT_TIMEOUT;
	return end_tree(super, AGAIN_SUPER_SIGTERM);
}

static enum again_super_action out_of_time(struct again_super *super,
                                           const struct again_super_event *event)
{
	(void)event;
	super->cut = AGAIN_CUT_DEADLINE;
	return end_tree(super, AGAIN_SUPER_SIGTERM);
}

static enum again_super_action stop_run(struct again_super *super,
                                        const struct again_super_event *event)
{
	super->stop_signal = event->signal;
	super->cut = AGAIN_CUT_STOP;
	return end_tree(super, event->signal);
}

static enum again_super_action stop_wait(struct again_super *super,
                                         const struct again_super_event *event)
{
	super->stop_signal = event->signal;
	return finish(super, event);
}

// The first signal is passed on and the grace goes on; the second is impatience.
static enum again_super_action stop_ending(struct again_super *super,
                                           const struct again_super_event *event)
{
	if (super->stop_signal != 0) {
		return kill_tree(super, event);
	}
	super->stop_signal = event->signal;
	if (!super->exited && super->cut == AGAIN_CUT_NONE) {
		super->cut = AGAIN_CUT_STOP;
	}
	super->send = event->signal;
	return AGAIN_SUPER_DO_SEND;
}

static enum again_super_action stop_killing(struct again_super *super,
                                            const struct again_super_event *event)
{
	if (super->stop_signal == 0) {
		super->stop_signal = event->signal;
	}
	return AGAIN_SUPER_DO_WAIT;
}

static enum again_super_action survive(struct again_super *super,
                                       const struct again_super_event *event)
{
	super->survived = true;
	return finish(super, event);
}

static enum again_super_action break_alive(struct again_super *super,
                                           const struct again_super_event *event)
{
	super->broken = true;
	return kill_tree(super, event);
}

static enum again_super_action break_idle(struct again_super *super,
                                          const struct again_super_event *event)
{
	super->broken = true;
	return finish(super, event);
}

static again_super_fn *const table[AGAIN_SUPER_STATES][AGAIN_SUPER_EVENTS] = {
	[AGAIN_SUPER_READY] =
		{
			[AGAIN_SUPER_GO] = hold,
			[AGAIN_SUPER_END] = finish,
		},
	[AGAIN_SUPER_HOLDING] =
		{
			[AGAIN_SUPER_DUE] = start,
			[AGAIN_SUPER_DEADLINE] = finish,
			[AGAIN_SUPER_STOP] = stop_wait,
			[AGAIN_SUPER_EMPTY] = ignore,
			[AGAIN_SUPER_LEFT] = ignore,
			[AGAIN_SUPER_BROKEN] = break_idle,
		},
	[AGAIN_SUPER_STARTING] =
		{
			[AGAIN_SUPER_STARTED] = run,
			[AGAIN_SUPER_NOT_STARTED] = decide,
		},
	[AGAIN_SUPER_RUNNING] =
		{
			[AGAIN_SUPER_EXITED] = check_exit,
			[AGAIN_SUPER_LEFT] = ignore,
			[AGAIN_SUPER_TIMEOUT] = time_out,
			[AGAIN_SUPER_DEADLINE] = out_of_time,
			[AGAIN_SUPER_STOP] = stop_run,
			[AGAIN_SUPER_BROKEN] = break_alive,
		},
	[AGAIN_SUPER_CHECKING] =
		{
			[AGAIN_SUPER_EMPTY] = decide,
			[AGAIN_SUPER_LEFT] = left_behind,
			[AGAIN_SUPER_BROKEN] = break_alive,
		},
	[AGAIN_SUPER_ENDING] =
		{
			[AGAIN_SUPER_EXITED] = check_rest,
			[AGAIN_SUPER_EMPTY] = decide,
			[AGAIN_SUPER_LEFT] = left_still,
			[AGAIN_SUPER_TIMEOUT] = ignore,
			[AGAIN_SUPER_DEADLINE] = ignore,
			[AGAIN_SUPER_GRACE] = kill_tree,
			[AGAIN_SUPER_STOP] = stop_ending,
			[AGAIN_SUPER_BROKEN] = break_alive,
		},
	[AGAIN_SUPER_KILLING] =
		{
			[AGAIN_SUPER_EXITED] = check_rest,
			[AGAIN_SUPER_EMPTY] = decide,
			[AGAIN_SUPER_LEFT] = left_still,
			[AGAIN_SUPER_TIMEOUT] = ignore,
			[AGAIN_SUPER_DEADLINE] = ignore,
			[AGAIN_SUPER_GRACE] = survive,
			[AGAIN_SUPER_ROUND] = kill_tree,
			[AGAIN_SUPER_STOP] = stop_killing,
			[AGAIN_SUPER_BROKEN] = break_alive,
		},
	[AGAIN_SUPER_DECIDING] =
		{
			[AGAIN_SUPER_GO] = hold,
			[AGAIN_SUPER_END] = finish,
		},
};

void again_super_init(struct again_super *super, enum again_leftovers leftovers, bool impatient)
{
	*super = (struct again_super){.leftovers = leftovers, .impatient = impatient};
}

enum again_super_action again_super_step(struct again_super *super,
                                         const struct again_super_event *event)
{
	again_super_fn *cell = table[super->state][event->type];
	return cell != NULL ? cell(super, event) : AGAIN_SUPER_BUG;
}
