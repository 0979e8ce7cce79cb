# SPDX-License-Identifier: MIT
"""The tools of the benchmarks: helpers compiled, commands timed in rounds, figures put into words.

hyperfine times one command after the other, so a machine that grows slower for a while makes one of them look bad. So
everything is measured in rounds: a round times each command some times, the order of the commands rotates from round to
round, commands are compared only within a round, and the median of the rounds' ratios is what counts. Rounds in which
other programs were busy are measured again.
"""
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build/bench"

# A round in which other programs use more than this of one processor does not count, as long as enough others do.
CALM = 0.1
PATIENCE = 2

# The same small world for all: no long PATH to search, no locale to load.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}


@dataclass
class Row:
    """One line of the table. Where there is no limit the line is only told."""
    claim: str
    command: str
    figure: str
    peer: str = ""
    ratio: str = ""
    limit: str = ""
    passed: bool | None = None
    # Whether other programs cannot disturb it: a size.
    steady: bool = False


@dataclass
class Part:
    """What one part of the benchmarks has found: lines of the table, lines of details, numbers for results.json."""
    rows: list = field(default_factory=list)
    details: list = field(default_factory=list)
    numbers: dict = field(default_factory=dict)
    disturbed: bool = False


_copied = set()


class Unable(Exception):
    """Something that a measurement needs is missing or does not work."""


def run(command, **options):
    """Runs a command in the small world; what it says is shown only when it fails."""
    done = subprocess.run(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise Unable(f"{shlex.join(map(str, command))}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def program(name):
    """The path of an installed program, or None."""
    return shutil.which(name, path=ENVIRONMENT["PATH"])


def built(name):
    """A copy of build/bin/NAME, made once, so that a build meanwhile does not change what is measured."""
    source, copy = ROOT / "build/bin" / name, OUT / name
    if copy not in _copied:
        if not source.exists():
            raise Unable(f"build/bin/{name} is missing: ./dev build"
                         + (" (needs musl-tools)" if name == "again-static" else ""))
        shutil.copy2(source, copy)
        _copied.add(copy)
    return str(copy)


def compile_helper(name, static=False, libraries=()):
    """bench/NAME.c as a program, linked as the again that it is compared with is linked."""
    target = OUT / (f"{name}-static" if static else name)
    compiler = ["musl-gcc", "-static"] if static else ["cc"]
    run([*compiler, "-std=gnu2x", "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-I", ROOT / "include", "-o", target,
         ROOT / "bench" / f"{name}.c", *libraries])
    return str(target)


class Rounds:
    """The rounds of one part: those that count, and how many others there were."""

    def __init__(self, part, wanted):
        self.part = part
        self.wanted = wanted
        self.calm = []
        self.disturbed = []
        for old in OUT.glob(f"{part}*-[0-9][0-9][0-9].json"):
            old.unlink()

    def collect(self, measure_round):
        """Calls measure_round(number) until there are as many calm rounds as wanted, or patience ends."""
        while len(self.calm) < self.wanted and len(self.disturbed) < PATIENCE * self.wanted:
            with Others() as others:
                result = measure_round(len(self.calm))
            if others.processors <= CALM:
                self.calm.append(result)
            else:
                self.disturbed.append(result)
                time.sleep(0.5)
            progress(f"{self.part}: {len(self.calm)} of {self.wanted} rounds, {len(self.disturbed)} disturbed")
        return self.counted()

    def counted(self):
        """The calm rounds; all of them where hardly any was calm."""
        return self.calm if self.enough() else self.calm + self.disturbed

    def enough(self):
        return 2 * len(self.calm) >= self.wanted

    def words(self):
        if self.enough():
            return (f"`{self.part}`: {len(self.calm)} rounds count; thrown away because other programs used more than "
                    f"{CALM} processors: {len(self.disturbed)}.")
        return (f"`{self.part}`: **disturbed**. Only {len(self.calm)} of {len(self.calm) + len(self.disturbed)} rounds "
                f"were calm, so all of them count; in the others, other programs used more than {CALM} processors.")


def time_once(label, commands, number, runs, warmup, processor=None, exits_with=()):
    """One round: times {name: argv} with hyperfine and returns {name: its median in seconds}.

    The order of the commands rotates with the number. With `processor` all of it stays on that one. Each command must
    exit 0, or what `exits_with` says. The JSON export stays in build/bench/.
    """
    names = list(commands)
    first = number % len(names)
    order = names[first:] + names[:first]
    export = OUT / f"{label}-{number + 1:03}.json"
    words = [] if processor is None else ["taskset", "--cpu-list", str(processor)]
    words += ["hyperfine", "--shell=none", "--style=none", f"--warmup={warmup}", f"--runs={runs}",
              f"--export-json={export}", "--ignore-failure"]
    for name in order:
        words += ["--command-name", name]
    run(words + [shlex.join(map(str, commands[name])) for name in order])
    medians = {}
    for result in json.loads(export.read_text(encoding="utf-8"))["results"]:
        name = result["command"]
        wrong = set(result["exit_codes"]) - {dict(exits_with).get(name, 0)}
        if wrong:
            raise Unable(f"{shlex.join(map(str, commands[name]))}: exit {wrong.pop()}")
        medians[name] = result["median"]
    return medians


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[Kbench: {text}", end="", file=sys.stderr, flush=True)


def log(text):
    lead = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{lead}bench: {text}", file=sys.stderr, flush=True)


def quantile(values, share):
    """The value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values, digits=2):
    """The median, and between which values the middle half lies."""
    if len(values) < 2:
        return f"{statistics.median(values):.{digits}f}"
    low, _, high = statistics.quantiles(values, n=4)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def milliseconds(values, digits=3):
    return f"{statistics.median(values) * 1e3:.{digits}f} ms"


class Others:
    """How busy other programs keep the machine: all processor time less what we and our children have used."""

    processors = 0.0

    def __enter__(self):
        self._before = self._read()
        return self

    def __exit__(self, *_):
        elapsed, busy, ours = (now - before for now, before in zip(self._read(), self._before))
        self.processors = max(0.0, (busy - ours) / elapsed)

    @staticmethod
    def _read():
        times = os.times()
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        idle = ticks[3] + ticks[4]
        ours = times.user + times.system + times.children_user + times.children_system
        return times.elapsed, (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK"), ours
