#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""libagain beside python3-tenacity, whose wait functions are the real ones, with random.uniform replaced.

    tenacity_differential.py PRINT_DELAYS

Where libagain offers the same form, both must give the same wait for every attempt, to the nanosecond that a float of
that size can tell; jitter is compared by its two ends. Where tenacity is known to be wrong, it is shown that it is and
that libagain is not. Ends with TAP.
"""
import random
import subprocess
import sys
from types import SimpleNamespace

import tenacity

ONE = 2**32
SECOND = 10**9
NEVER = 2**64 - 1
EXPONENTIAL, CONSTANT, LINEAR, FIBONACCI, POLYNOMIAL, LIST = range(6)
EQUAL, NONE, FULL, DECORRELATED, PROPORTIONAL = range(5)
ATTEMPTS = [*range(1, 80), 100, 1000, 1023, 1024, 1025]


def text_of(backoff, jitter, base, most, factor=2, delays=()):
    return ' '.join(map(str, [backoff, jitter, base, most, int(factor * ONE), ONE // 5, 2, 0, len(delays), *delays]))


class Ours:
    """Questions are collected and asked at once."""

    def __init__(self, program):
        self.program = program

    def ask(self, questions):
        told = subprocess.run([self.program], input=''.join(q + '\n' for q in questions), text=True, check=True,
                              capture_output=True).stdout.splitlines()
        assert len(told) == len(questions), told
        return [tuple(map(int, line.split())) for line in told]

    def growth(self, policy):
        return [row[0] for row in self.ask([f'growth {policy} {a - 1}' for a in ATTEMPTS])]

    def ranges(self, policy):
        return self.ask([f'range {policy} {a - 1} 0' for a in ATTEMPTS])


def theirs(wait, at=None):
    """Seconds as floats; `at` from 0 to 1 is where in its range random.uniform falls."""
    uniform = random.uniform
    random.uniform = lambda low, high: low + (high - low) * at
    try:
        return [wait(SimpleNamespace(attempt_number=a, outcome=None, idle_for=0)) for a in ATTEMPTS]
    finally:
        random.uniform = uniform


def same(ns, seconds):
    """A float has 53 bits; so the nanosecond is exact up to 2^53, above it 2^-50 of the value is."""
    return abs(ns - seconds * SECOND) <= max(1, ns >> 50)


def compare(ours, reference):
    return [f'attempt {a}: {x} ns, tenacity {y} s' for a, x, y in zip(ATTEMPTS, ours, reference) if not same(x, y)]


def exponential(ours):
    wrong = []
    for base, factor, most in ((1, 2, 60), (0.1, 2, 60), (0.5, 1.5, 60), (2, 3, 3600), (0.001, 1.25, 10), (5, 1, 60)):
        policy = text_of(EXPONENTIAL, NONE, round(base * SECOND), most * SECOND, factor)
        wait = tenacity.wait_exponential(multiplier=base, exp_base=factor, max=most)
        wrong += compare(ours.growth(policy), theirs(wait))
    return wrong


def random_exponential(ours):
    """From 0 in tenacity, from 1 ns here: a retry backs off."""
    wrong = []
    for base, most in ((1, 60), (0.25, 10), (3, 7)):
        rows = ours.ranges(text_of(EXPONENTIAL, FULL, round(base * SECOND), most * SECOND))
        wait = tenacity.wait_random_exponential(multiplier=base, max=most)
        wrong += compare([row[0] for row in rows], theirs(wait, at=0))
        wrong += compare([row[1] for row in rows], theirs(wait, at=1))
        wrong += [f'attempt {a}: no wait' for a, row in zip(ATTEMPTS, rows) if row[0] != 1]
    return wrong


def incrementing(ours):
    """start + n * increment with both the same is base * (n + 1)."""
    wrong = []
    for base, most in ((1, 60), (0.1, 5), (7, 7), (2, 100000)):
        policy = text_of(LINEAR, NONE, round(base * SECOND), most * SECOND)
        wrong += compare(ours.growth(policy), theirs(tenacity.wait_incrementing(base, base, max=most)))
    return wrong


def fixed(ours):
    policy = text_of(CONSTANT, NONE, 2_500_000_000, 60 * SECOND)
    return compare(ours.growth(policy), theirs(tenacity.wait_fixed(2.5)))


def chain(ours):
    delays = [1, 1, 5, 30]
    policy = text_of(LIST, NONE, SECOND, NEVER, delays=[d * SECOND for d in delays])
    return compare(ours.growth(policy), theirs(tenacity.wait_chain(*map(tenacity.wait_fixed, delays))))


def equal_as_combination(ours):
    """e/2 + U(0, e/2): what tenacity builds of two of its waits."""
    rows = ours.ranges(text_of(EXPONENTIAL, EQUAL, 2 * SECOND, 60 * SECOND))
    half = tenacity.wait_exponential(multiplier=1, max=30) + tenacity.wait_random_exponential(multiplier=1, max=30)
    return (compare([row[0] for row in rows], theirs(half, at=0))
            + compare([row[1] for row in rows], theirs(half, at=1)))


def jitter_lost_at_the_cap(ours):
    """PR #703: wait_exponential_jitter ends as the bare cap for everyone; no jitter of ours does."""
    late = [i for i, a in enumerate(ATTEMPTS) if a >= 20]
    wait = tenacity.wait_exponential_jitter(initial=1, max=60, jitter=1)
    low, high = theirs(wait, at=0), theirs(wait, at=1)
    wrong = [] if all(low[i] == high[i] == 60 for i in late) else ['tenacity keeps its jitter now: compare it']
    for jitter in (EQUAL, FULL, DECORRELATED, PROPORTIONAL):
        rows = ours.ranges(text_of(EXPONENTIAL, jitter, SECOND, 60 * SECOND))
        wrong += [f'jitter {jitter}, attempt {ATTEMPTS[i]}: {rows[i]}' for i in late
                  if not rows[i][0] < rows[i][1] <= 60 * SECOND]
    return wrong


def zero_multiplier(ours):
    """#710: no wait until attempt 1024, then the maximum. A base of 0 is refused here."""
    seconds = dict(zip(ATTEMPTS, theirs(tenacity.wait_exponential(multiplier=0.0, max=60))))
    wrong = [] if seconds[1024] == 0 and seconds[1025] == 60 else ['tenacity changed: compare it']
    told = subprocess.run([ours.program], input=f'growth {text_of(EXPONENTIAL, NONE, 0, 60 * SECOND)} 0\n', text=True,
                          check=False, capture_output=True)
    return wrong + ([] if told.returncode == 2 and 'base_delay_ns' in told.stderr else ['a base of 0 is taken'])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ours = Ours(sys.argv[1])
    tests = [exponential, random_exponential, incrementing, fixed, chain, equal_as_combination,
             jitter_lost_at_the_cap, zero_multiplier]
    print(f'1..{len(tests)}')
    failed = 0
    for number, test in enumerate(tests, 1):
        wrong = test(ours)
        failed += bool(wrong)
        print(f'{"not ok" if wrong else "ok"} {number} - {test.__name__.replace("_", " ")}')
        for line in wrong[:5]:
            print(f'# {line}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
