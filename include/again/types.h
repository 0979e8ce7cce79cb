/* SPDX-License-Identifier: MIT */
/*
 * Time, errors and the export mark: what every other header of libagain uses.
 *
 * Time is an unsigned 64-bit count of nanoseconds. The caller chooses the clock and its origin and passes the
 * time in; nothing in libagain reads a clock. Arithmetic on it saturates at AGAIN_NEVER.
 *
 * An error is a fixed-size struct that the caller owns: no allocation, no thread-local "last error".
 */
#ifndef AGAIN_TYPES_H
#define AGAIN_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define AGAIN_API __attribute__((visibility("default")))
#define AGAIN_MUST_USE __attribute__((warn_unused_result))
#else
#define AGAIN_API
#define AGAIN_MUST_USE
#endif

/** Nanoseconds: a duration, or a moment on the caller's clock. */
typedef uint64_t again_ns;

/** A moment that does not come; a duration without end. */
#define AGAIN_NEVER UINT64_MAX

#define AGAIN_NS_PER_SECOND UINT64_C(1000000000)

/**
 * Every error code with its number and its meaning. Numbers are never reused or reordered; new ones may appear.
 */
#define AGAIN_ERRORS(X)                                             \
	X(AGAIN_ERR_INVALID, -1, "invalid value")                   \
	X(AGAIN_ERR_RANGE, -2, "value out of range")                \
	X(AGAIN_ERR_SYNTAX, -3, "malformed text")                   \
	X(AGAIN_ERR_CONFLICT, -4, "settings contradict each other") \
	X(AGAIN_ERR_MEMORY, -5, "out of memory")                    \
	X(AGAIN_ERR_SYSTEM, -6, "system call failed")               \
	X(AGAIN_ERR_VERSION, -7, "version not supported")           \
	X(AGAIN_ERR_SPACE, -8, "buffer too small")

enum again_code {
	AGAIN_OK = 0,
#define AGAIN_ERROR_ENUM(name, number, text) name = (number),
	AGAIN_ERRORS(AGAIN_ERROR_ENUM)
#undef AGAIN_ERROR_ENUM
};

/** What went wrong: filled where a failure is first seen, passed up untouched. */
struct again_error {
	/** An enum again_code; 0 while nothing failed. */
	int code;
	/** errno, where the code is AGAIN_ERR_SYSTEM; else 0. */
	int sys;
	/** The name of the offending field, a static string; NULL where no single field is to blame. */
	const char *field;
	/** The byte of the parsed text where it went wrong, from 1; 0 where no text was parsed. */
	uint32_t column;
	/** One sentence: lower case, no full stop, what failed first. Always terminated. */
	char text[236];
};

/** The meaning of an error code, a static string; "unknown error" for a number that is none. */
AGAIN_API const char *again_strerror(int code);

/** The name of an error code as in the enum, a static string; "AGAIN_OK" for 0, "unknown" for a number that is none. */
AGAIN_API const char *again_code_name(int code);

#ifdef __cplusplus
}
#endif
#endif
