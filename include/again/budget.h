/* SPDX-License-Identifier: MIT */
/*
 * Retry budgets: how many retries all calls together may make, so that retries cannot become the outage.
 *
 * A rule is immutable once validated and can be shared; a budget is the state, the caller's, without a lock or a pointer
 * inside: whoever shares one locks it. Tokens are counted in thousandths (_mt, milli-tokens).
 *
 *     TOKENS       A bucket, full at the start. A retry is granted while its cost is there (or, if least_mt is given,
 *                  while least_mt is there) and takes its cost, or what is there if that is less. Successes put tokens
 *                  back, up to capacity_mt.
 *                  AWS SDKs (standard mode, 2018 and 2026), gRPC retry throttling (A6), Brooker's token bucket.
 *     WINDOW       As a bucket, but every deposit and every withdrawal is forgotten window_ns later (in tenths of the
 *                  window, told from the clock's origin), capacity_mt is a reserve that is always there, and what is
 *                  there may become less than nothing.
 *                  Finagle and Linkerd (RetryBudget), SRE book chapter 21 (retries below 10 % of the requests).
 *     CONCURRENCY  Retries in flight are at most max(min_concurrency, ratio * calls in flight), rounded down; the ratio
 *                  is what was meant before it was rounded to Q32 (20 % of 5 are 1): with `calls` in flight it is
 *                  (ratio_q32 * calls + calls / 2) / 2^32, both divisions rounded down. Envoy (retry_budget).
 *                  A retry is in flight from its grant on, its wait included; a call from its begin to its end, so the
 *                  budget does not shrink while calls wait.
 *
 * again_call_begin and again_call_next do all of this for a call that is given the budget in its guards. The functions
 * here are for other drivers. A clock that goes backwards is held at the latest time that the state knows: that of the
 * latest deposit or withdrawal above 0, or retry that was granted or refused. Counts saturate.
 */
#ifndef AGAIN_BUDGET_H
#define AGAIN_BUDGET_H

#include <again/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a budget is. New values may appear. */
enum again_budget_kind {
	/** Everything is granted. */
	AGAIN_BUDGET_NONE = 0,
	AGAIN_BUDGET_TOKENS = 1,
	AGAIN_BUDGET_WINDOW = 2,
	AGAIN_BUDGET_CONCURRENCY = 3
};

/** One token in milli-tokens. */
#define AGAIN_TOKEN_MT 1000

/** The largest amount of a rule, in milli-tokens: a million tokens. */
#define AGAIN_BUDGET_MT_MAX 1000000000

/** Fields are only ever appended; `size` says how many of them the caller knows. What a kind does not use is 0. */
struct again_budget_rule {
	/** sizeof the caller's struct; set by again_budget_rule_init. */
	uint32_t size;
	/** An enum again_budget_kind. */
	uint32_t kind;
	/** TOKENS: the most it holds, and what it starts with, above 0. WINDOW: the reserve, from 0. */
	uint32_t capacity_mt;
	/** TOKENS, WINDOW: what a retry takes, above 0; under charge_failures: what a failure takes. */
	uint32_t cost_mt;
	/** The cost after AGAIN_CLASS_TIMEOUT; 0: cost_mt. */
	uint32_t cost_timeout_mt;
	/** The cost after AGAIN_CLASS_THROTTLED; 0: cost_mt. */
	uint32_t cost_throttled_mt;
	/** TOKENS, WINDOW: a retry is granted while at least this is there, before its cost; 0: its cost. */
	uint32_t least_mt;
	/** 1: the cost is taken by each failure that could be retried, granted or not (gRPC). 0: by each retry. */
	uint32_t charge_failures;
	/** Put back when a call begins. */
	uint32_t deposit_call_mt;
	/** Put back when a retry is granted (the SRE book counts retries among the requests). */
	uint32_t deposit_retry_mt;
	/** Put back when a call succeeds at its first attempt. */
	uint32_t deposit_first_mt;
	/** Put back when a call succeeds after a retry. */
	uint32_t deposit_later_mt;
	/** 1: a call that succeeds after a retry also gets back what its last retry cost (AWS). */
	uint32_t repay_last;
	/** CONCURRENCY: so many retries in flight are always allowed. */
	uint32_t min_concurrency;
	/** CONCURRENCY: retries per call in flight, Q32, below 1. */
	uint32_t ratio_q32;
	/** 0. */
	uint32_t reserved;
	/** WINDOW: above 0, at least 10 ns. */
	again_ns window_ns;
};

/** State of AGAIN_BUDGET_TOKENS: 16 bytes. */
struct again_tokens {
	/** What is there, 0 to capacity_mt. */
	uint64_t balance_mt;
	/** How many retries were granted, and how many refused. A refund does not count back. */
	uint32_t granted;
	uint32_t refused;
};

/** State of AGAIN_BUDGET_WINDOW. */
struct again_window {
	/** The latest tenth of a window that was seen, counted from the clock's origin. */
	uint64_t tenth;
	/** Deposits less withdrawals: of that tenth, and of the nine before it. */
	int64_t change_mt[10];
	uint32_t granted;
	uint32_t refused;
};

/** State of AGAIN_BUDGET_CONCURRENCY: 16 bytes. */
struct again_gauge {
	/** Calls, and retries, in flight. */
	uint32_t calls;
	uint32_t retries;
	uint32_t granted;
	uint32_t refused;
};

/**
 * The state of a budget of any kind. Only the member of the rule's kind is touched: where the kind is known, storage of
 * that member's size, aligned as a union again_budget is, is enough.
 */
union again_budget {
	struct again_tokens tokens;
	struct again_window window;
	struct again_gauge gauge;
};

/** AGAIN_BUDGET_NONE: everything 0. `size` is sizeof the caller's struct; that many bytes are written. */
AGAIN_API void again_budget_rule_init(struct again_budget_rule *rule, size_t size);

/**
 * Checks a rule. 0, or a negative enum again_code with *error filled: AGAIN_ERR_INVALID for a struct that we do not know
 * (`size`, `reserved`), AGAIN_ERR_RANGE for one bad field, AGAIN_ERR_CONFLICT for two that contradict:
 *
 *     unused         a field that the kind does not use and is not 0; repay_last with charge_failures
 *     never granted  no retry ever: TOKENS whose cost or least is above its capacity, or that has less than least left
 *                    after one failure; WINDOW without a deposit and with less reserve than a retry needs; CONCURRENCY
 *                    with both 0
 *     never refused  deposit_retry_mt is not below a retry's cost; TOKENS: or not below least_mt
 *
 * `error` may be NULL. What the other functions do with a rule that fails is undefined.
 */
AGAIN_API AGAIN_MUST_USE int again_budget_rule_validate(const struct again_budget_rule *rule,
                                                        struct again_error *error);

/** A new budget: TOKENS is full, WINDOW and CONCURRENCY are empty. */
AGAIN_API void again_budget_init(union again_budget *budget, const struct again_budget_rule *rule,
                                 again_ns now_ns);

/** A call begins: its deposit; CONCURRENCY: one call more. */
AGAIN_API void again_budget_call_begins(union again_budget *budget,
                                        const struct again_budget_rule *rule, again_ns now_ns);

/** A call is over, however it went; CONCURRENCY: one call less. */
AGAIN_API void again_budget_call_ends(union again_budget *budget,
                                      const struct again_budget_rule *rule);

/** An attempt failed in a way that may be retried (an enum again_class): the cost, under charge_failures. */
AGAIN_API void again_budget_failure(union again_budget *budget,
                                    const struct again_budget_rule *rule, uint32_t outcome_class,
                                    again_ns now_ns);

/**
 * How many retries after such a failure would be granted now, one after the other; UINT32_MAX and more is UINT32_MAX.
 * Above 0 exactly where again_budget_try_withdraw would grant. Under charge_failures the failure before the first of them
 * has been told, and each further one comes after one more failure.
 */
AGAIN_API uint32_t again_budget_left(const union again_budget *budget,
                                     const struct again_budget_rule *rule, uint32_t outcome_class,
                                     again_ns now_ns);

/**
 * Asks for a retry after a failure of this class and pays for it. 1 if it is granted; then *out_paid is what
 * again_budget_success, _refund and _retry_ends want to know of it. 0 if it is refused; *out_paid is not written.
 */
AGAIN_API AGAIN_MUST_USE int again_budget_try_withdraw(union again_budget *budget,
                                                       const struct again_budget_rule *rule,
                                                       uint32_t outcome_class, again_ns now_ns,
                                                       uint32_t *out_paid);

/**
 * A retry that was granted will not run. TOKENS: what it paid comes back, and its deposit is taken back. CONCURRENCY: it
 * is no longer in flight. WINDOW: nothing, for the payment may be forgotten already, and is soon.
 */
AGAIN_API void again_budget_refund(union again_budget *budget, const struct again_budget_rule *rule,
                                   uint32_t paid, again_ns now_ns);

/** A retry that was granted has ended; CONCURRENCY: it is no longer in flight. */
AGAIN_API void again_budget_retry_ends(union again_budget *budget,
                                       const struct again_budget_rule *rule, uint32_t paid);

/** A call succeeded after `retries` retries, the last of which paid `paid` (0 without one): its deposit. */
AGAIN_API void again_budget_success(union again_budget *budget,
                                    const struct again_budget_rule *rule, uint32_t retries,
                                    uint32_t paid, again_ns now_ns);

#ifdef __cplusplus
}
#endif
#endif
