"""Giving up what a process does not need, for good: memory, core dumps, other programs, files, the network.

For a process that lets native code loose on what strangers show it. Files and network are fenced off by Landlock
(Linux 5.13 and later, ``Documentation/userspace-api/landlock.rst``); a kernel without it leaves them to systemd.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_VERSION = 1
_RULE_PATH_BENEATH = 1

_READ_FILE, _READ_DIR, _REMOVE_FILE = 1 << 2, 1 << 3, 1 << 5
_READ = _READ_FILE | _READ_DIR
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Version of Landlock -> how many rights over files it knows; 16 since version 5."""
_NET_SINCE, _SCOPES_SINCE = 4, 6
_ALL_NET = _ALL_SCOPES = 0b11
"""Binding and connecting TCP; abstract Unix sockets and signals."""

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends, whatever this process is doing then."""
    _call(_libc.prctl, _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def limit(memory: int) -> None:
    """Have at most ``memory`` bytes of address space, leave no core dump, start no process."""
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0)):
        resource.setrlimit(what, (most, most))


def fence(folder: Path | None, readable: Iterable[Path]) -> bool:
    """Keep of all files those beneath ``folder``, to read and delete, and those beneath ``readable``, to read.

    What is open stays open. False where the kernel can't do it.
    """
    try:
        version = _call(_libc.syscall, _CREATE_RULESET, None, 0, _VERSION)
    except OSError:
        return False
    attributes = struct.pack("=Q", (1 << _FILE_RIGHTS.get(version, 16)) - 1)
    if version >= _NET_SINCE:
        attributes += struct.pack("=Q", _ALL_NET)
    if version >= _SCOPES_SINCE:
        attributes += struct.pack("=Q", _ALL_SCOPES)
    rules = _call(_libc.syscall, _CREATE_RULESET, attributes, len(attributes), 0)
    if folder is not None:
        _allow(rules, folder, _READ | _REMOVE_FILE)
    for path in readable:
        _allow(rules, path, _READ)
    _call(_libc.prctl, _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call(_libc.syscall, _RESTRICT_SELF, rules, 0)
    os.close(rules)
    return True


def _allow(rules: int, path: Path, rights: int) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    _call(_libc.syscall, _ADD_RULE, rules, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, beneath), 0)
    os.close(beneath)


def _call(function: Callable[..., int], *arguments: int | bytes | None) -> int:
    """Call a variadic function of libc, whose integers are as wide as a register."""
    result = function(*(ctypes.c_long(value) if isinstance(value, int) else value for value in arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
