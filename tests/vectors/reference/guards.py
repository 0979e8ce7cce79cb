# SPDX-License-Identifier: MIT
"""What calls share, from the words of <again/budget.h>, breaker.h, rate.h and throttle.h alone."""
from fractions import Fraction

from .policy import NEVER, ONE, S, U32, sat

BUDGET = {
    'kind': 'none', 'capacity_mt': 0, 'cost_mt': 0, 'cost_timeout_mt': 0, 'cost_throttled_mt': 0, 'least_mt': 0,
    'charge_failures': 0, 'deposit_call_mt': 0, 'deposit_retry_mt': 0, 'deposit_first_mt': 0,
    'deposit_later_mt': 0, 'repay_last': 0, 'min_concurrency': 0, 'ratio_q32': 0, 'window_ns': 0,
}
BREAKER = {
    'kind': 'none', 'failures': 0, 'min_calls': 0, 'ratio_q32': 0, 'window_ns': 0, 'open_ns': 30 * S,
    'lease_ns': 30 * S, 'probes': 1,
}
RATE = {'burst': 1, 'interval_ns': S}
THROTTLE = {'most_q32': U32, 'k_q32': 2 * ONE, 'window_ns': 120 * S}
HEDGE = {'most': 1, 'delay_ns': S}


class Rule:
    """Fields over defaults."""

    defaults = {}

    def __init__(self, **fields):
        assert not set(fields) - set(self.defaults), set(fields) - set(self.defaults)
        self.fields = {**self.defaults, **fields}
        self.__dict__.update(self.fields)


class Slots:
    """Sums over the running part of a window and those before it; a clock that goes backwards stands."""

    def __init__(self, parts, window_ns):
        self.parts, self.length, self.latest, self.sums = parts, window_ns // parts, 0, {}

    def at(self, now):
        return max(self.latest, now // self.length)

    def add(self, now, *amounts):
        self.latest = self.at(now)
        old = self.sums.get(self.latest, (0,) * len(amounts))
        self.sums[self.latest] = tuple(a + b for a, b in zip(old, amounts))

    def total(self, now, width):
        slot = self.at(now)
        kept = [sums for index, sums in self.sums.items() if slot - self.parts < index <= slot]
        return tuple(sum(column) for column in zip(*kept)) if kept else (0,) * width


class Budget(Rule):
    defaults = BUDGET

    def __init__(self, **fields):
        super().__init__(**fields)
        self.balance, self.calls, self.retries, self.granted, self.refused = self.capacity_mt, 0, 0, 0, 0
        self.slots = Slots(10, self.window_ns) if self.kind == 'window' else None

    def there(self, now):
        return self.capacity_mt + self.slots.total(now, 1)[0] if self.slots else self.balance

    def change(self, amount, now):
        if amount == 0:
            return
        if self.slots:
            self.slots.add(now, amount)
        else:
            self.balance = self.bound(self.balance + amount)

    def cost(self, outcome_class):
        special = {'timeout': self.cost_timeout_mt, 'throttled': self.cost_throttled_mt}.get(outcome_class, 0)
        return special or self.cost_mt

    def call_begins(self, now):
        self.calls += 1
        self.change(self.deposit_call_mt, now)

    def call_ends(self):
        self.calls -= 1

    def failure(self, outcome_class, now):
        if self.charge_failures:
            self.change(-self.cost(outcome_class), now)

    def left(self, outcome_class, now):
        if self.kind == 'none':
            return U32
        if self.kind == 'concurrency':
            share = (self.ratio_q32 * self.calls + self.calls // 2) // ONE
            return max(0, max(self.min_concurrency, share) - self.retries)
        cost = self.cost(outcome_class)
        need, there, left = self.least_mt or cost, self.there(now), 0
        # One after the other; in the middle of a long row all steps are alike.
        while there >= need and left < U32:
            step, after = 1, self.after_retry(there, cost)
            if self.charge_failures:
                after = self.bound(after - cost)
            if self.bound(after - 1) > 3 * (cost + need) and left > 0:
                step = max(1, (after - 3 * (cost + need)) // (there - after))
            there, left = there - step * (there - after), left + step
        return min(U32, left)

    def bound(self, amount):
        return amount if self.slots else min(max(amount, 0), self.capacity_mt)

    def after_retry(self, there, cost):
        paid = 0 if self.charge_failures else cost if self.slots else min(cost, there)
        return self.bound(there - paid + self.deposit_retry_mt)

    def try_withdraw(self, outcome_class, now):
        """What was paid, None where it is refused."""
        if self.slots:
            self.slots.add(now, 0)
        if self.left(outcome_class, now) == 0:
            self.refused += 1
            return None
        self.granted += 1
        self.retries += 1
        if self.kind in ('none', 'concurrency'):
            return 0
        cost = 0 if self.charge_failures else self.cost(outcome_class)
        paid = min(cost, self.balance) if self.kind == 'tokens' else cost
        self.change(self.deposit_retry_mt - paid, now)
        return paid

    def refund(self, paid, now):
        """A bucket gets back what it paid, less its deposit; a window forgets by itself."""
        self.retries -= 1
        if self.kind == 'tokens':
            self.change(paid - self.deposit_retry_mt, now)

    def retry_ends(self):
        self.retries -= 1

    def success(self, retries, paid, now):
        if retries == 0:
            self.change(self.deposit_first_mt, now)
        else:
            self.change(self.deposit_later_mt + (paid if self.repay_last else 0), now)

    def look(self):
        if self.kind == 'tokens':
            return {'balance_mt': self.balance, 'granted': self.granted, 'refused': self.refused}
        if self.kind == 'concurrency':
            return {'calls': self.calls, 'retries': self.retries, 'granted': self.granted, 'refused': self.refused}
        if self.kind == 'window':
            return {'granted': self.granted, 'refused': self.refused}
        return {}


class Breaker(Rule):
    defaults = BREAKER

    def __init__(self, **fields):
        super().__init__(**fields)
        self.generation = 0
        self.close()

    def turn(self, state):
        """Every change of state, and every forfeit, is a new generation."""
        self.generation += 1
        self.state, self.out = state, set()

    def close(self):
        self.turn('closed')
        self.forget()

    def force_close(self):
        """Where it is closed already no state changes: what is out still counts later."""
        if self.state == 'closed':
            self.forget()
        else:
            self.close()

    def forget(self):
        self.in_a_row, self.slots = 0, Slots(5, self.window_ns) if self.kind == 'ratio' else None

    def open(self, now):
        self.turn('open')
        self.until = sat(now + self.open_ns)

    def is_over(self, now):
        """The open time is over, or the latest lease has run out."""
        return self.until != NEVER and now >= self.until

    def state_at(self, now):
        return 'half_open' if self.state == 'open' and self.is_over(now) else self.state

    def forfeits(self, now):
        return self.state == 'half_open' and bool(self.out) and self.is_over(now)

    def would_allow(self, now):
        if self.state in ('closed', 'isolated'):
            return self.state == 'closed'
        if self.state == 'open':
            return self.is_over(now)
        return len(self.out) < self.probes or self.forfeits(now)

    def opens_at(self, now):
        if self.would_allow(now):
            return now
        return NEVER if self.state == 'isolated' else self.until

    def advance(self, now):
        if self.state == 'open' and self.is_over(now):
            self.turn('half_open')
            self.until, self.successes = 0, 0
        elif self.forfeits(now):
            self.turn('half_open')
            self.until = 0

    def allow(self, now, start):
        """A lease, None where there is none."""
        if not self.would_allow(now):
            return None
        if self.state == 'closed':
            return self.generation, None
        self.advance(now)
        until = sat(max(start, now) + self.lease_ns)
        # What has reported meanwhile keeps those together that were out with it.
        self.until = max(self.until, until) if self.out else until
        place = min(set(range(self.probes)) - self.out)
        self.out.add(place)
        return self.generation, place

    def holds(self, lease, now):
        if lease is None or lease[0] != self.generation:
            return False
        return lease[1] is None or (lease[1] in self.out and not self.forfeits(now))

    def report(self, lease, outcome_class, now):
        if not self.holds(lease, now):
            return
        if lease[1] is not None:
            self.out.discard(lease[1])
        if outcome_class == 'cancelled':
            return
        failed = outcome_class not in ('success', 'permanent')
        if self.state == 'half_open':
            self.successes += not failed
            if failed:
                self.open(now)
            elif self.successes >= self.probes:
                self.close()
        elif self.kind == 'consecutive':
            self.in_a_row = self.in_a_row + 1 if failed else 0
            if self.in_a_row >= self.failures:
                self.open(now)
        elif self.kind == 'ratio':
            self.slots.add(now, 1, int(failed))
            calls, failures = self.slots.total(now, 2)
            if failed and calls >= self.min_calls and failures * ONE >= calls * self.ratio_q32:
                self.open(now)


class Rate(Rule):
    defaults = RATE

    def __init__(self, **fields):
        super().__init__(**fields)
        self.arrival = 0

    def wait(self, units, now):
        if units > self.burst:
            return NEVER
        if units == 0:
            return 0
        return max(0, max(self.arrival, now) + (units - self.burst) * self.interval_ns - now)

    def take(self, units, now):
        return self.reserve(units, 0, now) is not None

    def reserve(self, units, most_wait, now):
        wait = self.wait(units, now)
        if wait == NEVER or wait > most_wait:
            return None
        if units:
            self.arrival = sat(max(self.arrival, now) + units * self.interval_ns)
        return wait


class Throttle(Rule):
    defaults = THROTTLE

    def __init__(self, **fields):
        super().__init__(**fields)
        self.slots = Slots(10, self.window_ns)

    def probability(self, now):
        requests, accepts = self.slots.total(now, 2)
        p = max(Fraction(0), (requests - Fraction(self.k_q32, ONE) * accepts) / (requests + 1))
        return p if self.most_q32 == U32 else min(p, Fraction(self.most_q32, ONE))

    def reject_q32(self, now):
        return min(U32, self.probability(now) * ONE // 1)

    def rejects(self, draw, now):
        return draw < self.probability(now) * 2**64

    def count(self, now):
        self.slots.add(now, 1, 0)

    def allow(self, draw, now):
        rejected = self.rejects(draw, now)
        self.count(now)
        return not rejected

    def accept(self, now):
        self.slots.add(now, 0, 1)
