// SPDX-License-Identifier: MIT
// What all rules share: a struct that starts with its size, as its caller knows it. @pure
//
// The structs only grow: see policy.c. A rule's init and validation differ in the fields alone.
#ifndef AGAIN_POLICY_RULE_H
#define AGAIN_POLICY_RULE_H

#include <again/types.h>

/** `known`, cut or filled with zeros to the caller's `size`, which becomes its first field. */
void again_rule_init(void *rule, size_t size, const void *known, size_t known_size);

/** 0, or AGAIN_ERR_INVALID for a size below the first published struct's or above ours. Reads the size alone. */
int again_rule_check_size(uint32_t size, size_t first_size, size_t our_size,
                          struct again_error *error);

/** AGAIN_ERR_RANGE: one bad field. */
int again_rule_bad_range(struct again_error *error, const char *field, const char *text);

#endif
