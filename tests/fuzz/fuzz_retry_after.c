// SPDX-License-Identifier: MIT
// The hints' parsers on any bytes: the first eight are the clock, the rest the value.
//
// Beside not crashing, of Retry-After: the result is explicit (a code and an untouched delay, or 0 and one that is not AGAIN_NEVER), white
// space around it changes nothing, and time that passes makes a date nearer by as much.
#include <again/again.h>

#include <stdlib.h>
#include <string.h>

static void require(int condition)
{
	if (!condition) {
		abort();
	}
}

static int is_digits(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((bytes[i] < '0' || bytes[i] > '9') && bytes[i] != ' ' && bytes[i] != '\t') {
			return 0;
		}
	}
	return 1;
}

/** Milliseconds: what one parser takes the other takes too, but for white space, needless zeros and size. */
static void parse_ms(const char *value, size_t size)
{
	again_ns header = 77;
	again_ns pushback = 77;
	int code = again_parse_ms_header(value, size, &header);
	require(code == 0 || (code == AGAIN_ERR_SYNTAX && header == 77));
	require(code != 0 || (header < AGAIN_NEVER && is_digits((const uint8_t *)value, size)));
	uint32_t kind = again_parse_pushback_ms(value, size, &pushback);
	require(kind == AGAIN_HINT_RELATIVE || (kind == AGAIN_HINT_REFUSAL && pushback == 77));
	require(kind == AGAIN_HINT_REFUSAL || (code == 0 && pushback == header));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint64_t now_unix_s = 0;
	if (size < sizeof(now_unix_s)) {
		return 0;
	}
	memcpy(&now_unix_s, bytes, sizeof(now_unix_s));
	bytes += sizeof(now_unix_s);
	size -= sizeof(now_unix_s);
	// A copy of its exact size, so that a read behind it is seen.
	char *value = malloc(size + 2);
	require(value != NULL);
	memcpy(value, bytes, size);
	again_ns delay = 77;
	int code = again_parse_retry_after(value, size, now_unix_s, &delay);
	require(code == 0 || (code == AGAIN_ERR_SYNTAX && delay == 77));
	require(code != 0 || delay < AGAIN_NEVER);
	parse_ms(value, size);

	memmove(value + 1, value, size);
	value[0] = '\t';
	value[size + 1] = ' ';
	again_ns padded = 77;
	require(again_parse_retry_after(value, size + 2, now_unix_s, &padded) == code);
	require(padded == delay);

	again_ns later = 77;
	if (code == 0 && now_unix_s < UINT64_MAX && delay < AGAIN_NEVER - 1) {
		code = again_parse_retry_after(value, size + 2, now_unix_s + 1, &later);
		// A two-digit year may come to be of the next century, and 29 February may then not exist.
		require(code == 0 || !is_digits(bytes, size));
		if (is_digits(bytes, size)) {
			require(later == delay);
		} else if (code == 0 && later < delay) {
			require(delay - later == AGAIN_NS_PER_SECOND);
		}
	}
	free(value);
	return 0;
}
