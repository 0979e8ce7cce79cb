// SPDX-License-Identifier: MIT
// Signals as data: which are taken, how they are read, how to die of one.
#include "run/signals.h"

#include "base/error.h"

#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>

static const int stopping[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGTERM,
                               SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU};
static const int others[] = {SIGUSR1, SIGUSR2, SIGWINCH};

// Adds those of the signals that are not ignored.
static int add_heeded(sigset_t *set, const int *numbers, size_t count, const struct again_sys *sys)
{
	for (size_t i = 0; i < count; i++) {
		struct sigaction now;
		if (sys->sigaction(numbers[i], /*action=*/NULL, &now) != 0) {
			return -1;
		}
		if (now.sa_handler != SIG_IGN) {
			(void)sigaddset(set, numbers[i]);
		}
	}
	return 0;
}

static int set_dispositions(struct again_signals *signals, const struct again_sys *sys)
{
	// An inherited "ignore" of SIGCHLD would lose every exit status; a stopped child is not an event.
	const struct sigaction child = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	return sys->sigaction(SIGCHLD, &child, NULL) != 0 ||
	                       sys->sigaction(SIGPIPE, &ignored, NULL) != 0 ||
	                       sys->sigaction(SIGXFSZ, &ignored, &signals->file_size_action) != 0
	               ? -1
	               : 0;
}

int again_signals_open(struct again_signals *signals, const struct again_sys *sys,
                       struct again_error *err)
{
	*signals = (struct again_signals){.fd = -1};
	sigset_t taken;
	(void)sigemptyset(&taken);
	(void)sigaddset(&taken, SIGCHLD);
	if (set_dispositions(signals, sys) != 0 ||
	    add_heeded(&taken, stopping, sizeof(stopping) / sizeof(stopping[0]), sys) != 0 ||
	    add_heeded(&taken, others, sizeof(others) / sizeof(others[0]), sys) != 0 ||
	    sys->sigprocmask(SIG_SETMASK, &taken, NULL) != 0) {
		return again_error_system(err, errno, "cannot set up signals");
	}
	signals->fd = sys->signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd < 0) {
		return again_error_system(err, errno, "cannot open a signalfd");
	}
	return 0;
}

void again_signals_close(struct again_signals *signals, const struct again_sys *sys)
{
	if (signals->fd >= 0) {
		(void)sys->files->close(signals->fd);
		signals->fd = -1;
	}
}

// What a key or a new size sends to the whole foreground group. A hangup is not among them: that goes to the session's
// leader alone, and ALRM and XCPU come from the kernel too.
static bool terminal_sends(int number)
{
	return number == SIGINT || number == SIGQUIT || number == SIGWINCH;
}

int again_signals_read(const struct again_signals *signals, const struct again_sys *sys,
                       struct again_signal *out_signal)
{
	struct signalfd_siginfo record;
	const ssize_t got = sys->files->read(signals->fd, &record, sizeof(record));
	if (got == (ssize_t)sizeof(record)) {
		out_signal->number = (int)record.ssi_signo;
		out_signal->from_terminal =
			record.ssi_code == SI_KERNEL && terminal_sends(out_signal->number);
		return 1;
	}
	return got < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
}

bool again_signal_stops(int number)
{
	for (size_t i = 0; i < sizeof(stopping) / sizeof(stopping[0]); i++) {
		if (stopping[i] == number) {
			return true;
		}
	}
	return false;
}

void again_signal_raise(const struct again_sys *sys, int number)
{
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	(void)sys->no_core_dump();
	(void)sys->sigaction(number, &standard, NULL);
	(void)sys->kill(sys->getpid(), number);
}

void again_signal_die(const struct again_sys *sys, int number)
{
	sigset_t only;
	(void)sigemptyset(&only);
	(void)sigaddset(&only, number);
	again_signal_raise(sys, number);
	(void)sys->sigprocmask(SIG_UNBLOCK, &only, NULL);
}
