// SPDX-License-Identifier: MIT
// Counting what decisions brought and cost. @pure
//
// Everything is read off the decisions alone, so that whoever makes calls needs no counters beside them. A call is
// counted when it ends: its attempts are in that decision. No counter wraps.
#include <again/stats.h>

#include "base/number.h"
#include "policy/saturate.h"
#include "policy/share.h"

#include <string.h>

_Static_assert(AGAIN_REASON_HINT_TOO_LONG < AGAIN_STATS_REASONS, "a counter for each reason");
_Static_assert(sizeof(struct again_stats) ==
                       (6 + AGAIN_STATS_ATTEMPTS + AGAIN_STATS_REASONS) * sizeof(uint64_t),
               "counters alone, so that again_stats_merge finds them all");

static void count(uint64_t *counter, uint64_t more)
{
	*counter = again_ns_add(*counter, more);
}

static void count_success(struct again_stats *stats, uint32_t retries)
{
	count(&stats->successes, 1);
	count(&stats->success_by_attempt[again_ns_min(retries, AGAIN_STATS_ATTEMPTS - 1)], 1);
	count(&stats->wasted_retries, again_ns_sub(retries, 1));
}

static void count_end(struct again_stats *stats, const struct again_decision *end)
{
	// A call that was refused at its beginning has made no attempt.
	uint32_t retries = end->attempt > 0 ? end->attempt - 1 : 0;
	count(&stats->calls, 1);
	count(&stats->attempts, end->attempt);
	if (end->reason < AGAIN_STATS_REASONS) {
		count(&stats->ends_by_reason[end->reason], 1);
	}
	if (end->verb == AGAIN_VERB_SUCCEED) {
		count_success(stats, retries);
	} else {
		count(&stats->wasted_retries, retries);
	}
}

void again_stats_init(struct again_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
}

void again_stats_add(struct again_stats *stats, const struct again_decision *decision)
{
	switch ((enum again_verb)decision->verb) {
	case AGAIN_VERB_RETRY:
		count(&stats->waited_ns, decision->delay_ns);
		break;
	case AGAIN_VERB_HEDGE:
		// With a delay it only says when to ask again.
		count(&stats->hedges, decision->delay_ns == 0 ? 1 : 0);
		break;
	case AGAIN_VERB_STOP:
	case AGAIN_VERB_SUCCEED:
		count_end(stats, decision);
		break;
	}
}

void again_stats_merge(struct again_stats *stats, const struct again_stats *other)
{
	unsigned char *to = (unsigned char *)stats;
	const unsigned char *from = (const unsigned char *)other;
	for (size_t at = 0; at < sizeof(*stats); at += sizeof(uint64_t)) {
		uint64_t counter = 0;
		uint64_t more = 0;
		memcpy(&counter, to + at, sizeof(counter));
		memcpy(&more, from + at, sizeof(more));
		count(&counter, more);
		memcpy(to + at, &counter, sizeof(counter));
	}
}

uint64_t again_stats_waste_q32(const struct again_stats *stats)
{
	// The last retry of each call that succeeded after one, and no other, helped.
	uint64_t helped = again_ns_sub(stats->successes, stats->success_by_attempt[0]);
	uint64_t retries = again_ns_add(stats->wasted_retries, helped);
	return again_share_q32(stats->wasted_retries, retries);
}
