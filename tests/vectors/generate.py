#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the test vectors from the published formulas; nothing of our C is called.

    generate.py            writes *.jsonl beside itself
    generate.py --check    fails if a committed file is not what this makes; checks the published numbers; speaks TAP

The reference (reference/) is written from the words of include/again/*.h alone, in integers and fractions of any size.
The suites (suites/) say what is played, and what is known of the answers from elsewhere. docs/vectors.md has the format.
"""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is left behind in the sources

from reference import published
from suites import breaker, budgets, deadline, edges, hints, profiles, randoms, rate, sequences, throttle
from suites.vector import Wrong

HERE = Path(__file__).resolve().parent
SUITES = {'profiles': profiles, 'budgets': budgets, 'breaker': breaker, 'rate': rate, 'throttle': throttle,
          'edges': edges, 'deadline': deadline, 'hints': hints, 'sequences': sequences, 'random': randoms}
WIDE = {'t', 'seed', 'operation', 'draw', 'first', 'second', 'number', 'least', 'most', 'factor_q32', 'k_q32', 'now_unix_s',
        'list'}


def is_wide(key, part):
    """Whether a number has 64 bits in the contract: such numbers are written as strings, for JavaScript."""
    if key in ('most', 'ratio_q32'):
        return part in ({'most': ('script',), 'ratio_q32': ('breaker',)}[key])
    return key in WIDE or key.endswith('_ns')


def plain(value, key='', part=''):
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value) if is_wide(key, part) else value
    if isinstance(value, dict):
        return {k: plain(v, k, part or key) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, key, part) for v in value]
    return value


def lines(suite):
    seen = set()
    for vector in suite.make():
        if vector['id'] in seen:
            raise Wrong(f'{vector["id"]}: there are two')
        seen.add(vector['id'])
        yield json.dumps({key: plain(value, '', key) for key, value in vector.items()}, ensure_ascii=True,
                         separators=(',', ':'))


def check():
    tests = [(f'{name}.jsonl is what generate.py makes', lambda name=name: is_committed(name)) for name in SUITES]
    tests += [(f'published: {name}', test) for name, test in published.tests()]
    print(f'1..{len(tests)}')
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            complaint = test()
        except (Wrong, AssertionError) as error:
            complaint = str(error) or 'a published number does not come out'
        failed += bool(complaint)
        print(f'{"not ok" if complaint else "ok"} {number} - {name}')
        if complaint:
            print(f'# {complaint}')
    return 1 if failed else 0


def is_committed(name):
    path = HERE / f'{name}.jsonl'
    committed = path.read_text(encoding='ascii').splitlines() if path.exists() else []
    made = list(lines(SUITES[name]))
    for number, (is_there, should_be) in enumerate(zip(committed, made), 1):
        if is_there != should_be:
            return f'line {number} differs: {json.loads(should_be)["id"]}'
    return '' if len(committed) == len(made) else f'{len(committed)} lines, not {len(made)}'


def main():
    if sys.argv[1:] == ['--check']:
        return check()
    if sys.argv[1:]:
        sys.exit(__doc__)
    for name, suite in SUITES.items():
        text = ''.join(line + '\n' for line in lines(suite))
        (HERE / f'{name}.jsonl').write_text(text, encoding='ascii')
        print(f'{name}.jsonl: {text.count(chr(10))} vectors')
    return 0


if __name__ == '__main__':
    sys.exit(main())
