# SPDX-License-Identifier: MIT
"""random.jsonl: policies, rules, seeds and scripts that nobody chose, from one fixed seed."""
from reference.policy import numbers
from reference.world import World

from .vector import *

SEED = 20150304
CALLS, HANDS = 200, 120
FAILURES = ('transient', 'throttled', 'timeout', 'server')
CLASSES = ['success', 'transient', 'permanent', 'cancelled', 'throttled', 'timeout', 'server', 'ambiguous']


class Dice:
    """The contract's own generator, so that every version of Python throws the same."""

    def __init__(self, seed):
        self.state, self.thrown = seed, 0

    def below(self, count):
        self.thrown += 1
        return numbers((self.state + self.thrown * 0x632be59bd9b4e019) % 2**64, 1)[0] * count // 2**64

    def between(self, least, most):
        return least + self.below(most - least + 1)

    def pick(self, *choices):
        return choices[self.below(len(choices))]

    def chance(self, one_in):
        return self.below(one_in) == 0

    def size(self, bits=64, least=0):
        """A number of any length in bits."""
        return max(least, self.below(2**self.between(1, bits)))


def random_policy(dice):
    jitter = dice.pick('none', 'full', 'equal', 'decorrelated', 'proportional')
    backoff = 'exponential' if jitter == 'decorrelated' else dice.pick(
        'exponential', 'exponential', 'constant', 'linear', 'fibonacci', 'polynomial', 'list')
    bits = dice.pick(20, 36, 40, 64)
    base, most = sorted((dice.size(bits, 1), dice.size(bits, 1)))
    most = most + 1 if most == base else most
    policy = {'jitter': jitter, 'backoff': backoff, 'base_delay_ns': base, 'max_delay_ns': most,
              'max_retries': dice.pick(0, 3, 9, 2**32 - 1)}
    if jitter == 'proportional':
        policy['jitter_q32'] = dice.between(1, ONE - 1)
    if backoff == 'polynomial':
        policy['degree'] = dice.between(1, 8)
    if backoff == 'exponential' and jitter != 'decorrelated':
        policy['factor_q32'] = dice.pick(2 * ONE, 3 * ONE // 2, ONE, ONE + dice.size(33), ONE + dice.size(62))
    if backoff == 'list':
        policy['list'] = [dice.size(bits, 1) for _ in range(dice.between(1, 6))]
    elif dice.chance(3):
        policy['throttled_base_delay_ns'] = dice.between(1, most - 1)
    if dice.chance(2):
        policy['deadline_ns'] = dice.size(bits + 3 if bits < 60 else 64)
        policy['min_attempt_ns'] = dice.below(policy['deadline_ns'] + 1) if dice.chance(3) else 0
    if dice.chance(3):
        policy['attempt_timeout_ns'] = dice.size(bits, 1)
    if dice.chance(3):
        policy['reset_after_ns'] = dice.size(bits, 1)
    if dice.chance(4):
        policy['initial_delay_ns'] = dice.size(bits)
    if dice.chance(2):
        policy['retry_ambiguous'] = 1
    if dice.chance(2):
        policy.update(hint_use=dice.pick('at_least', 'ignore', 'exact', 'bounded'), hint_max_ns=dice.size(bits, 1),
                      hint_jitter_q32=dice.below(ONE))
    return policy


def random_budget(dice):
    kind = dice.pick('tokens', 'tokens', 'window', 'concurrency')
    if kind == 'concurrency':
        return {'kind': kind, 'min_concurrency': dice.between(1, 4), 'ratio_q32': dice.below(ONE)}
    capacity = dice.between(1000, 20_000)
    cost = dice.between(200, capacity)
    budget = {'kind': kind, 'capacity_mt': capacity, 'cost_mt': cost, 'deposit_call_mt': dice.pick(0, dice.below(500)),
              'deposit_first_mt': dice.pick(0, dice.below(2000)), 'deposit_later_mt': dice.pick(0, dice.below(2000))}
    costs = [cost]
    for name in ('cost_timeout_mt', 'cost_throttled_mt'):
        if dice.chance(3):
            budget[name] = dice.between(100, capacity)
            costs.append(budget[name])
    if dice.chance(2):
        budget['charge_failures'] = 1
        budget['least_mt'] = dice.between(50, capacity - max(costs)) if capacity - max(costs) > 50 else 0
    elif dice.chance(2):
        budget['repay_last'] = 1
    if not budget.get('charge_failures') and dice.chance(3):
        budget['least_mt'] = dice.between(1, capacity)
    if budget.get('charge_failures') and 2 * max(costs) > capacity:
        del budget['charge_failures']
        budget.pop('least_mt')
    if dice.chance(3):
        budget['deposit_retry_mt'] = dice.below(min(costs + [budget.get('least_mt') or min(costs)]))
    if kind == 'window':
        budget['window_ns'] = dice.size(40, 10)
    return {key: value for key, value in budget.items() if value != 0}


def random_guards(dice):
    guards = {}
    if dice.chance(2):
        guards['budget'] = random_budget(dice)
    if dice.chance(2):
        rule = {'kind': 'consecutive', 'failures': dice.between(1, 5)}
        if dice.chance(2):
            rule = {'kind': 'ratio', 'min_calls': dice.between(1, 6), 'ratio_q32': dice.between(1, ONE),
                    'window_ns': dice.size(40, 5)}
        guards['breaker'] = {**rule, 'open_ns': dice.size(36, 1), 'lease_ns': dice.size(36, 1), 'probes': dice.between(1, 8)}
    if dice.chance(4):
        guards['rate'] = {'burst': dice.between(1, 5), 'interval_ns': dice.size(33, 1)}
    if dice.chance(4):
        guards['throttle'] = {'k_q32': ONE + dice.size(33), 'window_ns': dice.size(40, 10),
                              'most_q32': dice.pick(2**32 - 1, dice.between(1, 2**32 - 1))}
    if dice.chance(3):
        guards['hedge'] = {'most': dice.between(1, 3), 'delay_ns': dice.size(34, 1)}
    return guards


def random_outcome(dice, now):
    name = dice.pick('transient', 'transient', 'transient', *CLASSES)
    outcome = {'class': name}
    if name == 'cancelled' and dice.chance(2):
        return {**outcome, 'started_ns': NEVER, 'ended_ns': NEVER}
    if dice.chance(3):
        outcome.update(started_ns=dice.size(36), ended_ns=dice.size(37))
    if dice.chance(3):
        kind = dice.pick('none', 'relative', 'absolute', 'refusal')
        outcome.update(hint=kind, hint_ns=dice.size(dice.pick(34, 44)) + (now if kind == 'absolute' else 0))
    return outcome


def random_script(dice, guards):
    script, now, running, hedging = [], dice.pick(0, dice.size(40)), set(), None
    for _ in range(dice.between(6, 24)):
        now = max(0, now + dice.pick(0, dice.size(20), dice.size(32), dice.size(34), dice.size(36), -dice.size(30)))
        call = dice.between(0, 3)
        if call not in running:
            script.append(begin(now, dice.size(64), dice.size(64), call=call))
            running.add(call)
        elif 'hedge' in guards and dice.chance(3):
            if hedging != call:
                script.append(do('hedge_init', now))
                hedging = call
            script.append(do('hedge', now, call=call))
        elif dice.chance(6):
            script.append(do('start', now, call=call))
        else:
            script.append(after(now, **{('outcome_class' if k == 'class' else k): v
                                        for k, v in random_outcome(dice, now).items()}, call=call))
        if 'budget' in guards and dice.chance(3):
            script.append(do('budget_look', now, **{'class': dice.pick(*CLASSES)}))
        if 'breaker' in guards and dice.chance(3):
            script.append(do('breaker_look', now))
        if 'throttle' in guards and dice.chance(3):
            script.append(do('throttle_look', now))
    return script


class Hand:
    """One guard, driven by hand: what was given is given back once, and sometimes again where that is allowed."""

    def __init__(self, dice, scale):
        self.dice, self.scale, self.now, self.script, self.given = dice, scale, dice.size(40), [], []

    def moment(self):
        step = self.scale * self.dice.below(1000) // 1000
        self.now = max(0, self.now + (step if self.dice.below(8) else -step))
        return self.now

    def add(self, name, **more):
        self.script.append(do(name, self.moment(), **more))
        return len(self.script) - 1

    def breaker(self):
        dice = self.dice
        what = dice.below(12)
        if what < 4 or not self.given:
            self.given.append(self.add('breaker_allow'))
            if dice.chance(3):
                self.script[-1]['start_ns'] = self.now + self.scale * dice.below(1000) // 500
        elif what < 9:
            name = dice.pick('success', 'success', 'success', *CLASSES)
            self.add('breaker_report', lease=self.given[-1 - dice.below(min(4, len(self.given)))], **{'class': name})
        elif what == 9:
            self.add('breaker_holds', lease=dice.pick(*self.given))
        elif what == 10 and dice.chance(6):
            self.add(dice.pick('breaker_force_open', 'breaker_force_close', 'breaker_reset'))
            del self.script[-1]['t']
        self.add('breaker_look')

    def budget(self):
        dice = self.dice
        what = dice.below(7)
        paid = self.given.pop(dice.below(len(self.given))) if self.given and what > 4 else None
        if what == 0:
            self.add('budget_begins')
        elif what == 1:
            self.add('budget_failure', **{'class': dice.pick(*FAILURES)})
        elif what < 5 or paid is None:
            self.given.append(self.add('budget_withdraw', **{'class': dice.pick(*FAILURES)}))
            world = World(self.parts)
            if not [world.play(event) for event in self.script][-1]['granted']:
                self.given.pop()
        elif dice.chance(3):
            self.add('budget_refund', paid=paid)
        elif dice.chance(2):
            self.add('budget_success', retries=dice.between(1, 3), paid=paid)
        else:
            self.add('budget_success', retries=0)
        self.add('budget_look', **{'class': dice.pick(*FAILURES)})

    def rate(self):
        self.add('rate_wait', units=self.dice.below(4))
        if self.dice.chance(2):
            self.add('rate_take', units=self.dice.below(4))
        else:
            self.add('rate_reserve', units=self.dice.below(4), most_wait_ns=self.dice.pick(0, self.scale, NEVER - 1))

    def throttle(self):
        if self.dice.chance(3):
            self.add('throttle_accept')
        else:
            self.add('throttle_allow', draw=self.dice.size(64))
        self.add('throttle_look')


def by_hand(dice):
    """One of the four, at a scale of time at which its windows and leases matter."""
    guards = {}
    part = dice.pick('breaker', 'breaker', 'budget', 'budget', 'rate', 'throttle')
    while part not in guards or guards[part].get('kind') == 'concurrency':
        guards = random_guards(dice)
    rule = guards[part]
    scale = min([rule[name] for name in ('window_ns', 'open_ns', 'lease_ns', 'interval_ns') if name in rule] or [S])
    hand = Hand(dice, scale * dice.between(1, 4))
    hand.parts = {part: rule}
    for _ in range(dice.between(10, 20)):
        getattr(hand, part)()
    return hand.script, hand.parts


def make():
    for number in range(CALLS):
        dice = Dice(SEED + number)
        policy, guards = random_policy(dice), random_guards(dice)
        script = random_script(dice, guards)
        if dice.chance(2):
            script += [plan(6, dice.size(64), dice.size(64)), do('growth', n=dice.size(32)),
                       do('range', n=dice.size(32), last_delay_ns=dice.size(64))]
        yield vector(f'random-call-{number}', 'nobody chose this', f'generate.py, seed {SEED + number}', script,
                     policy=policy, **guards)
    for number in range(HANDS):
        dice = Dice(SEED + CALLS + number)
        script, parts = by_hand(dice)
        yield vector(f'random-guard-{number}', 'nobody chose this', f'generate.py, seed {SEED + CALLS + number}', script,
                     **parts)
