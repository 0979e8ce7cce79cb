# SPDX-License-Identifier: MIT
"""
What others have published or what was measured of them, re-computed from their formulas: the forms that libagain does
not offer, and why (docs/vectors.md has them in a table). Floats are theirs, not ours.
"""
import math
import random

CAP = 60.0
TRIALS = 20_000


def near(value, expected, tolerance):
    assert abs(value - expected) <= tolerance, f'{value}, not {expected}'


def at_retry(step, number=13, trials=TRIALS):
    """Delays before retry `number`: step(n, delay before, rng)."""
    rng, found = random.Random(1), []
    for _ in range(trials):
        delay = 1.0
        for n in range(number):
            delay = step(n, delay, rng)
        found.append(delay)
    return found


def share_at_cap(found):
    return sum(delay == CAP for delay in found) / len(found)


def mean(found):
    return sum(found) / len(found)


def capped(n, factor=2.0):
    return min(CAP, factor**n)


def polly_v2(count, u):
    """t = n + u; f(t) = 2^t tanh(sqrt(4 t)); the difference to the one before, by 1.4."""
    delays, before = [], 0.0
    for n in range(count):
        t = n + u()
        value = 2**t * math.tanh(math.sqrt(4 * t))
        delays.append((value - before) / 1.4)
        before = value
    return delays


def j1_full():
    found = at_retry(lambda n, s, rng: rng.uniform(0, capped(n)))
    near(mean(found), 30, 0.5)
    assert share_at_cap(found) == 0


def j2_equal():
    found = at_retry(lambda n, s, rng: capped(n) / 2 + rng.uniform(0, capped(n) / 2))
    near(mean(found), 45, 0.3)
    assert share_at_cap(found) == 0


def j3_aws_decorrelated():
    near(share_at_cap(at_retry(lambda n, s, rng: min(CAP, rng.uniform(1, 3 * s)))), 0.301, 0.01)


def j3a_ceiling_first():
    found = at_retry(lambda n, s, rng: rng.uniform(1, min(CAP, 3 * s)))
    near(mean(found), 20, 0.5)
    assert share_at_cap(found) == 0


def j3b_ratcheting():
    found = at_retry(lambda n, s, rng: rng.uniform(s, min(3 * s, CAP)))
    near(mean(found), 59.8, 0.2)
    middle = mean(found)
    deviation = math.sqrt(sum((x - middle)**2 for x in found) / len(found))
    near(deviation, 0.67, 0.15)


def j4_polly_v2_middle():
    for delay, expected in zip(polly_v2(6, lambda: 0.5),
                               (0.897405, 1.093004, 2.035748, 4.045979, 8.083632, 16.163663)):
        near(delay, expected, 5e-7)


def j4_polly_v2_medians():
    rng = random.Random(1)
    rows = [polly_v2(6, rng.random) for _ in range(TRIALS)]
    for n, expected in enumerate((0.90, 1.13, 2.02, 4.01, 8.03, 15.9)):
        near(sorted(row[n] for row in rows)[TRIALS // 2], expected, 0.02 * expected)


def j4_polly_v2_at_its_cap():
    rng = random.Random(1)
    found = [min(CAP, polly_v2(13, rng.random)[12]) for _ in range(TRIALS)]
    assert share_at_cap(found) > 0.999


def j5_above_the_cap():
    for ratio, cap, most in ((0.5, 60, 90), (0.2, 60, 72), (0.2, 120, 144), (0.5, 10, 15)):
        near(cap * (1 + ratio), most, 1e-9)


def cenkalti_interval():
    interval, count = 0.5, 0
    while interval < 60:
        interval, count = min(60, interval * 1.5), count + 1
    assert (interval, count) == (60, 12)


def j5a_clamped_after():
    assert share_at_cap(at_retry(lambda n, s, rng: min(CAP, rng.uniform(0.5, 1.5) * 2.0**n))) == 1


def j6_tenacity_jitter():
    assert share_at_cap(at_retry(lambda n, s, rng: min(CAP, 2.0**n + rng.uniform(0, 1)))) == 1


def stamina_from_retry_7():
    rng = random.Random(1)

    def delay(n):
        return min(5.0, 0.1 * 2**n + rng.uniform(0, 1))
    assert all(delay(n) < 5.0 for n in range(6) for _ in range(1000))
    assert all(delay(n) == 5.0 for n in range(6, 60))


def j7_backon():
    assert max(at_retry(lambda n, s, rng: capped(n) + rng.uniform(0, capped(n)))) > 119.9


def j7a_room_limited():
    assert share_at_cap(at_retry(lambda n, s, rng: capped(n) + min(rng.uniform(0, 0.99 * capped(n)), CAP - capped(n)))) == 1


def j8_p_retry():
    assert share_at_cap(at_retry(lambda n, s, rng: min(CAP, rng.uniform(1, 2) * 2.0**n))) == 1


def j9_envoy():
    assert [min((2**n - 1) * 25, 250) for n in range(1, 6)] == [25, 75, 175, 250, 250]


def tower_jitter(seconds, nanos, u):
    """Whole seconds and nanoseconds are scaled each by itself, and each is cut."""
    return int(seconds * u) + int(nanos * u) / 1e9


def tower_whole_seconds():
    rng = random.Random(1)
    assert all(tower_jitter(1, 0, rng.uniform(0, 0.99)) == 0 for _ in range(TRIALS))
    assert {tower_jitter(2, 0, rng.uniform(0, 0.99)) for _ in range(TRIALS)} == {0, 1}
    near(mean([tower_jitter(1, 5 * 10**8, rng.uniform(0, 0.99)) for _ in range(TRIALS)]), 0.25, 0.005)
    near(1.5 * 0.99 / 2, 0.74, 0.005)


def tower_percent():
    for share, becomes in ((0.3, 1 / 3), (0.4, 0.5), (0.51, 1), (0.99, 1)):
        near(1 / int(1 / share), becomes, 1e-9)


def resilience4j_stuck():
    interval = 1
    for _ in range(100):
        interval = int(interval * 1.5)
    assert interval == 1


def kamilsk_cut():
    assert [int(1.5**n) for n in range(5)] == [1, 1, 2, 3, 5]


def tenacity_zero_multiplier():
    def delay(attempt):
        try:
            return min(60, 0.0 * 2**(attempt - 1))
        except OverflowError:
            return 60
    assert [delay(a) for a in (1, 1024, 1025, 5000)] == [0, 0, 60, 60]


def tenacity_stop_after_delay():
    def starts(stop):
        now, found, wait = 0, [0], 1
        while not stop(now, wait):
            now, wait = now + wait, wait * 2
            found.append(now)
        return found
    assert starts(lambda now, wait: now >= 5) == [0, 1, 3, 7]
    assert starts(lambda now, wait: now + wait >= 5) == [0, 1, 3]


def int32(value):
    return (value + 2**31) % 2**32 - 2**31


def azure_wraps():
    def delay(attempt):
        return int32(4000 * (2**attempt if attempt < 31 else 2**31 - 1))
    for attempt in range(20, 40):
        is_negative = attempt in (20, 21, 22, 23, 24, 26) or attempt >= 31
        assert (delay(attempt) < 0) == is_negative, (attempt, delay(attempt))
    assert all(delay(attempt) == 0 for attempt in range(27, 31))
    assert delay(31) == -4000


def aws_c_io_on_32_bits():
    near(10 * 10**9 % 2**32 / 1e9, 1.41, 0.005)


def aws_c_io_partial_grants():
    capacity, grants = 503, 0
    while capacity > 0:
        capacity, grants = capacity - min(capacity, 10), grants + 1
    assert grants == 51
    assert 503 // 10 == 50


def grpc_pushback_wraps():
    assert (9300000000000 * 10**6 + 2**63) % 2**64 - 2**63 < 0


def grpc_throttle():
    tokens, granted = 10.0, 0
    while True:
        tokens -= 1
        if tokens <= 5:
            break
        granted += 1
    assert granted == 4


def sidekiq():
    def least(c):
        return c**4 + 15
    assert [least(c) for c in range(4)] == [15, 16, 31, 96]
    assert [least(c) + 10 * (c + 1) - 1 for c in range(3)] == [24, 35, 60]
    near(sum(least(c) + (10 * (c + 1) - 1) / 2 for c in range(25)) / 86400, 20.4, 0.1)


def que_and_river():
    assert [c**4 + 3 for c in range(4)] == [3, 4, 19, 84]
    assert [a**4 for a in range(1, 5)] == [1, 16, 81, 256]


def botocore():
    assert [min(2**i, 20) for i in range(7)] == [1, 2, 4, 8, 16, 20, 20]


def avast_292_years():
    near((2**63 - 1) / 1e9 / 31556952, 292, 0.5)


def spring_exponential_random():
    rng = random.Random(1)
    found = [min(30.0, 1.0 * (1 + rng.random() * (2 - 1))) for _ in range(TRIALS)]
    assert 1 <= min(found) and max(found) <= 2


def graphile_worker():
    assert [round(math.exp(min(a, 10))) for a in (1, 10, 25)] == [3, 22026, 22026]


def oban():
    assert [15 + 2**min(a, 10) for a in (1, 2, 10, 20)] == [17, 19, 1039, 1039]


def failsafe_go_throttler():
    def p(executions, successes):
        return min(0.9, max(0.0, (executions - successes / 0.9) / (executions + 1)))
    near(p(99, 0), 0.9, 1e-9)
    near(p(100, 90), 0, 1e-9)


def sre_throttle():
    def p(requests, accepts, k=2):
        return max(0.0, (requests - k * accepts) / (requests + 1))
    near(p(10, 0), 10 / 11, 1e-9)
    near(p(10, 5), 0, 1e-9)


def stamina_overflow():
    try:
        float(2**1024)
    except OverflowError:
        return
    raise AssertionError('a float of 2^1024')


def tests():
    """The tests of this file by their order, named as their functions."""
    helpers = {'near', 'at_retry', 'share_at_cap', 'mean', 'capped', 'polly_v2', 'tower_jitter', 'int32', 'tests'}
    return [(name.replace('_', ' '), thing) for name, thing in globals().items()
            if callable(thing) and getattr(thing, '__module__', '') == __name__ and name not in helpers]
