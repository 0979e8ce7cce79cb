#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a command as a shell would run it and proves that nothing of it is left when it has ended.

    contain.py [OPTION]... -- COMMAND [ARG]...

The command starts without a controlling terminal, in a process group of its own, with default signal dispositions, an
empty signal mask and the descriptors 0, 1 and 2 only. We are a subreaper: whatever it orphans comes to us. When it has
ended, every living descendant is written to the --left file, one a line, and killed.

Exits as the command did (128 + n for a signal); 198 where it could not be started, 199 where it ran longer than --limit.
"""
import argparse
import os
import signal
import sys

sys.dont_write_bytecode = True
import processes  # noqa: E402


class TooLong(Exception):
    pass


class Told(Exception):
    pass


def on_alarm(*_):
    raise TooLong


def on_term(*_):
    raise Told


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--left", default=os.environ.get("CONTAIN_LEFT"), help="file for what was left alive")
    parser.add_argument("--allow-left", action="store_true", help="what is left is wanted: neither told nor killed")
    parser.add_argument("--pid-file", help="file for the command's pid")
    parser.add_argument("--how-file", help="file for how it ended: 'exit 7', 'signal TERM'")
    parser.add_argument("--limit", type=float, default=30, help="seconds that the command may take")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def spawn(command):
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        os.setpgid(0, 0)
        processes.close_above_2()
        processes.reset_signals()
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"contain: {command[0]}: {error}\n".encode())
    os._exit(198)


def wait_for(pid):
    """Reaps all that ends, our adopted orphans too, until pid has ended; its status."""
    while True:
        reaped, status = os.waitpid(-1, 0)
        if reaped == pid:
            return status


def tell_left(path, lines):
    if lines and path:
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)


def main():
    options = parse()
    if os.getpid() != os.getpgrp():
        os.setsid()
    processes.become_subreaper()
    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGALRM, on_alarm)
    processes.end_with_parent(signal.SIGTERM)
    me = os.getpid()
    signal.setitimer(signal.ITIMER_REAL, options.limit)
    try:
        pid = spawn(options.command)
        if options.pid_file:
            processes.write_whole(options.pid_file, f"{pid}\n")
        status = wait_for(pid)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except TooLong:
        tell_left(options.left, [f"not ended after {options.limit:g} s: {' '.join(options.command)}"])
        processes.kill_below(me)
        return 199
    except Told:
        processes.kill_below(me)
        return 143
    if options.how_file:
        processes.write_whole(options.how_file, processes.words_of(status) + "\n")
    if not options.allow_left:
        tell_left(options.left, [f"{left} {processes.command_of(left)}" for left in processes.living_below(me)])
        processes.kill_below(me)
    return processes.code_of(status)


if __name__ == "__main__":
    sys.exit(main())
