/* SPDX-License-Identifier: MIT */
/*
 * libagain: the pure core of a retry. No I/O, no clock, no allocation, no lock, no global state.
 */
#ifndef AGAIN_AGAIN_H
#define AGAIN_AGAIN_H

#include <again/call.h>
#include <again/hint.h>
#include <again/policy.h>
#include <again/rng.h>
#include <again/types.h>

#endif
