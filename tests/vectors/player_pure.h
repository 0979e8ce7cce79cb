// SPDX-License-Identifier: MIT
// The events of a vector that ask a function and change nothing: draws, delays, plans, hints.
#ifndef AGAIN_VECTORS_PLAYER_PURE_H
#define AGAIN_VECTORS_PLAYER_PURE_H

#include "player_setup.h"

static void do_draws(struct play *play)
{
	struct again_rng rng = again_rng_root(number(&play->in));
	rng = again_rng_split(rng, number(&play->in));
	rng = again_rng_split(rng, number(&play->in));
	put_number(&play->out, again_rng_next(&rng));
	put_number(&play->out, again_rng_next(&rng));
}

/** A stream whose next number is the draw that is given: run.py has found its state. */
static struct again_rng given_draw(struct play *play)
{
	return (struct again_rng){.state = number(&play->in)};
}

static void do_uniform(struct play *play)
{
	struct again_rng rng = given_draw(play);
	uint64_t least = number(&play->in);
	uint64_t most = number(&play->in);
	if (least > most) {
		play->in.is_bad = true;
		return;
	}
	put_number(&play->out, again_uniform(&rng, least, most));
}

static void do_delay(struct play *play)
{
	struct again_rng rng = given_draw(play);
	uint32_t n = small(&play->in);
	again_ns last = number(&play->in);
	put_number(&play->out, again_policy_delay(&play->policy, n, last, &rng));
}

static void do_range(struct play *play)
{
	uint32_t n = small(&play->in);
	again_ns last = number(&play->in);
	again_ns least = 0;
	again_ns most = 0;
	again_policy_range(&play->policy, n, last, &least, &most);
	put_number(&play->out, least);
	put_number(&play->out, most);
}

static void do_growth(struct play *play)
{
	put_number(&play->out, again_policy_growth(&play->policy, small(&play->in)));
}

static void do_plan(struct play *play)
{
	again_ns delays[PLAN_MAX];
	uint64_t seed = number(&play->in);
	uint64_t operation = number(&play->in);
	uint32_t count = small(&play->in);
	if (count > PLAN_MAX) {
		play->in.is_bad = true;
		return;
	}
	put_number(&play->out, again_call_plan_initial(&play->policy, seed, operation));
	size_t planned = again_call_plan(&play->policy, seed, operation, count, delays);
	for (size_t i = 0; i < planned; i++) {
		put_number(&play->out, delays[i]);
	}
}

/** A text of at most `cap` bytes in two hexadecimal digits each; its length. */
static size_t next_bytes(struct play *play, char *bytes, size_t cap)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;
	const char *hex = next_word(&play->in, &len);
	if (len % 2 != 0 || len / 2 > cap) {
		play->in.is_bad = true;
		return 0;
	}
	for (size_t i = 0; i < len; i += 2) {
		const char *high = memchr(digits, hex[i], 16);
		const char *low = memchr(digits, hex[i + 1], 16);
		if (high == NULL || low == NULL) {
			play->in.is_bad = true;
			return 0;
		}
		bytes[i / 2] = (char)((high - digits) * 16 + (low - digits));
	}
	return len / 2;
}

static void do_retry_after(struct play *play)
{
	char value[TEXT_MAX];
	uint64_t now_unix_s = number(&play->in);
	size_t len = next_bytes(play, value, sizeof(value));
	again_ns delay = 0;
	if (again_parse_retry_after(value, len, now_unix_s, &delay) == 0) {
		put_number(&play->out, delay);
	}
}

static void do_ms_header(struct play *play)
{
	char value[TEXT_MAX];
	size_t len = next_bytes(play, value, sizeof(value));
	again_ns delay = 0;
	if (again_parse_ms_header(value, len, &delay) == 0) {
		put_number(&play->out, delay);
	}
}

static void do_pushback_ms(struct play *play)
{
	char value[TEXT_MAX];
	size_t len = next_bytes(play, value, sizeof(value));
	again_ns delay = 0;
	uint32_t kind = again_parse_pushback_ms(value, len, &delay);
	put_number(&play->out, kind);
	if (kind == AGAIN_HINT_RELATIVE) {
		put_number(&play->out, delay);
	}
}

#endif
