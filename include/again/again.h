/* SPDX-License-Identifier: MIT */
/*
 * libagain: the pure core of a retry. No I/O, no clock, no allocation, no lock, no global state.
 */
#ifndef AGAIN_AGAIN_H
#define AGAIN_AGAIN_H

#include <again/breaker.h>
#include <again/budget.h>
#include <again/call.h>
#include <again/guards.h>
#include <again/hedge.h>
#include <again/hint.h>
#include <again/plan.h>
#include <again/policy.h>
#include <again/rate.h>
#include <again/rng.h>
#include <again/save.h>
#include <again/stats.h>
#include <again/text.h>
#include <again/throttle.h>
#include <again/types.h>

#endif
