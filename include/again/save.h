/* SPDX-License-Identifier: MIT */
/*
 * Saving and loading the state of a call, a budget and a breaker: so that a retry survives its process.
 *
 * The form is bytes with a fixed order (little endian), the same on every machine:
 *
 *     0  4  "AGN" and the kind: 'c' call, 'b' budget, 'k' breaker
 *     4  2  version, 1
 *     6  2  length of what follows, without the checksum
 *     8  …  the fields of the struct in the order of the header, unpadded (a budget: first its rule's kind, 4 bytes, and
 *           window_ns, 8 bytes, 0 for the kinds that have none)
 *     …  4  CRC-32 (ISO-HDLC: that of zlib and PNG) of everything before
 *
 * What is not exactly that is refused: another kind, a newer version, a wrong length, a wrong checksum, and values that
 * no such object can have. Times are saved as they are, so save under a clock that lives as long as what is saved: the
 * wall clock, or CLOCK_BOOTTIME within one boot. Policies and rules are not saved here: their text is (again/text.h).
 *
 * A call that waits is resumed so: keep the decision's not_before_ns beside it (a job queue has it as the due time); load
 * the call, wait until then, and give again_call_start a decision that is all 0. It is completed, with a new lease.
 *
 * A breaker is loaded under the rule that it was saved under; under another one, again_breaker_reset it. A
 * CONCURRENCY budget counts what runs at this moment, so load one only beside the very calls that it counts; after a crash
 * start it anew (again_budget_init).
 */
#ifndef AGAIN_SAVE_H
#define AGAIN_SAVE_H

#include <again/breaker.h>
#include <again/budget.h>
#include <again/call.h>
#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Room that is enough for any of them. */
#define AGAIN_SAVE_MAX 128

/**
 * Writes the state to `bytes`, which has room for `cap`. Returns how many bytes were written, or AGAIN_ERR_SPACE with
 * nothing written.
 */
AGAIN_API AGAIN_MUST_USE int again_call_save(const struct again_call *call, uint8_t *bytes,
                                             size_t cap);
AGAIN_API AGAIN_MUST_USE int again_budget_save(const union again_budget *budget,
                                               const struct again_budget_rule *rule, uint8_t *bytes,
                                               size_t cap);
AGAIN_API AGAIN_MUST_USE int again_breaker_save(const struct again_breaker *breaker, uint8_t *bytes,
                                                size_t cap);

/**
 * Reads what was saved; all `len` bytes must be it. 0, or AGAIN_ERR_VERSION (a newer one), AGAIN_ERR_SYNTAX (not such a
 * state, or damaged), AGAIN_ERR_RANGE (a value that cannot be), AGAIN_ERR_CONFLICT (a budget of another kind or
 * another window_ns than the rule's, or with more in it than the rule allows), with *error filled; the object is not
 * written then. `error` may be NULL.
 */
AGAIN_API AGAIN_MUST_USE int again_call_load(struct again_call *call, const uint8_t *bytes,
                                             size_t len, struct again_error *error);
AGAIN_API AGAIN_MUST_USE int again_budget_load(union again_budget *budget,
                                               const struct again_budget_rule *rule,
                                               const uint8_t *bytes, size_t len,
                                               struct again_error *error);
AGAIN_API AGAIN_MUST_USE int again_breaker_load(struct again_breaker *breaker, const uint8_t *bytes,
                                                size_t len, struct again_error *error);

#ifdef __cplusplus
}
#endif
#endif
