"""A real pcscd for tests, with the virtual reader of the vsmartcard project; nothing is faked but the card."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO, Final

import pytest
from smartcard import scard

from drivers.simulated.card_in_slot import FIRST_PORT

PATIENCE_S: Final = 20
TURN_S: Final = 240
_LOCK: Final = Path("/tmp/gate-tests-pcscd")  # noqa: S108 - nothing is kept in it
_SOCKET: Final = Path("/run/pcscd/pcscd.comm")
_VIRTUAL_READER: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")


class Pcscd:
    """The daemon as this test started it."""

    def __init__(self) -> None:
        if shutil.which("pcscd") is None or not _VIRTUAL_READER.exists():
            pytest.skip("no pcscd with a virtual reader here: apt-get install pcscd vsmartcard-vpcd")
        if os.geteuid():
            pytest.skip("pcscd with a virtual reader can only be started by root")
        self._turn = _turn()
        if _SOCKET.exists() and _answers(_SOCKET):
            self._turn.close()
            pytest.skip("a pcscd runs here already: stop it (systemctl stop pcscd.socket pcscd)")
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        for left_over in (_SOCKET, _SOCKET.with_name("pcscd.pid")):
            left_over.unlink(missing_ok=True)
        # One that was stopped may hold the ports of the virtual reader for a moment.
        process = subprocess.Popen(["pcscd", "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while not _listens():
            assert process.poll() is None, "pcscd has ended"
            assert time.monotonic() < deadline, "pcscd does not open the virtual reader"
            time.sleep(0.05)  # nothing tells when it is ready
        return process

    def kill(self) -> None:
        """Gone without a word."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE_S)
        self._turn.close()

    def start_again(self) -> None:
        """As systemd would."""
        self._turn = _turn()
        self._process = self._start()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
        self._turn.close()


def _turn() -> IO[bytes]:
    """There is one pcscd a machine: whoever tests on it beside us has it until then."""
    file = _LOCK.open("wb")
    deadline = time.monotonic() + TURN_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                pytest.skip(f"other tests have had this machine's pcscd for {TURN_S} s")
            time.sleep(0.2)  # nothing tells when they are done
        else:
            return file


def slot_is_empty() -> None:
    """Wait until pcscd has seen that the card is gone: it does not see one that is changed between two of its looks.

    It counts in the upper half of the state how often a card went in or out: an even number once it has looked.
    """
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    assert code == scard.SCARD_S_SUCCESS
    state, deadline = scard.SCARD_STATE_UNAWARE, time.monotonic() + PATIENCE_S
    while not state & scard.SCARD_STATE_EMPTY or state >> 16 & 1:
        assert time.monotonic() < deadline, "the slot does not get empty"
        _, ((_, state, _),) = scard.SCardGetStatusChange(context, 500, [("Virtual PCD 00 00", state)])
    scard.SCardReleaseContext(context)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def _listens() -> bool:
    """Whether the virtual reader's port is open, told by the kernel: a connection would be taken for a card."""
    wanted = f":{FIRST_PORT:04X} "
    lines = (line for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text("ascii").splitlines())
    return any(wanted in line and " 0A " in line for line in lines) and _answers(_SOCKET)
