"""What is left to a process that has confined itself."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def attempt(folder: Path, action: str) -> str:
    """The exception that ``action`` ends with in a confined process, or ``done``."""
    program = textwrap.dedent("""
        import os, pathlib, signal, socket, subprocess, sys
        from drivers import confinement

        folder = pathlib.Path(sys.argv[1])
        confinement.limit(256 << 20)
        programs = {pathlib.Path(place) for place in ("/usr", sys.prefix, sys.base_prefix)}
        if not confinement.fence(folder, programs):
            print("no Landlock")
            sys.exit()
        try:
            exec(sys.argv[2])
        except Exception as fault:
            print(type(fault).__name__)
        else:
            print("done")
    """)
    command = [sys.executable, "-I", "-c", program, str(folder), action]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    if said == "no Landlock":
        pytest.skip("this kernel has no Landlock: nothing fences the decoder but its memory limit")
    return said


@pytest.mark.parametrize(
    "action",
    [
        "open('/etc/passwd').read()",
        "os.listdir(folder.parent)",
        "(folder.parent / 'secret').read_bytes()",
        "(folder / 'new').write_bytes(b'')",
        "(folder / 'picture').open('r+b')",
        "(folder.parent / 'secret').unlink()",
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.create_server(('127.0.0.1', 0))",
        "subprocess.run(['/usr/bin/true'])",
        "os.kill(os.getppid(), signal.SIGCONT)",
    ],
)
def test_refused(tmp_path: Path, action: str) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "picture").touch()
    (tmp_path / "secret").write_bytes(b"key")
    assert attempt(folder, action) in {"PermissionError", "BlockingIOError"}
    assert (tmp_path / "secret").exists()


def test_too_much_memory(tmp_path: Path) -> None:
    assert attempt(tmp_path, "bytearray(300 << 20)") == "MemoryError"


@pytest.mark.parametrize(
    "action", ["(folder / 'picture').read_bytes()", "(folder / 'picture').unlink()", "import wave"]
)
def test_left(tmp_path: Path, action: str) -> None:
    (tmp_path / "picture").touch()
    assert attempt(tmp_path, action) == "done"
