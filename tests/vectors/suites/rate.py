# SPDX-License-Identifier: MIT
"""rate.jsonl: GCRA, with its waits by hand."""
from .vector import *

GCRA = 'ITU-T Recommendation I.371, annex A'
SRE = 'https://sre.google/sre-book/handling-overload/'
HEADER = 'include/again/rate.h'
THREE = {'burst': 3, 'interval_ns': 2 * S}


def take(t, units=1):
    return do('rate_take', t, units=units)


def wait(t, units=1):
    return do('rate_wait', t, units=units)


def reserve(t, most, units=1):
    return do('rate_reserve', t, units=units, most_wait_ns=most)


def make():
    yield vector('rate-burst-then-rate', 'three at once, then one every 2 s', GCRA,
                 [take(0), take(0), take(0), take(0), wait(0), take(2 * S - 1), take(2 * S), take(2 * S), take(4 * S)],
                 [(2, {'taken': True}), (3, {'taken': False}), (4, {'wait_ns': 2 * S}), (5, {'taken': False}),
                  (6, {'taken': True}), (7, {'taken': False}), (8, {'taken': True})], rate=THREE)
    yield vector('rate-pause-brings-the-burst', 'and no more than the burst', GCRA,
                 [take(0), take(0), take(0), *[take(1000 * S)] * 4], [(5, {'taken': True}), (6, {'taken': False})],
                 rate=THREE)
    yield vector('rate-units', 'several at once; more than the burst never', HEADER,
                 [wait(0, 3), wait(0, 4), take(0, 4), take(0, 3), wait(0, 2), take(4 * S, 2), take(4 * S, 0), wait(0, 0)],
                 [(0, {'wait_ns': 0}), (1, {'wait_ns': NEVER}), (2, {'taken': False}), (3, {'taken': True}),
                  (4, {'wait_ns': 4 * S}), (5, {'taken': True}), (6, {'taken': True}), (7, {'wait_ns': 0})], rate=THREE)
    yield vector('rate-reserve', 'the queue: each waits 2 s more, up to what the caller bears', HEADER,
                 [*[reserve(0, 4 * S)] * 6, wait(0), reserve(10 * S, 0)],
                 [(2, {'taken': True, 'wait_ns': 0}), (3, {'wait_ns': 2 * S}), (4, {'wait_ns': 4 * S}),
                  (5, {'taken': False}), (6, {'wait_ns': 6 * S}), (7, {'taken': True, 'wait_ns': 0})], rate=THREE)
    yield vector('rate-clock-backwards', 'a limiter that is ahead of the clock waits', HEADER,
                 [take(100 * S), take(50 * S), take(96 * S), wait(96 * S)],
                 [(1, {'taken': False}), (2, {'taken': False}), (3, {'wait_ns': 2 * S})], rate=THREE)
    yield vector('rate-one-a-second', 'the default', HEADER, [take(5), take(5), take(S + 4), take(S + 5)],
                 [(0, {'taken': True}), (1, {'taken': False}), (2, {'taken': False}), (3, {'taken': True})], rate={})
    yield vector('rate-60-retries-a-minute', 'the 61st retry of a minute is refused at once', SRE,
                 [*[event for i in range(60) for event in (begin(call=0, operation=i), after(0, call=0))], begin(),
                  after(0), after(S), begin(S, call=1), after(S, call=1)],
                 [*[(2 * i + 1, {'verb': 'retry'}) for i in range(60)], ends(121, 'rate_limited', 1, guard='rate'),
                  (124, {'verb': 'retry'})], policy=NONE, rate={'burst': 60, 'interval_ns': S})
    yield vector('rate-refusals-are-free', 'a retry that another check refuses takes nothing', 'include/again/call.h',
                 [begin(), after(0), wait(0), begin(call=1), after(0, 'permanent', call=1), wait(0)],
                 [ends(1, 'would_exceed_deadline', 1), (2, {'wait_ns': 0}), (5, {'wait_ns': 0})],
                 policy={**NONE, 'deadline_ns': S}, rate={})
    yield vector('rate-before-budget', 'the rate is asked before the budget', 'include/again/call.h',
                 [begin(), after(0), begin(call=1), after(0, call=1)], [ends(3, 'rate_limited', 1, guard='rate')],
                 policy=NONE, rate={}, budget={'kind': 'tokens', 'capacity_mt': 1000, 'cost_mt': 1000})
