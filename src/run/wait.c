// SPDX-License-Identifier: MIT
// Waiting: timers and signals become the supervisor's events, one at a time.
//
// While nothing is due nothing wakes us: waits and the deadline are one absolute timerfd on CLOCK_BOOTTIME, the limits of
// an attempt are ppoll's own timeout. What signals say counts before what timers say: a child that died before we acted on
// its time limit has ended by itself.
#include "run/runner.h"

#include "base/number.h"

#include <errno.h>
#include <sys/timerfd.h>

/** Signals of one number that come this close together are one request. */
#define SAME_REQUEST UINT64_C(100'000'000)

static again_ns least(again_ns a, again_ns b)
{
	return a < b ? a : b;
}

static struct timespec to_timespec(again_ns ns)
{
	const again_ns longest = (again_ns)INT32_MAX * AGAIN_NS_PER_SECOND;
	ns = least(ns, longest);
	return (struct timespec){
		.tv_sec = (time_t)(ns / AGAIN_NS_PER_SECOND),
		.tv_nsec = (long)(ns % AGAIN_NS_PER_SECOND),
	};
}

// Sets the timerfd to an absolute time. False where there is none to be had: ppoll's timeout must do then.
static bool arm(struct again_runner *runner, again_ns at_boot_ns)
{
	struct again_timers *timers = &runner->timers;
	if (timers->fd < 0) {
		timers->fd =
			runner->sys->timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	}
	if (timers->fd < 0) {
		return false;
	}
	if (timers->armed_boot_ns != at_boot_ns) {
		const struct itimerspec value = {.it_value = to_timespec(at_boot_ns)};
		if (runner->sys->timerfd_settime(timers->fd, TFD_TIMER_ABSTIME, &value) != 0) {
			return false;
		}
		timers->armed_boot_ns = at_boot_ns;
	}
	return true;
}

// Sleeps until a signal comes or something is due. 1 where a signal is there to be read, 0, or -1 with errno.
static int sleep_until_something(struct again_runner *runner)
{
	const struct again_timers *timers = &runner->timers;
	const again_ns mono =
		least(least(timers->limit_mono_ns, timers->grace_mono_ns), timers->round_mono_ns);
	const again_ns boot = least(timers->due_boot_ns, timers->deadline_boot_ns);
	again_ns timeout =
		mono == AGAIN_NEVER ? AGAIN_NEVER : again_ns_sub(mono, runner->now.mono_ns);
	struct pollfd fds[2] = {{.fd = runner->signals->fd, .events = POLLIN},
	                        {.fd = -1, .events = POLLIN}};
	if (boot != AGAIN_NEVER) {
		const again_ns left = again_ns_sub(boot, runner->now.boot_ns);
		if (left > 0 && arm(runner, boot)) {
			fds[1].fd = timers->fd;
		} else {
			timeout = least(timeout, left);
		}
	}
	const struct timespec span = to_timespec(timeout);
	const int ready = runner->sys->ppoll(fds, 2, timeout == AGAIN_NEVER ? NULL : &span);
	again_runner_read_clocks(runner);
	if (ready < 0) {
		return errno == EINTR ? 0 : -1; // SIGCONT after ^Z
	}
	return (fds[0].revents & POLLIN) != 0;
}

static void tell_status(struct again_runner *runner)
{
	struct again_event event = {.type = AGAIN_EVENT_STATUS, .delay_ns = AGAIN_NEVER};
	if (runner->super.state == AGAIN_SUPER_HOLDING) {
		event.status = AGAIN_STATUS_WAITING;
		event.waited_ns = again_ns_sub(runner->now.boot_ns, runner->hold_boot_ns);
		event.delay_ns = again_ns_sub(runner->timers.due_boot_ns, runner->now.boot_ns);
	} else {
		const bool running = runner->super.state == AGAIN_SUPER_RUNNING;
		event.status = running ? AGAIN_STATUS_RUNNING : AGAIN_STATUS_ENDING;
		event.waited_ns = again_ns_sub(runner->now.mono_ns, runner->attempt_mono_ns);
		if (runner->timers.limit_mono_ns != AGAIN_NEVER) {
			event.delay_ns =
				again_ns_sub(runner->timers.limit_mono_ns, runner->now.mono_ns);
		}
	}
	again_runner_tell(runner, event);
}

// timeout(1) signals again and then its whole group, and who signals a group reaches the stand-in and the worker: that is
// one request to stop, not impatience.
static bool is_echo(const struct again_runner *runner, int number)
{
	return runner->super.stop_signal == number &&
	       again_ns_sub(runner->now.mono_ns, runner->stop_mono_ns) < SAME_REQUEST;
}

// A signal to stop may meet an attempt that has just ended by itself. A success that is there counts, and the signal
// comes too late for it; a failure is told after the signal, which may have caused it.
static struct again_super_event take_stop(struct again_runner *runner,
                                          const struct again_signal *signal)
{
	const struct again_super_event stop = {.type = AGAIN_SUPER_STOP, .signal = signal->number};
	if (runner->super.stop_signal == 0) {
		runner->stop_mono_ns = runner->now.mono_ns;
	}
	runner->stop_from_terminal = signal->from_terminal;
	if (runner->child == 0) {
		return stop;
	}
	const struct again_super_event ended = again_attempt_reap(runner);
	if (ended.type != AGAIN_SUPER_EXITED) {
		return ended.type == AGAIN_SUPER_BROKEN ? ended : stop;
	}
	runner->has_pending = true;
	runner->pending = ended.succeeded ? stop : ended;
	return ended.succeeded ? ended : stop;
}

// True where the signal is an event for the supervisor.
static bool take_signal(struct again_runner *runner, struct again_super_event *out_event)
{
	struct again_signal signal;
	const int got = again_signals_read(runner->signals, runner->sys, &signal);
	if (got < 0) {
		*out_event = again_runner_break(runner, "cannot read signals");
		return true;
	}
	if (got == 0) {
		return false;
	}
	if (signal.number == SIGCHLD) {
		*out_event = again_attempt_reap(runner);
		return true;
	}
	if (again_signal_stops(signal.number)) {
		if (is_echo(runner, signal.number)) {
			return false;
		}
		*out_event = take_stop(runner, &signal);
		return true;
	}
	if (signal.number == SIGUSR1) {
		tell_status(runner);
	} else if (runner->child != 0 && !signal.from_terminal) {
		(void)runner->sys->kill(runner->child, signal.number); // USR2, WINCH
	}
	return false;
}

// Takes a timer that has run out off the list.
static bool expired(again_ns *at_ns, again_ns now_ns)
{
	if (*at_ns == AGAIN_NEVER || *at_ns > now_ns) {
		return false;
	}
	*at_ns = AGAIN_NEVER;
	return true;
}

static bool take_timer(struct again_runner *runner, struct again_super_event *out_event)
{
	struct again_timers *timers = &runner->timers;
	if (expired(&timers->deadline_boot_ns, runner->now.boot_ns)) {
		out_event->type = AGAIN_SUPER_DEADLINE;
	} else if (expired(&timers->due_boot_ns, runner->now.boot_ns)) {
		out_event->type = AGAIN_SUPER_DUE;
	} else if (expired(&timers->limit_mono_ns, runner->now.mono_ns)) {
		out_event->type = AGAIN_SUPER_TIMEOUT;
	} else if (expired(&timers->grace_mono_ns, runner->now.mono_ns)) {
		out_event->type = AGAIN_SUPER_GRACE;
	} else if (expired(&timers->round_mono_ns, runner->now.mono_ns)) {
		out_event->type = AGAIN_SUPER_ROUND;
	} else {
		return false;
	}
	return true;
}

struct again_super_event again_runner_wait(struct again_runner *runner)
{
	if (runner->has_pending) {
		runner->has_pending = false;
		return runner->pending;
	}
	for (;;) {
		struct again_super_event event = {0};
		const int readable = sleep_until_something(runner);
		if (readable < 0) {
			return again_runner_break(runner, "cannot wait for events");
		}
		if ((readable > 0 && take_signal(runner, &event)) || take_timer(runner, &event)) {
			return event;
		}
	}
}
