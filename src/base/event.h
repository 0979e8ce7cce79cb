// SPDX-License-Identifier: MIT
// What happens in a run, as data: the run room makes these, the report room tells them, the mains
// connect the two. @pure
//
// An event and all that it points to are borrowed until the function that gets it returns; the
// strings named static live for ever. Every time that ends in _utc_ns counts from 1970.
#ifndef AGAIN_BASE_EVENT_H
#define AGAIN_BASE_EVENT_H

#include <again/types.h>

#include <stdbool.h>

struct again_policy;

/** Most survivors that are named. */
#define AGAIN_SURVIVORS_MAX 8

/** How an attempt's process ended. */
enum again_end_kind {
	/** It exited with `code`. */
	AGAIN_END_EXIT = 0,
	/** It died of `signal`. */
	AGAIN_END_SIGNAL = 1,
	/** No process could be made (`sys` is the errno): a failed attempt like others. */
	AGAIN_END_NOT_STARTED = 2,
	/**
	 * The command could not be executed (`sys` is the errno): `code` is 126 or 127. Never
	 * retried.
	 */
	AGAIN_END_NOT_EXECUTED = 3,
};

/** Whether again itself ended the attempt. */
enum again_cut {
	AGAIN_CUT_NONE = 0,
	/** --timeout. */
	AGAIN_CUT_TIMEOUT = 1,
	/** --deadline. */
	AGAIN_CUT_DEADLINE = 2,
	/** A signal to again. */
	AGAIN_CUT_STOP = 3,
};

struct again_attempt {
	/** From 1. */
	uint32_t number;
	enum again_end_kind kind;
	enum again_cut cut;
	int code;
	int signal;
	int sys;
	bool succeeded;
	/**
	 * The rule that decided what its end means ("stop-on exit:2"); NULL where none matched.
	 * Lives as long as the run.
	 */
	const char *rule;
	uint64_t started_utc_ns;
	again_ns duration_ns;
	uint64_t max_rss_bytes;
	uint64_t user_us;
	uint64_t system_us;
	/** A wait of delay_ns follows, decided by the policy. */
	bool retrying;
	again_ns delay_ns;
};

/** What a run is, known before its first attempt. Everything lives as long as the run. */
struct again_run_facts {
	const char *name;
	const char *run_id;
	const char *host;
	/** NULL-terminated. */
	char *const *command;
	const struct again_policy *policy;
	uint64_t seed;
	uint64_t started_utc_ns;
	again_ns kill_after_ns;
	/** "failed", "always" or "never". */
	const char *kill_leftovers;
	/** The exit codes that are successes, as they were given ("0"). */
	const char *success;
};

/** How a run ended. */
struct again_verdict {
	bool succeeded;
	/** A static name ("exhausted", "interrupted", …) and the same in words for people. */
	const char *reason;
	const char *reason_text;
	/** What again exits with. */
	int exit_code;
	/** The signal that told again to stop, 0 where none did. */
	int stop_signal;
	uint32_t attempts;
	/** The decided delays that were waited for. */
	again_ns total_delay_ns;
	again_ns duration_ns;
	/** Processes that outlived KILL, at most AGAIN_SURVIVORS_MAX of them. */
	int survivors[AGAIN_SURVIVORS_MAX];
	unsigned survivor_count;
	/** What again itself could not do (reason "internal_error"); NULL else. */
	const struct again_error *error;
};

enum again_event_type {
	/** The run begins: facts, delay_ns is the initial delay. */
	AGAIN_EVENT_RUN_START = 0,
	/** An attempt's process was started: attempt->number, attempt->started_utc_ns, pid. */
	AGAIN_EVENT_ATTEMPT_START = 1,
	/** A signal was sent to the attempt's processes: attempt, signal, process_count. */
	AGAIN_EVENT_SIGNAL = 2,
	/** An attempt and everything of it is over: attempt, complete. */
	AGAIN_EVENT_ATTEMPT_END = 3,
	/** The wait that followed attempt->number (NULL: the initial one) is over: waited_ns. */
	AGAIN_EVENT_WAIT_END = 4,
	/**
	 * Somebody asked for the state (USR1): status, waited_ns is how long it has lasted,
	 * delay_ns how long it still will at most, or AGAIN_NEVER. attempt is the one that runs or
	 * is being ended; while waiting the last one that ended, NULL before the first.
	 */
	AGAIN_EVENT_STATUS = 5,
	/** The run is over: verdict, and attempt is the last one (NULL where none was made). */
	AGAIN_EVENT_RUN_END = 6,
};

enum again_status {
	AGAIN_STATUS_WAITING = 0,
	AGAIN_STATUS_RUNNING = 1,
	AGAIN_STATUS_ENDING = 2,
};

struct again_event {
	enum again_event_type type;
	/** When. */
	uint64_t utc_ns;
	const struct again_run_facts *facts;
	const struct again_attempt *attempt;
	const struct again_verdict *verdict;
	again_ns delay_ns;
	again_ns waited_ns;
	int pid;
	int signal;
	unsigned process_count;
	enum again_status status;
};

/** Takes an event. It must not fail: what cannot be told now is kept and told at the end. */
typedef void again_event_fn(void *context, const struct again_event *event);

/** Room for the words of again_attempt_error. */
#define AGAIN_ATTEMPT_WORDS 96

/**
 * An attempt's end in words: "exit 7", "signal KILL", "timeout", "cannot start: …". The words, in
 * the caller's buffer of AGAIN_ATTEMPT_WORDS bytes, are what reports call `result` and `error`.
 */
const char *again_attempt_words(const struct again_attempt *attempt, char *buffer);

/** Why it was not started or not executed, without "cannot run": "not found". The same buffer. */
const char *again_attempt_cause(const struct again_attempt *attempt, char *buffer);

#endif
