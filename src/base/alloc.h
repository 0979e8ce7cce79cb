// SPDX-License-Identifier: MIT
// The one way to memory outside the pure rooms: zeroed, overflow-checked, and tests can make it
// fail.
#ifndef AGAIN_BASE_ALLOC_H
#define AGAIN_BASE_ALLOC_H

#include <stddef.h>

/** count * size zeroed bytes, or NULL with errno. Neither may be 0. */
[[gnu::malloc, nodiscard]] void *again_alloc(size_t count, size_t size);

/** Gives back what again_alloc gave; NULL is allowed. Keeps errno. */
void again_free(void *memory);

#endif
