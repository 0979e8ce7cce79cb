// SPDX-License-Identifier: MIT
// What a header calls undefined is caught here, in builds made with AGAIN_CHECKS; elsewhere it costs nothing. @pure
#ifndef AGAIN_POLICY_CHECK_H
#define AGAIN_POLICY_CHECK_H

#ifdef AGAIN_CHECKS
/** Misuse stops the program where it is: a library neither prints nor knows how to end a process. */
#define again_check(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define again_check(condition) ((void)0)
#endif

#endif
