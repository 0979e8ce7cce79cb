#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Counts signals exactly, as a child of the program under test.

    count_signals.py READY COUNTS NAME[,NAME]... [SECONDS]

Writes its pid to READY once it listens. SECONDS (0.4) after the first signal it writes each name and how often it came to COUNTS
("INT 1") and exits with 1. One wake-up byte is written for each delivery, so two that come one after the other are two.
"""
import os
import select
import signal
import sys
import time

sys.dont_write_bytecode = True
import processes  # noqa: E402

ready, counts, names = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 0.4

reader, writer = os.pipe()
os.set_blocking(writer, False)
signal.set_wakeup_fd(writer)
for name in names:
    signal.signal(getattr(signal, "SIG" + name), lambda *_: None)
processes.write_whole(ready, f"{os.getpid()}\n")

seen = b""
until = None
while until is None or time.monotonic() < until:
    left = 60 if until is None else max(until - time.monotonic(), 0)
    if select.select([reader], [], [], left)[0]:
        seen += os.read(reader, 4096)
        if until is None:
            until = time.monotonic() + seconds
    elif until is None:
        break
processes.write_whole(
    counts, "".join(f"{name} {seen.count(bytes([getattr(signal, 'SIG' + name)]))}\n" for name in names)
)
sys.exit(1)
