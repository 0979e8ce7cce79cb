# SPDX-License-Identifier: MIT
"""Draws and delays, from the words of <again/rng.h> and <again/policy.h> alone: integers and fractions of any size."""
from fractions import Fraction

NEVER = 2**64 - 1
UNLIMITED = 2**32 - 1
U32 = 2**32 - 1
ONE = 2**32
NS, US, MS, S = 1, 10**3, 10**6, 10**9
M, H = 60 * S, 3600 * S
GAMMA = 0x9e3779b97f4a7c15


# <again/rng.h>

def mix(z):
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9 % 2**64
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb % 2**64
    return z ^ (z >> 31)


def root(seed):
    return mix((seed + GAMMA) % 2**64)


def split(parent, key):
    return mix(((parent ^ key) + GAMMA) % 2**64)


def numbers(state, count):
    """The first numbers of a stream."""
    return [mix((state + GAMMA * (i + 1)) % 2**64) for i in range(count)]


def draws(seed, operation, attempt):
    """The two numbers of a decision: the delay's and the throttle's."""
    return numbers(split(split(root(seed), operation), attempt), 2)


def uniform(draw, lo, hi):
    assert lo <= hi
    return lo + draw * (hi - lo + 1) // 2**64


# <again/policy.h>

def sat(ns):
    return min(max(ns, 0), NEVER)


def keep_64_bits(x):
    """The fraction without what is behind its 64 leading bits."""
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    unit = Fraction(2)**(exponent - 64)
    while x / unit >= 2**64:
        unit *= 2
    return x // unit * unit


def power(base, factor, n):
    value, square = Fraction(base), factor
    while n:
        if n & 1:
            value = keep_64_bits(value * square)
        n >>= 1
        if value >= 2**64 or (n and square >= 2**64):
            return NEVER
        square = keep_64_bits(square * square)
    return (value + Fraction(1, 2)) // 1


def fibonacci(k):
    a, b = 0, 1
    for _ in range(min(k, 200)):
        a, b = b, a + b
    return a


DEFAULTS = {
    'max_retries': 5, 'backoff': 'exponential', 'jitter': 'equal', 'jitter_q32': 858993459, 'degree': 2,
    'factor_q32': 2 * ONE, 'base_delay_ns': S, 'max_delay_ns': 60 * S, 'list': [], 'retry_ambiguous': 0,
    'deadline_ns': NEVER, 'attempt_timeout_ns': NEVER, 'min_attempt_ns': 0, 'reset_after_ns': NEVER,
    'initial_delay_ns': 0, 'hint_use': 'at_least', 'hint_jitter_q32': 858993459, 'hint_max_ns': H,
    'throttled_base_delay_ns': 0,
}


class Policy:
    def __init__(self, **fields):
        assert not set(fields) - set(DEFAULTS), set(fields) - set(DEFAULTS)
        self.fields = {**DEFAULTS, **fields}
        self.__dict__.update(self.fields)

    def base(self, throttled):
        return self.throttled_base_delay_ns if throttled and self.throttled_base_delay_ns else self.base_delay_ns

    def raw(self, n, throttled=False):
        """The growth before its cut."""
        base, k = self.base(throttled), n + 1
        return sat({
            'constant': lambda: base,
            'linear': lambda: base * k,
            'exponential': lambda: power(base, Fraction(self.factor_q32, ONE), n),
            'fibonacci': lambda: base * fibonacci(k),
            'polynomial': lambda: base * k**self.degree,
            'list': lambda: self.list[min(n, len(self.list) - 1)],
        }[self.backoff]())

    def growth(self, n, throttled=False):
        return min(self.max_delay_ns, self.raw(n, throttled))

    def range(self, n, last=0, throttled=False):
        if self.jitter == 'decorrelated':
            base = self.base(throttled)
            return base, min(self.max_delay_ns, 3 * max(last, base))
        e = self.growth(n, throttled)
        if self.jitter == 'none':
            return e, e
        if self.jitter == 'full':
            return 1, e
        if self.jitter == 'equal':
            return e - e // 2, e
        ratio = Fraction(self.jitter_q32, ONE)
        c = max(1, min(self.raw(n, throttled), self.max_delay_ns / (1 + ratio) // 1))
        least, most = c * (1 - ratio), c * (1 + ratio)
        return -(-least // 1), most // 1

    def delay(self, draw, n, last=0, throttled=False):
        return uniform(draw, *self.range(n, last, throttled))

    def initial(self, draw):
        return uniform(draw, self.initial_delay_ns if self.jitter == 'none' else 0, self.initial_delay_ns)

    def plan(self, seed, operation, count):
        delays, last = [], 0
        for n in range(min(count, self.max_retries)):
            last = self.delay(draws(seed, operation, n + 1)[0], n, last)
            delays.append(last)
        return delays
