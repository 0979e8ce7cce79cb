# SPDX-License-Identifier: MIT
"""breaker.jsonl: what opens, who may probe, what closes, and what an old lease may no longer say."""
from .vector import *

HEADER = 'include/again/breaker.h'
POLLY = 'https://www.pollydocs.org/strategies/circuit-breaker.html'
NORA = 'https://github.com/getnora-io/nora/pull/607'
THREE = {'kind': 'consecutive', 'failures': 3, 'open_ns': 10 * S, 'lease_ns': 5 * S}
HALF = {'kind': 'ratio', 'ratio_q32': q32(1, 2), 'min_calls': 4, 'window_ns': 10 * S, 'open_ns': 10 * S}


def allow(t, **more):
    return do('breaker_allow', t, **more)


def look(t):
    return do('breaker_look', t)


def report(t, lease, outcome_class='transient'):
    return do('breaker_report', t, lease=lease, **{'class': outcome_class})


def story(*steps):
    """Attempts that start and end at once: times and classes."""
    script = []
    for t, outcome_class in steps:
        script += [allow(t), report(t, len(script), outcome_class)]
    return script


def state(index, name, **more):
    return index, {'state': name, **more}


def opened(t=0):
    return story(*[(t, 'transient')] * 3)


def closed():
    yield vector('breaker-three-in-a-row', 'it opens at the third failure, for open_ns', HEADER,
                 [*opened(S), look(S), look(11 * S - 1), look(11 * S), allow(2 * S)],
                 [state(6, 'open', opens_at_ns=11 * S, would_allow=False), state(7, 'open'),
                  state(8, 'half_open', opens_at_ns=11 * S, would_allow=True), (9, {'allowed': False})], breaker=THREE)
    for answer in ('success', 'permanent'):
        yield vector(f'breaker-{answer}-in-between', 'the server answered: the row starts anew', HEADER,
                     [*story((0, 'timeout'), (0, 'server'), (0, answer), (0, 'throttled'), (0, 'ambiguous')), look(0),
                      *[allow(0), report(0, 11)], look(0)], [state(10, 'closed'), state(13, 'open')], breaker=THREE)
    yield vector('breaker-cancelled-counts-not', 'neither as failure nor as success', HEADER,
                 [*story((0, 'timeout'), (0, 'timeout'), (0, 'cancelled')), look(0), allow(0), report(0, 7), look(0)],
                 [state(6, 'closed'), state(9, 'open')], breaker=THREE)
    yield vector('breaker-ratio-needs-calls', 'three of three fail: not enough; the fourth opens', POLLY,
                 [*story(*[(S, 'server')] * 3), look(S), *[allow(S), report(S, 7)], look(S)],
                 [state(6, 'closed'), state(9, 'open')], breaker=HALF)
    yield vector('breaker-ratio-exactly', 'half of them is enough, less is not', POLLY,
                 [*story((S, 'success'), (S, 'success'), (S, 'success'), (S, 'server'), (S, 'server')), look(S),
                  *[allow(S), report(S, 11)], look(S)], [state(10, 'closed'), state(13, 'open')], breaker=HALF)
    yield vector('breaker-ratio-not-by-a-success', 'a success never opens it, the next failure does', HEADER,
                 [*story((S, 'server'), (S, 'server'), (S, 'server'), (S, 'success')), look(S), allow(S), report(S, 9),
                  look(S)], [state(8, 'closed'), state(11, 'open')], breaker=HALF)
    yield vector('breaker-window-forgets', 'the running fifth and the four before it count', HEADER,
                 [*story((S, 'server'), (S, 'server'), (S, 'server')), look(12 * S - 1),
                  *[allow(12 * S - 1), report(12 * S, 7)], look(12 * S)], [state(6, 'closed'), state(9, 'closed')],
                 breaker={**HALF, 'window_ns': 10 * S})
    yield vector('breaker-window-remembers', 'one nanosecond earlier they do', HEADER,
                 [*story((S, 'server'), (S, 'server'), (S, 'server')), allow(S), report(10 * S - 1, 6), look(10 * S - 1)],
                 [state(8, 'open')], breaker=HALF)
    yield vector('breaker-window-clock-backwards', 'an earlier time counts in the latest fifth', HEADER,
                 [*story((30 * S, 'server'), (S, 'server'), (S, 'server'), (2 * S, 'server')), look(2 * S)],
                 [state(8, 'open')], breaker=HALF)
    yield vector('breaker-never-by-itself', 'kind none opens by hand only', HEADER,
                 [*story(*[(0, 'server')] * 20), look(0), do('breaker_force_open'), look(0), allow(0)],
                 [state(40, 'closed'), state(42, 'isolated', opens_at_ns=NEVER, would_allow=False), (43, {'allowed': False})],
                 breaker={})


def half_open():
    yield vector('breaker-probe-closes', 'one probe at a time; its success closes', HEADER,
                 [*opened(), allow(10 * S), allow(10 * S), look(11 * S), report(12 * S, 6, 'success'), look(12 * S),
                  allow(12 * S)],
                 [(6, {'allowed': True}), (7, {'allowed': False}), state(8, 'half_open', opens_at_ns=15 * S),
                  state(10, 'closed'), (11, {'allowed': True})], breaker=THREE)
    yield vector('breaker-probe-opens', 'its failure opens again, for open_ns from then', HEADER,
                 [*opened(), allow(10 * S), report(12 * S, 6), look(12 * S)], [state(8, 'open', opens_at_ns=22 * S)],
                 breaker=THREE)
    yield vector('breaker-probe-cancelled', 'its place is free', HEADER,
                 [*opened(), allow(10 * S), report(11 * S, 6, 'cancelled'), look(11 * S), allow(11 * S)],
                 [state(8, 'half_open', would_allow=True), (9, {'allowed': True})], breaker=THREE)
    yield vector('breaker-two-probes', 'two at a time, two successes', HEADER,
                 [*opened(), allow(10 * S), allow(10 * S), allow(10 * S), report(11 * S, 6, 'success'), look(11 * S),
                  allow(11 * S), report(11 * S, 11, 'success'), look(11 * S)],
                 [(7, {'allowed': True}), (8, {'allowed': False}), state(10, 'half_open', would_allow=True),
                  (11, {'allowed': True}), state(13, 'closed')], breaker={**THREE, 'probes': 2})
    yield vector('breaker-eight-probes', 'the most', HEADER,
                 [*opened(), *[allow(10 * S)] * 9, *[report(11 * S, 6 + i, 'success') for i in range(7)], look(11 * S),
                  report(11 * S, 13, 'success'), look(11 * S)],
                 [(13, {'allowed': True}), (14, {'allowed': False}), state(22, 'half_open'), state(24, 'closed')],
                 breaker={**THREE, 'probes': 8})
    yield vector('breaker-one-failed-probe-of-two', 'one failure opens, the other probe\'s success comes too late', HEADER,
                 [*opened(), allow(10 * S), allow(10 * S), report(11 * S, 6), report(11 * S, 7, 'success'), look(11 * S)],
                 [state(10, 'open', opens_at_ns=21 * S)], breaker={**THREE, 'probes': 2})
    yield vector('breaker-lease-runs-out', 'a probe that never reports cannot wedge the breaker', NORA,
                 [*opened(), allow(10 * S), look(15 * S - 1), allow(15 * S - 1), do('breaker_holds', 15 * S - 1, lease=6),
                  do('breaker_holds', 15 * S, lease=6), look(15 * S), allow(15 * S), report(16 * S, 6), look(16 * S),
                  report(16 * S, 12, 'success'), look(16 * S)],
                 [state(7, 'half_open', opens_at_ns=15 * S, would_allow=False), (8, {'allowed': False}),
                  (9, {'holds': True}), (10, {'holds': False}), state(11, 'half_open', would_allow=True),
                  (12, {'allowed': True}), state(14, 'half_open'), state(16, 'closed')], breaker=THREE)
    yield vector('breaker-lease-from-its-start', 'a lease lasts from its attempt\'s start', HEADER,
                 [*opened(), allow(10 * S, start_ns=13 * S), look(18 * S - 1), look(18 * S)],
                 [state(7, 'half_open', would_allow=False, opens_at_ns=18 * S), state(8, 'half_open', would_allow=True)],
                 breaker=THREE)
    yield vector('breaker-latest-lease-counts', 'all that are out are forfeited when the latest has run out', HEADER,
                 [*opened(), allow(10 * S), allow(12 * S), do('breaker_holds', 16 * S, lease=6),
                  do('breaker_holds', 17 * S, lease=6), allow(17 * S), allow(17 * S), allow(17 * S)],
                 [(8, {'holds': True}), (9, {'holds': False}), (11, {'allowed': True}), (12, {'allowed': False})],
                 breaker={**THREE, 'probes': 2})
    yield vector('breaker-longest-lease-counts', 'the latest lease need not be the one that was given last', HEADER,
                 [*opened(), allow(10 * S, start_ns=20 * S), allow(10 * S), do('breaker_holds', 25 * S - 1, lease=7),
                  look(25 * S - 1), look(25 * S)],
                 [(8, {'holds': True}), state(9, 'half_open', would_allow=False, opens_at_ns=25 * S),
                  state(10, 'half_open', would_allow=True)], breaker={**THREE, 'probes': 2})
    yield vector('breaker-reported-lease-is-over', 'a long lease that has reported makes no later one longer', HEADER,
                 [*opened(), allow(10 * S, start_ns=20 * S), report(11 * S, 6, 'success'), allow(11 * S), allow(11 * S),
                  look(16 * S)], [state(10, 'half_open', would_allow=True, opens_at_ns=16 * S)],
                 breaker={**THREE, 'probes': 2})
    yield vector('breaker-lease-without-end', 'AGAIN_NEVER: as long as it takes', HEADER,
                 [*opened(), allow(10 * S), look(NEVER - 1), report(NEVER - 1, 6, 'success'), look(NEVER - 1)],
                 [state(7, 'half_open', opens_at_ns=NEVER, would_allow=False), state(9, 'closed')],
                 breaker={**THREE, 'lease_ns': NEVER})
    yield vector('breaker-open-without-end', 'AGAIN_NEVER: until it is closed by hand', HEADER,
                 [*opened(), look(NEVER - 1), do('breaker_force_close'), look(NEVER - 1)],
                 [state(6, 'open', opens_at_ns=NEVER, would_allow=False), state(8, 'closed')],
                 breaker={**THREE, 'open_ns': NEVER})
    yield vector('breaker-forfeited-and-success-before', 'a success before a forfeit still counts', HEADER,
                 [*opened(), allow(10 * S), report(10 * S, 6, 'success'), allow(10 * S), allow(15 * S),
                  report(15 * S, 9, 'success'), look(15 * S)], [(9, {'allowed': True}), state(11, 'closed')],
                 breaker={**THREE, 'probes': 2})


def stale():
    old = [allow(0), allow(0), allow(0), allow(0)]
    yield vector('breaker-slow-failures-from-before', 'what was sent before it opened cannot open it again', HEADER,
                 [*old, *[report(0, i) for i in range(3)], allow(10 * S), report(10 * S, 7, 'success'), report(11 * S, 3),
                  look(11 * S), do('breaker_holds', 11 * S, lease=3)],
                 [state(10, 'closed'), (11, {'holds': False})], breaker={**THREE, 'failures': 3})
    yield vector('breaker-old-success-closes-nothing', 'a success from before is no probe\'s', HEADER,
                 [*old, *[report(0, i) for i in range(3)], allow(10 * S), report(11 * S, 3, 'success'), look(11 * S)],
                 [state(9, 'half_open', would_allow=False)], breaker=THREE)
    yield vector('breaker-reported-twice', 'a lease counts once', HEADER,
                 [*opened(), allow(10 * S), allow(10 * S), report(10 * S, 6, 'success'), report(10 * S, 6, 'success'),
                  look(10 * S)], [state(10, 'half_open')], breaker={**THREE, 'probes': 3})
    yield vector('breaker-by-hand', 'isolated, closed, reset; leases that were out are ignored', HEADER,
                 [allow(0), do('breaker_force_open'), report(0, 0), look(0), do('breaker_force_close'), report(0, 0),
                  look(0), *[allow(0), report(0, 7), allow(0), report(0, 9)], do('breaker_reset'), allow(0), report(0, 12),
                  look(0), allow(0), report(0, 15), allow(0), report(0, 17), look(0)],
                 [state(3, 'isolated'), state(6, 'closed'), state(14, 'closed'), state(19, 'open')], breaker=THREE)


def in_calls():
    two = {**THREE, 'failures': 2}
    yield vector('breaker-call-opens', 'the failure that opens it ends its own call', 'include/again/call.h',
                 failing([0, S]), [(0, {'lease': True}), (1, {'verb': 'retry', 'lease': True}),
                                   ends(2, 'breaker_open', 2, guard='breaker')], policy=NONE, breaker=two)
    yield vector('breaker-call-first-attempt', 'the first attempt is asked too, a half-open one gets a probe',
                 'include/again/call.h',
                 [*failing([0, S]), begin(5 * S, call=1), begin(11 * S, call=2), begin(11 * S, call=3),
                  after(12 * S, 'success', call=2), begin(12 * S, call=4)],
                 [ends(3, 'breaker_open', 0), (4, {'verb': 'retry', 'lease': True}), ends(5, 'breaker_open', 0),
                  (7, {'verb': 'retry'})], policy=NONE, breaker=two)
    yield vector('breaker-call-half-open-later', 'refused though it would be half open when the wait is over',
                 'include/again/call.h', [*failing([0, S]), begin(call=1, t=10 * S)],
                 [ends(2, 'breaker_open', 2), ends(3, 'breaker_open', 0)],
                 policy={**NONE, 'base_delay_ns': 60 * S, 'initial_delay_ns': 5 * S}, breaker=two)
    yield vector('breaker-call-start-asks-again', 'it opened during the wait: the retry is not made, and is given back',
                 'include/again/call.h',
                 [begin(), begin(call=1), after(0), after(0, call=1), do('start', S), do('budget_look', S, **{
                     'class': 'transient'})],
                 [(2, {'verb': 'retry'}), ends(3, 'breaker_open', 1), ends(4, 'breaker_open', 1), (5, {'balance_mt': 5000})],
                 policy=NONE, breaker=two, budget={'kind': 'tokens', 'capacity_mt': 5000, 'cost_mt': 1000})
    yield vector('breaker-call-start-gets-a-probe', 'it opened and is half open again: the attempt is a probe',
                 'include/again/call.h',
                 [begin(), begin(call=1), after(0), after(0, call=1), do('start', 10 * S), begin(10 * S, call=2),
                  after(11 * S, 'success'), look(11 * S)],
                 [(4, {'verb': 'retry', 'lease': True}), ends(5, 'breaker_open', 0), state(7, 'closed')],
                 policy={**NONE, 'base_delay_ns': 10 * S}, breaker=two)
    yield vector('breaker-call-exhausted-reports', 'the last attempt is told to the breaker as well',
                 'include/again/call.h', [begin(), after(0), begin(call=1), after(0, call=1), look(0)],
                 [ends(1, 'exhausted', 1), state(4, 'open')], policy={**NONE, 'max_retries': 0}, breaker=two)


def make():
    yield from closed()
    yield from half_open()
    yield from stale()
    yield from in_calls()
