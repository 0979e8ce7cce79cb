# SPDX-License-Identifier: MIT
"""Plays a vector's script with the reference: one answer for each event. docs/vectors.md has every event's words."""
from .call import Call, Guards, Hedge
from .guards import Breaker, Budget, Rate, Throttle
from .hint import ms_header, pushback_ms, retry_after
from .policy import NEVER, U32, Policy, draws, uniform

NOTHING = {'retry': NEVER, 'hedge': 0, 'stop': 0, 'succeed': 0}


def decision(told):
    """A decision without what has its default."""
    answer = {'verb': told['verb'], 'attempt': told['attempt'], 'delay_ns': told['delay_ns'],
              'not_before_ns': told['not_before_ns']}
    defaults = {'reason': 'none', 'guard': 'none', 'attempt_timeout_ns': NOTHING[told['verb']], 'budget_left': U32}
    answer.update({name: told[name] for name, default in defaults.items() if told[name] != default})
    if told['lease'] is not None:
        answer['lease'] = True
    return answer


class World:
    def __init__(self, vector):
        self.policy = Policy(**vector.get('policy', {}))
        made = {name: kind(**vector[name]) if name in vector else None
                for name, kind in (('breaker', Breaker), ('throttle', Throttle), ('rate', Rate), ('budget', Budget))}
        self.guards = Guards(**made)
        self.hedge = Hedge(**vector['hedge']) if 'hedge' in vector else None
        self.calls, self.given = {}, []

    def play(self, event):
        lease_or_paid = None
        answer = getattr(self, 'do_' + event['do'])(event)
        if isinstance(answer, tuple):
            answer, lease_or_paid = answer
        self.given.append(lease_or_paid)
        return answer or {}

    def call(self, event):
        return self.calls[event.get('call', 0)]

    # A call.

    def do_begin(self, event):
        call = Call(self.policy, self.guards, event['seed'], event['operation'], event['t'])
        self.calls[event.get('call', 0)] = call
        told = call.begin(event['t'])
        return decision(told), told['lease']

    def do_start(self, event):
        told = self.call(event).start(event['t'])
        return decision(told), told['lease']

    def do_next(self, event):
        call = self.call(event)
        before = call.decision or {'not_before_ns': 0, 'lease': None}
        outcome = {'class': event['class'], 'hint': event.get('hint', 'none'), 'hint_ns': event.get('hint_ns', 0),
                   'started_ns': event.get('started_ns', before['not_before_ns']),
                   'ended_ns': event.get('ended_ns', event['t'])}
        lease = self.given[event['lease']] if 'lease' in event else before['lease']
        told = call.next(outcome, event['t'], lease)
        return decision(told), told['lease']

    def do_hedge_init(self, event):
        self.hedge.init(event['t'])

    def do_hedge(self, event):
        told = self.hedge.next(self.call(event), event['t'])
        return decision(told), told['lease']

    # The guards by hand.

    def do_breaker_allow(self, event):
        lease = self.guards.breaker.allow(event['t'], event.get('start_ns', event['t']))
        return {'allowed': lease is not None}, lease

    def do_breaker_report(self, event):
        self.guards.breaker.report(self.given[event['lease']], event['class'], event['t'])

    def do_breaker_holds(self, event):
        return {'holds': self.guards.breaker.holds(self.given[event['lease']], event['t'])}

    def do_breaker_look(self, event):
        breaker, now = self.guards.breaker, event['t']
        return {'state': breaker.state_at(now), 'opens_at_ns': breaker.opens_at(now),
                'would_allow': breaker.would_allow(now)}

    def do_breaker_force_open(self, _):
        self.guards.breaker.turn('isolated')

    def do_breaker_force_close(self, _):
        self.guards.breaker.force_close()

    def do_breaker_reset(self, _):
        self.guards.breaker.close()

    def do_budget_begins(self, event):
        self.guards.budget.call_begins(event['t'])

    def do_budget_ends(self, _):
        self.guards.budget.call_ends()

    def do_budget_failure(self, event):
        self.guards.budget.failure(event['class'], event['t'])

    def do_budget_withdraw(self, event):
        paid = self.guards.budget.try_withdraw(event['class'], event['t'])
        return {'granted': paid is not None}, paid

    def do_budget_refund(self, event):
        self.guards.budget.refund(self.given[event['paid']], event['t'])

    def do_budget_retry_ends(self, _):
        self.guards.budget.retry_ends()

    def do_budget_success(self, event):
        paid = self.given[event['paid']] if 'paid' in event else 0
        self.guards.budget.success(event['retries'], paid, event['t'])

    def do_budget_look(self, event):
        return {'left': self.guards.budget.left(event['class'], event['t']), **self.guards.budget.look()}

    def do_rate_take(self, event):
        return {'taken': self.guards.rate.take(event['units'], event['t'])}

    def do_rate_wait(self, event):
        return {'wait_ns': self.guards.rate.wait(event['units'], event['t'])}

    def do_rate_reserve(self, event):
        wait = self.guards.rate.reserve(event['units'], event['most_wait_ns'], event['t'])
        return {'taken': False} if wait is None else {'taken': True, 'wait_ns': wait}

    def do_throttle_allow(self, event):
        return {'allowed': self.guards.throttle.allow(event['draw'], event['t'])}

    def do_throttle_accept(self, event):
        self.guards.throttle.accept(event['t'])

    def do_throttle_look(self, event):
        return {'reject_q32': self.guards.throttle.reject_q32(event['t'])}

    # Functions without a state.

    def do_draws(self, event):
        return dict(zip(('first', 'second'), draws(event['seed'], event['operation'], event['attempt'])))

    def do_uniform(self, event):
        return {'number': uniform(event['draw'], event['least'], event['most'])}

    def do_delay(self, event):
        return {'delay_ns': self.policy.delay(event['draw'], event['n'], event.get('last_delay_ns', 0))}

    def do_range(self, event):
        least, most = self.policy.range(event['n'], event.get('last_delay_ns', 0))
        return {'least_ns': least, 'most_ns': most}

    def do_growth(self, event):
        return {'delay_ns': self.policy.growth(event['n'])}

    def do_plan(self, event):
        seed, operation = event['seed'], event['operation']
        return {'initial_ns': self.policy.initial(draws(seed, operation, 0)[0]),
                'delays_ns': self.policy.plan(seed, operation, event['count'])}

    def do_retry_after(self, event):
        delay = retry_after(event['text'], event['now_unix_s'])
        return {} if delay is None else {'delay_ns': delay}

    def do_ms_header(self, event):
        delay = ms_header(event['text'])
        return {} if delay is None else {'delay_ns': delay}

    def do_pushback_ms(self, event):
        delay = pushback_ms(event['text'])
        return {'hint': 'refusal'} if delay is None else {'hint': 'relative', 'delay_ns': delay}

    def do_validate(self, event):
        """What is refused is said by who wrote the vector: the headers' tables."""
        return {'code': event['is']} if event['is'] == 'AGAIN_OK' else {'code': event['is'], 'field': event['field']}
