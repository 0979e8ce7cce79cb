# SPDX-License-Identifier: MIT
"""What the test helpers know about processes: who is below us, who is alive, how to end them, a clean start.

Linux only: /proc and prctl. Nothing here waits with a fixed sleep; whoever waits polls with a deadline.
"""
import ctypes
import os
import signal
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper():
    """From now on orphans below us become our children instead of init's."""
    if _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def end_with_parent(number):
    """Gets the signal when the process that started us ends."""
    _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def stat_of(pid):
    """(state letter, parent) of a process; None where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(fields) < 2:
        return None
    return fields[0].decode(), int(fields[1])


def is_alive(pid):
    """A zombie is not alive."""
    found = stat_of(pid)
    return found is not None and found[0] not in "ZX"


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "?"


def living_below(root):
    """The pids of all living descendants of a process."""
    children = {}
    states = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            found = stat_of(entry)
            if found is not None:
                states[int(entry)] = found[0]
                children.setdefault(found[1], []).append(int(entry))
    below = []
    queue = [root]
    while queue:
        for pid in children.get(queue.pop(), ()):
            queue.append(pid)
            if states[pid] not in "ZX":
                below.append(pid)
    return below


def reap():
    """Takes the status of whatever child has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def kill_below(root, seconds=5):
    """Kills every descendant; the pids that could not be ended."""
    until = time.monotonic() + seconds
    while True:
        reap()
        below = living_below(root)
        if not below or time.monotonic() > until:
            return below
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        time.sleep(0.005)


def reset_signals():
    """Default dispositions and an empty mask, as a fresh login shell gives them."""
    for number in range(1, signal.NSIG):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            try:
                signal.signal(number, signal.SIG_DFL)
            except (OSError, ValueError):
                pass
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def close_above_2():
    """Closes every inherited descriptor but the standard ones."""
    for entry in os.listdir("/proc/self/fd"):
        if int(entry) > 2:
            try:
                os.close(int(entry))
            except OSError:
                pass


def words_of(status):
    """A wait status in words: "exit 7", "signal TERM"."""
    if os.WIFSIGNALED(status):
        return "signal " + signal.Signals(os.WTERMSIG(status)).name[len("SIG"):]
    return f"exit {os.WEXITSTATUS(status)}"


def code_of(status):
    """A wait status as a shell's number: 128 + n for a signal."""
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def write_whole(path, text):
    """Writes a small file so that nobody ever sees half of it."""
    part = f"{path}.{os.getpid()}"
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(part, path)
