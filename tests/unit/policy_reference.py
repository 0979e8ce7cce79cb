#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What libagain must compute, in Python's integers and fractions, from the words of the public headers alone.

    policy_reference.py                    prints the cases, each with what is expected
    policy_reference.py PRINT_DELAYS [SEED]  gives the cases to that program and compares; ends with TAP

Every backoff with every jitter that goes with it, a few seeds, then random policies (their seed is in the test's name),
and Retry-After values in the three forms of date, with Python's calendar for the reference.
"""
import calendar
import datetime
import random
import subprocess
import sys
from fractions import Fraction

NEVER = 2**64 - 1
ONE = 2**32
SECOND = 10**9
EXPONENTIAL, CONSTANT, LINEAR, FIBONACCI, POLYNOMIAL, LIST = range(6)
EQUAL, NONE, FULL, DECORRELATED, PROPORTIONAL = range(5)


# <again/rng.h>

def mix(z):
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9 % 2**64
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb % 2**64
    return z ^ (z >> 31)


GAMMA = 0x9e3779b97f4a7c15


def draw(seed, operation, attempt):
    state = mix((seed + GAMMA) % 2**64)
    for key in (operation, attempt):
        state = mix(((state ^ key) + GAMMA) % 2**64)
    return mix((state + GAMMA) % 2**64)


def uniform(random64, lo, hi):
    return lo + random64 * (hi - lo + 1) // 2**64


# <again/policy.h>

def leading_64_bits(x):
    """The fraction without what is behind its 64 leading bits."""
    scale = Fraction(2)**(x.numerator.bit_length() - x.denominator.bit_length() - 64)
    while x / scale >= 2**64:
        scale *= 2
    return (x / scale).__floor__() * scale


def power(base, factor, n):
    value, square = Fraction(base), factor
    while n > 0:
        if n % 2 == 1:
            value = leading_64_bits(value * square)
        n //= 2
        if value >= 2**64 or (n > 0 and square >= 2**64):
            return NEVER
        square = leading_64_bits(square * square)
    return (value + Fraction(1, 2)).__floor__()


def fibonacci(k):
    a, b = 0, 1
    for _ in range(min(k, 200)):
        a, b = b, a + b
    return a


class Policy:
    def __init__(self, backoff, jitter, **fields):
        self.backoff, self.jitter = backoff, jitter
        self.base, self.max, self.factor_q32 = SECOND, 60 * SECOND, 2 * ONE
        self.jitter_q32, self.degree, self.initial, self.list = 858993459, 2, 0, []
        self.__dict__.update(fields)

    def text(self):
        return ' '.join(map(str, [
            self.backoff, self.jitter, self.base, self.max, self.factor_q32, self.jitter_q32, self.degree,
            self.initial, len(self.list), *self.list]))

    def growth(self, n):
        k = n + 1
        grown = {
            CONSTANT: lambda: self.base,
            LINEAR: lambda: self.base * k,
            EXPONENTIAL: lambda: power(self.base, Fraction(self.factor_q32, ONE), n),
            FIBONACCI: lambda: self.base * fibonacci(k),
            POLYNOMIAL: lambda: self.base * k**self.degree,
            LIST: lambda: self.list[min(n, len(self.list) - 1)],
        }[self.backoff]()
        return min(self.max, grown)

    def range(self, n, last):
        if self.jitter == DECORRELATED:
            return self.base, min(self.max, 3 * max(last, self.base))
        e = self.growth(n)
        if self.jitter == NONE:
            return e, e
        if self.jitter == FULL:
            return 1, e
        if self.jitter == EQUAL:
            return e - e // 2, e
        ratio = Fraction(self.jitter_q32, ONE)
        c = max(1, min(e, (self.max / (1 + ratio)).__floor__()))
        return (c * (1 - ratio)).__ceil__(), (c * (1 + ratio)).__floor__()

    def plan(self, seed, operation, count):
        delays, last = [], 0
        for n in range(count):
            last = uniform(draw(seed, operation, n + 1), *self.range(n, last))
            delays.append(last)
        return delays

    def initial_delay(self, seed, operation):
        return uniform(draw(seed, operation, 0), self.initial if self.jitter == NONE else 0, self.initial)


# <again/hint.h>

DAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split()
MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()


def date_texts(when):
    clock = f'{when.hour:02}:{when.minute:02}:{when.second:02}'
    day, month = DAYS[when.weekday()], MONTHS[when.month - 1]
    return (f'{day[:3]}, {when.day:02} {month} {when.year:04} {clock} GMT',
            f'{day[:3]} {month} {when.day:2} {clock} {when.year:04}',
            f'{day}, {when.day:02}-{month}-{when.year % 100:02} {clock} GMT')


def until(when, now):
    return min(max(0, calendar.timegm(when.timetuple()) - now) * SECOND, NEVER - 1)


def short_year(when, now):
    """The date in the century that puts it at most 50 mean years ahead of now; None where it has no such day."""
    for century in range(99, -1, -1):
        try:
            guess = when.replace(year=century * 100 + when.year % 100)
        except ValueError:
            # Where that century has no such day, the day after is what the rule compares: it is refused then.
            guess = when.replace(year=century * 100 + when.year % 100, month=3, day=1)
            if calendar.timegm(guess.timetuple()) <= now + 50 * 31556952:
                return None
            continue
        if calendar.timegm(guess.timetuple()) <= now + 50 * 31556952:
            return guess
    return None


# The cases: what the program is asked, and what it must answer.

def plan_case(policy, seed, operation, count):
    answer = [policy.initial_delay(seed, operation), *policy.plan(seed, operation, count)]
    return f'plan {policy.text()} {seed} {operation} {count}', ' '.join(map(str, answer))


def range_case(policy, n, last):
    return f'range {policy.text()} {n} {last}', '{} {}'.format(*policy.range(n, last))


def growth_case(policy, n):
    return f'growth {policy.text()} {n}', str(policy.growth(n))


def all_plans():
    for backoff in range(6):
        for jitter in range(5):
            if jitter == DECORRELATED and backoff != EXPONENTIAL:
                continue
            policy = Policy(backoff, jitter, initial=5 * SECOND)
            if backoff == LIST:
                policy.list = [SECOND, 5 * SECOND, 30 * SECOND, 90 * SECOND, 7]
            for seed in (0, 1, 2, 42, 2**53 - 1, NEVER):
                for operation in (0, 1, NEVER):
                    yield plan_case(policy, seed, operation, 40)


def any_size(rng, least=1):
    """A number of any length in bits."""
    return max(least, rng.getrandbits(rng.randint(1, 64)))


def random_policy(rng):
    jitter = rng.randrange(5)
    backoff = EXPONENTIAL if jitter == DECORRELATED else rng.randrange(6)
    base, most = sorted((any_size(rng), any_size(rng)))
    policy = Policy(backoff, jitter, base=base, max=most, jitter_q32=rng.randint(1, ONE - 1),
                    degree=rng.randint(1, 8), initial=rng.choice((0, any_size(rng))))
    if jitter != DECORRELATED:
        policy.factor_q32 = rng.choice((2 * ONE, ONE, 3 * ONE, 3 * ONE // 2, ONE + rng.getrandbits(34),
                                        ONE + rng.getrandbits(rng.randint(1, 63))))
    elif base == most:
        policy.max = min(NEVER, most + 1)
        policy.base = policy.max - 1
    if backoff == LIST:
        policy.list = [any_size(rng) for _ in range(rng.randint(1, 256))]
    return policy


def random_policies(rng, count):
    for _ in range(count):
        policy = random_policy(rng)
        yield plan_case(policy, any_size(rng, 0), any_size(rng, 0), 30)
        n = rng.getrandbits(rng.randint(1, 32))
        yield growth_case(policy, n)
        yield range_case(policy, n, any_size(rng, 0))


def random_hints(rng, count):
    for _ in range(count):
        year = rng.choice((rng.randint(1, 9999), rng.randint(1950, 2100), 2026, 2028))
        when = datetime.datetime(year, 1, 1) + datetime.timedelta(
            days=rng.randrange(366 if calendar.isleap(year) else 365), seconds=rng.randrange(86400))
        now = rng.choice((0, 1767225600, rng.randrange(4 * 10**9), rng.randrange(200 * 10**9)))
        texts = date_texts(when)
        yield f'hint {now} {texts[0]}', str(until(when, now))
        yield f'hint {now} {texts[1]}', str(until(when, now))
        short = short_year(when, now)
        yield f'hint {now} {texts[2]}', 'none' if short is None else str(until(short, now))
        seconds = any_size(rng, 0)
        yield f'hint {now} {seconds}', str(min(seconds * SECOND, NEVER - 1))


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    groups = [
        ('every backoff with every jitter', list(all_plans())),
        (f'random policies, seed {seed}', list(random_policies(random.Random(seed), 2000))),
        (f'random hints, seed {seed}', list(random_hints(random.Random(seed), 5000))),
    ]
    if len(sys.argv) < 2:
        for _, cases in groups:
            for question, answer in cases:
                print(f'{question} = {answer}')
        return 0
    print(f'1..{len(groups)}')
    failures = 0
    for number, (name, cases) in enumerate(groups, 1):
        told = subprocess.run([sys.argv[1]], input=''.join(question + '\n' for question, _ in cases), text=True,
                              check=True, capture_output=True).stdout.splitlines()
        wrong = [(case, line) for case, line in zip(cases, told) if case[1] != line]
        passed = not wrong and len(told) == len(cases)
        failures += not passed
        print(f'{"ok" if passed else "not ok"} {number} - {name}: {len(cases)} cases')
        for (question, answer), line in wrong[:5]:
            print(f'# {question}\n#   expected {answer}\n#   is       {line}')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
