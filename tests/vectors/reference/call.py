# SPDX-License-Identifier: MIT
"""One call's life and its hedges, from the words of <again/call.h>, guards.h and hedge.h alone."""
from .guards import HEDGE, Rule
from .policy import NEVER, ONE, U32, UNLIMITED, draws, root, sat, split, uniform

FAILURES = ('transient', 'throttled', 'timeout', 'server')
# The server took the request, whatever it made of it.
ACCEPTED = ('success', 'permanent')


def asked(outcome, now):
    """How long the server's hint is; one that is past is 0."""
    return outcome['hint_ns'] if outcome['hint'] == 'relative' else max(0, outcome['hint_ns'] - now)


class Guards:
    def __init__(self, breaker=None, throttle=None, rate=None, budget=None):
        self.breaker, self.throttle, self.rate, self.budget = breaker, throttle, rate, budget


class Call:
    def __init__(self, policy, guards, seed, operation, now):
        self.policy, self.guards = policy, guards
        self.seed, self.operation = seed, operation
        self.deadline_at = sat(now + policy.deadline_ns)
        self.latest, self.attempts, self.step, self.last = now, 0, 0, 0
        # Of the attempts that run now: how many the budget has granted, and what the latest of them paid.
        self.granted, self.paid = 0, 0
        self.over = None
        self.decision = None

    def look_at(self, now):
        """A clock that goes backwards is held."""
        self.latest = max(self.latest, now)
        return self.latest

    def past_deadline(self, now):
        return self.deadline_at != NEVER and now >= self.deadline_at

    def fits(self, start):
        return self.deadline_at == NEVER or self.deadline_at - start >= max(1, self.policy.min_attempt_ns)

    def left(self, outcome_class, now):
        budget = self.guards.budget
        if not budget:
            return U32
        left = budget.left(outcome_class, now)
        return left - (budget.charge_failures and left > 0)

    def draws(self, attempt):
        return draws(self.seed, self.operation, attempt)

    def timeout(self, start):
        rest = NEVER if self.deadline_at == NEVER else self.deadline_at - start
        return min(self.policy.attempt_timeout_ns, rest)

    def end(self, reason, guard, now, outcome_class, delay=0):
        if self.guards.budget:
            self.guards.budget.call_ends()
        self.over = {
            'verb': 'succeed' if reason == 'success' else 'stop', 'reason': reason, 'guard': guard,
            'attempt': self.attempts, 'delay_ns': delay, 'not_before_ns': sat(now + delay),
            'attempt_timeout_ns': 0, 'lease': None, 'budget_left': self.left(outcome_class, now)}
        self.decision = self.over
        return self.over

    def offer(self, delay, guard, now, outcome_class):
        start = sat(now + delay)
        if self.guards.throttle:
            self.guards.throttle.count(now)
        lease = self.guards.breaker.allow(now, now) if self.guards.breaker else None
        self.attempts = min(self.attempts + 1, U32)
        self.decision = {
            'verb': 'retry', 'reason': 'none', 'guard': guard, 'attempt': self.attempts, 'delay_ns': delay,
            'not_before_ns': start, 'attempt_timeout_ns': self.timeout(start), 'lease': lease,
            'budget_left': self.left(outcome_class, now)}
        return self.decision

    def begin(self, now):
        guards, now = self.guards, self.look_at(now)
        if guards.budget:
            guards.budget.call_begins(now)
        delay_draw, throttle_draw = self.draws(0)
        if self.past_deadline(now):
            return self.end('deadline', 'none', now, 'success')
        if guards.breaker and not guards.breaker.would_allow(now):
            return self.end('breaker_open', 'breaker', now, 'success')
        if guards.throttle and guards.throttle.rejects(throttle_draw, now):
            guards.throttle.count(now)
            return self.end('throttled', 'throttle', now, 'success')
        delay = self.policy.initial(delay_draw)
        if not self.fits(sat(now + delay)):
            return self.end('would_exceed_deadline', 'none', now, 'success', delay)
        return self.offer(delay, 'none', now, 'success')

    def grant(self, outcome_class, now):
        paid = self.guards.budget.try_withdraw(outcome_class, now)
        if paid is None:
            return False
        self.granted, self.paid = self.granted + 1, paid
        return True

    def take_back(self, now):
        """The attempt that was offered will not run."""
        if self.granted == 1:
            self.guards.budget.refund(self.paid, now)
        else:
            for _ in range(self.granted):
                self.guards.budget.retry_ends()
        self.granted, self.attempts = 0, self.attempts - 1

    def start(self, now):
        """Once more before the attempt runs."""
        if self.over:
            return self.over
        guards, now = self.guards, self.look_at(now)
        lease = self.decision['lease']
        if not self.fits(now):
            if guards.breaker:
                guards.breaker.report(lease, 'cancelled', now)
            self.take_back(now)
            reason = 'deadline' if self.past_deadline(now) else 'would_exceed_deadline'
            return self.end(reason, 'none', now, 'success')
        if guards.breaker and not guards.breaker.holds(lease, now):
            lease = guards.breaker.allow(now, now)
            if lease is None:
                self.take_back(now)
                return self.end('breaker_open', 'breaker', now, 'success')
            self.decision = {**self.decision, 'lease': lease}
        self.decision = {**self.decision, 'attempt_timeout_ns': self.timeout(now)}
        return self.decision

    def can_pass(self, outcome_class):
        return outcome_class in FAILURES or (outcome_class == 'ambiguous' and self.policy.retry_ambiguous)

    def tell_guards(self, outcome, lease, now):
        guards, name = self.guards, outcome['class']
        if guards.breaker:
            guards.breaker.report(lease, name, now)
        if guards.throttle and name in ACCEPTED:
            guards.throttle.accept(now)
        if name == 'cancelled' and outcome['started_ns'] == NEVER:
            self.take_back(now)
            return
        if not guards.budget:
            return
        for _ in range(self.granted):
            guards.budget.retry_ends()
        self.granted = 0
        if name == 'success':
            guards.budget.success(self.attempts - 1, self.paid, now)
        elif self.can_pass(name):
            guards.budget.failure(name, now)

    def refusal(self, outcome, now):
        """The reason and the guard of the first check that refuses, delay and fit apart."""
        name, policy, guards = outcome['class'], self.policy, self.guards
        if not self.can_pass(name):
            return {'success': 'success', 'cancelled': 'cancelled',
                    'ambiguous': 'ambiguous'}.get(name, 'not_retryable'), 'none'
        if policy.max_retries != UNLIMITED and self.attempts > policy.max_retries:
            return 'exhausted', 'none'
        if outcome['hint'] == 'refusal' and policy.hint_use != 'ignore':
            return 'server_refused', 'hint'
        if self.past_deadline(now):
            return 'deadline', 'none'
        if guards.breaker and not guards.breaker.would_allow(now):
            return 'breaker_open', 'breaker'
        if guards.throttle and guards.throttle.rejects(self.draws(self.attempts)[1], now):
            guards.throttle.count(now)
            return 'throttled', 'throttle'
        if guards.rate and guards.rate.wait(1, now) > 0:
            return 'rate_limited', 'rate'
        if guards.budget and guards.budget.left(name, now) == 0:
            guards.budget.try_withdraw(name, now)
            return 'budget_empty', 'budget'
        return None

    def delay(self, outcome, now):
        """The own delay, the delay, the guard that made it longer, whether the growth starts anew, whether the hint is too long."""
        policy, draw = self.policy, self.draws(self.attempts)[0]
        own = policy.delay(draw, self.step, self.last, outcome['class'] == 'throttled')
        if outcome['hint'] not in ('relative', 'absolute') or policy.hint_use == 'ignore':
            return own, own, 'none', False, False
        least = asked(outcome, now)
        more = 0 if policy.jitter == 'none' else least * policy.hint_jitter_q32 // ONE
        hint = uniform(draw, least, sat(least + more))
        too_long = policy.hint_use != 'bounded' and least > policy.hint_max_ns
        if policy.hint_use == 'exact':
            return own, hint, 'hint', True, too_long
        if policy.hint_use == 'bounded':
            hint = min(hint, sat(own + policy.hint_max_ns))
        return own, max(own, hint), 'hint' if hint > own else 'none', False, too_long

    def next(self, outcome, now, lease=None):
        if self.over:
            return self.over
        now = self.look_at(now)
        name = outcome['class']
        self.tell_guards(outcome, lease, now)
        refusal = self.refusal(outcome, now)
        if refusal:
            return self.end(*refusal, now, name)
        started, ended = outcome['started_ns'], outcome['ended_ns']
        if self.policy.reset_after_ns != NEVER and sat(ended - started) >= self.policy.reset_after_ns:
            self.step, self.last = 0, 0
        own, delay, guard, anew, too_long = self.delay(outcome, now)
        if too_long:
            return self.end('hint_too_long', 'hint', now, name, asked(outcome, now))
        if not self.fits(sat(now + delay)):
            return self.end('would_exceed_deadline', guard, now, name, delay)
        if self.guards.budget:
            self.grant(name, now)
        if self.guards.rate:
            assert self.guards.rate.take(1, now)
        self.step, self.last = (0, 0) if anew else (self.step + 1, own)
        return self.offer(delay, guard, now, name)


class Hedge(Rule):
    defaults = HEDGE

    def init(self, now):
        self.left, self.next_at = self.most, sat(now + self.delay_ns)

    def stop(self, call, now, reason, guard, delay=0):
        return {'verb': 'stop', 'reason': reason, 'guard': guard, 'attempt': call.attempts, 'delay_ns': delay,
                'not_before_ns': now + delay, 'attempt_timeout_ns': 0, 'lease': None,
                'budget_left': call.left('success', now)}

    def next(self, call, now):
        # An end is told again with its own moment.
        now, guards = call.latest if call.over else call.look_at(now), call.guards
        start = max(now, self.next_at)
        if self.left == 0 or call.over or self.next_at == NEVER:
            return self.stop(call, now, 'exhausted', 'none')
        if not call.fits(start):
            return self.stop(call, now, 'would_exceed_deadline', 'none', start - now)
        told = {'verb': 'hedge', 'reason': 'none', 'guard': 'none', 'attempt': call.attempts,
                'delay_ns': start - now, 'not_before_ns': start, 'attempt_timeout_ns': 0, 'lease': None}
        if start == now:
            if guards.breaker and not guards.breaker.would_allow(now):
                return self.stop(call, now, 'breaker_open', 'breaker')
            if guards.budget and not call.grant('success', now):
                return self.stop(call, now, 'budget_empty', 'budget')
            told['lease'] = guards.breaker.allow(now, now) if guards.breaker else None
            told['attempt_timeout_ns'] = call.timeout(now)
            self.left -= 1
            self.next_at = sat(now + self.delay_ns)
        return {**told, 'budget_left': call.left('success', now)}
