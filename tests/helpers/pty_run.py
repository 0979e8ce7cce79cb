#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a command on a terminal of its own and plays a user in front of it.

    pty_run.py [--limit SECONDS] [--how-file FILE] [--left FILE] STEP... -- COMMAND [ARG]...

The command leads a session whose controlling terminal is a fresh pty (no echo, no output processing; ^C and ^Z work). Steps,
done in order, each polled until it holds:

    expect=REGEX      the terminal has shown REGEX after what the last expect= found
    send=TEXT         types TEXT (\\x03 is ^C, \\x1a is ^Z, \\n is enter)
    file=PATH         PATH exists and is not empty
    touch=PATH        makes PATH
    state=PATH:TS     each pid in PATH is in one of these states of proc(5) ("T" stopped)
    gone=PATH         each pid in PATH is dead
    hangup            closes the terminal

Then the command must end by itself. What the terminal showed goes to stdout. Exits as the command did (128 + n for a signal);
199 where a step did not hold or the command did not end in time, with the reason on stderr.
"""
import argparse
import os
import pty
import re
import select
import signal
import sys
import termios
import time

sys.dont_write_bytecode = True
import processes  # noqa: E402


class Stuck(Exception):
    pass


class Terminal:
    def __init__(self, master, until):
        self.master = master
        self.until = until
        self.shown = b""
        self.cursor = 0
        self.open = True

    def read(self, seconds):
        """Takes what is there, waiting at most so long for the first byte."""
        if not self.open:
            time.sleep(seconds)
            return
        if select.select([self.master], [], [], seconds)[0]:
            try:
                got = os.read(self.master, 65536)
            except OSError:
                got = b""
            if got:
                self.shown += got
            else:
                self.open = False

    def poll(self, what, holds):
        while not holds():
            if time.monotonic() > self.until:
                raise Stuck(what)
            self.read(0.01)

    def expect(self, regex):
        def holds():
            found = re.compile(regex.encode(), re.M).search(self.shown, self.cursor)
            if found:
                self.cursor = found.end()
            return found is not None

        self.poll("expect=" + regex, holds)


def pids_in(path):
    try:
        with open(path, encoding="utf-8") as file:
            return [int(word) for word in file.read().split()]
    except (OSError, ValueError):
        return []


def step(terminal, text):
    verb, _, value = text.partition("=")
    if verb == "expect":
        terminal.expect(value)
    elif verb == "send":
        os.write(terminal.master, value.encode().decode("unicode_escape").encode("latin-1"))
    elif verb == "file":
        terminal.poll(text, lambda: os.path.exists(value) and os.path.getsize(value) > 0)
    elif verb == "touch":
        with open(value, "a", encoding="utf-8"):
            pass
    elif verb == "state":
        path, _, states = value.rpartition(":")
        terminal.poll(
            text, lambda: pids_in(path) and all((processes.stat_of(pid) or "?")[0] in states for pid in pids_in(path))
        )
    elif verb == "gone":
        terminal.poll(text, lambda: pids_in(value) and not any(processes.is_alive(p) for p in pids_in(value)))
    elif verb == "hangup":
        os.close(terminal.master)
        terminal.open = False
    else:
        raise Stuck("unknown step " + text)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=float, default=20)
    parser.add_argument("--how-file")
    parser.add_argument("--left", default=os.environ.get("CONTAIN_LEFT"))
    words = sys.argv[1:]
    cut = words.index("--")
    options, steps = parser.parse_known_args(words[:cut])
    return options, steps, words[cut + 1 :]


def spawn(command):
    pid, master = pty.fork()
    if pid != 0:
        return pid, master
    try:
        attributes = termios.tcgetattr(0)
        attributes[1] &= ~termios.OPOST
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, attributes)
        processes.close_above_2()
        processes.reset_signals()
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"pty_run: {command[0]}: {error}\n".encode())
    os._exit(198)


def wait_for(terminal, pid):
    ended = []

    def holds():
        reaped, status = os.waitpid(-1, os.WNOHANG)
        if reaped == pid:
            ended.append(status)
        return bool(ended)

    terminal.poll("the end of the command", holds)
    while terminal.open and select.select([terminal.master], [], [], 0)[0]:
        terminal.read(0)
    return ended[0]


def main():
    options, steps, command = parse()
    processes.become_subreaper()
    processes.end_with_parent(signal.SIGTERM)
    pid, master = spawn(command)
    terminal = Terminal(master, time.monotonic() + options.limit)
    code = 199
    try:
        for text in steps:
            step(terminal, text)
        status = wait_for(terminal, pid)
        code = processes.code_of(status)
        if options.how_file:
            processes.write_whole(options.how_file, processes.words_of(status) + "\n")
    except Stuck as stuck:
        print(f"pty_run: stuck at: {stuck}", file=sys.stderr)
    sys.stdout.buffer.write(terminal.shown)
    sys.stdout.flush()
    left = processes.living_below(os.getpid())
    if left and options.left:
        with open(options.left, "a", encoding="utf-8") as file:
            file.writelines(f"{one} {processes.command_of(one)}\n" for one in left)
    processes.kill_below(os.getpid())
    return code


if __name__ == "__main__":
    sys.exit(main())
