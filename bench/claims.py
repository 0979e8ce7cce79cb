# SPDX-License-Identifier: MIT
"""What is claimed of again's speed and memory, each claim measured by one function that returns a Part."""
import os
import re
import signal
import statistics
import struct
import subprocess
import time
from pathlib import Path

from library import library
from measure import ENVIRONMENT, OUT, Part, Row, Unable, built, compile_helper, log, milliseconds, program, \
    quantile, Rounds, spread, time_once

TRUE = "/bin/true"
FALSE = "/bin/false"

STARTUP_LIMIT = 0.45
ATTEMPTS_LIMIT = 1.1
RETRIES = 2000
WAIT_S = 10
RSS_LIMIT_KB = 1024
REACTION_LIMIT_US = 1000
SIZE_LIMIT_BYTES = 150 * 1024

BACK_TO_BACK = ["--base-delay", "1ns", "--backoff", "constant", "--jitter", "none", "-q", "--"]


def startup(quick):
    """What it adds to /bin/true: again against env and against other programs that run a program.

    Twice: with everything on one processor, which is what the programs themselves cost; and free, where the scheduler
    moves each new process to another processor and every end of a child has to wake a processor that sleeps.
    """
    commands = {
        "true": [TRUE],
        "again-static": [built("again-static"), "--", TRUE],
        "again": [built("again"), "--", TRUE],
        "spawn_loop": [compile_helper("spawn_loop", static=True), "1", TRUE],
    }
    for name, words in {"env": [TRUE], "retry": ["--times=1", "--", TRUE], "timeout": ["10", TRUE],
                        "tini": ["-s", "--", TRUE]}.items():
        if program(name):
            commands[name] = [program(name), *words]
        else:
            log(f"startup: there is no {name} here; nothing is compared with it")
    modes = {"one processor": max(os.sched_getaffinity(0)), "free": None}

    def measure_round(number):
        return {mode: time_once(f"startup-{mode.replace(' ', '-')}", commands, number, runs=25, warmup=3,
                                processor=processor) for mode, processor in modes.items()}

    times = Rounds("startup", 10 if quick else 120)
    rounds = times.collect(measure_round)
    part = Part(numbers={"median_s_by_round": rounds}, details=[times.words()],
                disturbed=not times.enough())

    def compare(mode, ours, peer, limit, note=""):
        added = {name: [one[mode][name] - one[mode]["true"] for one in rounds] for name in (ours, peer)}
        ratios = [mine / other for mine, other in zip(added[ours], added[peer])]
        ratio = statistics.median(ratios)
        words = " ".join(Path(word).name for word in commands[peer]).replace("spawn_loop-static", "spawn_loop")
        part.rows.append(Row(
            f"start-up, {mode}", f"`{ours} -- true`", f"+{milliseconds(added[ours])}",
            f"`{words}` +{milliseconds(added[peer])}", spread(ratios),
            note if limit is None else "below 1" if limit == 1 else f"≤ {limit}",
            None if limit is None else ratio <= limit if limit < 1 else ratio < 1))
        part.numbers[f"{mode}: {ours}/{peer}"] = ratio

    for mode in modes:
        limits = {"env": STARTUP_LIMIT if mode == "one processor" else None, "retry": 1, "timeout": 1, "tini": 1,
                  "spawn_loop": None}
        for peer, limit in limits.items():
            if peer in commands:
                compare(mode, "again-static", peer, limit, note="not judged" if peer == "env" else "")
        for peer in ("env", "retry", "timeout"):
            if peer in commands:
                compare(mode, "again", peer, None)
        part.details.append(f"Whole runs, {mode}, median of the rounds' medians (middle half): " + "; ".join(
            f"{name} {spread([one[mode][name] * 1e3 for one in rounds], 3)} ms" for name in commands) + ".")
    size = os.stat(built("again-static")).st_size
    part.rows.append(Row("size", "`again-static`", f"{size / 1024:.1f} KB", limit="≤ 150 KB",
                         passed=size <= SIZE_LIMIT_BYTES))
    return part


def attempts(quick):
    """Attempts back to back, against a loop of vfork, exec and wait."""
    commands = {}
    for ours in ("again-static", "again"):
        loop = compile_helper("spawn_loop", static=ours == "again-static")
        commands[ours] = [built(ours), "-n", str(RETRIES), *BACK_TO_BACK, FALSE]
        commands[f"{ours} loop"] = [loop, str(RETRIES + 1), FALSE]
    times = Rounds("attempts", 4 if quick else 16)
    rounds = times.collect(lambda number: time_once("attempts", commands, number, runs=1, warmup=0,
                                                    exits_with={"again-static": 1, "again": 1}))
    part = Part(numbers={"median_s_by_round": rounds}, details=[times.words()],
                disturbed=not times.enough())
    for ours in ("again-static", "again"):
        ratios = [one[ours] / one[f"{ours} loop"] for one in rounds]
        each = {name: [one[name] / (RETRIES + 1) for one in rounds] for name in commands}
        part.rows.append(Row(
            f"{RETRIES + 1} attempts", f"`{ours} -n {RETRIES} {' '.join(BACK_TO_BACK)} false`",
            f"{milliseconds(each[ours])} each",
            f"`spawn_loop {RETRIES + 1} false` {milliseconds(each[f'{ours} loop'])} each", spread(ratios, 3),
            f"≤ {ATTEMPTS_LIMIT}", statistics.median(ratios) <= ATTEMPTS_LIMIT))
        part.numbers[ours] = statistics.median(ratios)
    return part


class Waiter:
    """An again that waits: after one failure, WAIT_S seconds before the next attempt."""

    def __init__(self, name, words):
        self.name = name
        self._process = subprocess.Popen(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self._process.stderr.readline()
        if "retrying in" not in line:
            raise Unable(f"{words}: said {line!r} and not that it will retry")
        self.began = time.monotonic()

    def look(self):
        """The fields of /proc/PID/status and smaps_rollup that are numbers."""
        fields = {}
        for file in ("status", "smaps_rollup"):
            text = Path(f"/proc/{self._process.pid}/{file}").read_text(encoding="ascii", errors="replace")
            fields.update((key, int(value)) for key, value in re.findall(r"^(\w+):\s+(\d+)(?: kB)?$", text, re.M))
        return fields

    def end(self):
        try:
            self._process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGTERM)
            self._process.communicate()


def switches(look):
    return look["voluntary_ctxt_switches"] + look["nonvoluntary_ctxt_switches"]


def calls_within(trace):
    """How long the longest system call lasted, and how many others began while it did."""
    calls = [(float(start), float(lasted)) for start, lasted in
             re.findall(r"^(\d+\.\d+) .* <(\d+\.\d+)>$", trace, re.M)]
    began, lasted = max(calls, key=lambda call: call[1])
    return lasted, sum(began < start < began + lasted for start, _ in calls)


def wait(_quick):
    """One long wait: wake-ups and memory."""
    words = ["-n", "1", "--base-delay", f"{WAIT_S}s", "--jitter", "none", "--", FALSE]
    waiters = [Waiter(name, [built(name), *words]) for name in ("again-static", "again")]
    trace = OUT / "wait.strace"
    traced = None
    if program("strace"):
        traced = Waiter("strace", ["strace", "-ttt", "-T", "-o", str(trace), built("again-static"), *words])
    time.sleep(0.2)
    first = [waiter.look() for waiter in waiters]
    time.sleep(max(0.0, waiters[0].began + WAIT_S - 0.3 - time.monotonic()))
    last = [waiter.look() for waiter in waiters]
    for waiter in waiters + ([traced] if traced else []):
        waiter.end()

    part = Part()
    command = "again-static --base-delay 10s --jitter none -- false"
    for waiter, early, late in zip(waiters, first, last):
        woken = switches(late) - switches(early)
        resident = max(early["VmRSS"], late["VmRSS"], late["Rss"])
        static = waiter.name == "again-static"
        part.rows.append(Row(f"wake-ups in a wait of {WAIT_S} s",
                             f"`{command.replace('again-static', waiter.name)}`",
                             f"{woken} context switches", limit="0", passed=woken == 0))
        part.rows.append(Row("memory in that wait", f"`{waiter.name}`", f"VmRSS {resident} kB",
                             limit=f"≤ {RSS_LIMIT_KB} kB" if static else "",
                             passed=resident <= RSS_LIMIT_KB if static else None))
        part.details.append(f"{waiter.name}, waiting: VmRSS {late['VmRSS']} kB, of it RssAnon {late['RssAnon']} kB, "
                            f"RssFile {late['RssFile']} kB; smaps_rollup Rss {late['Rss']} kB, "
                            f"Pss {late['Pss']} kB; most ever (VmHWM) {late['VmHWM']} kB.")
        part.numbers[waiter.name] = {"first": early, "last": late}
    if traced:
        lasted, others = calls_within(trace.read_text(encoding="utf-8", errors="replace"))
        part.rows.insert(1, Row("system calls in that wait", f"`strace {command}`",
                                f"one of {lasted:.3f} s, {others} within",
                                limit=f"one of ≥ {WAIT_S - 0.05} s, 0 within",
                                passed=others == 0 and lasted >= WAIT_S - 0.05))
    else:
        log("wait: there is no strace here; only context switches are counted")
    return part


def gaps_us(stamps):
    """From the end of each run of bench/stamp.c to the beginning of the next, in microseconds."""
    runs = list(struct.iter_unpack("=QQ", stamps.read_bytes()))
    return [(after[0] - before[1]) / 1e3 for before, after in zip(runs, runs[1:])]


def reaction(quick):
    """From a child's last act to the next one's first, against the same in a bare loop."""
    stamp = compile_helper("stamp", static=True)
    loop = compile_helper("spawn_loop", static=True)
    runs = 200
    file = OUT / "stamps"
    commands = {"again-static": [built("again-static"), "-n", str(runs), *BACK_TO_BACK],
                "spawn_loop": [loop, str(runs + 1)]}

    def measure_round(number):
        gaps = {}
        for name in sorted(commands, reverse=number % 2 == 1):
            file.unlink(missing_ok=True)
            subprocess.run([*commands[name], stamp, str(file), "1000"], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            gaps[name] = gaps_us(file)
            if len(gaps[name]) != runs:
                raise Unable(f"{name} ran {len(gaps[name]) + 1} of {runs + 1} commands")
        return gaps

    times = Rounds("reaction", 2 if quick else 20)
    rounds = times.collect(measure_round)
    ours, bare = ([gap for one in rounds for gap in one[name]] for name in commands)
    part = Part(numbers={name: {"median_us": statistics.median(values), "p99_us": quantile(values, 0.99),
                                "most_us": max(values)}
                         for name, values in zip(commands, (ours, bare))},
                details=[times.words()],
                disturbed=not times.enough())

    def row(which, mine, other):
        part.rows.append(Row(
            f"death to next start, {which} of {len(ours)}", "`again-static … stamp`", f"{mine:.0f} µs",
            f"`spawn_loop … stamp` {other:.0f} µs", f"{mine / other:.2f}, own part {mine - other:+.0f} µs",
            f"< {REACTION_LIMIT_US} µs", mine < REACTION_LIMIT_US))

    row("median", statistics.median(ours), statistics.median(bare))
    row("99th percentile", quantile(ours, 0.99), quantile(bare, 0.99))
    return part


ALL = {"startup": startup, "attempts": attempts, "wait": wait, "reaction": reaction, "library": library}
