"""A gate's journal that is uploaded to a receiver: what both have, and how they are compared."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.app.fleet.session import Session, Tokens
from gate.journal import outbox
from gate.journal.database import open_to_read
from gate.journal.store import Journal
from gate.journal.uploader import Uploader
from gate.net.client import Client
from gate.net.trust import NO_TRUST

if TYPE_CHECKING:
    from pathlib import Path

    from receiver import Receiver

    from gate.journal.outbox import Counts
    from gate.wire.passages import Passage

DEVICE = "gate-7"
WAIT_S = 30
ALL = 1 << 30


def enrolled(receiver: Receiver, device: str = DEVICE) -> Ed25519PrivateKey:
    """The key of a gate that the receiver knows."""
    key = Ed25519PrivateKey.generate()
    receiver.store.keys[device] = key.public_key()
    return key


def session(url: str, key: Ed25519PrivateKey, device: str = DEVICE) -> Session:
    return Session(Client(url, NO_TRUST), Tokens(url, device, key))


class Gate:
    """A journal and its uploader; without any pause, as no failure asks for one here."""

    def __init__(self, path: Path, url: str, key: Ed25519PrivateKey, receiver: Receiver) -> None:
        self.path = path
        self.journal = Journal(path)
        self.journal.open()
        self.contacts = 0
        self.told: list[str | None] = []
        self._receiver = receiver
        self.uploader = Uploader(
            path,
            self.journal,
            device=DEVICE,
            fleet=session(url, key),
            contact=self._contact,
            tell=self.told.append,
            draw=lambda: 0.0,
        )

    def _contact(self) -> None:
        self.contacts += 1
        self._receiver.tell()

    def counts(self) -> Counts:
        with closing(open_to_read(self.path)) as db:
            return outbox.counts(db)

    def close(self) -> None:
        self.uploader.stop()
        self.journal.close()


def in_journal(path: Path) -> dict[str, Passage]:
    """Every row of a journal, as it would be sent now."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("BEGIN")
        db.execute("UPDATE passages SET acked = 0, refused = NULL")
        found = outbox.unsent(db, 0, ALL, ALL)
        db.rollback()
    assert not found.spoiled
    return {row.id: row for row in found.rows}
