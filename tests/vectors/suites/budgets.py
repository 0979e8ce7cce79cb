# SPDX-License-Identifier: MIT
"""budgets.jsonl: published budgets, their grants counted by hand; then each field of a rule by itself."""
from .vector import *

AWS = 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html'
GRPC = 'https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs'
FINAGLE = 'https://github.com/twitter/finagle/blob/develop/finagle-core/src/main/scala/com/twitter/finagle/service/RetryBudget.scala'
ENVOY = 'https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto'
SRE = 'https://sre.google/sre-book/handling-overload/'
BROOKER = 'https://brooker.co.za/blog/2022/02/28/retries.html'
AWS_C_IO = 'https://github.com/awslabs/aws-c-io/blob/main/source/standard_retry_strategy.c'
HEADER = 'include/again/budget.h'

AWS_2018 = {'kind': 'tokens', 'capacity_mt': 500_000, 'cost_mt': 5000, 'cost_timeout_mt': 10_000,
            'deposit_first_mt': 1000, 'repay_last': 1}
AWS_2026 = {'kind': 'tokens', 'capacity_mt': 500_000, 'cost_mt': 14_000, 'cost_throttled_mt': 5000,
            'deposit_first_mt': 1000, 'repay_last': 1}
# A retry is granted above half; both are counted in thousandths, so from half and one thousandth on.
GRPC_10 = {'kind': 'tokens', 'capacity_mt': 10_000, 'cost_mt': 1000, 'least_mt': 5001, 'charge_failures': 1,
           'deposit_first_mt': 100, 'deposit_later_mt': 100}
# A request deposits 1, a retry withdraws 1 / 20 % = 5; the reserve is 10 retries a second for 10 s.
FINAGLE_20 = {'kind': 'window', 'capacity_mt': 500_000, 'cost_mt': 5000, 'deposit_call_mt': 1000, 'window_ns': 10 * S}
ENVOY_20 = {'kind': 'concurrency', 'min_concurrency': 3, 'ratio_q32': q32(20, 100)}
# A retry is allowed while retries are below 10 % of the requests, retries among them: r < 0.1 (c + r), so each of both
# brings 0.1, a retry takes 1, and something must be there.
SRE_10 = {'kind': 'window', 'cost_mt': 1000, 'least_mt': 1, 'deposit_call_mt': 100, 'deposit_retry_mt': 100, 'window_ns': 120 * S}
BROOKER_10 = {'kind': 'tokens', 'capacity_mt': 100_000, 'cost_mt': 1000, 'deposit_first_mt': 100,
              'deposit_later_mt': 100}
PARTIAL = {'kind': 'tokens', 'capacity_mt': 503_000, 'cost_mt': 10_000, 'least_mt': 1}


def look(t=0, outcome_class='transient'):
    return do('budget_look', t, **{'class': outcome_class})


def withdraw(t=0, outcome_class='transient'):
    return do('budget_withdraw', t, **{'class': outcome_class})


def left(index, count, **more):
    return index, {'left': count, **more}


def drained(name, about, source, rule, grants, outcome_class='transient', before=(), t=0, first=None):
    """All retries that are granted one after the other from full, and the one that is not."""
    script = [*before, look(t, outcome_class), *[withdraw(t, outcome_class)] * (grants + 1), look(t, outcome_class)]
    start = len(before)
    known = [left(start, grants if first is None else first), *[(start + 1 + i, {'granted': True}) for i in range(grants)],
             (start + 1 + grants, {'granted': False}), left(start + 2 + grants, 0, granted=grants, refused=1)]
    return vector(name, about, source, script, known, budget=rule)


def published():
    yield drained('budget-aws-2018-from-full', '500 / 5 = 100 retries', AWS, AWS_2018, 100)
    yield drained('budget-aws-2018-timeouts', '500 / 10 = 50 retries', AWS, AWS_2018, 50, 'timeout')
    yield drained('budget-aws-2026-from-full', '500 / 14 = 35 transient retries', AWS, AWS_2026, 35)
    yield drained('budget-aws-2026-throttled', '500 / 5 = 100 throttled retries', AWS, AWS_2026, 100, 'throttled')
    yield drained('budget-aws-2026-timeouts', 'a timeout costs what a transient failure does', AWS, AWS_2026, 35, 'timeout')
    yield drained('budget-aws-c-io-partial', '503 / 10 gives 51: the last one takes the 3 that are left', AWS_C_IO,
                  PARTIAL, 51)
    yield drained('budget-aws-sdk-not-partial', '503 / 10 gives 50 without partial grants', AWS,
                  {**PARTIAL, 'least_mt': 0}, 50)
    yield drained('budget-finagle-cold-start', 'a cold start allows 100 retries: 10 a second for 10 s', FINAGLE,
                  FINAGLE_20, 100)
    yield drained('budget-finagle-20-percent', '100 requests bring 20 retries beside the reserve', FINAGLE, FINAGLE_20,
                  120, before=[do('budget_begins', 0)] * 100)
    # The eleventh is asked for when 10 of 109 are less than 10 %, the twelfth when 11 of 110 are not.
    yield drained('budget-sre-10-percent', '99 requests bring 11 retries: 10 % of all 110', SRE, SRE_10, 11,
                  before=[do('budget_begins', S)] * 99, t=S)
    yield drained('budget-sre-cold', 'without requests there is no retry', SRE, SRE_10, 0)
    yield drained('budget-brooker', 'a bucket of 100', BROOKER, BROOKER_10, 100)
    yield vector('budget-brooker-steady-state', 'ten successes bring one retry', BROOKER,
                 [*[withdraw()] * 101, *[do('budget_success', 0, retries=0)] * 9, withdraw(),
                  do('budget_success', 0, retries=0), withdraw(), withdraw()],
                 [(99, {'granted': True}), (100, {'granted': False}), (110, {'granted': False}),
                  (112, {'granted': True}), (113, {'granted': False})], budget=BROOKER_10)
    yield vector('budget-grpc-fifth-is-denied', 'maxTokens 10: four retries are granted, the fifth failure is not retried',
                 GRPC, [event for i in range(6) for event in (do('budget_failure', 0, **{'class': 'transient'}),
                                                              withdraw())] + [look()],
                 [*[(2 * i + 1, {'granted': i < 4}) for i in range(6)], left(12, 0, balance_mt=4000)], budget=GRPC_10)
    yield vector('budget-grpc-refills', 'each success brings 0.1: from 5 to above 5 with one', GRPC,
                 [*[do('budget_failure', 0, **{'class': 'server'})] * 5, look(), do('budget_success', 0, retries=0), look(),
                  *[do('budget_failure', 0, **{'class': 'server'})] * 9, look(), do('budget_success', 0, retries=3), look()],
                 [left(5, 0, balance_mt=5000), left(7, 1, balance_mt=5100), left(17, 0, balance_mt=0),
                  left(19, 0, balance_mt=100)], budget=GRPC_10)
    yield vector('budget-envoy-minimum', 'three retries in flight are always allowed', ENVOY,
                 [do('budget_begins', 0), *[withdraw()] * 4, do('budget_retry_ends', paid=1), withdraw(), look()],
                 [(3, {'granted': True}), (4, {'granted': False}), (6, {'granted': True}),
                  left(7, 0, calls=1, retries=3, granted=4, refused=1)], budget=ENVOY_20)
    # Q32 has cut a fifth of a unit from 20 %; half a unit is put back.
    yield vector('budget-envoy-20-percent', '100 calls: 20 retries in flight', ENVOY,
                 [*[do('budget_begins', 0)] * 100, look(), *[withdraw()] * 21, *[do('budget_ends')] * 50, look()],
                 [left(100, 20), (120, {'granted': True}), (121, {'granted': False}), left(172, 0)], budget=ENVOY_20)


def fields():
    yield vector('budget-full-stays-full', 'no deposit above the capacity', HEADER,
                 [do('budget_success', 0, retries=0), look(), withdraw(), do('budget_success', 0, retries=1, paid=2),
                  look()], [left(1, 100, balance_mt=500_000), left(4, 100, balance_mt=500_000)], budget=AWS_2018)
    yield vector('budget-repays-the-last-cost', 'a success after a retry gets back what its last retry cost', AWS,
                 [withdraw(0, 'timeout'), withdraw(), do('budget_success', 0, retries=2, paid=1), look(),
                  do('budget_success', 0, retries=0), look()],
                 [left(3, 98, balance_mt=490_000), left(5, 98, balance_mt=491_000)], budget=AWS_2018)
    yield vector('budget-refund-window', 'a window forgets what was paid: nothing comes back', SRE,
                 [do('budget_begins', 0), withdraw(), look(), do('budget_refund', 0, paid=1), look(), withdraw(), withdraw()],
                 [left(2, 0), left(4, 0), (5, {'granted': False}), (6, {'granted': False})], budget=SRE_10)
    yield vector('budget-refund', 'what a retry paid that will not run comes back', HEADER,
                 [withdraw(0, 'timeout'), do('budget_refund', 0, paid=0), look()], [left(2, 100, balance_mt=500_000)],
                 budget=AWS_2018)
    yield vector('budget-partial-repays-what-it-took', 'a partial grant repays its part', AWS_C_IO,
                 [*[withdraw()] * 51, look(), do('budget_success', 0, retries=1, paid=50), look()],
                 [left(51, 0, balance_mt=0), left(53, 1, balance_mt=3000)], budget={**PARTIAL, 'repay_last': 1})
    yield vector('budget-least-above-cost', 'a retry needs least_mt and takes cost_mt', HEADER,
                 [look(), *[withdraw()] * 6, look()], [left(0, 5), (5, {'granted': True}), (6, {'granted': False}),
                                                       left(7, 0, balance_mt=5000)],
                 budget={'kind': 'tokens', 'capacity_mt': 10_000, 'cost_mt': 1000, 'least_mt': 5001})
    yield vector('budget-costs-by-class', 'server and ambiguous failures cost cost_mt', HEADER,
                 [look(0, c) for c in ('transient', 'timeout', 'throttled', 'server', 'ambiguous')],
                 [left(0, 10), left(1, 5), left(2, 20), left(3, 10), left(4, 10)],
                 budget={'kind': 'tokens', 'capacity_mt': 10_000, 'cost_mt': 1000, 'cost_timeout_mt': 2000,
                         'cost_throttled_mt': 500})
    yield vector('budget-retry-deposits', 'a retry that brings 0.5 of its cost is half a retry', HEADER,
                 [look(), withdraw(), look()], [left(0, 19), left(2, 18, balance_mt=9500)],
                 budget={'kind': 'tokens', 'capacity_mt': 10_000, 'cost_mt': 1000, 'deposit_retry_mt': 500})
    yield vector('budget-window-forgets', 'a deposit counts for its tenth and the nine after it', FINAGLE,
                 [*[do('budget_begins', 3 * S)] * 5, look(3 * S), look(13 * S - 1), look(13 * S), look(100 * S)],
                 [left(5, 101), left(6, 101), left(7, 100), left(8, 100)], budget=FINAGLE_20)
    yield vector('budget-window-forgets-withdrawals', 'and so does a withdrawal', FINAGLE,
                 [*[withdraw(S)] * 100, look(S), look(11 * S - 1), look(11 * S)],
                 [left(100, 0), left(101, 0), left(102, 100)], budget=FINAGLE_20)
    yield vector('budget-window-by-tenths', 'each tenth is forgotten by itself', FINAGLE,
                 [*[withdraw(t * S) for t in range(10) for _ in range(5)], *[look((9 + t) * S) for t in range(11)]],
                 [left(50 + t, 50 + 5 * t) for t in range(11)], budget=FINAGLE_20)
    yield vector('budget-window-clock-backwards', 'what comes with an earlier time counts in the latest tenth', HEADER,
                 [*[do('budget_begins', 20 * S)] * 5, *[do('budget_begins', 5 * S)] * 5, look(5 * S), look(30 * S - 1),
                  look(30 * S)], [left(10, 102), left(11, 102), left(12, 100)], budget=FINAGLE_20)
    yield vector('budget-window-no-refund', 'deposits and a payment are forgotten together, and no refund outlives them', HEADER,
                 [*[do('budget_begins', 0)] * 10, withdraw(), look(), do('budget_refund', S, paid=10), look(),
                  look(10 * S)],
                 [left(11, 0), left(13, 0), left(14, 0)],
                 budget={'kind': 'window', 'cost_mt': 1000, 'deposit_call_mt': 100, 'window_ns': 10 * S})
    yield vector('budget-window-of-ten-ns', 'the least window: tenths of one nanosecond', HEADER,
                 [do('budget_begins', 7), look(16), look(17)], [left(1, 1), left(2, 0)],
                 budget={'kind': 'window', 'cost_mt': 1000, 'deposit_call_mt': 1000, 'window_ns': 10})
    yield vector('budget-window-odd', 'a tenth of 25 ns is 2 ns', HEADER,
                 [do('budget_begins', 1), look(19), look(20)], [left(1, 1), left(2, 0)],
                 budget={'kind': 'window', 'cost_mt': 1000, 'deposit_call_mt': 1000, 'window_ns': 25})
    yield vector('budget-waiting-retries-count', 'a retry is in flight from its grant, its wait included',
                 'https://github.com/envoyproxy/envoy/issues/30205',
                 [do('budget_begins', 0), withdraw(), look(), do('budget_refund', 0, paid=1), look()],
                 [left(2, 2, calls=1, retries=1), left(4, 3, calls=1, retries=0)], budget=ENVOY_20)
    yield vector('budget-minimum-is-kept', 'one call with a small ratio still has its minimum',
                 'https://github.com/failsafe-go/failsafe-go/issues/139',
                 [do('budget_begins', 0), look()], [left(1, 3)],
                 budget={'kind': 'concurrency', 'min_concurrency': 3, 'ratio_q32': q32(1, 100)})


def in_calls():
    """The same by calls: which deposit, which cost, which order."""
    small = {'kind': 'tokens', 'capacity_mt': 10_000, 'cost_mt': 5000, 'cost_timeout_mt': 10_000, 'deposit_first_mt': 1000,
             'repay_last': 1}
    yield vector('budget-call-first-try', 'a first success brings 1, a later one what the last retry cost', AWS,
                 [begin(), after(0), after(S, 'success'), look(), begin(call=1), after(0, call=1),
                  begin(call=2), after(0, 'success', call=2), look()],
                 [(1, {'budget_left': 1}), left(3, 2, balance_mt=10_000), left(8, 1, balance_mt=6000)],
                 policy=NONE, budget=small)
    yield vector('budget-call-empty', 'an empty bucket ends the call before it waits',
                 'https://github.com/boto/botocore/issues/3179', failing([0, S, 3 * S]),
                 [(1, {'verb': 'retry', 'budget_left': 1}), (2, {'verb': 'retry', 'budget_left': 0}),
                  ends(3, 'budget_empty', 3, guard='budget', delay_ns=0)], policy=NONE, budget=small)
    yield vector('budget-call-grpc', 'four calls with one failing attempt, then one that is not retried', GRPC,
                 [event for i in range(5) for event in (begin(call=i, operation=i), after(0, call=i))] + [look()],
                 [*[(2 * i + 1, {'verb': 'retry'}) for i in range(4)], ends(9, 'budget_empty', 1, guard='budget'),
                  left(10, 0, balance_mt=5000)], policy=NONE, budget=GRPC_10)
    yield vector('budget-call-grpc-charges-refused', 'failures are charged though no retry is left', GRPC,
                 [event for i in range(6) for event in (begin(call=i), after(0, call=i))] + [look()],
                 [*[ends(2 * i + 1, 'exhausted', 1) for i in range(6)], left(12, 0, balance_mt=4000)],
                 policy={**NONE, 'max_retries': 0}, budget=GRPC_10)
    yield vector('budget-call-permanent-is-free', 'what is not retried costs nothing', HEADER,
                 [begin(), after(0, 'permanent'), look(), begin(call=1), after(0, 'ambiguous', call=1), look()],
                 [left(2, 5, balance_mt=10_000), left(5, 5, balance_mt=10_000)], policy=NONE, budget=GRPC_10)
    yield vector('budget-call-would-not-fit', 'a wait that is refused pays nothing', 'include/again/call.h',
                 [begin(), after(0), look()], [ends(1, 'would_exceed_deadline', 1), left(2, 2, balance_mt=10_000)],
                 policy={**NONE, 'deadline_ns': S}, budget=small)
    yield vector('budget-call-window', 'a call deposits when it begins; ten bring one retry', SRE,
                 [*[begin(call=i % 8, operation=i) for i in range(9)], after(S, call=0), begin(call=1), after(S, call=1),
                  after(S, call=2)],
                 [ends(9, 'budget_empty', 1), (11, {'verb': 'retry'}), ends(12, 'budget_empty', 1)],
                 policy=NONE, budget={**SRE_10, 'deposit_retry_mt': 0, 'least_mt': 0})
    yield vector('budget-call-in-flight', 'a call in flight keeps its place until its end',
                 'https://github.com/envoyproxy/envoy-mobile/issues/811',
                 [*[begin(call=i) for i in range(4)], *[after(0, call=i) for i in range(4)], look(),
                  after(S, 'success', call=0), look(), after(S, call=1), look()],
                 [left(8, 0, calls=3, retries=3), left(10, 1, calls=2, retries=2), left(12, 1, calls=2, retries=2)],
                 policy=NONE, budget=ENVOY_20)


def make():
    yield from published()
    yield from fields()
    yield from in_calls()
