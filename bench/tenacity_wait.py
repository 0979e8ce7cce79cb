#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What tenacity, Python's retry library, takes for the same: nanoseconds for one wait, and for one attempt.

Prints "wait NS" and "attempt NS", each the fastest of several runs. A wait is one call of the strategy that has an
exponential growth and jitter, with the state that tenacity gives it. An attempt is one round of its loop, with a function
that fails and a sleep that returns at once: the wait, and all that is around it.
"""
import time

import tenacity

ATTEMPTS = 16
CALLS = 200
RUNS = 7


class Failure(Exception):
    """What the function that is tried raises."""


def fail():
    raise Failure


def time_waits(wait):
    state = tenacity.RetryCallState(None, None, (), {})
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        for attempt in range(1, ATTEMPTS + 1):
            state.attempt_number = attempt
            wait(state)
    return (time.perf_counter_ns() - start) / (CALLS * ATTEMPTS)


def time_attempts(wait):
    start = time.perf_counter_ns()
    for _ in range(CALLS):
        retrying = tenacity.Retrying(wait=wait, stop=tenacity.stop_after_attempt(ATTEMPTS), sleep=lambda _seconds: None)
        try:
            retrying(fail)
        except tenacity.RetryError:
            pass
    return (time.perf_counter_ns() - start) / (CALLS * ATTEMPTS)


def main():
    wait = tenacity.wait_random_exponential(multiplier=1, max=60)
    print(f"wait {min(time_waits(wait) for _ in range(RUNS)):.0f}")
    print(f"attempt {min(time_attempts(wait) for _ in range(RUNS)):.0f}")


if __name__ == "__main__":
    main()
