"""What nobody may read over somebody's shoulder, in a shell's history or in the list of processes."""

from __future__ import annotations

import getpass
import sys


def secret(prompt: str) -> str:
    """A line that is asked for without being shown; from standard input where that is no terminal."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
