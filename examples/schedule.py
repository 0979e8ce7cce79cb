#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""libagain from Python, by ctypes: reads a policy, shows its schedule, and calls a function until it succeeds.

    schedule.py [POLICY [SEED]]

The library is found as every program finds it; LIBAGAIN names another file. Nothing here computes a delay: it is the
same code that again(1) and C programs run, so the same policy and seed give the same schedule everywhere.
"""
import ctypes
import os
import secrets
import sys
import time
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p, sizeof

NEVER = 2**64 - 1
SUCCESS, TRANSIENT, PERMANENT = 0, 1, 2
HINT_NONE, HINT_RELATIVE = 0, 1
RETRY, STOP, SUCCEED = 0, 1, 2
LIST_MAX = 256


class Error(ctypes.Structure):
    _fields_ = [("code", c_int), ("sys", c_int), ("field", c_char_p), ("column", c_uint32), ("text", c_char * 236)]


class Policy(ctypes.Structure):
    _fields_ = [
        ("size", c_uint32), ("max_retries", c_uint32), ("backoff", c_uint32), ("jitter", c_uint32),
        ("jitter_q32", c_uint32), ("degree", c_uint32), ("factor_q32", c_uint64), ("base_delay_ns", c_uint64),
        ("max_delay_ns", c_uint64), ("list", POINTER(c_uint64)), ("list_len", c_uint32), ("retry_ambiguous", c_uint32),
        ("deadline_ns", c_uint64), ("attempt_timeout_ns", c_uint64), ("min_attempt_ns", c_uint64),
        ("reset_after_ns", c_uint64), ("initial_delay_ns", c_uint64), ("hint_use", c_uint32),
        ("hint_jitter_q32", c_uint32), ("hint_max_ns", c_uint64), ("throttled_base_delay_ns", c_uint64),
    ]


class Setup(ctypes.Structure):
    _fields_ = [("size", c_uint32), ("list_cap", c_uint32), ("policy", POINTER(Policy)), ("list", POINTER(c_uint64)),
                ("budget", c_void_p), ("breaker", c_void_p), ("hedge", c_void_p)]


class Outcome(ctypes.Structure):
    _fields_ = [("outcome_class", c_uint32), ("hint_kind", c_uint32), ("hint_ns", c_uint64), ("started_ns", c_uint64),
                ("ended_ns", c_uint64), ("lease", c_uint64)]


class Decision(ctypes.Structure):
    _fields_ = [("verb", c_uint32), ("reason", c_uint32), ("attempt", c_uint32), ("guard", c_uint32),
                ("delay_ns", c_uint64), ("not_before_ns", c_uint64), ("attempt_timeout_ns", c_uint64),
                ("lease", c_uint64), ("budget_left", c_uint32), ("reserved", c_uint32)]


class Call(ctypes.Structure):
    """Its fields are private: 48 bytes, aligned as a 64-bit word."""
    _fields_ = [("words", c_uint64 * 6)]


again = ctypes.CDLL(os.environ.get("LIBAGAIN", "libagain.so.0"))


def declare(name, result, *arguments):
    """Without this, ctypes passes 64-bit numbers as int."""
    function = getattr(again, name)
    function.restype, function.argtypes = result, arguments
    return function


policy_init = declare("again_policy_init", None, POINTER(Policy), c_size_t)
policy_validate = declare("again_policy_validate", c_int, POINTER(Policy), POINTER(Error))
setup_init = declare("again_setup_init", None, POINTER(Setup), c_size_t)
setup_parse = declare("again_setup_parse", c_int, POINTER(Setup), c_char_p, c_size_t, POINTER(Error))
call_init = declare("again_call_init", None, POINTER(Call), POINTER(Policy), c_uint64, c_uint64, c_uint64)
call_begin = declare("again_call_begin", None, POINTER(Call), POINTER(Policy), c_void_p, c_uint64, POINTER(Decision))
call_next = declare("again_call_next", None, POINTER(Call), POINTER(Policy), c_void_p, POINTER(Outcome), c_uint64,
                    POINTER(Decision))
call_plan = declare("again_call_plan", c_size_t, POINTER(Policy), c_uint64, c_uint64, c_size_t, POINTER(c_uint64))
parse_retry_after = declare("again_parse_retry_after", c_int, c_char_p, c_size_t, c_uint64, POINTER(c_uint64))
reason_text = declare("again_reason_text", c_char_p, c_uint32)


def check_layout():
    """The structs above against the library that is loaded: it tells by their sizes, and by the defaults in them."""
    room = (c_char * (sizeof(Policy) + 8))(*b"\xaa" * (sizeof(Policy) + 8))
    policy = Policy.from_buffer(room)
    policy_init(byref(policy), sizeof(Policy))
    error = Error()
    if policy_validate(byref(policy), byref(error)) != 0:
        raise RuntimeError(f"struct again_policy: {error.text.decode()}")
    if bytes(room[sizeof(Policy):]) != b"\xaa" * 8:
        raise RuntimeError("struct again_policy: the library writes more than it was told")
    defaults = (policy.size, policy.max_retries, policy.degree, policy.factor_q32, policy.base_delay_ns,
                policy.max_delay_ns, policy.deadline_ns, policy.initial_delay_ns, policy.hint_max_ns)
    if defaults != (sizeof(Policy), 5, 2, 2 << 32, 10**9, 60 * 10**9, NEVER, 0, 3600 * 10**9):
        raise RuntimeError(f"struct again_policy: its defaults are not where they should be: {defaults}")
    # One more field than the library knows: it must notice.
    policy.size = sizeof(Policy) + 8
    if policy_validate(byref(policy), byref(error)) == 0 or error.field != b"size":
        raise RuntimeError("struct again_policy: the library knows more fields than this program")


class Retries:
    """A policy, and what keeps its list of delays alive."""

    def __init__(self, text=""):
        self.policy = Policy()
        self.delays = (c_uint64 * LIST_MAX)()
        setup, error = Setup(), Error()
        policy_init(byref(self.policy), sizeof(Policy))
        setup_init(byref(setup), sizeof(Setup))
        setup.policy = ctypes.pointer(self.policy)
        setup.list, setup.list_cap = self.delays, LIST_MAX
        if setup_parse(byref(setup), text.encode(), len(text.encode()), byref(error)) != 0:
            raise ValueError(f"{text!r}, column {error.column}: {error.text.decode()}")

    def plan(self, seed, count, operation=0):
        """The delays before the first retries, in nanoseconds."""
        delays = (c_uint64 * count)()
        return list(delays[:call_plan(byref(self.policy), seed, operation, count, delays)])

    def __call__(self, function, seed, operation=0, now=time.monotonic_ns, sleep=time.sleep):
        """Calls function(attempt) until it succeeds or must not be called again; then its last exception is raised.

        An exception with `retryable` False ends the call; one with `retry_after`, the text of that header, is a hint.
        """
        call, decision, failure = Call(), Decision(), None
        call_init(byref(call), byref(self.policy), now(), seed, operation)
        call_begin(byref(call), byref(self.policy), None, now(), byref(decision))
        while decision.verb == RETRY:
            sleep(max(0, decision.not_before_ns - now()) / 1e9)
            outcome = Outcome(outcome_class=SUCCESS, started_ns=now(), lease=decision.lease)
            try:
                result = function(decision.attempt)
            except Exception as error:  # pylint: disable=broad-except
                failure = error
                self.describe(error, outcome)
            outcome.ended_ns = now()
            call_next(byref(call), byref(self.policy), None, byref(outcome), outcome.ended_ns, byref(decision))
            if decision.verb == SUCCEED:
                return result
        reason = reason_text(decision.reason).decode()
        raise failure or TimeoutError(reason)

    @staticmethod
    def describe(error, outcome):
        outcome.outcome_class = TRANSIENT if getattr(error, "retryable", True) else PERMANENT
        hint = str(getattr(error, "retry_after", "")).encode()
        wait_ns = c_uint64()
        if hint and parse_retry_after(hint, len(hint), int(time.time()), byref(wait_ns)) == 0:
            outcome.hint_kind, outcome.hint_ns = HINT_RELATIVE, wait_ns.value


class Busy(Exception):
    """What a client library raises for a 503."""

    def __init__(self, retry_after=""):
        super().__init__("503")
        self.retry_after = retry_after


def main():
    check_layout()
    text = sys.argv[1] if len(sys.argv) > 1 else "max-retries=6,base-delay=100ms,max-delay=2s,jitter=full"
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbits(53)
    retries = Retries(text)
    print(f"{text}, seed {seed}:")
    for retry, delay_ns in enumerate(retries.plan(seed, 10), 1):
        print(f"  retry {retry} after {delay_ns / 1e9:.9f} s")

    # A clock that only these sleeps move: what would take seconds takes none, and comes out the same each time.
    clock = [0]
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        clock[0] += round(seconds * 1e9)

    def flaky(attempt):
        if attempt < 3:
            raise Busy(retry_after="3" if attempt == 2 else "")
        return "done"

    answer = retries(flaky, seed, now=lambda: clock[0], sleep=sleep)
    print(f"{answer} at attempt {len(waits)}, after waits of " + ", ".join(f"{wait:.9f}" for wait in waits[1:]) + " s")


if __name__ == "__main__":
    try:
        main()
    except ValueError as reason:
        sys.exit(f"schedule.py: {reason}")
