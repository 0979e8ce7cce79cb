// SPDX-License-Identifier: MIT
// Filling a struct again_error. Libraries fill and return; only mains print.
#ifndef AGAIN_BASE_ERROR_H
#define AGAIN_BASE_ERROR_H

#include <again/types.h>

#include <stdbool.h>

/** Fills *err (which may be NULL) with a plain sentence, cut to fit, and returns `code`. Pure. */
int again_error_set(struct again_error *err, int code, const char *field, const char *text);

/** The same from a format. */
[[gnu::format(printf, 4, 5)]] int again_error_format(struct again_error *err, int code,
                                                     const char *field, const char *format, ...);

/**
 * AGAIN_ERR_SYSTEM: the formatted sentence, a colon, and what `sys` (an errno) means. Returns
 * AGAIN_ERR_SYSTEM. `cannot open 'q.db': permission denied`
 */
[[gnu::format(printf, 3, 4)]] int again_error_system(struct again_error *err, int sys,
                                                     const char *format, ...);

/** What an errno means, lower case, in the caller's buffer; returns the buffer. */
const char *again_errno_text(int sys, char *buffer, size_t cap);

/** A bug stops the program: prints the condition and its place, and aborts. On in every build. */
[[gnu::noreturn]] void again_assert_failed(const char *condition, const char *file, int line);

#define again_assert(condition) \
	((condition) ? (void)0 : again_assert_failed(#condition, __FILE__, __LINE__))

#endif
