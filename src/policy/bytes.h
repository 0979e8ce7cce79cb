// SPDX-License-Identifier: MIT
// Integers of this machine as bytes in little-endian order, and back. @pure
#ifndef AGAIN_POLICY_BYTES_H
#define AGAIN_POLICY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Whether the bytes of an integer have to be turned round. */
#define AGAIN_BYTES_REVERSED (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/**
 * Copies integers that stand one after the other without padding. `widths` has a digit for each: its bytes. The same copy
 * leads there and back.
 */
static inline void again_bytes_copy(void *to, const void *from, const char *widths, bool reversed)
{
	uint8_t *out = to;
	const uint8_t *in = from;
	for (; *widths != '\0'; widths++) {
		size_t width = (size_t)(*widths - '0');
		for (size_t i = 0; i < width; i++) {
			out[i] = in[reversed ? width - 1 - i : i];
		}
		out += width;
		in += width;
	}
}

#endif
