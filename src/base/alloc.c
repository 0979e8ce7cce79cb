// SPDX-License-Identifier: MIT
// Memory, zeroed. A test that wants an allocation to fail defines both functions itself; the linker
// then leaves this file out of the static library.
#include "base/alloc.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>

void *again_alloc(size_t count, size_t size)
{
	again_assert(count > 0 && size > 0);
	// calloc checks the product.
	return calloc(count, size);
}

void again_free(void *memory)
{
	int saved = errno;
	free(memory);
	errno = saved;
}
