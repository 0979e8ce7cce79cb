/* SPDX-License-Identifier: MIT */
/*
 * What retries brought and cost, in plain counters: success by attempt number, wasted attempts, give-ups by reason,
 * time waited.
 *
 * again_stats_add is given the decisions of every call as they come. Counters saturate. A struct per thread and
 * again_stats_merge at the end need no lock.
 */
#ifndef AGAIN_STATS_H
#define AGAIN_STATS_H

#include <again/call.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Successes of this attempt number and of every later one share the last counter. */
#define AGAIN_STATS_ATTEMPTS 16

/** One counter for each reason up to this one, room for those to come. */
#define AGAIN_STATS_REASONS 32

/** The counters; they can be read as they are. */
struct again_stats {
	/** Calls that have ended. */
	uint64_t calls;
	uint64_t successes;
	/** At [i]: successes at attempt i + 1. */
	uint64_t success_by_attempt[AGAIN_STATS_ATTEMPTS];
	/** Ends by enum again_reason, AGAIN_REASON_SUCCESS included. */
	uint64_t ends_by_reason[AGAIN_STATS_REASONS];
	/** Attempts of calls that have ended. */
	uint64_t attempts;
	/** Those of them that were retries and did not help: all retries of calls that failed, all but the last of others. */
	uint64_t wasted_retries;
	/** Hedges that were started. */
	uint64_t hedges;
	/** The delays that were decided, initial ones included, refused ones not. */
	again_ns waited_ns;
};

/** All counters 0. */
AGAIN_API void again_stats_init(struct again_stats *stats);

/**
 * Counts one decision of again_call_begin or _next, the end that again_call_start made of one, or a HEDGE of
 * again_hedge_next. The end of a call is to be added once. STOP from again_hedge_next is not the end of a call: it is not
 * to be added.
 */
AGAIN_API void again_stats_add(struct again_stats *stats, const struct again_decision *decision);

/** Adds `other` to `stats`. */
AGAIN_API void again_stats_merge(struct again_stats *stats, const struct again_stats *other);

/** The share of retries that did not help, Q32; 0 where no retry was made. */
AGAIN_API uint64_t again_stats_waste_q32(const struct again_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
