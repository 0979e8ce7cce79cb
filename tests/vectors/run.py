#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Plays the vectors with libagain and compares; speaks TAP, one line a file.

    run.py [--only FILE.jsonl]... PLAYER [ARGUMENT]...

PLAYER takes vectors as lines of commands on standard input (player.h) and writes one line for each: the native player,
or `node run_wasm.mjs PLAYER.wasm`. A vector with a `text` is played twice: by its fields, and by what the text means.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILES = ['profiles', 'budgets', 'breaker', 'rate', 'throttle', 'edges', 'deadline', 'hints', 'sequences', 'random']
NEVER = str(2**64 - 1)
MASK = 2**64 - 1

# Words and their numbers in the headers' enums.
WORDS = {
    'backoff': ['exponential', 'constant', 'linear', 'fibonacci', 'polynomial', 'list'],
    'jitter': ['equal', 'none', 'full', 'decorrelated', 'proportional'],
    'hint_use': ['at_least', 'ignore', 'exact', 'bounded'],
    'budget kind': ['none', 'tokens', 'window', 'concurrency'],
    'breaker kind': ['none', 'consecutive', 'ratio'],
    'class': ['success', 'transient', 'permanent', 'cancelled', 'throttled', 'timeout', 'server', 'ambiguous'],
    'hint': ['none', 'relative', 'absolute', 'refusal'],
    'verb': ['retry', 'stop', 'succeed', 'hedge'],
}
# The order of the fields is that of player_setup.h; the command's word, where it is not the part's name.
KINDS = ['policy', 'budget', 'breaker', 'rate', 'throttle', 'hedge']
FIELDS = {
    'policy': ['max_retries', 'backoff', 'jitter', 'jitter_q32', 'degree', 'factor_q32', 'base_delay_ns', 'max_delay_ns',
               'retry_ambiguous', 'deadline_ns', 'attempt_timeout_ns', 'min_attempt_ns', 'reset_after_ns',
               'initial_delay_ns', 'hint_use', 'hint_jitter_q32', 'hint_max_ns', 'throttled_base_delay_ns'],
    'budget': ['kind', 'capacity_mt', 'cost_mt', 'cost_timeout_mt', 'cost_throttled_mt', 'least_mt', 'charge_failures',
               'deposit_call_mt', 'deposit_retry_mt', 'deposit_first_mt', 'deposit_later_mt', 'repay_last',
               'min_concurrency', 'ratio_q32', 'window_ns'],
    'breaker': ['kind', 'failures', 'min_calls', 'ratio_q32', 'window_ns', 'open_ns', 'lease_ns', 'probes'],
    'rate': ['burst', 'interval_ns'],
    'throttle': ['most_q32', 'k_q32', 'window_ns'],
    'hedge': ['most', 'delay_ns'],
}
COMMANDS = {'hedge': 'hedging'}
# What each event takes, in order. ? may be left out; 0 is 0 when it is left out.
TAKES = {
    'begin': 'call0 t seed operation', 'start': 'call0 t',
    'next': 'call0 t class hint0 hint_ns0 started_ns? ended_ns? lease?',
    'hedge_init': 't', 'hedge': 'call0 t',
    'breaker_allow': 't start_ns?', 'breaker_report': 't class lease', 'breaker_holds': 't lease', 'breaker_look': 't',
    'breaker_force_open': '', 'breaker_force_close': '', 'breaker_reset': '',
    'budget_begins': 't', 'budget_ends': '', 'budget_failure': 't class', 'budget_withdraw': 't class',
    'budget_refund': 't paid', 'budget_retry_ends': 'paid', 'budget_success': 't retries paid?', 'budget_look': 't class',
    'rate_take': 't units', 'rate_wait': 't units', 'rate_reserve': 't units most_wait_ns',
    'throttle_allow': 't draw', 'throttle_accept': 't', 'throttle_look': 't',
    'draws': 'seed operation attempt', 'uniform': 'draw* least most', 'delay': 'draw* n last_delay_ns0',
    'range': 'n last_delay_ns0', 'growth': 'n', 'plan': 'seed operation count',
    'retry_after': 'now_unix_s text', 'ms_header': 'text', 'pushback_ms': 'text', 'validate': 'what',
}
# What each event tells, in order: a name, and how it is written in the vectors.
DECISION = 'verb reason attempt:int guard delay_ns not_before_ns attempt_timeout_ns lease:bool budget_left:int'
TELLS = {
    'begin': DECISION, 'start': DECISION, 'next': DECISION, 'hedge': DECISION,
    'breaker_allow': 'allowed:bool', 'breaker_holds': 'holds:bool',
    'breaker_look': 'state opens_at_ns would_allow:bool', 'budget_withdraw': 'granted:bool',
    'rate_take': 'taken:bool', 'rate_wait': 'wait_ns', 'rate_reserve': 'taken:bool wait_ns',
    'throttle_allow': 'allowed:bool', 'throttle_look': 'reject_q32:int',
    'draws': 'first second', 'uniform': 'number', 'delay': 'delay_ns', 'growth': 'delay_ns', 'range': 'least_ns most_ns',
    'retry_after': 'delay_ns', 'ms_header': 'delay_ns', 'pushback_ms': 'hint delay_ns', 'validate': 'code field',
}
LOOKS = {'tokens': 'balance_mt:int', 'concurrency': 'calls:int retries:int'}
DEFAULTS = {'reason': 'none', 'guard': 'none', 'lease': False, 'budget_left': 2**32 - 1, 'field': '-'}


def state_before(draw):
    """The stream whose next number is this: the generator's last steps backwards."""
    def unshift(z, bits):
        whole = z
        for _ in range(64 // bits + 1):
            whole = z ^ (whole >> bits)
        return whole
    z = unshift(draw, 31)
    z = unshift(z * pow(0x94d049bb133111eb, -1, 2**64) & MASK, 27)
    z = unshift(z * pow(0xbf58476d1ce4e5b9, -1, 2**64) & MASK, 30)
    return (z - 0x9e3779b97f4a7c15) & MASK


def word(event, name):
    """One word of an event's command."""
    how = name[-1] if name[-1] in '0?*' else ''
    name = name.rstrip('0?*')
    value = event.get(name, '0' if how == '0' else '-' if how == '?' else None)
    if value is None:
        raise KeyError(f'{event["do"]} has no {name}')
    if how == '*':
        return str(state_before(int(value)))
    if name in ('class', 'hint') and value != '0':
        return str(WORDS[name].index(value))
    if name == 'what':
        return str(KINDS.index(value))
    if name == 'text':
        return value.encode('latin-1').hex()
    return str(value)


def setup(vector):
    yield 'policy', 'policy ' + ' '.join(field('policy', name, vector.get('policy', {})) for name in FIELDS['policy'])
    delays = vector.get('policy', {}).get('list')
    if delays is not None:
        yield 'policy', ' '.join(['list', str(len(delays)), *delays])
    for part in KINDS[1:]:
        if part in vector:
            yield part, f'{COMMANDS.get(part, part)} ' + ' '.join(field(part, name, vector[part]) for name in FIELDS[part])


def field(part, name, given):
    value = given.get(name, '-')
    words = WORDS.get(f'{part} {name}', WORDS.get(name))
    return str(words.index(value)) if words and value != '-' else str(value)


def commands(vector):
    for event in vector['script']:
        yield ' '.join(['!' + event['do'], *[word(event, name) for name in TAKES[event['do']].split()]])


def line(vector):
    """By fields; a part that no event validates has to be valid."""
    parts = list(setup(vector))
    asked = {event['what'] for event in vector['script'] if event['do'] == 'validate'}
    checks = [part for part in dict.fromkeys(part for part, _ in parts) if part not in asked]
    return [*[command for _, command in parts], *commands(vector)], checks


def text_line(vector):
    """By the text that must mean the same."""
    return [f'text {vector["text"]}', *commands(vector)], [6]


def finished(made):
    body, checks = made
    asked = [f'!validate {KINDS.index(check) if isinstance(check, str) else check}' for check in checks]
    return ''.join(command + ';' for command in body + asked), len(asked)


def value_of(name, how, told):
    if how == 'bool':
        return {'0': False, '1': True}[told]
    if how == 'int':
        return int(told)
    if name in WORDS:
        return WORDS[name][int(told)]
    return told


def answer(event, told, vector):
    """What the player told of one event, as a vector expects it."""
    words = told.split()
    if event['do'] == 'plan':
        return {'initial_ns': words[0], 'delays_ns': words[1:]}
    tells = TELLS.get(event['do'], '').split()
    if event['do'] == 'budget_look':
        kind = vector['budget'].get('kind', 'none')
        tells = ['left:int'] if kind == 'none' else ['left:int', 'granted:int', 'refused:int', *LOOKS.get(kind, '').split()]
    found = {}
    for item, text in zip(tells, words):
        name, _, how = item.partition(':')
        found[name] = value_of(name, how, text)
    if len(words) > len(tells):
        raise ValueError(f'{event["do"]} told {told}')
    defaults = DEFAULTS
    if 'verb' in found:
        defaults = {**DEFAULTS, 'attempt_timeout_ns': NEVER if found['verb'] == 'retry' else '0'}
    return {name: value for name, value in found.items() if name not in defaults or defaults[name] != value}


def complaint(vector, told, checks):
    """What is wrong, or an empty string."""
    answers = told.split(';')[:-1]
    if not told:
        return 'the player does not understand it'
    for check in answers[len(answers) - checks:]:
        if check != 'AGAIN_OK -':
            return f'it is refused: {check}'
    for number, (event, expected) in enumerate(zip(vector['script'], vector['expect'])):
        found = answer(event, answers[number], vector)
        if found != expected:
            return f'event {number}, {json.dumps(event)}\n#   expected {json.dumps(expected)}\n#   is       {json.dumps(found)}'
    return '' if len(answers) - checks == len(vector['expect']) else 'there are more events than answers'


def play(player, vectors):
    """Those that failed, with what is wrong."""
    asked = [(vector, vector['id'], *finished(line(vector))) for vector in vectors]
    asked += [(vector, vector['id'] + ' as text', *finished(text_line(vector))) for vector in vectors if 'text' in vector]
    said = subprocess.run(player, input=''.join(text + '\n' for _, _, text, _ in asked), text=True, check=False,
                          stdout=subprocess.PIPE)
    answers = said.stdout.splitlines()
    if said.returncode != 0 or len(answers) != len(asked):
        name = asked[len(answers)][1] if len(answers) < len(asked) else 'the end'
        return len(asked), [(name, f'the player ended with {said.returncode} at {name}')]
    wrong = [(name, complaint(vector, told, checks)) for (vector, name, _, checks), told in zip(asked, answers)]
    return len(asked), [(name, what) for name, what in wrong if what]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', action='append', metavar='FILE', help='this file of vectors, no other')
    parser.add_argument('player', nargs='+', help='the player and its arguments')
    args = parser.parse_args()
    files = args.only or [HERE / f'{name}.jsonl' for name in FILES]
    print(f'1..{len(files)}')
    failed = 0
    for number, path in enumerate(map(Path, files), 1):
        vectors = [json.loads(text) for text in path.read_text(encoding='ascii').splitlines()]
        count, wrong = play(args.player, vectors)
        failed += bool(wrong or not vectors)
        print(f'{"not ok" if wrong or not vectors else "ok"} {number} - {path.name}: {count} vectors', flush=True)
        for name, what in wrong[:20]:
            print(f'# {name}: {what}')
        if len(wrong) > 20:
            print(f'# and {len(wrong) - 20} more')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
