// SPDX-License-Identifier: MIT
// What the tests of saving and loading share: a state of each kind, and its bytes.
#ifndef AGAIN_TESTS_SAVE_KIT_H
#define AGAIN_TESTS_SAVE_KIT_H

#include "call_kit.h"

#define FRAME 12
/** What stands before a budget: its rule's kind and window_ns. */
#define RULE 12

/** A state and the bytes that it must have, of any of the kinds. */
struct saved {
	uint8_t bytes[AGAIN_SAVE_MAX];
	size_t len;
};

static const struct again_call a_call = {
	.rng = {UINT64_C(0x0102030405060708)},
	.deadline_at_ns = AGAIN_NEVER,
	.last_delay_ns = 1 * S,
	.latest_ns = UINT64_C(0x1112131415161718),
	.attempts = 3,
	.step = 2,
	.reason = AGAIN_REASON_NONE,
	.guard = AGAIN_GUARD_NONE,
	.granted = 0x0100,
	.paid = 5000,
};

static const struct again_breaker a_breaker = {
	.until_ns = 30 * S,
	.tally = 7,
	.generation = UINT32_C(0x80000001),
	.state = AGAIN_BREAKER_HALF_OPEN,
	.probes_out = 0x81,
	.successes = 7,
	.fifths = {{10, 9}, {8, 8}, {1, 0}, {0, 0}, {UINT32_MAX, UINT32_MAX}},
};

static const struct again_budget_rule tokens_rule = {
	.size = sizeof(tokens_rule),
	.kind = AGAIN_BUDGET_TOKENS,
	.capacity_mt = 500'000,
	.cost_mt = 5'000,
	.deposit_first_mt = 1'000,
	.repay_last = 1,
};

static const struct again_budget_rule window_rule = {
	.size = sizeof(window_rule),
	.kind = AGAIN_BUDGET_WINDOW,
	.capacity_mt = 10'000,
	.cost_mt = 1'000,
	.deposit_call_mt = 100,
	.window_ns = 10 * S,
};

static const struct again_budget_rule gauge_rule = {
	.size = sizeof(gauge_rule),
	.kind = AGAIN_BUDGET_CONCURRENCY,
	.min_concurrency = 3,
	.ratio_q32 = UINT32_C(1) << 29,
};

static const struct again_budget_rule no_rule = {.size = sizeof(no_rule)};

static const union again_budget a_bucket = {
	.tokens = {.balance_mt = 499'999, .granted = 17, .refused = UINT32_MAX}};

static const union again_budget a_window = {
	.window = {.tenth = UINT64_C(1) << 40,
                   .change_mt = {1, -1, 1'000'000, -1'000'000, INT64_MAX / 16, -(INT64_MAX / 16)},
                   .granted = 1,
                   .refused = 2}};

static const union again_budget a_gauge = {
	.gauge = {.calls = 100, .retries = 20, .granted = 3, .refused = 4}};

/** CRC-32/ISO-HDLC by polynomial division of the reflected message, otherwise than in save.c. */
static inline uint32_t crc_of(const uint8_t *bytes, size_t len)
{
	uint64_t rest = 0;
	for (size_t bit = 0; bit < 8 * len + 32; bit++) {
		uint64_t next = bit < 8 * len ? (uint64_t)(bytes[bit / 8] >> (bit % 8)) & 1 : 0;
		next ^= bit < 32 ? 1 : 0;
		rest = rest << 1 | next;
		rest ^= (rest >> 32 & 1) != 0 ? UINT64_C(0x104c11db7) : 0;
	}
	uint32_t reflected = 0;
	for (int bit = 0; bit < 32; bit++) {
		reflected |= (uint32_t)(rest >> bit & 1) << (31 - bit);
	}
	return ~reflected;
}

/** Makes whatever stands between head and checksum whole again. */
static inline void seal(struct saved *saved)
{
	uint32_t crc = crc_of(saved->bytes, saved->len - 4);
	for (size_t i = 0; i < 4; i++) {
		saved->bytes[saved->len - 4 + i] = (uint8_t)(crc >> (8 * i));
	}
}

static inline struct saved of_length(int len)
{
	struct saved saved = {.len = (size_t)len};
	assert_in_range(len, FRAME, AGAIN_SAVE_MAX);
	memset(saved.bytes, 0xA5, sizeof(saved.bytes));
	return saved;
}

static inline struct saved save_call(const struct again_call *call)
{
	struct saved saved = of_length(FRAME);
	saved.len = (size_t)again_call_save(call, saved.bytes, sizeof(saved.bytes));
	assert_int_equal(saved.len, FRAME + sizeof(*call));
	return saved;
}

static inline struct saved save_breaker(const struct again_breaker *breaker)
{
	struct saved saved = of_length(FRAME);
	saved.len = (size_t)again_breaker_save(breaker, saved.bytes, sizeof(saved.bytes));
	assert_int_equal(saved.len, FRAME + sizeof(*breaker));
	return saved;
}

static inline struct saved save_budget(const union again_budget *budget,
                                       const struct again_budget_rule *rule)
{
	static const size_t sizes[] = {0, sizeof(struct again_tokens), sizeof(struct again_window),
	                               sizeof(struct again_gauge)};
	struct saved saved = of_length(FRAME);
	saved.len = (size_t)again_budget_save(budget, rule, saved.bytes, sizeof(saved.bytes));
	assert_int_equal(saved.len, FRAME + RULE + sizes[rule->kind]);
	return saved;
}

#endif
