// SPDX-License-Identifier: MIT
// The least that a backoff can be, to compare with: two functions, 16-bit milliseconds, full jitter, nothing else.
//
// Written from the published description of FreeRTOS's backoffAlgorithm: the caller brings a context of 16 bytes and a
// random word, gets a wait in milliseconds or learns that the attempts are used up. It has no time, no deadline, no other
// jitter, no guards, no longest wait above 65 s, and the bias of the modulo.
#ifndef AGAIN_BENCH_BACKOFF16_H
#define AGAIN_BENCH_BACKOFF16_H

#include <stdint.h>

struct backoff16 {
	uint16_t cap_ms;
	uint16_t most_ms;
	uint32_t attempts;
	uint32_t max_attempts;
	uint32_t reserved;
};

void backoff16_init(struct backoff16 *backoff, uint16_t base_ms, uint16_t cap_ms,
                    uint32_t max_attempts);

/** 0 and a wait of 0 to the next ceiling; -1 once the attempts are used up. */
int backoff16_next(struct backoff16 *backoff, uint32_t random, uint16_t *out_ms);

#endif
