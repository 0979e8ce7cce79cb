# SPDX-License-Identifier: MIT
"""
profiles.jsonl: rules that others have published, as far as libagain has their form, each with its delays for given draws.

The numbers are written down from the sources, not from the presets; where libagain has a preset, `text` names it and
must mean the same. Forms that libagain does not offer are in reference/published.py.
"""
from .budgets import AWS_2018, AWS_2026, ENVOY_20, FINAGLE_20, GRPC_10, SRE_10
from .vector import *

AWS = 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html'
GRPC = 'https://github.com/grpc/proposal/blob/master/A6-client-retries.md'
GRPC_CONNECT = 'https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md'
UNLIMITED = 2**32 - 1
MIN = 60 * S
DRAWS = (0, 2**62, 2**63, 3 * 2**62, 2**64 - 1)
PUBLIC = {'hint_use': 'exact', 'hint_jitter_q32': 0}
# A request brings a fifth of a retry; ten retries a second for 10 s are there without one.
PERCENT_20 = {**FINAGLE_20, 'capacity_mt': 100_000, 'cost_mt': 1000, 'deposit_call_mt': 200}


def profile(name, about, source, known=(), caps=None, **parts):
    """
    `known` are un-jittered delays in ns, `caps` pairs of n and the largest delay: both by hand (20 % in Q32 is a little
    less, so these are one nanosecond less). Then the delays for five
    draws at six places, what two seeds plan, and a call that fails three times.
    """
    script = [do('growth', n=n) for n in range(len(known))]
    facts = [(n, {'delay_ns': delay}) for n, delay in enumerate(known)]
    for n, most in (caps or {}).items():
        facts.append((len(script), {'most_ns': most}))
        script.append(do('range', n=n, last_delay_ns=0))
    script += [do('delay', n=n, draw=draw, last_delay_ns=0) for n in (0, 1, 2, 5, 12, 1000) for draw in DRAWS]
    script += [plan(8, seed) for seed in (0, 2**53 + 1)]
    script += [begin(seed=7), after(S), after(9 * S, 'throttled'), after(2 * MIN, 'timeout')]
    return vector(f'profile-{name}', about, source, script, facts, **parts)


def doubled(base, cap, count=8):
    return [min(cap, base * 2**n) for n in range(count)]


def presets():
    yield profile('aws-2018', 'U * min(2^i, 20) s, 3 attempts', AWS, doubled(S, 20 * S), {4: 16 * S, 5: 20 * S},
                  text='aws-2018', policy={'max_retries': 2, 'jitter': 'full', 'max_delay_ns': 20 * S}, budget=AWS_2018)
    yield profile('aws-2026', '50 ms, 1 s where the server throttles, cap 20 s, a hint adds at most 5 s', AWS,
                  doubled(50 * MS, 20 * S, 12), text='aws-2026', budget=AWS_2026,
                  policy={'max_retries': 2, 'jitter': 'full', 'base_delay_ns': 50 * MS, 'max_delay_ns': 20 * S,
                          'throttled_base_delay_ns': S, 'hint_use': 'bounded', 'hint_max_ns': 5 * S, 'hint_jitter_q32': 0})
    yield profile('aws-2026-throttling', 'the same where every failure is throttling', AWS, doubled(S, 20 * S),
                  text='aws-2026-throttling', budget={**AWS_2018, 'cost_timeout_mt': 0},
                  policy={'max_retries': 2, 'jitter': 'full', 'max_delay_ns': 20 * S, 'hint_use': 'bounded',
                          'hint_max_ns': 5 * S, 'hint_jitter_q32': 0})
    yield profile('grpc', 'the proposal\'s example: 0.1 s doubled to 1 s, +-20 %, the cap included', GRPC,
                  doubled(100 * MS, S), {0: 120 * MS - 1}, text='grpc', budget=GRPC_10,
                  policy={**PUBLIC, 'max_retries': 3, 'base_delay_ns': 100 * MS, 'max_delay_ns': S,
                          'jitter': 'proportional', 'jitter_q32': q32(1, 5), 'hint_max_ns': NEVER})
    for name, source, retries in (
            ('finagle', 'https://finagle.github.io/blog/2016/02/08/retry-budgets', 20),
            ('linkerd', 'https://linkerd.io/2.10/tasks/configuring-retries/', 1)):
        yield profile(name, '20 % of the requests and 10 a second, in 10 s; at once is up to 1 ms here', source,
                      [MS] * 4, text=name, budget=PERCENT_20,
                      policy={'max_retries': retries, 'backoff': 'constant', 'jitter': 'full', 'base_delay_ns': MS})
    yield profile('envoy', '25 ms, at most 250 ms; 20 % of the calls in flight, or 3',
                  'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter',
                  doubled(25 * MS, 250 * MS), {0: 25 * MS, 4: 250 * MS}, text='envoy', budget=ENVOY_20,
                  policy={'max_retries': 1, 'jitter': 'full', 'base_delay_ns': 25 * MS, 'max_delay_ns': 250 * MS})
    yield profile('sre10', '3 attempts, retries below 10 % of the requests', 'https://sre.google/sre-book/handling-overload/',
                  doubled(S, 60 * S), text='sre10', budget=SRE_10, policy={'max_retries': 2})
    yield profile('cenkalti', '500 ms by 1.5 up to 60 s, +-50 %, the cap included; 15 min', 'https://pkg.go.dev/github.com/cenkalti/backoff/v5',
                  [500 * MS, 750 * MS, 1125 * MS], {0: 750 * MS}, text='cenkalti',
                  policy={**PUBLIC, 'max_retries': UNLIMITED, 'base_delay_ns': 500 * MS, 'factor_q32': q32(3, 2),
                          'jitter': 'proportional', 'jitter_q32': q32(1, 2), 'deadline_ns': 15 * MIN})
    yield profile('polly', '3 retries, 2 s, no jitter', 'https://www.pollydocs.org/strategies/retry.html', [2 * S] * 4,
                  text='polly', policy={**NONE, 'max_retries': 3, 'backoff': 'constant', 'base_delay_ns': 2 * S,
                                        'max_delay_ns': NEVER})
    yield profile('resilience4j', '3 attempts, 500 ms', 'https://resilience4j.readme.io/docs/retry', [500 * MS] * 4,
                  text='resilience4j', policy={**NONE, 'max_retries': 2, 'backoff': 'constant', 'base_delay_ns': 500 * MS})
    yield profile('curl-retry', '1 s doubled up to 10 min', 'https://curl.se/docs/manpage.html#--retry',
                  doubled(S, 10 * MIN, 12), text='curl-retry',
                  policy={**NONE, 'max_delay_ns': 10 * MIN, 'hint_max_ns': 6 * 60 * MIN})
    yield profile('k8s', '10 s doubled up to 5 min, anew after 10 min of health',
                  'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy',
                  [10 * S, 20 * S, 40 * S, 80 * S, 160 * S, 300 * S, 300 * S], text='k8s',
                  policy={**NONE, 'max_retries': UNLIMITED, 'base_delay_ns': 10 * S, 'max_delay_ns': 5 * MIN,
                          'reset_after_ns': 10 * MIN})
    yield profile('temporal', '1 s doubled up to a hundred times that', 'https://docs.temporal.io/encyclopedia/retry-policies',
                  doubled(S, 100 * S), text='temporal',
                  policy={**NONE, 'max_retries': UNLIMITED, 'max_delay_ns': 100 * S})
    yield profile('no-retry', 'one attempt', 'include/again/text.h', text='no-retry', policy={'max_retries': 0})


def others():
    yield profile('grpc-connect', '1 s by 1.6 up to 120 s, +-20 %, the cap included', GRPC_CONNECT, [S, 1600 * MS, 2560 * MS],
                  {0: 1200 * MS - 1},
                  policy={'max_retries': UNLIMITED, 'factor_q32': q32(8, 5), 'max_delay_ns': 120 * S,
                          'jitter': 'proportional', 'jitter_q32': q32(1, 5)})
    yield profile('tenacity-wait-exponential', 'multiplier 1, no jitter, at most 60 s', 'https://tenacity.readthedocs.io/',
                  doubled(S, 60 * S), policy=NONE)
    yield profile('tenacity-wait-random-exponential', 'full jitter', 'https://tenacity.readthedocs.io/',
                  doubled(S, 60 * S), {3: 8 * S}, policy={'jitter': 'full'})
    yield profile('tenacity-wait-incrementing', 'start and increment alike', 'https://tenacity.readthedocs.io/',
                  [2 * S, 4 * S, 6 * S, 8 * S], policy={**NONE, 'backoff': 'linear', 'base_delay_ns': 2 * S})
    yield profile('litl-expo', 'full jitter without a cap', 'https://github.com/litl/backoff', doubled(S, NEVER),
                  policy={'jitter': 'full', 'max_delay_ns': NEVER})
    yield profile('litl-fibo', '1, 1, 2, 3, 5, …', 'https://github.com/litl/backoff',
                  [f * S for f in (1, 1, 2, 3, 5, 8, 13, 21, 34)], policy={'backoff': 'fibonacci', 'jitter': 'full'})
    yield profile('polly-linear', 'base * (n + 1), +-25 %, the cap included', 'https://www.pollydocs.org/strategies/retry.html',
                  [2 * S, 4 * S, 6 * S], {0: 2500 * MS},
                  policy={'max_retries': 3, 'backoff': 'linear', 'base_delay_ns': 2 * S, 'jitter': 'proportional',
                          'jitter_q32': q32(1, 4)})
    yield profile('polly-exponential', '2 s doubled', 'https://www.pollydocs.org/strategies/retry.html', doubled(2 * S, NEVER),
                  policy={**NONE, 'max_retries': 3, 'base_delay_ns': 2 * S, 'max_delay_ns': NEVER})
    yield profile('polly-contrib-aws-decorrelated', 'the ceiling first', 'https://github.com/Polly-Contrib/Polly.Contrib.WaitAndRetry',
                  caps={0: 3 * S}, policy={'jitter': 'decorrelated'})
    yield profile('failsafe', '2 retries; without a delay there, 1 ms here', 'https://failsafe.dev/retry/', [MS] * 3,
                  policy={**NONE, 'max_retries': 2, 'backoff': 'constant', 'base_delay_ns': MS})
    yield profile('spring-retry', '100 ms doubled up to 30 s', 'https://docs.spring.io/spring-retry/docs/current/apidocs/',
                  doubled(100 * MS, 30 * S, 10), policy={**NONE, 'max_retries': 2, 'base_delay_ns': 100 * MS, 'max_delay_ns': 30 * S})
    yield profile('backon', '1 s doubled up to 60 s, 3 retries', 'https://docs.rs/backon', doubled(S, 60 * S),
                  policy={**NONE, 'max_retries': 3})
    yield profile('sethvargo-fibonacci', '1, 2, 3, 5: as a list, for it starts one later', 'https://github.com/sethvargo/go-retry',
                  [S, 2 * S, 3 * S, 5 * S, 8 * S, 8 * S],
                  policy={**NONE, 'backoff': 'list', 'list': [S, 2 * S, 3 * S, 5 * S, 8 * S]})
    yield profile('aws-c-io', '500 ms doubled up to 20 s, full jitter, 5 retries', 'https://github.com/awslabs/aws-c-io',
                  doubled(500 * MS, 20 * S), {0: 500 * MS},
                  policy={'max_retries': 5, 'jitter': 'full', 'base_delay_ns': 500 * MS, 'max_delay_ns': 20 * S})
    yield profile('azure-c', '4 s doubled up to 120 s, 4 retries, as documented', 'https://github.com/Azure/azure-sdk-for-c',
                  doubled(4 * S, 120 * S), policy={**NONE, 'max_retries': 4, 'base_delay_ns': 4 * S, 'max_delay_ns': 120 * S})
    yield profile('freertos', '500 ms doubled up to 5 s, full jitter, 5 retries', 'https://github.com/FreeRTOS/backoffAlgorithm',
                  doubled(500 * MS, 5 * S), policy={'jitter': 'full', 'base_delay_ns': 500 * MS, 'max_delay_ns': 5 * S})
    yield profile('river', 'a^4 s +-10 %', 'https://riverqueue.com/docs/job-retries', [a**4 * S for a in range(1, 8)],
                  {0: 1100 * MS - 1}, policy={'max_retries': 24, 'backoff': 'polynomial', 'degree': 4, 'jitter': 'proportional',
                                          'jitter_q32': q32(1, 10), 'max_delay_ns': NEVER})
    yield profile('finagle-equal', 'half of it is kept', 'https://github.com/twitter/finagle', doubled(S, 60 * S),
                  {0: S, 6: 60 * S}, policy={'jitter': 'equal'})


def make():
    yield from presets()
    yield from others()
