# SPDX-License-Identifier: MIT
"""throttle.jsonl: the SRE book's client-side throttling: the probability, the draw that decides, the window."""
from .vector import *

SRE = 'https://sre.google/sre-book/handling-overload/'
ZERO = 'https://github.com/zeromicro/go-zero/issues/5011'
HEADER = 'include/again/throttle.h'
SENT = 2**64 - 1


def allow(t=0, draw=SENT):
    return do('throttle_allow', t, draw=draw)


def accept(t=0):
    return do('throttle_accept', t)


def look(t=0):
    return do('throttle_look', t)


def make():
    yield vector('throttle-nothing-seen', 'the first request is sent whatever the draw', SRE, [look(), allow(0, 0)],
                 [(0, {'reject_q32': 0}), (1, {'allowed': True})], throttle={})
    yield vector('throttle-all-accepted', 'half of them accepted is still no reason, with k = 2', SRE,
                 [*[allow()] * 10, *[accept()] * 5, look(), allow(0, 0), look()],
                 [(15, {'reject_q32': 0}), (16, {'allowed': True}), (17, {'reject_q32': q32(1, 12)})], throttle={})
    yield vector('throttle-none-accepted', '10 requests, 0 accepts: 10/11', SRE,
                 [*[allow()] * 10, look(), allow(0, 10 * 2**64 // 11), look(), allow(0, 11 * 2**64 // 12 + 1)],
                 [(10, {'reject_q32': q32(10, 11)}), (11, {'allowed': False}), (12, {'reject_q32': q32(11, 12)}),
                  (13, {'allowed': True})], throttle={})
    yield vector('throttle-rejected-counts', 'a request that was rejected here is a request',
                 ZERO, [*[allow()] * 3, *[allow(0, 0)] * 7, look()],
                 [(3, {'allowed': False}), (10, {'reject_q32': q32(10, 11)})], throttle={})
    yield vector('throttle-draw-of-exactly-p', 'draw * (requests + 1) below (requests - k accepts) * 2^64 is rejected', SRE,
                 [allow(), allow(0, 2**63), allow(0, 2**63 - 1)], [(1, {'allowed': True}), (2, {'allowed': False})],
                 throttle={})
    yield vector('throttle-draw-one-less', 'p = 1/2: the largest draw below it is rejected', SRE,
                 [allow(), allow(0, 2**63 - 1)], [(1, {'allowed': False})], throttle={})
    yield vector('throttle-k-of-one', 'less k throttles more', SRE, [*[allow()] * 10, *[accept()] * 5, look()],
                 [(15, {'reject_q32': q32(5, 11)})], throttle={'k_q32': ONE})
    yield vector('throttle-k-of-1.1', 'a k that is no integer', SRE, [*[allow()] * 10, *[accept()] * 5, look()],
                 throttle={'k_q32': q32(11, 10)})
    yield vector('throttle-failsafe-go', 'k = 1 / 0.9, at most 0.9, one minute',
                 'https://failsafe-go.dev/adaptive-throttler/',
                 [*[allow()] * 99, look(), allow(0, 9 * 2**64 // 10), allow(0, q32(9, 10) * ONE - 1)],
                 [(99, {'reject_q32': q32(9, 10)}), (100, {'allowed': True}), (101, {'allowed': False})],
                 throttle={'k_q32': q32(10, 9), 'most_q32': q32(9, 10), 'window_ns': 60 * S})
    yield vector('throttle-window', 'the running tenth and the nine before it', SRE,
                 [*[allow(11 * S)] * 4, look(120 * S - 1), look(120 * S)],
                 [(4, {'reject_q32': q32(4, 5)}), (5, {'reject_q32': 0})], throttle={})
    yield vector('throttle-clock-backwards', 'an earlier time counts in the latest tenth', HEADER,
                 [allow(500 * S), allow(3 * S), allow(3 * S), look(3 * S), look(609 * S)],
                 [(3, {'reject_q32': q32(3, 4)})], throttle={})
    yield vector('throttle-recovers', 'accepts bring it back', SRE,
                 [*[allow()] * 20, look(), *[accept()] * 10, look()],
                 [(20, {'reject_q32': q32(20, 21)}), (31, {'reject_q32': 0})], throttle={})
    yield vector('throttle-call', 'each attempt is a request; the stream\'s second number is the draw',
                 'include/again/call.h',
                 [event for i in range(40) for event in (begin(i * S, call=0, operation=i), after(i * S, 'throttled',
                                                                                                 call=0))] + [look(40 * S)],
                 policy=NONE, throttle={})
    yield vector('throttle-call-accepts', 'an answer is an accept', 'include/again/call.h',
                 [event for i in range(12) for event in (begin(i * S, call=0, operation=i),
                                                         after(i * S, ('success', 'permanent')[i % 2], call=0))] + [look(12 * S)],
                 [(24, {'reject_q32': 0})], policy=NONE, throttle={})
    yield vector('throttle-call-after-breaker', 'an open breaker is asked first: no request is counted',
                 'include/again/call.h', [do('breaker_force_open'), begin(), look()],
                 [ends(1, 'breaker_open', 0, guard='breaker'), (2, {'reject_q32': 0})],
                 policy=NONE, throttle={}, breaker={})
