// SPDX-License-Identifier: MIT
// The first field of every rule, its size: written, and checked before any other is read. @pure
#include "policy/rule.h"

#include "base/error.h"

#include <string.h>

void again_rule_init(void *rule, size_t size, const void *known, size_t known_size)
{
	uint32_t told = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	memset(rule, 0, size);
	memcpy(rule, known, size < known_size ? size : known_size);
	memcpy(rule, &told, size < sizeof(told) ? size : sizeof(told));
}

int again_rule_check_size(uint32_t size, size_t first_size, size_t our_size,
                          struct again_error *error)
{
	if (size < first_size) {
		return again_error_set(error, AGAIN_ERR_INVALID, "size",
		                       "size is less than any such rule's: use its init function");
	}
	if (size > our_size) {
		return again_error_set(error, AGAIN_ERR_INVALID, "size",
		                       "size is that of a newer libagain");
	}
	return 0;
}

int again_rule_bad_range(struct again_error *error, const char *field, const char *text)
{
	return again_error_set(error, AGAIN_ERR_RANGE, field, text);
}
