# SPDX-License-Identifier: MIT
"""hints.jsonl: what is made of a server's hint, and Retry-After in its forms."""
from .vector import *

RFC = 'https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3'
GRPC = 'https://github.com/grpc/proposal/blob/master/A6-client-retries.md'
AWS = 'AWS SDKs and Tools reference guide, retry behaviour (2026)'
POLICY = 'include/again/policy.h'
NOW = 784111777
H = 3600 * S
FIFTY = 50 * 31556952


def ask(text, now, known):
    return {'do': 'retry_after', 'text': text, 'now_unix_s': now}, ({'delay_ns': known} if known is not None else {})


TEXTS = [
    ('seconds', [('0', 0, 0), ('120', 0, 120 * S), ('007', 5, 7 * S), (' \t3\t ', 0, 3 * S),
                 ('18446744073', 0, 18446744073 * S), ('18446744074', 0, NEVER - 1), ('9' * 40, 0, NEVER - 1)]),
    ('three-forms', [('Sun, 06 Nov 1994 08:49:37 GMT', NOW - 60, 60 * S), ('Sun Nov  6 08:49:37 1994', NOW - 60, 60 * S),
                     ('Sunday, 06-Nov-94 08:49:37 GMT', NOW - 60, 60 * S)]),
    ('past-and-now', [('Sun, 06 Nov 1994 08:49:37 GMT', NOW, 0), ('Sun Nov  6 08:49:37 1994', NOW + 1, 0),
                      ('Sunday, 06-Nov-94 08:49:37 GMT', NOW + 10**9, 0)]),
    ('wrong-weekday', [('Mon, 06 Nov 1994 08:49:37 GMT', NOW - 1, S), ('Saturday, 06-Nov-94 08:49:37 GMT', NOW - 1, S)]),
    ('leap', [('Sat, 31 Dec 2016 23:59:60 GMT', 1483228799, S), ('Thu, 29 Feb 2024 00:00:00 GMT', 1709164799, S),
              ('Wed, 29 Feb 2023 00:00:00 GMT', 0, None), ('Thu, 01 Jan 1970 00:00:60 GMT', 0, None),
              ('Mon, 29 Feb 2100 00:00:00 GMT', 0, None), ('Tue, 29 Feb 2000 00:00:00 GMT', 951782399, S)]),
    ('two-digit-years', [('Thursday, 01-Jan-26 00:00:01 GMT', 1767225600, S),
                         ('Tuesday, 01-Jan-75 00:00:00 GMT', 1767225600, (3313526400 - 1767225600) * S),
                         ('Wednesday, 01-Jan-76 00:00:00 GMT', 3345062400 - FIFTY, FIFTY * S),
                         ('Wednesday, 01-Jan-76 00:00:00 GMT', 3345062400 - FIFTY - 1, 0)]),
    ('no-hint', [('', 0, None), (' ', 0, None), ('-1', 0, None), ('+1', 0, None), ('1.5', 0, None), ('1 2', 0, None),
                 ('0x10', 0, None), ('soon', 0, None), ('1s', 0, None), ('Sun, 06 Nov 1994 08:49:37', 0, None),
                 ('Sun, 06 Nov 1994 08:49:37 UTC', 0, None), ('Sun, 6 Nov 1994 08:49:37 GMT', 0, None),
                 ('sun, 06 nov 1994 08:49:37 gmt', 0, None), ('Sun, 00 Nov 1994 08:49:37 GMT', 0, None),
                 ('Sun, 31 Nov 1994 08:49:37 GMT', 0, None), ('Sun, 06 Nov 1994 24:00:00 GMT', 0, None),
                 ('Sun, 06 Nov 1994 08:60:00 GMT', 0, None), ('Sun Nov 06 08:49:37 1994 GMT', 0, None),
                 ('Sun, 06-Nov-94 08:49:37 GMT', 0, None), ('12\x00', 0, None)]),
]


def texts():
    for name, cases in TEXTS:
        asked = [ask(*case) for case in cases]
        known = [(i, {'delay_ns': None, **answer}) for i, (_, answer) in enumerate(asked)]
        yield vector(f'retry-after-{name}', 'the delay in nanoseconds; nothing where it is no hint', RFC,
                     [event for event, _ in asked], known)


def uses():
    base = {**NONE, 'max_retries': 9}
    hinted = [begin(), after(0, **relative(10 * S)), after(10 * S, **relative(S)), after(12 * S)]
    yield vector('hint-at-least', 'the longer of the two; the growth goes on', POLICY, hinted,
                 [(1, {'delay_ns': 10 * S, 'guard': 'hint'}), (2, {'delay_ns': 2 * S, 'guard': None}),
                  (3, {'delay_ns': 4 * S})], policy=base)
    yield vector('hint-exact', 'the hint, and the growth starts anew', GRPC, hinted,
                 [(1, {'delay_ns': 10 * S}), (2, {'delay_ns': S}), (3, {'delay_ns': S})],
                 policy={**base, 'hint_use': 'exact'})
    yield vector('hint-exact-decorrelated', 'the growth of a decorrelated delay starts anew at its base', POLICY,
                 [begin(seed=4), *[after(i * 60 * S) for i in range(6)], after(400 * S, **relative(S)),
                  *[after(500 * S + i * 60 * S) for i in range(4)],
                  *[after(900 * S + i * 60 * S, **(relative(0) if i % 2 else {})) for i in range(12)]],
                 policy={'jitter': 'decorrelated', 'hint_use': 'exact', 'max_retries': 99})
    yield vector('hint-exact-anew-later', 'two own waits, a hint, and the first own wait again', GRPC,
                 [begin(), after(0), after(S), after(3 * S, **relative(100 * MS)), after(4 * S), after(5 * S)],
                 waits(1, S, 2 * S, 100 * MS, S, 2 * S), policy={**base, 'hint_use': 'exact'})
    yield vector('hint-ignored', 'a refusal is not looked at either', POLICY,
                 [*hinted, after(20 * S, hint='refusal')],
                 [(1, {'delay_ns': S}), (2, {'delay_ns': 2 * S}), (4, {'verb': 'retry', 'delay_ns': 8 * S})],
                 policy={**base, 'hint_use': 'ignore'})
    yield vector('hint-bounded', 'max(own, min(hint, own + 5 s))', AWS,
                 [begin(), after(0, **relative(3 * S)), after(3 * S, **relative(H)), after(10 * S, **relative(0))],
                 [(1, {'delay_ns': 3 * S, 'guard': 'hint'}), (2, {'delay_ns': 7 * S}), (3, {'delay_ns': 4 * S})],
                 policy={**base, 'hint_use': 'bounded', 'hint_max_ns': 5 * S})
    yield vector('hint-refusal', 'the server says no', GRPC, [begin(), after(0, hint='refusal')],
                 [ends(1, 'server_refused', 1)], policy=base)
    yield vector('hint-too-long', 'a longer hint than allowed ends the call', POLICY,
                 [begin(), after(0, **relative(60 * S)), after(60 * S, **relative(60 * S + 1))],
                 [(1, {'delay_ns': 60 * S}), ends(2, 'hint_too_long', 2, delay_ns=60 * S + 1)],
                 policy={**base, 'hint_max_ns': 60 * S})
    yield vector('hint-above-the-cap', 'max_delay_ns does not cut a hint', POLICY,
                 [begin(), after(0, **relative(90 * S))], [(1, {'delay_ns': 90 * S})], policy=base)
    yield vector('hint-absolute', 'a moment on the caller\'s clock; one that is past is at once', POLICY,
                 [begin(), after(5 * S, **absolute(9 * S)), after(9 * S, **absolute(8 * S)), after(12 * S, **absolute(0))],
                 [(1, {'delay_ns': 4 * S}), (2, {'delay_ns': 0}), (3, {'delay_ns': 0})],
                 policy={**base, 'hint_use': 'exact'})
    yield vector('hint-without-bound', 'the longest hint is the end of time', POLICY,
                 [begin(), after(S, **relative(NEVER))],
                 [(1, {'verb': 'retry', 'delay_ns': NEVER, 'not_before_ns': NEVER})],
                 policy={**base, 'hint_use': 'exact', 'hint_max_ns': NEVER})
    yield vector('hint-order-refusal-before-deadline', 'the server\'s no comes before the deadline',
                 'include/again/call.h', [begin(), after(9 * S, hint='refusal')], [ends(1, 'server_refused', 1)],
                 policy={**base, 'deadline_ns': S * 5})
    yield vector('hint-order-attempts-before-refusal', 'and after the attempts', 'include/again/call.h',
                 [begin(), after(S, hint='refusal')], [ends(1, 'exhausted', 1)], policy={**base, 'max_retries': 0})


def jitter():
    for seed in range(8):
        yield vector(f'hint-jitter-{seed}', 'lengthened by up to 20 %, never shortened: clients that got the same hint '
                     'do not wake up together', 'https://github.com/dcdpr/jp/pull/1080',
                     [begin(seed=seed), after(0, 'throttled', **relative(10 * S)), after(10 * S, **relative(10 * S)),
                      after(30 * S, **relative(0))], policy={'max_retries': 9})
    yield vector('hint-jitter-bounded', 'lengthened, then bounded', POLICY,
                 [event for seed in range(4)
                  for event in (begin(seed=seed, call=seed), after(0, call=seed, **relative(10 * S)))],
                 [(1 + 2 * i, {'verb': 'retry'}) for i in range(4)],
                 policy={'hint_use': 'bounded', 'hint_max_ns': 9 * S + 500 * MS})





def ms():
    for verb, about, source, cases in (
            ('ms_header', 'milliseconds, as in x-amz-retry-after', AWS,
             [('0', 0), ('1500', 1500 * MS), (' 7\t', 7 * MS), ('18446744073709', 18446744073709 * MS),
              ('18446744073710', NEVER - 1), ('9' * 30, NEVER - 1), ('', None), ('-1', None), ('1.5', None), ('1 2', None)]),
            ('pushback_ms', 'a signed number of 32 bits; a negative one, and anything else, is a refusal', GRPC,
             [('0', 0), ('1', MS), ('2147483647', 2147483647 * MS), ('2147483648', None), ('-1', None), ('', None),
              ('+1', None), ('01', None), ('1 ', None), ('9300000000000', None), ('soon', None), ('-0', None)])):
        yield vector(verb.replace('_', '-'), about, source, [{'do': verb, 'text': text} for text, _ in cases],
                     [(i, {'delay_ns': delay}) for i, (_, delay) in enumerate(cases)])


def make():
    yield from texts()
    yield from ms()
    yield from uses()
    yield from jitter()
