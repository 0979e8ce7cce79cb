# SPDX-License-Identifier: MIT
"""deadline.jsonl: no attempt starts that cannot run, whatever the clock does."""
from .vector import *

TENACITY = 'https://github.com/jd/tenacity/pull/423'
POLICY = 'include/again/policy.h'
CALL = 'include/again/call.h'


def make():
    five = {**NONE, 'deadline_ns': 5 * S}
    yield vector('deadline-5s-waits-1-2-4', 'attempts at 0, 1 and 3 s; the one at 7 s is never started', TENACITY,
                 failing([0, S, 3 * S, 3 * S]), [*waits(1, S, 2 * S),
                 ends(3, 'would_exceed_deadline', 3, delay_ns=4 * S, not_before_ns=7 * S)], policy=five)
    yield vector('deadline-attempts-take-time', 'the time of the attempts counts',
                 'https://github.com/litl/backoff/issues/186', failing([4 * S, 9 * S]),
                 [*waits(1, S), ends(2, 'would_exceed_deadline', 2, delay_ns=2 * S)],
                 policy={**NONE, 'deadline_ns': 10 * S})
    for name, deadline, known in (
            ('exactly', S, ends(1, 'would_exceed_deadline', 1, delay_ns=S)),
            ('one-more', S + 1, (1, {'verb': 'retry', 'attempt_timeout_ns': 1}))):
        yield vector(f'deadline-wait-ends-{name}', 'a wait must leave at least 1 ns', POLICY, failing([0]), [known],
                     policy={**NONE, 'deadline_ns': deadline})
    for name, deadline, known in (('exactly', 4 * S, (1, {'verb': 'retry', 'attempt_timeout_ns': 3 * S})),
                                  ('one-less', 4 * S - 1, ends(1, 'would_exceed_deadline', 1))):
        yield vector(f'deadline-least-useful-attempt-{name}', 'a wait must leave min_attempt_ns',
                     'https://github.com/failsafe-lib/failsafe/issues/46', failing([0]), [known],
                     policy={**NONE, 'deadline_ns': deadline, 'min_attempt_ns': 3 * S})
    yield vector('deadline-now-is-it', 'at the deadline: deadline, not a wait that is refused', CALL,
                 failing([5 * S, 6 * S]), [ends(1, 'deadline', 1, delay_ns=0), ends(2, 'deadline', 1)], policy=five)
    yield vector('deadline-one-before', 'one nanosecond before: the wait is what is refused', CALL,
                 failing([5 * S - 1]), [ends(1, 'would_exceed_deadline', 1, delay_ns=S)], policy=five)
    yield vector('deadline-zero', 'no attempt starts', POLICY, [begin(), after(0)],
                 [ends(0, 'deadline', 0), ends(1, 'deadline', 0)], policy={**NONE, 'deadline_ns': 0})
    yield vector('deadline-none', 'AGAIN_NEVER is no limit, for a call and for an attempt', POLICY,
                 failing([NEVER - 3 * S]), [(0, {'verb': 'retry', 'attempt_timeout_ns': None}),
                                            (1, {'verb': 'retry', 'not_before_ns': NEVER - 2 * S})], policy=NONE)
    yield vector('deadline-time-is-at-its-end', 'a moment after the end of time is the end of time', POLICY,
                 [begin(NEVER - 10), after(NEVER - 5), after(NEVER)],
                 [(1, {'verb': 'retry', 'not_before_ns': NEVER})], policy=NONE)
    yield vector('deadline-would-wrap', 'a deadline past the end of time does not wrap',
                 'https://github.com/cenkalti/backoff/issues/191', [begin(NEVER - S), after(NEVER - S)],
                 [(0, {'verb': 'retry'}), (1, {'verb': 'retry'})], policy={**NONE, 'deadline_ns': 2 * S})
    yield vector('deadline-counts-from-the-begin', 'not from the clock\'s origin', CALL,
                 failing([100 * S, 103 * S], t=100 * S), [*waits(1, S),
                 ends(2, 'would_exceed_deadline', 2, delay_ns=2 * S)], policy=five)
    yield vector('deadline-and-attempt-timeout', 'the lesser of the two',
                 'https://github.com/resilience4j/resilience4j/issues/1209', failing([2 * S, 5 * S]),
                 [(0, {'attempt_timeout_ns': 3 * S}), (1, {'attempt_timeout_ns': 3 * S}),
                  (2, {'attempt_timeout_ns': S})],
                 policy={**NONE, 'deadline_ns': 8 * S, 'attempt_timeout_ns': 3 * S, })
    yield vector('deadline-clock-backwards', 'time that goes backwards stands', CALL,
                 failing([3 * S, S, 2 * S], t=2 * S),
                 [(1, {'not_before_ns': 4 * S}), (2, {'not_before_ns': 5 * S}),
                  ends(3, 'would_exceed_deadline', 3, not_before_ns=7 * S)], policy=five)
    yield vector('deadline-hint-longer-than-the-rest', 'the wait is refused now, with its length',
                 'https://github.com/cenkalti/backoff/issues/159', [begin(), after(S, 'throttled', **relative(9 * S))],
                 [ends(1, 'would_exceed_deadline', 1, delay_ns=9 * S, not_before_ns=10 * S)], policy=five)
    yield vector('deadline-hint-zero-exact', 'a hint of 0 still needs room for the attempt', CALL,
                 [begin(), after(5 * S - 2, **relative(0)), after(5 * S - 1, **relative(0))],
                 [(1, {'verb': 'retry', 'delay_ns': 0, 'attempt_timeout_ns': 2}),
                  (2, {'verb': 'retry', 'delay_ns': 0, 'attempt_timeout_ns': 1})], policy={**five, 'hint_use': 'exact'})
    yield vector('deadline-initial-delay', 'the first attempt must fit too', CALL,
                 [begin(7), begin(call=1, t=8, seed=2)], [ends(0, 'would_exceed_deadline', 0, delay_ns=S)],
                 policy={**NONE, 'deadline_ns': S, 'initial_delay_ns': S})
    yield vector('deadline-start-too-late', 'the wait took longer than it should: the attempt is not made', CALL,
                 [begin(), after(S), do('start', 2 * S), after(3 * S), do('start', 5 * S), after(6 * S)],
                 [(2, {'verb': 'retry'}), ends(4, 'deadline', 2, not_before_ns=5 * S), ends(5, 'deadline', 2)],
                 policy={**five, 'backoff': 'constant'})
    yield vector('deadline-of-a-hedge', 'a hedge that could not run is not started', 'include/again/hedge.h',
                 [begin(), do('hedge_init', 0), do('hedge', 0), do('hedge', 2 * S)],
                 [(2, {'verb': 'hedge', 'delay_ns': 2 * S}), (3, {'verb': 'hedge', 'delay_ns': 0})],
                 policy=five, hedge={'delay_ns': 2 * S})
    yield vector('deadline-of-a-hedge-exactly', 'a hedge at the deadline is not waited for', 'include/again/hedge.h',
                 [begin(), do('hedge_init', 0), do('hedge', 0), after(S)],
                 [ends(2, 'would_exceed_deadline', 1, delay_ns=5 * S), (3, {'verb': 'retry'})],
                 policy=five, hedge={'delay_ns': 5 * S})
