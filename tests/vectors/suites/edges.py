# SPDX-License-Identifier: MIT
"""edges.jsonl: what broke in other programs, each named by its report, and what libagain does instead."""
from .budgets import AWS_2018, ENVOY_20, GRPC_10, SRE_10, left, look, withdraw
from .vector import *

GITHUB = 'https://github.com/'
CAP = 60 * S
LAST_N = 2**32 - 1
DRAWS = (0, 1, 2**63, 2**64 - 1)


def edge(report, about, script, known=(), **parts):
    """`report` is owner/repository#number, its id the repository and the number."""
    owner, number = report.split('#')
    tail = parts.pop('tail', '')
    kind = 'pull' if number.startswith('pr') else 'issues'
    number = number.removeprefix('pr')
    name = '-'.join(['edge', owner.replace('/', '-').lower(), number, *filter(None, [tail])])
    return vector(name, about, f'{GITHUB}{owner}/{kind}/{number}', script, known, **parts)


def seen(name, about, source, script, known=(), **parts):
    """Found in source or by running it; no report is known."""
    return vector(f'edge-{name}', about, source, script, known, **parts)


def growth(*ns):
    return [do('growth', n=n) for n in ns]


def grown(*delays_ns):
    return [(i, {'delay_ns': delay}) for i, delay in enumerate(delays_ns)]


def ranges(ns, last=0):
    return [do('range', n=n, last_delay_ns=last) for n in ns]


def every(ns, last=0):
    """The delay at each n for the least, the middle and the largest draw."""
    return [do('delay', n=n, draw=draw, last_delay_ns=last) for n in ns for draw in DRAWS]


def overflow():
    far = (1, 30, 62, 63, 64, 1022, 1023, 1024, 1025, 2**31, LAST_N)
    yield edge('jd/tenacity#710', 'zero is refused; growth is at the cap at 1024 as before and after it',
               growth(*far), grown(2 * S, *[CAP] * 10), policy=NONE)
    yield edge('jd/tenacity#710', 'a base of zero is refused', [refused('policy', 'AGAIN_ERR_RANGE', 'base_delay_ns')],
               tail='zero', policy={**NONE, 'base_delay_ns': 0})
    yield edge('hynek/stamina#104', 'the thousandth retry and the four-thousand-millionth are at the cap',
               every((1000, 1023, 1024, 1025, LAST_N)), policy={'base_delay_ns': 100 * MS, 'max_delay_ns': 5 * S})
    yield edge('App-vNext/Polly#1866', 'an overflow does not ignore max_delay_ns', growth(31, 32, 1000, LAST_N),
               grown(*[3600 * S] * 4), policy={**NONE, 'base_delay_ns': 2 * S, 'max_delay_ns': 3600 * S})
    yield edge('App-vNext/Polly#2163', 'no n and no draw gives a negative delay, or none',
               every((0, 10, 1000, LAST_N), CAP), policy={'jitter': 'decorrelated'})
    yield edge('cenkalti/backoff#191', 'without a cap the delay saturates; with its jitter it does not wrap',
               every((0, 40, 100, LAST_N)), policy={'jitter': 'proportional', 'jitter_q32': q32(1, 2), 'max_delay_ns': NEVER})
    yield edge('failsafe-lib/failsafe#115', 'a ratio just below 1 leaves at least 1 ns', ranges((0, 1, 30)),
               policy={'jitter': 'proportional', 'jitter_q32': ONE - 1, 'base_delay_ns': 1, 'max_delay_ns': 10})
    yield seen('azure-sdk-for-c-int32', '4 s doubled 20 to 40 times is at the cap each time',
               'https://github.com/Azure/azure-sdk-for-c/blob/main/sdk/src/azure/core/az_http_policy_retry.c',
               growth(*range(20, 41)), grown(*[120 * S] * 21),
               policy={**NONE, 'base_delay_ns': 4 * S, 'max_delay_ns': 120 * S})
    yield seen('failsafe-go-zero', 'growth without a cap never comes back to 0',
               'https://github.com/failsafe-go/failsafe-go', growth(33, 34, 35, 63, 64, 200, LAST_N),
               [(0, {'delay_ns': 2**33 * S}), (1, {'delay_ns': 2**34 * S}), *[(i, {'delay_ns': NEVER}) for i in range(2, 7)]],
               policy={**NONE, 'max_delay_ns': NEVER})
    yield seen('again-rs-stops', 'an overflow does not end the retries', 'https://crates.io/crates/again',
               [begin(), *[after(i * S) for i in range(70)]], [(70, {'verb': 'retry', 'attempt': 71})],
               policy={**NONE, 'max_retries': 2**32 - 1, 'max_delay_ns': NEVER})
    yield edge('avast/retry-go#pr30', 'a sum past the end of time is the end of time', [begin(NEVER - 5), after(NEVER - 5)],
               [(1, {'verb': 'retry', 'delay_ns': S, 'not_before_ns': NEVER})], policy=NONE)
    yield seen('grpc-go-pushback', 'a pushback of 9300000000000 ms is no negative duration but a refusal',
               'https://github.com/grpc/proposal/blob/master/A6-client-retries.md',
               [do('pushback_ms', text='9300000000000'), do('pushback_ms', text='-1')],
               [(0, {'hint': 'refusal'}), (1, {'hint': 'refusal'})])
    yield edge('fluent/fluent-logger-forward-node#44', 'a delay above 2^31 ms stays what it is', growth(31, 32),
               grown(2**31 * MS, 2**32 * MS), policy={**NONE, 'base_delay_ns': MS, 'max_delay_ns': NEVER})
    yield seen('aws-c-io-size-t', '10 s is 10 s however wide a pointer is',
               'https://github.com/awslabs/aws-c-io/blob/main/source/exponential_backoff_retry_strategy.c',
               ranges((0,), 10 * S), [(0, {'least_ns': 500 * MS, 'most_ns': 20 * S})],
               policy={'jitter': 'decorrelated', 'base_delay_ns': 500 * MS, 'max_delay_ns': 20 * S})
    yield edge('FreeRTOS/backoffAlgorithm#pr63', 'waits longer than 65535 ms', growth(6, 7, 10),
               grown(64 * S, 128 * S, 1024 * S), policy={**NONE, 'max_delay_ns': 1024 * S})


def rounding():
    yield seen('resilience4j-stuck', '1 ms by 1.5 grows', 'https://github.com/resilience4j/resilience4j', growth(0, 1, 2, 3),
               grown(MS, 1500000, 2250000, 3375000), policy={**NONE, 'base_delay_ns': MS, 'factor_q32': q32(3, 2)})
    yield seen('kamilsk-factor', 'a factor of 1.5 is not cut to 1 before it multiplies', 'https://github.com/kamilsk/retry',
               growth(1, 2, 3, 4), grown(1500 * MS, 2250 * MS, 3375 * MS, 5062500000),
               policy={**NONE, 'factor_q32': q32(3, 2)})
    yield seen('failsafe-below-1-ms', 'a delay below 1 ms is not cut to 0', 'https://github.com/failsafe-lib/failsafe',
               growth(0, 1), grown(1, 2), policy={**NONE, 'base_delay_ns': 1})
    for jitter in ('full', 'equal', 'proportional'):
        yield seen(f'tower-whole-seconds-{jitter}', 'a base of whole seconds is spread as any other',
                   'https://github.com/tower-rs/tower/blob/master/tower/src/retry/backoff.rs',
                   [do('delay', n=n, draw=i * 2**60, last_delay_ns=0) for n in (0, 1) for i in range(16)],
                   policy={'jitter': jitter})
    yield edge('tower-rs/tower#857', '51 % is 51 %: 100 calls bring 51 retries',
               [*[do('budget_begins', 0)] * 100, look()], [left(100, 51)],
               budget={'kind': 'window', 'cost_mt': 1000, 'deposit_call_mt': 510, 'window_ns': 10 * S})
    yield edge('tower-rs/tower#857', '0.4 % of 1000 calls are 4', [*[do('budget_begins', 0)] * 1000, look()],
               [left(1000, 4)], tail='permille',
               budget={'kind': 'window', 'cost_mt': 1000, 'deposit_call_mt': 4, 'window_ns': 10 * S})
    yield edge('yoshuawuyts/exponential-backoff#pr36', 'jitter is there: eight seeds, eight delays',
               [plan(1, seed) for seed in range(8)], policy={})
    yield edge('awslabs/amazon-qldb-driver-rust#pr260', 'base * 2^n, not base^n', growth(0, 1, 2, 3),
               grown(10 * MS, 20 * MS, 40 * MS, 80 * MS), policy={**NONE, 'base_delay_ns': 10 * MS})
    yield seen('modulo', 'both ends of a range can be drawn', 'https://github.com/libmcu/libmcu/pull/300',
               [do('uniform', draw=draw, least=1, most=6) for draw in (0, 2**64 // 6, 2**64 // 6 + 1, 2**64 - 1)]
               + [do('uniform', draw=draw, least=0, most=NEVER) for draw in DRAWS]
               + [do('uniform', draw=2**64 - 1, least=7, most=7)],
               [(0, {'number': 1}), (1, {'number': 1}), (2, {'number': 2}), (3, {'number': 6}),
                *[(4 + i, {'number': draw}) for i, draw in enumerate(DRAWS)], (8, {'number': 7})])
    yield edge('smithy-lang/smithy-java#pr1300', 'full jitter backs off: a draw of 0 is 1 ns',
               [do('delay', n=0, draw=0, last_delay_ns=0)], [(0, {'delay_ns': 1})], policy={'jitter': 'full'})


def at_the_cap():
    for jitter, least, most in (('full', 1, CAP), ('equal', 30 * S, CAP), ('decorrelated', S, CAP),
                                ('proportional', None, None)):
        known = [(i, {'least_ns': least, 'most_ns': most}) for i in range(3)] if least else []
        yield edge('jd/tenacity#pr703', 'the spread is kept at the cap', ranges((7, 20, 1000), CAP), known, tail=jitter,
                   policy={'jitter': jitter})
    yield seen('cenkalti-above-the-cap', 'a cap of 10 s is never 15 s', 'https://github.com/cenkalti/backoff',
               [*ranges((0, 7, 8, 100)), *every((8, 100))],
               policy={'jitter': 'proportional', 'jitter_q32': q32(1, 2), 'factor_q32': q32(3, 2), 'base_delay_ns': 500 * MS,
                       'max_delay_ns': 10 * S})
    yield edge('App-vNext/Polly#530', 'decorrelated: the ceiling is cut before the draw, so nothing bunches at the cap',
               [plan(40, seed) for seed in range(4)], policy={'jitter': 'decorrelated', 'max_retries': 100})
    yield edge('TrueLayer/retry-policies#pr10', 'and no delay is below the base or above the cap', every((5,), 50 * S),
               [(0, {'delay_ns': S}), (3, {'delay_ns': CAP})], policy={'jitter': 'decorrelated'})
    yield edge('uber/cadence#8238', 'jitter is the default', [plan(6, seed) for seed in (1, 2)], policy={})


def time_limits():
    five = {**NONE, 'deadline_ns': 5 * S}
    yield edge('jd/tenacity#pr423', 'attempts at 0, 1 and 3 s, none at 7', failing([0, S, 3 * S]),
               [*waits(1, S, 2 * S), ends(3, 'would_exceed_deadline', 3)], policy=five)
    yield edge('litl/backoff#186', 'an attempt of 4 s counts', failing([4 * S]), [ends(1, 'would_exceed_deadline', 1)],
               policy=five)
    yield edge('litl/backoff#196', 'a clock that is set back gives no extra time',
               failing([4 * S, S, S]), [(1, {'verb': 'retry'}), *[ends(i, 'would_exceed_deadline', 2) for i in (2, 3)]],
               policy={**five, 'deadline_ns': 6 * S})
    yield edge('cenkalti/backoff#159', 'a hint beyond the deadline ends this call, it does not switch off retries',
               [begin(), after(0), after(S, **relative(9 * S)), begin(call=1), after(0, call=1)],
               [(1, {'verb': 'retry'}), ends(2, 'would_exceed_deadline', 2), (4, {'verb': 'retry'})], policy=five)
    yield edge('resilience4j/resilience4j#1209', 'a limit for each attempt', failing([S]),
               [(0, {'attempt_timeout_ns': 2 * S}), (1, {'attempt_timeout_ns': 2 * S})],
               policy={**NONE, 'attempt_timeout_ns': 2 * S})
    yield edge('failsafe-lib/failsafe#46', 'no wait before an attempt that cannot finish', failing([S]),
               [ends(1, 'would_exceed_deadline', 1)], policy={**five, 'min_attempt_ns': 3 * S + 1})
    yield edge('failsafe-lib/failsafe#121', 'the running attempt is told what is left', failing([2 * S]),
               [(0, {'attempt_timeout_ns': 5 * S}), (1, {'attempt_timeout_ns': 2 * S})], policy=five)
    yield edge('linkerd/linkerd#2369', 'no retry starts past the total time', failing([5 * S]), [ends(1, 'deadline', 1)],
               policy=five)
    yield seen('freertos-last-sleep', 'after the last attempt nobody waits',
               'https://github.com/FreeRTOS/backoffAlgorithm/blob/main/README.md', failing([0, S]),
               [ends(2, 'exhausted', 2, delay_ns=0, not_before_ns=S)], policy={**NONE, 'max_retries': 1})
    yield edge('curl/curl#20669', 'the delay is the delay', failing([0]), waits(1, 7 * S),
               policy={**NONE, 'base_delay_ns': 7 * S})
    yield edge('failsafe-lib/failsafe#pr342', 'a healthy run starts the growth anew, not the count',
               [begin(), after(0), after(S), after(3 * S, started_ns=3 * S, ended_ns=13 * S - 1),
                after(20 * S, started_ns=7 * S, ended_ns=17 * S), after(30 * S, started_ns=25 * S, ended_ns=25 * S)],
               [*waits(1, S, 2 * S, 4 * S, S, 2 * S), (5, {'attempt': 6})],
               policy={**NONE, 'max_retries': 9, 'reset_after_ns': 10 * S})


def meanings():
    yield edge('juju/retry#9', '0 retries are no retry', failing([0]), [ends(1, 'exhausted', 1)],
               policy={**NONE, 'max_retries': 0})
    yield seen('litl-max-tries-0', 'unlimited is another number than 0', 'https://github.com/litl/backoff',
               failing([i * S for i in range(40)]), [(40, {'verb': 'retry', 'attempt': 41})],
               policy={**NONE, 'max_retries': 2**32 - 1})
    yield seen('default-retries', 'and the default is a third one', 'include/again/policy.h',
               failing([i * S for i in range(6)]), [(5, {'verb': 'retry'}), ends(6, 'exhausted', 6)], policy=NONE)
    yield edge('avast/retry-go#113', 'n starts at 0 for every jitter: 1 ns to base, base/2 to base, base', ranges((0,)),
               [(0, {'least_ns': 1, 'most_ns': S})], policy={'jitter': 'full'})
    yield edge('sethvargo/go-retry#pr39', 'a jitter of 0 is refused, it does not panic',
               [refused('policy', 'AGAIN_ERR_RANGE', 'jitter_q32')], policy={'jitter': 'proportional', 'jitter_q32': 0})
    yield edge('curl/curl#11826', 'what a delay of 0 means: it is refused',
               [refused('policy', 'AGAIN_ERR_RANGE', 'base_delay_ns')], policy={'base_delay_ns': 0})
    yield seen('sethvargo-capped-0', 'a cap of 0 is refused', 'https://github.com/sethvargo/go-retry',
               [refused('policy', 'AGAIN_ERR_RANGE', 'max_delay_ns')], policy={'max_delay_ns': 0})
    yield seen('cap-below-base', 'a cap below the base is refused', 'include/again/policy.h',
               [refused('policy', 'AGAIN_ERR_CONFLICT', 'max_delay_ns')], policy={'max_delay_ns': S - 1})
    yield seen('aws-c-io-empty-range', 'decorrelated without a spread is refused',
               'https://github.com/awslabs/aws-c-io/blob/main/source/exponential_backoff_retry_strategy.c',
               [refused('policy', 'AGAIN_ERR_CONFLICT', 'max_delay_ns')],
               policy={'jitter': 'decorrelated', 'base_delay_ns': S, 'max_delay_ns': S})
    yield seen('decorrelated-factor', 'a setting that would be ignored is refused', 'include/again/policy.h',
               [refused('policy', 'AGAIN_ERR_CONFLICT', 'jitter')], policy={'jitter': 'decorrelated', 'factor_q32': 3 * ONE})
    yield seen('factor-below-one', 'a growth that shrinks is refused', 'include/again/policy.h',
               [refused('policy', 'AGAIN_ERR_RANGE', 'factor_q32')], policy={'factor_q32': ONE - 1})


def budgets():
    empty = {'kind': 'tokens', 'capacity_mt': 1000, 'cost_mt': 1000, 'deposit_first_mt': 1000}
    yield edge('App-vNext/Polly#2348', 'a budget in the sense of Finagle', [*[do('budget_begins', 0)] * 10, look(), look(120 * S)],
               [left(10, 2), left(11, 0)], budget=SRE_10)
    yield edge('resilience4j/resilience4j#172', 'a budget that calls share', [begin(), begin(call=1), after(0), after(0, call=1)],
               [(2, {'verb': 'retry'}), ends(3, 'budget_empty', 1)], policy=NONE, budget=empty)
    yield edge('dotnet/extensions#7686', 'what helps brings back, what does not is soon over',
               [begin(), after(0), after(S), begin(2 * S, call=1), after(2 * S, 'success', call=1), begin(3 * S, call=2),
                after(3 * S, call=2)],
               [(1, {'verb': 'retry'}), ends(2, 'budget_empty', 2), (6, {'verb': 'retry'})], policy=NONE, budget=empty)
    yield edge('failsafe-go/failsafe-go#139', 'a lonely call has its minimum', [begin(), after(0), after(S), after(3 * S)],
               [(3, {'verb': 'retry'})], policy=NONE, budget=ENVOY_20)
    yield edge('envoyproxy/envoy#30205', 'a retry that waits counts', [begin(), begin(call=1), begin(call=2), begin(call=3),
                                                                       *[after(0, call=i) for i in range(4)]],
               [(6, {'verb': 'retry'}), ends(7, 'budget_empty', 1)], policy=NONE, budget=ENVOY_20)
    yield edge('grpc/grpc-go#7539', 'every decision says how many retries are left',
               [event for i in range(5) for event in (begin(call=i), after(0, call=i))],
               [*[(2 * i + 1, {'budget_left': 3 - i}) for i in range(4)], ends(9, 'budget_empty', 1)],
               policy=NONE, budget=GRPC_10)
    yield edge('boto/botocore#3179', 'an empty budget is seen before the wait', [begin(), begin(call=1), after(0), after(0, call=1)],
               [ends(3, 'budget_empty', 1, delay_ns=0, not_before_ns=0)], policy=NONE, budget=empty)
    yield edge('awslabs/aws-sdk-kotlin#1318', 'who stopped it is said: reason and guard',
               [begin(), after(0), after(S)], [ends(2, 'budget_empty', 2, guard='budget')], policy=NONE, budget=empty)
    yield edge('aws/aws-sdk-go-v2#3550', 'a success refills it',
               [*[withdraw()] * 101, do('budget_success', 0, retries=1, paid=99), withdraw(), withdraw()],
               [(100, {'granted': False}), (102, {'granted': True}), (103, {'granted': False})], budget=AWS_2018)
    yield edge('failsafe-go/failsafe-go#141', 'an empty budget starts no hedge and stops no attempt',
               [begin(), withdraw(), do('hedge_init', 0), do('hedge', S), after(2 * S, 'success')],
               [ends(3, 'budget_empty', 1, guard='budget'), (4, {'verb': 'succeed', 'reason': 'success'})],
               policy=NONE, budget=empty, hedge={})
    yield edge('openai/openai-node#2580', 'who gives up during the wait gets the retry back',
               [begin(), after(0), after(0, 'cancelled', started_ns=NEVER, ended_ns=NEVER), look()],
               [(1, {'attempt': 2}), ends(2, 'cancelled', 1), left(3, 1, balance_mt=1000)], policy=NONE, budget=empty)
    yield edge('envoyproxy/envoy-mobile#811', 'a call counts until its end, however it waits',
               [*[begin(call=i) for i in range(5)], *[after(0, call=i) for i in range(5)]],
               [*[(5 + i, {'verb': 'retry'}) for i in range(4)], ends(9, 'budget_empty', 1)],
               policy=NONE, budget={**ENVOY_20, 'min_concurrency': 0, 'ratio_q32': q32(9, 10)})
    yield edge('opendal/opendal#7376'.replace('opendal/', 'apache/', 1), 'retries of a thousand calls that all fail are 10 % of the requests',
               [*[do('budget_begins', 0)] * 900, look()], [left(900, 100)], budget=SRE_10)


def guards():
    yield edge('dcdpr/jp#pr1080', 'the same hint, eight calls, eight moments, none of them early',
               [event for i in range(8) for event in (begin(call=i, operation=i), after(0, 'throttled', call=i,
                                                                                       **relative(30 * S)))], policy={})
    yield edge('App-vNext/Polly#1449', 'one breaker for all calls: what one sees, all respect',
               [begin(), begin(call=1), after(0, 'throttled'), after(0, call=1), begin(S, call=2)],
               [(2, {'verb': 'retry'}), ends(3, 'breaker_open', 1), ends(4, 'breaker_open', 0)], policy=NONE,
               breaker={'kind': 'consecutive', 'failures': 2})
    yield edge('getnora-io/nora#pr607', 'a half-open probe that never ends is forfeited',
               [begin(), after(0), begin(30 * S, call=1), begin(60 * S - 1, call=2), begin(60 * S, call=3),
                after(61 * S, call=1), do('breaker_look', 61 * S), after(62 * S, 'success', call=3), do('breaker_look', 62 * S)],
               [ends(3, 'breaker_open', 0), (4, {'verb': 'retry', 'lease': True}), (6, {'state': 'half_open'}),
                (8, {'state': 'closed'})], policy=NONE, breaker={'kind': 'consecutive', 'failures': 1})


def make():
    for part in (overflow, rounding, at_the_cap, time_limits, meanings, budgets, guards):
        yield from part()
