// SPDX-License-Identifier: MIT
// The whole program on system calls of which the n-th fails.
//
// A test runs its own program again with AGAIN_FAULT_FILE in the environment: then main calls faulty_main(), which runs
// again_main() on a table that counts every call, memory included, in a file that all processes share, and makes the
// n-th one fail as that call can fail. The file says afterwards which call it was.
#ifndef AGAIN_TESTS_FAULTY_H
#define AGAIN_TESTS_FAULTY_H

#include <stdint.h>

struct faulty_record {
	/** Which call fails, from 1. */
	uint64_t at;
	/** How many there were. */
	uint64_t count;
	/** The name of the one that failed; empty: there were fewer. */
	char fired[32];
};

int faulty_main(char **argv);

#endif
