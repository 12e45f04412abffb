"""How fast a gate that was long offline gets rid of its rows, at full speed and at 1 Mbit/s, and what a row weighs.

Everything real: journal, uploader, HTTP, the reference receiver of the tests with SQLite, in this one process; the slow
line is a relay that lets so many bytes a second through, either way. The people are nobody.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import random
import socket
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.app.fleet.session import Session, Tokens
from gate.journal import passages
from gate.journal.passages import Passage
from gate.journal.store import Journal
from gate.journal.uploader import Uploader
from gate.model import Decision, Direction, FactState, FactUsed, Outcome, Reason
from gate.net.client import Client
from gate.net.trust import NO_TRUST
from gate.presentation_id import new_presentation_id

if TYPE_CHECKING:
    import sqlite3

MBIT_BYTES: Final = 125_000
"""A second, of a line of 1 Mbit/s."""
BOX_BYTES: Final = 176
_TESTS: Final = Path(__file__).resolve().parents[1] / "tests"
_DEVICE: Final = "bench"
_AT: Final = datetime(2021, 6, 18, tzinfo=UTC)
_PIECE: Final = 4096
_LONGEST_S: Final = 1200.0
_FACTS: Final = ("code", "test", "vaccination", "travel")


@dataclass(frozen=True, slots=True)
class Drained:
    """One outbox that was emptied."""

    rows_a_second: list[float]
    """Batch by batch."""
    seconds: float
    bytes_a_row: float
    """On the way, without the headers of HTTP."""


def drain(rows: int, bytes_a_second: int | None) -> Drained:
    """Send so many rows over a line of that speed; None: as fast as it goes.

    Raises:
        ImportError: the receiver is not at hand.
    """
    sys.path.insert(0, str(_TESTS))
    receiver = importlib.import_module("receiver").Receiver()
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(receiver):
        path = Path(folder) / "journal.sqlite"
        fill(path, rows)
        url = receiver.url if bytes_a_second is None else relay(receiver.url, bytes_a_second)
        return _send(path, url, receiver, rows)


def fill(path: Path, rows: int) -> None:
    """A journal with so many rows, as a busy gate writes them."""
    journal, draw = Journal(path), random.Random(1)
    journal.open()

    def write(db: sqlite3.Connection) -> int:
        for number in range(rows):
            row = passage(number, draw)
            passages.insert(db, row)
            if row.decision.outcome is Outcome.PASS:
                passages.complete(db, row.id, "passed")
        return db.execute(
            "UPDATE passages SET sealed = randomblob(?), sealed_to = '2021-06-18/a'", (BOX_BYTES,)
        ).rowcount

    journal.change(write).result()
    journal.close()


def passage(number: int, draw: random.Random) -> Passage:
    """One person in ten is referred."""
    refused = draw.random() < 0.1  # noqa: PLR2004 - as above
    facts = tuple(FactUsed(name, FactState.KNOWN, "city", draw.randrange(90_000)) for name in _FACTS)
    outcome, reason = (Outcome.REFER, Reason.CODE_NOT_GREEN) if refused else (Outcome.PASS, Reason.GREEN_CODE)
    failed = ("GR-XX-0001",) if refused else ()
    decision = Decision(outcome, (reason,), "station-48h@12", "station", failed, facts)
    at = _AT + timedelta(seconds=2.6 * number)
    holder = draw.randbytes(16)
    return Passage(
        id=new_presentation_id(),
        at=at,
        clock_trusted=True,
        reader="id-reader",
        direction=Direction.IN,
        zone="public",
        credential="resident_id",
        assurance=4,
        holder=holder,
        code=None,
        permit=None,
        decision=decision,
    )


def _send(path: Path, url: str, receiver: Any, rows: int) -> Drained:
    key = Ed25519PrivateKey.generate()
    receiver.store.keys[_DEVICE] = key.public_key()
    receiver.store.audience = url
    marks: list[tuple[float, int]] = []
    done = threading.Event()

    def contact() -> None:
        marks.append((time.perf_counter(), receiver.store.count()))
        if marks[-1][1] == rows:
            done.set()

    journal = Journal(path)
    journal.open()
    fleet = Session(Client(url, NO_TRUST), Tokens(url, _DEVICE, key))
    sends = Uploader(
        path, journal, device=_DEVICE, fleet=fleet, contact=contact, tell=lambda _: None, draw=random.random
    )
    begun = time.perf_counter()
    sends.start()
    finished = done.wait(_LONGEST_S)
    sends.stop()
    journal.close()
    if not finished:
        raise RuntimeError("the outbox of the measurement was not emptied")
    points = [(begun, 0), *marks]
    rates = [(after[1] - before[1]) / (after[0] - before[0]) for before, after in itertools.pairwise(points)]
    return Drained(rates, marks[-1][0] - begun, receiver.bytes_in / rows)


def relay(url: str, bytes_a_second: int) -> str:
    """A relay before a server that is as slow as a line; gives its address. It ends with the process."""
    host, port = url.removeprefix("http://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            near, _ = listener.accept()
            far = socket.create_connection((host, int(port)))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(source, target, bytes_a_second), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _pass_on(source: socket.socket, target: socket.socket, bytes_a_second: int) -> None:
    free = time.perf_counter()
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            free = max(free, time.perf_counter()) + len(piece) / bytes_a_second
            time.sleep(max(0.0, free - time.perf_counter()))
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
