// SPDX-License-Identifier: MIT
// The peer of bench/decision.c that backoff16.h describes: a source of its own, so that it is called as a library is.
#include "backoff16.h"

void backoff16_init(struct backoff16 *backoff, uint16_t base_ms, uint16_t cap_ms,
                    uint32_t max_attempts)
{
	*backoff = (struct backoff16){
		.cap_ms = cap_ms,
		.most_ms = base_ms,
		.max_attempts = max_attempts,
	};
}

int backoff16_next(struct backoff16 *backoff, uint32_t random, uint16_t *out_ms)
{
	if (backoff->attempts >= backoff->max_attempts) {
		return -1;
	}
	*out_ms = (uint16_t)(random % (backoff->most_ms + UINT32_C(1)));
	backoff->attempts++;
	backoff->most_ms = backoff->most_ms < backoff->cap_ms / 2 ? (uint16_t)(backoff->most_ms * 2)
	                                                          : backoff->cap_ms;
	return 0;
}
