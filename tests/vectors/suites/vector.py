# SPDX-License-Identifier: MIT
"""How the suites write a vector: short words for events, answers from the reference, known numbers beside them."""
from reference.policy import MS, NEVER, ONE, S
from reference.world import World

PARTS = ('policy', 'budget', 'breaker', 'rate', 'throttle', 'hedge')
NONE = {'jitter': 'none'}


def q32(numerator, denominator):
    return numerator * ONE // denominator


class Wrong(Exception):
    """The reference does not give a number that is known from elsewhere."""


def vector(name, about, source, script, known=(), **parts):
    """
    `known` are pairs of an event's index and what is known of its answer, from the source, by hand: a check of the
    reference. `parts` are the policy and the rules, and `text`, a preset that must mean the same.
    """
    answers, said = [], {'id': name, 'about': about, 'source': source}
    said.update(parts)
    world = World(parts)
    for event in script:
        answers.append(world.play(event))
    for index, expected in known:
        is_now = {key: answers[index].get(key) for key in expected}
        if is_now != expected:
            raise Wrong(f'{name}: event {index}: known {expected}, the reference has {answers[index]}')
    said['script'] = [{key: value for key, value in event.items() if key not in ('is', 'field')} for event in script]
    said['expect'] = answers
    return said


# Events.

def begin(t=0, seed=1, operation=0, **more):
    return {'do': 'begin', 't': t, 'seed': seed, 'operation': operation, **more}


def after(t, outcome_class='transient', **more):
    """How the running attempt ended at t."""
    return {'do': 'next', 't': t, 'class': outcome_class, **more}


def relative(ns):
    return {'hint': 'relative', 'hint_ns': ns}


def absolute(ns):
    return {'hint': 'absolute', 'hint_ns': ns}


def do(name, t=None, **more):
    return {'do': name, **({} if t is None else {'t': t}), **more}


def plan(count, seed=1, operation=0):
    return {'do': 'plan', 'seed': seed, 'operation': operation, 'count': count}


def delays(ns, draw=2**63, count=None):
    """The delays of retries 0 … at one draw each, by hand: draws of 2^63 are the middle."""
    return [{'do': 'delay', 'n': n, 'draw': draw, 'last_delay_ns': 0} for n in range(ns if count is None else count)]


def refused(what, code, field):
    return {'do': 'validate', 'what': what, 'is': code, 'field': field}


def accepted(what):
    return {'do': 'validate', 'what': what, 'is': 'AGAIN_OK'}


def failing(times, outcome_class='transient', **first):
    """A call whose attempts end at these times, each with the same class."""
    return [begin(**first), *(after(t, outcome_class) for t in times)]


def ends(index, reason, attempt=None, **more):
    """The known answer that the call stopped."""
    known = {'verb': 'stop', 'reason': reason, **more}
    if attempt is not None:
        known['attempt'] = attempt
    return index, known


def waits(first, *ns):
    """The known answers that the delays from event `first` on are these."""
    return [(first + i, {'verb': 'retry', 'delay_ns': delay}) for i, delay in enumerate(ns)]


__all__ = ['MS', 'NEVER', 'NONE', 'ONE', 'S', 'absolute', 'accepted', 'after', 'begin', 'delays', 'do', 'ends', 'failing',
           'plan', 'q32', 'refused', 'relative', 'vector', 'waits']
