#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Executes a command with an unusual inheritance: signals ignored or blocked, descriptors closed or broken, few processes.

    start_with.py [--ignore CHLD,PIPE] [--block all|TERM,…] [--close 0,1] [--broken-pipe 2] [--open N=FILE]
                  [--nproc N] [--user UID] -- COMMAND [ARG]...

It replaces itself by the command: same pid, same parent, same group.
"""
import argparse
import os
import resource
import signal
import sys


def numbers_of(names):
    if names == "all":
        return set(range(1, signal.NSIG)) - {signal.SIGKILL, signal.SIGSTOP}
    return {getattr(signal, "SIG" + name) for name in names.split(",") if name}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ignore", default="")
    parser.add_argument("--block", default="")
    parser.add_argument("--close", default="")
    parser.add_argument("--broken-pipe", type=int, action="append", default=[], help="a pipe whose reader is gone")
    parser.add_argument("--open", action="append", default=[], help="N=FILE: descriptor N reads FILE")
    parser.add_argument("--nproc", type=int, help="most processes of the user")
    parser.add_argument("--user", type=int, help="run as this user, without groups")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    for target in options.broken_pipe:
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, target, inheritable=True)
        os.close(writer)
    for item in options.open:
        target, _, path = item.partition("=")
        opened = os.open(path, os.O_RDONLY)
        os.dup2(opened, int(target), inheritable=True)
        if opened != int(target):
            os.close(opened)
    if options.user is not None:
        os.setgroups([])
        os.setresgid(options.user, options.user, options.user)
        os.setresuid(options.user, options.user, options.user)
    if options.nproc is not None:
        # The hard limit stays, so that root can raise the soft one again with prlimit(1).
        resource.setrlimit(resource.RLIMIT_NPROC, (options.nproc, resource.getrlimit(resource.RLIMIT_NPROC)[1]))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    for number in numbers_of(options.ignore):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, numbers_of(options.block))
    for target in options.close.split(","):
        if target:
            os.close(int(target))
    try:
        os.execvp(options.command[0], options.command)
    except OSError as error:
        sys.exit(f"start_with: {options.command[0]}: {error}")


if __name__ == "__main__":
    main()
