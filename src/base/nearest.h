// SPDX-License-Identifier: MIT
// Which known word somebody meant who typed an unknown one. @pure
//
//     struct again_nearest nearest = again_nearest_to(typed, len);
//     for (…) { again_nearest_try(&nearest, candidate); }
//     if (nearest.found != NULL) { … }
//
// A candidate that begins with the word wins (the first such); else the one with the fewest letters to change
// (Levenshtein), if these are few. It guesses for a message only: nothing may act upon it.
#ifndef AGAIN_BASE_NEAREST_H
#define AGAIN_BASE_NEAREST_H

#include <stddef.h>

struct again_nearest {
	const char *word;
	size_t len;
	/** A candidate must be less than this apart. */
	size_t apart;
	/** The best so far, as it was given; NULL: none. */
	const char *found;
};

/** The word need not be terminated, may hold any byte, and must outlive the search. */
struct again_nearest again_nearest_to(const char *word, size_t len);

/** Looks at one candidate, which is kept by its pointer. */
void again_nearest_try(struct again_nearest *nearest, const char *candidate);

#endif
