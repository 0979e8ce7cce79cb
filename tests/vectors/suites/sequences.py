# SPDX-License-Identifier: MIT
"""sequences.jsonl: whole stories, several guards at a time."""
from .budgets import AWS_2018, left, look
from .vector import *

CALL = 'include/again/call.h'
HEDGE = 'include/again/hedge.h'
BUCKET = {'kind': 'tokens', 'capacity_mt': 3000, 'cost_mt': 1000, 'deposit_first_mt': 1000, 'repay_last': 1}
TWO = {'kind': 'consecutive', 'failures': 2, 'open_ns': 10 * S, 'lease_ns': 5 * S}
LOOK = do('breaker_look', 0)


def hedge(t, **more):
    return do('hedge', t, **more)


def calls():
    yield vector('sequence-success-after-retry-repays', 'two retries, the last one comes back', CALL,
                 [begin(), after(0, 'timeout'), after(S), after(3 * S, 'success'), look()],
                 [(1, {'budget_left': 49}), (2, {'budget_left': 97}), (3, {'verb': 'succeed', 'attempt': 3}),
                  left(4, 98, balance_mt=490_000)], policy=NONE, budget=AWS_2018)
    yield vector('sequence-cancelled-in-the-wait', 'what it paid comes back; the retry was not made', CALL,
                 [begin(), after(0), look(), after(0, 'cancelled', started_ns=NEVER), look(), after(S, 'success')],
                 [(1, {'attempt': 2}), left(2, 2), ends(3, 'cancelled', 1), left(4, 3), ends(5, 'cancelled', 1)],
                 policy=NONE, budget=BUCKET)
    yield vector('sequence-cancelled-while-it-runs', 'it ran: nothing comes back', CALL,
                 [begin(), after(0), after(S, 'cancelled'), look()], [ends(2, 'cancelled', 2), left(3, 2)],
                 policy=NONE, budget=BUCKET)
    yield vector('sequence-cancelled-before-the-first', 'no attempt was made', CALL,
                 [begin(), after(0, 'cancelled', started_ns=NEVER), look()], [ends(1, 'cancelled', 0), left(2, 3)],
                 policy={**NONE, 'initial_delay_ns': S}, budget=BUCKET)
    yield vector('sequence-cancelled-keeps-the-rate', 'a unit that was taken stays taken: it may have drained long since', CALL,
                 [begin(), after(0), do('rate_wait', 0, units=1), after(0, 'cancelled', started_ns=NEVER),
                  do('rate_wait', 0, units=1)], [(2, {'wait_ns': 2 * S}), ends(3, 'cancelled', 1), (4, {'wait_ns': 2 * S})],
                 policy=NONE, rate={'interval_ns': 2 * S})
    yield vector('sequence-start-with-too-little-time', 'less than the least useful time is left', CALL,
                 [begin(), after(0), do('start', 4 * S)], [ends(2, 'would_exceed_deadline', 1)],
                 policy={**NONE, 'deadline_ns': 5 * S, 'min_attempt_ns': 2 * S})
    yield vector('sequence-start-late', 'what is left is less than when it was decided', CALL,
                 [begin(), after(0), do('start', 4 * S)], [(1, {'attempt_timeout_ns': 4 * S}), (2, {'attempt_timeout_ns': S})],
                 policy={**NONE, 'deadline_ns': 5 * S})
    yield vector('sequence-first-attempt-takes-no-rate', 'and a cancelled one gives none back', CALL,
                 [do('rate_take', 0, units=1), begin(), after(0, 'cancelled', started_ns=NEVER), do('rate_wait', 0, units=1)],
                 [ends(2, 'cancelled', 0), (3, {'wait_ns': 2 * S})], policy=NONE, rate={'interval_ns': 2 * S})
    yield vector('sequence-cancelled-probe', 'a probe that is not made leaves its place', CALL,
                 [*failing([0]), begin(10 * S, call=1), begin(10 * S, call=2),
                  after(10 * S, 'cancelled', call=1, started_ns=NEVER), begin(10 * S, call=3)],
                 [(2, {'lease': True}), ends(3, 'breaker_open', 0), (5, {'verb': 'retry', 'lease': True})],
                 policy=NONE, breaker={**TWO, 'failures': 1})
    for name, verb in (('success', 'succeed'), ('permanent', 'stop'), ('cancelled', 'stop'), ('ambiguous', 'stop')):
        yield vector(f'sequence-the-end-is-final-{name}', 'asked again, it tells the same and charges nothing', CALL,
                     [begin(), after(S, name), after(2 * S), after(S, 'success'), do('start', 3 * S), look()],
                     [(1, {'verb': verb}), (2, {'verb': verb, 'attempt': 1, 'not_before_ns': S})], policy=NONE,
                     budget=BUCKET)
    yield vector('sequence-ambiguous', 'tried again only where that is allowed', CALL,
                 [begin(), after(0, 'ambiguous'), after(S, 'ambiguous'), after(3 * S, 'success')],
                 [(2, {'verb': 'retry', 'attempt': 3})], policy={**NONE, 'retry_ambiguous': 1})
    yield vector('sequence-throttled-base', 'a throttled attempt waits from its own base, the growth is one', CALL,
                 [begin(), after(0), after(0, 'throttled'), after(0), after(0, 'throttled')],
                 waits(1, 50 * MS, 2 * S, 200 * MS, 8 * S),
                 policy={**NONE, 'base_delay_ns': 50 * MS, 'throttled_base_delay_ns': S, 'max_delay_ns': 20 * S})
    yield vector('sequence-throttled-decorrelated', 'its base is the least, the delay before it the most is made of', CALL,
                 [begin(), after(0), after(0, 'throttled'), after(0), after(0, 'throttled'), after(0)],
                 policy={'jitter': 'decorrelated', 'base_delay_ns': 50 * MS, 'throttled_base_delay_ns': S,
                         'max_delay_ns': 20 * S})
    yield vector('sequence-all-orders', 'the first check that refuses is the reason', CALL,
                 [do('breaker_force_open'), begin(), do('breaker_force_close'), begin(), do('breaker_force_open'),
                  after(9 * S, hint='refusal'), do('breaker_force_close'), begin(), do('breaker_force_open'),
                  after(5 * S, hint='refusal'), do('breaker_force_close'), begin(), do('breaker_force_open'), after(S),
                  do('breaker_force_close'), begin(10 * S), after(10 * S), begin(10 * S), after(10 * S)],
                 [ends(1, 'breaker_open', 0), ends(5, 'server_refused', 1), ends(9, 'server_refused', 1),
                  ends(13, 'breaker_open', 1), (16, {'verb': 'retry'}), ends(18, 'rate_limited', 1)],
                 policy={**NONE, 'deadline_ns': 5 * S}, breaker={**TWO, 'failures': 9}, rate={}, budget=BUCKET)
    yield vector('sequence-deadline-before-breaker', 'the deadline is asked before the breaker', CALL,
                 [begin(), do('breaker_force_open'), after(5 * S)], [ends(2, 'deadline', 1)],
                 policy={**NONE, 'deadline_ns': 5 * S}, breaker=TWO)
    yield vector('sequence-budget-before-hint', 'the budget is asked before the delay', CALL,
                 [begin(), after(0), begin(call=1), after(0, call=1, **relative(7200 * S))],
                 [ends(3, 'budget_empty', 1)], policy=NONE, budget={**BUCKET, 'capacity_mt': 1000})
    yield vector('sequence-hint-before-fit', 'a hint that is too long is that, though it would not fit either', CALL,
                 [begin(), after(0, **relative(7200 * S))], [ends(1, 'hint_too_long', 1, guard='hint')],
                 policy={**NONE, 'deadline_ns': 10 * S})
    yield vector('sequence-shared-by-three', 'three calls, one budget, one breaker', CALL,
                 [begin(), begin(0, call=1, operation=1), begin(0, call=2, operation=2), after(S), after(S, 'success', call=1),
                  after(S, call=2), after(4 * S, 'success'), after(4 * S, call=2), look(4 * S), do('breaker_look', 4 * S)],
                 policy={'jitter': 'full'}, breaker=TWO, budget=BUCKET)


def starts():
    yield vector('sequence-start-stays', 'nothing has changed: the decision is the same', CALL,
                 [begin(), do('start', 0), after(S), do('start', 2 * S), do('start', 3 * S), after(4 * S, 'success')],
                 [(3, {'verb': 'retry', 'attempt': 2, 'not_before_ns': 2 * S})], policy=NONE, budget=BUCKET, breaker=TWO)
    yield vector('sequence-start-refunds', 'the deadline came during the wait', CALL,
                 [begin(), after(0), do('start', 5 * S), look()],
                 [ends(2, 'deadline', 1, not_before_ns=5 * S), left(3, 3, balance_mt=3000)],
                 policy={**NONE, 'deadline_ns': 5 * S}, budget=BUCKET)
    yield vector('sequence-start-first-attempt', 'a first attempt has paid nothing', CALL,
                 [begin(), do('breaker_force_open'), do('start', S), look()],
                 [ends(2, 'breaker_open', 0, guard='breaker'), left(3, 3)], policy=NONE, breaker=TWO, budget=BUCKET)


def hedges():
    yield vector('sequence-hedge-wins', 'a hedge after 1 s pays and has the attempt\'s number', HEDGE,
                 [begin(), do('hedge_init', 0), hedge(0), hedge(S), hedge(S), after(2 * S, 'success'), look(2 * S)],
                 [(2, {'verb': 'hedge', 'delay_ns': S, 'not_before_ns': S, 'attempt': 1, 'budget_left': 3}),
                  (3, {'verb': 'hedge', 'delay_ns': 0, 'attempt': 1, 'budget_left': 2}), ends(4, 'exhausted', 1),
                  (5, {'verb': 'succeed', 'attempt': 1})],
                 policy=NONE, hedge={}, budget={**BUCKET, 'deposit_first_mt': 0})
    yield vector('sequence-hedges-in-a-row', 'each one delay after the start before', HEDGE,
                 [begin(), do('hedge_init', 0), hedge(S), hedge(S), hedge(2500 * MS), hedge(2500 * MS), hedge(9 * S), hedge(9 * S)],
                 [(3, {'delay_ns': S}), (5, {'delay_ns': S, 'not_before_ns': 3500 * MS}), (6, {'delay_ns': 0}),
                  ends(7, 'exhausted', 1)], policy=NONE, hedge={'most': 3})
    yield vector('sequence-hedge-empty-budget', 'no hedge; what runs, runs on', HEDGE,
                 [begin(), after(0), do('hedge_init', S), hedge(2 * S), after(3 * S, 'success'), look(3 * S)],
                 [ends(3, 'budget_empty', 2, guard='budget'), (4, {'verb': 'succeed', 'attempt': 2})],
                 policy=NONE, hedge={}, budget={**BUCKET, 'capacity_mt': 1000})
    yield vector('sequence-hedge-open-breaker', 'no hedge; what runs, runs on', HEDGE,
                 [begin(), do('hedge_init', 0), do('breaker_force_open'), hedge(S), after(2 * S, 'success')],
                 [ends(3, 'breaker_open', 1, guard='breaker'), (4, {'verb': 'succeed'})],
                 policy=NONE, hedge={}, breaker=TWO)
    yield vector('sequence-hedge-leases', 'the loser is reported by hand, the winner to the call', HEDGE,
                 [begin(), do('hedge_init', 0), hedge(S), do('breaker_report', 2 * S, lease=0, **{'class': 'server'}),
                  after(3 * S, 'success', lease=2), do('breaker_look', 3 * S)],
                 [(2, {'verb': 'hedge', 'lease': True}), (4, {'verb': 'succeed'}), (5, {'state': 'closed'})],
                 policy=NONE, hedge={}, breaker=TWO)
    yield vector('sequence-hedge-after-the-end', 'no hedge for a call that is over, told with the moment of its end', HEDGE,
                 [begin(), do('hedge_init', 0), after(S, 'success'), hedge(2 * S)],
                 [ends(3, 'exhausted', 1, not_before_ns=S)], policy=NONE, hedge={})
    yield vector('sequence-hedge-never', 'a delay without end is no hedge', HEDGE,
                 [begin(), do('hedge_init', 0), hedge(S)], [ends(2, 'exhausted', 1)],
                 policy=NONE, hedge={'delay_ns': NEVER})
    yield vector('sequence-hedge-timeout', 'a hedge has what the deadline leaves it', HEDGE,
                 [begin(), do('hedge_init', 0), hedge(3 * S)], [(2, {'attempt_timeout_ns': 2 * S})],
                 policy={**NONE, 'deadline_ns': 5 * S, 'attempt_timeout_ns': 3 * S}, hedge={'delay_ns': 3 * S})


def make():
    yield from calls()
    yield from starts()
    yield from hedges()
