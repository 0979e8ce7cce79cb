// SPDX-License-Identifier: MIT
// Signals by name, without "SIG": "KILL", "RTMIN+3". @pure
#ifndef AGAIN_BASE_SIGNAME_H
#define AGAIN_BASE_SIGNAME_H

#include <stddef.h>

/** Signals are 1 to this. */
#define AGAIN_SIGNAL_MAX 64

/**
 * The signal's name, a static string; "0" to "64" in digits is never returned: an unknown number
 * gives "UNKNOWN".
 */
const char *again_signal_name(int number);

/** The number of "KILL", "SIGKILL", "kill" or "9" (len bytes); -1 where it is none. */
int again_signal_number(const char *name, size_t len);

#endif
