"""What the reference receiver knows: gates, tokens, rows, quarantine, gaps, commands. One SQLite file, one lock."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import msgspec
from claims import Desk

from gate.errors import WireFault
from gate.wire.message import decode, encode
from gate.wire.passages import Acknowledgement, Opened, Passage, RowAnswer
from gate.wire.token import Token, TokenRequest, verify

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from gate.wire.commands import Command, CommandOutcome
    from gate.wire.heartbeat import Heartbeat
    from gate.wire.inventory import Inventory

MOST_GAPS = 100
TABLES = """
CREATE TABLE IF NOT EXISTS passages (id TEXT PRIMARY KEY, device TEXT, revision INTEGER, body BLOB);
CREATE TABLE IF NOT EXISTS quarantine (device TEXT, body BLOB, reason TEXT, UNIQUE (device, body));
CREATE TABLE IF NOT EXISTS numbers (device TEXT, series INTEGER, seq INTEGER, PRIMARY KEY (device, series, seq));
"""
_KNOWN = "SELECT count(*), ifnull(max(seq), 0) FROM numbers WHERE device = ? AND series = ?"
_GAPS = """
SELECT before + 1, seq - 1 FROM (
    SELECT seq, lag(seq, 1, 0) OVER (ORDER BY seq) AS before FROM numbers WHERE device = ? AND series = ?
) WHERE seq > before + 1 ORDER BY seq LIMIT ?
"""


class _Numbered(msgspec.Struct):
    seq: int


class Store:
    """Everything that a fleet's server has to keep."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.executescript(TABLES)
        self.keys: dict[str, Ed25519PublicKey] = {}
        self.desk = Desk()
        self.audience = ""
        self.tokens: dict[str, str] = {}
        self.tokens_given = 0
        self._nonces: dict[str, str] = {}
        self.heartbeats: list[Heartbeat] = []
        self.inventories: list[Inventory] = []
        self.commands: dict[str, Command] = {}
        self.outcomes: list[CommandOutcome] = []

    def challenge(self, device: str) -> str:
        with self.lock:
            self._nonces[device] = secrets.token_urlsafe(24)
            return self._nonces[device]

    def token(self, asked: TokenRequest) -> Token:
        """Raises ``WireFault`` where the gate does not prove who it is."""
        with self.lock:
            if (key := self.keys.get(asked.device)) is None:
                raise WireFault("no gate of this name is enrolled")
            claims = verify(asked.assertion, key)
            if claims.nonce != self._nonces.pop(asked.device, None):
                raise WireFault("this challenge was not given, or is used up")
            if (claims.iss, claims.aud) != (asked.device, self.audience):
                raise WireFault("the assertion is meant for another server, or is another gate's")
            token = secrets.token_urlsafe(24)
            self.tokens[token] = asked.device
            self.tokens_given += 1
            return Token(token)

    def revoke_tokens(self) -> None:
        with self.lock:
            self.tokens.clear()

    def take(self, batch: Opened) -> Acknowledgement:
        with self.lock, self._db:
            answers = tuple(self._row(batch, raw, row) for raw, row in batch.rows)
            known, newest = self._db.execute(_KNOWN, (batch.device, batch.series)).fetchone()
            whole = known == newest
            gaps = [] if whole else self._db.execute(_GAPS, (batch.device, batch.series, MOST_GAPS)).fetchall()
        watermark = gaps[0][0] - 1 if gaps else newest
        return Acknowledgement(batch.batch, answers, watermark, tuple((low, high) for low, high in gaps))

    def _row(self, batch: Opened, raw: bytes, row: Passage | WireFault) -> RowAnswer:
        if isinstance(row, WireFault):
            return self._quarantine(batch, raw, str(row))
        owner, revision = self._db.execute(
            "SELECT device, revision FROM passages WHERE id = ?", (row.id,)
        ).fetchone() or (batch.device, 0)
        if owner != batch.device:
            return self._quarantine(batch, raw, "another gate has sent this presentation")
        if row.revision > revision:
            values = (row.id, batch.device, row.revision, encode(row))
            self._db.execute("INSERT OR REPLACE INTO passages VALUES (?, ?, ?, ?)", values)
        self._number(batch, row.seq)
        return RowAnswer("taken")

    def _quarantine(self, batch: Opened, raw: bytes, why: str) -> RowAnswer:
        self._db.execute("INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?)", (batch.device, raw, why))
        with contextlib.suppress(WireFault):
            self._number(batch, decode(raw, _Numbered).seq)  # it is here, if not as it should be
        return RowAnswer("refused", why)

    def _number(self, batch: Opened, seq: int) -> None:
        self._db.execute("INSERT OR IGNORE INTO numbers VALUES (?, ?, ?)", (batch.device, batch.series, seq))

    def forget(self, ids: list[str]) -> None:
        """Lose rows, as after a restored backup."""
        with self.lock, self._db:
            for id_ in ids:
                seq = self.passages()[id_].seq
                self._db.execute("DELETE FROM numbers WHERE seq = ?", (seq,))
                self._db.execute("DELETE FROM passages WHERE id = ?", (id_,))

    def passages(self) -> dict[str, Passage]:
        with self.lock:
            found = self._db.execute("SELECT id, body FROM passages").fetchall()
        return {id_: decode(body, Passage) for id_, body in found}

    def count(self) -> int:
        with self.lock:
            return int(self._db.execute("SELECT count(*) FROM passages").fetchone()[0])

    def quarantined(self) -> list[tuple[Any, ...]]:
        with self.lock:
            return self._db.execute("SELECT body, reason FROM quarantine ORDER BY rowid").fetchall()

    def beat(self, heartbeat: Heartbeat) -> tuple[Command, ...]:
        with self.lock:
            self.heartbeats.append(heartbeat)
            for outcome in heartbeat.outcomes:
                self.outcomes.append(outcome)
                self.commands.pop(outcome.id, None)
            return tuple(self.commands.values())
