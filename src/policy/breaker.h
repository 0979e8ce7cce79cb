// SPDX-License-Identifier: MIT
// A breaker's two questions, inline while it is closed: a call asks them for every attempt. @pure
//
// A lease is generation << 32 | place. Its place is never 0, so no lease is: a bit of probes_out, or the one place that
// all attempts of a closed breaker share.
#ifndef AGAIN_POLICY_BREAKER_H
#define AGAIN_POLICY_BREAKER_H

#include <again/breaker.h>

#include <stdbool.h>

/** The place of an attempt while CLOSED: above every bit of probes_out. */
#define AGAIN_LEASE_CLOSED UINT32_C(0x100)

_Static_assert(AGAIN_LEASE_CLOSED == 1 << AGAIN_BREAKER_PROBES_MAX, "places do not overlap");

/** The same where the breaker is not CLOSED. */
bool again_breaker_may_probe(const struct again_breaker *breaker,
                             const struct again_breaker_rule *rule, again_ns now_ns);
bool again_breaker_give_probe(struct again_breaker *breaker, const struct again_breaker_rule *rule,
                              again_ns now_ns, again_ns start_ns, again_lease *out_lease);

static inline again_lease again_breaker_lease(const struct again_breaker *breaker, uint32_t place)
{
	return (again_lease)breaker->generation << 32 | place;
}

/** again_breaker_would_allow. */
static inline bool again_breaker_may(const struct again_breaker *breaker,
                                     const struct again_breaker_rule *rule, again_ns now_ns)
{
	return breaker->state == AGAIN_BREAKER_CLOSED ||
	       again_breaker_may_probe(breaker, rule, now_ns);
}

/** again_breaker_allow. */
static inline bool again_breaker_give(struct again_breaker *breaker,
                                      const struct again_breaker_rule *rule, again_ns now_ns,
                                      again_ns start_ns, again_lease *out_lease)
{
	if (breaker->state != AGAIN_BREAKER_CLOSED) {
		return again_breaker_give_probe(breaker, rule, now_ns, start_ns, out_lease);
	}
	*out_lease = again_breaker_lease(breaker, AGAIN_LEASE_CLOSED);
	return true;
}

#endif
