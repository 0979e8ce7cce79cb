# SPDX-License-Identifier: MIT
"""What is claimed of libagain's speed and size: nanoseconds per decision, beside peers, and bytes."""
import re
import subprocess

from measure import Part, ROOT, Row, Unable, compile_helper, log, program, Rounds, run

# Nanoseconds per decision. Where growth takes products of 128 bits or the range a division, there is a limit of its own.
PLAIN_LIMIT_NS = 10
DEAR_LIMIT_NS = 15
GUARDED_LIMIT_NS = 20
# Attempt 10^9 against attempt 10.
LATE_LIMIT = 1.3

DEFAULT_POLICY = "exponential equal"
DEAR = re.compile(r"\*|:|proportional")

# Bytes.
SIZE_LIMITS = {"again_call": 48, "again_policy": 128, "again_tokens": 16, "again_rate": 16, "again_breaker": 64,
               "again_throttle": 96}

# What the library may ask of its surroundings.
MAY_USE = re.compile(r"(mem|str)[a-z]+|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__\w+_chk")

# The files that every program with a call links.
CORE = ("call", "codes", "growth", "jitter", "policy", "rng")


def measure_decisions(binary, runs):
    """{(word, name): (fastest, median)} in nanoseconds, of bench/decision.c."""
    said = run([binary, str(runs)])
    found = re.findall(r"^(\w+)\s+(.+?)\s+([\d.]+)\s+([\d.]+) ns", said, re.M)
    if not found:
        raise Unable(f"bench/decision.c said nothing that is understood here:\n{said}")
    return {(word, name): (float(fastest), float(median)) for word, name, fastest, median in found}


def measure_tenacity():
    """{what: nanoseconds}; nothing where it is not installed."""
    try:
        said = run(["/usr/bin/python3", ROOT / "bench/tenacity_wait.py"])
    except Unable:
        log("library: there is no tenacity for /usr/bin/python3 here (python3-tenacity); nothing is compared with it")
        return {}
    return {what: float(ns) for what, ns in re.findall(r"^(\w+) (\d+)$", said, re.M)}


def fastest_of(rounds):
    """Of each thing the fastest that was seen in any round: nothing that disturbs makes it faster."""
    return {what: min(one[what][0] for one in rounds) for what in rounds[0]}


def ns_row(claim, name, ns, limit):
    return Row(claim, f"`decision`: {name}", f"{ns:.2f} ns", limit=f"≤ {limit:g} ns", passed=ns <= limit)


def plain_rows(each, slack):
    """The default; the slowest of those that are cheap; the slowest of all."""
    plain = {name: ns for (word, name), ns in each.items() if word == "plain"}
    cheap = {name: ns for name, ns in plain.items() if not DEAR.search(name)}
    slow, slowest = max(cheap, key=cheap.get), max(plain, key=plain.get)
    return [
        ns_row("one decision, default policy", DEFAULT_POLICY, plain[DEFAULT_POLICY], PLAIN_LIMIT_NS * slack),
        ns_row(f"the same, slowest of {len(cheap)} that need neither a power nor a division", slow, cheap[slow],
               PLAIN_LIMIT_NS * slack),
        ns_row(f"the same, slowest of all {len(plain)} kinds of policy", slowest, plain[slowest], DEAR_LIMIT_NS * slack),
    ]


def late_row(each):
    """The kind whose attempt 10^9 is dearest beside its attempt 10."""
    ratios = {name: each["late", name] / ns for (word, name), ns in each.items() if word == "early"}
    worst = max(ratios, key=ratios.get)
    return Row(f"attempt 10^9 against attempt 10, worst of {len(ratios)}", f"`decision`: {worst}",
               f"{each['late', worst]:.2f} ns", f"{each['early', worst]:.2f} ns", f"{ratios[worst]:.2f}",
               f"≤ {LATE_LIMIT}", ratios[worst] <= LATE_LIMIT)


def peer_rows(each, tenacity):
    ours = each["plain", DEFAULT_POLICY]
    full = each["plain", "exponential full"]
    bare = each["peer", "backoff16"]
    rows = [Row("full jitter, against two functions of 16 bits", "`decision`: exponential full", f"{full:.2f} ns",
                f"`backoff16` {bare:.2f} ns", f"{full / bare:.1f}")]
    for what, ns in tenacity.items():
        rows.append(Row(f"one decision, against tenacity's {what}", f"`decision`: {DEFAULT_POLICY}", f"{ours:.2f} ns",
                        f"tenacity {ns:.0f} ns", f"1 : {ns / ours:.0f}"))
    return rows


def struct_rows():
    sizes = dict(re.findall(r"^struct (\w+) (\d+)$", run([compile_helper("sizes")]), re.M))
    rows = []
    for name, limit in SIZE_LIMITS.items():
        size = int(sizes[name])
        rows.append(Row("state or rule of a call", f"`struct {name}`", f"{size} bytes", limit=f"≤ {limit} bytes",
                        passed=size <= limit, steady=True))
    others = ", ".join(f"{name} {size}" for name, size in sizes.items() if name not in SIZE_LIMITS)
    return rows, f"Other structs, in bytes: {others}."


def code_rows():
    """The sums of tools/size-check, each with its limit, and what every program with a call links."""
    said = subprocess.run([ROOT / "tools/size-check"], stdout=subprocess.PIPE, text=True, check=False).stdout
    sums = re.findall(r"^ *(\d+) of at most (\d+): (.+)$", said, re.M)
    sizes = {name: int(size) for size, name in re.findall(r"^ *(\d+) +\d+ +\w+ +(\w+)$", said, re.M)}
    rows = [Row(f"built for size: {what}", "`tools/size-check`", f"{size} bytes", limit=f"≤ {limit} bytes",
                passed=int(size) <= int(limit), steady=True) for size, limit, what in sums]
    if sizes:
        rows.append(Row("of it, a call and its policy", " ".join(f"`{name}.c`" for name in CORE),
                        f"{sum(sizes[name] for name in CORE)} bytes"))
    return rows


def surroundings_row(library):
    """No allocation, no clock, no input or output: the library's undefined names are its own and mem*, str*."""
    defined, used = set(), set()
    for line in run(["nm", library]).splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == "U":
            used.add(words[1])
        elif len(words) == 3:
            defined.add(words[2])
    wanted = used - defined
    wrong = sorted(name for name in wanted if not MAY_USE.fullmatch(name))
    return Row("what libagain.a calls of others: no allocation, no clock", f"`nm {library.name}`",
               " ".join(wrong or sorted(wanted)), limit="mem* and str*", passed=not wrong, steady=True)


def library(quick, slack=1):
    """What libagain takes for a decision, and for itself. `slack` multiplies the limits in nanoseconds."""
    archive = ROOT / "build/lib/libagain.a"
    if not archive.exists():
        raise Unable("build/lib/libagain.a is missing: ./dev build")
    if not program("nm"):
        raise Unable("there is no nm here")
    binary = compile_helper("decision", libraries=[ROOT / "bench/backoff16.c", archive])
    times = Rounds("library", 2 if quick else 5)
    rounds = times.collect(lambda _number: measure_decisions(binary, 20 if quick else 60))
    each = fastest_of(rounds)
    tenacity = measure_tenacity()
    sizes, others = struct_rows()
    part = Part(disturbed=not times.enough())
    part.rows += plain_rows(each, slack)
    guarded = each["guarded", "tokens, consecutive"]
    part.rows.append(ns_row("one decision with guards", "tokens, consecutive", guarded, GUARDED_LIMIT_NS * slack))
    windowed = each["windowed", "window, ratio"]
    part.rows.append(Row("the same, with those that keep a window", "`decision`: window, ratio", f"{windowed:.2f} ns"))
    part.rows.append(late_row(each))
    part.rows += peer_rows(each, tenacity)
    part.rows += sizes + code_rows()
    part.rows.append(surroundings_row(archive))
    part.details = [
        times.words(),
        "One decision, fastest (median of the runs of one round): " + "; ".join(
            f"{name} {ns:.2f} ({rounds[0][word, name][1]:.2f})" for (word, name), ns in each.items()
            if word in ("plain", "guarded", "windowed")) + " ns.",
        others,
    ]
    part.numbers = {f"{word}: {name}": ns for (word, name), ns in each.items()} | {
        f"tenacity: {what}": ns for what, ns in tenacity.items()}
    return part
