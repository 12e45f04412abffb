"""Rows of the journal on their way, and what the server says to each.

A row is known by the presentation's id. The server keeps the newest revision, takes a row as often as it comes, and
answers row by row: what is wrong with one of them keeps none of the others. Rows carry a number of the gate's own, so
that the server sees which it has not got.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gate.errors import WireFault
from gate.model import Direction, FactState, Outcome, PassageResult
from gate.wire.message import Count, DeviceId, Name, Sentence, decode

PATH: Final = "/v1/passages"
MOST_ROWS: Final = 500
"""Of one batch."""

PresentationId = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        description="UUIDv7 of the presentation, the same from the reader to here",
    ),
]
Number = Annotated[int, Meta(ge=1, description="the gate's own numbering, without gaps")]
Revision = Annotated[int, Meta(ge=1, description="one more at each change of the row")]
Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:@+-]{1,200}$", description="of an open vocabulary")]
When = Annotated[datetime, Meta(tz=True)]
Short = Annotated[bytes, Meta(min_length=8, max_length=64, description="base64")]


class FactUsed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was known of one fact: that it was, from where and how old; never what it said."""

    name: Word
    state: FactState
    source: Name | None = None
    age_s: int | None = None


class Sealed(msgspec.Struct, frozen=True):
    """Whose it was, for the operator alone."""

    key: Name
    """Which of the operator's keys opens it."""
    box: Annotated[bytes, Meta(max_length=8192, description="base64; sealed when the row was written")]


class Passage(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One row: a presentation, what was decided and what became of it. It names nobody."""

    seq: Number
    id: PresentationId
    revision: Revision
    at: When
    """Moment of presentation."""
    clock_trusted: bool
    reader: Name
    credential: Word
    assurance: Annotated[int, Meta(ge=0, le=100)]
    outcome: Outcome
    reasons: tuple[Word, ...]
    direction: Direction | None = None
    zone: Name | None = None
    holder: Short | None = None
    """The fleet's keyed pseudonym."""
    code: Short | None = None
    """Digest of a dynamic code, by which a second use elsewhere is found."""
    permit: Name | None = None
    rule_set: Name | None = None
    profile: Name | None = None
    failed_rules: tuple[Name, ...] = ()
    facts: tuple[FactUsed, ...] = ()
    marks: tuple[Name, ...] = ()
    withdrawn: Sentence | None = None
    """Why a pass was never let out."""
    passage: PassageResult | None = None
    sealed: Sealed | None = None


class Batch(msgspec.Struct, frozen=True):
    """Some rows of one gate, the oldest first."""

    batch: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{8,64}$", description="drawn anew for each attempt")]
    device: DeviceId
    series: Count
    """Which file of the gate's the numbers belong to: after a damaged one they begin anew."""
    rows: Annotated[tuple[Passage, ...], Meta(min_length=1, max_length=MOST_ROWS)]


class RowAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """To one row: ``taken`` is safe with the server. ``refused`` lies in its quarantine, and won't get better."""

    result: Literal["taken", "refused"]
    reason: Sentence = ""


class Acknowledgement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a batch."""

    batch: str
    """The one that is answered; an answer to another one counts for nothing."""
    rows: tuple[RowAnswer, ...]
    """As many as the batch had, in its order."""
    watermark: Count
    """The server has every number of this series up to this one."""
    gaps: Annotated[tuple[tuple[int, int], ...], Meta(max_length=100)] = ()
    """Numbers below the highest that it has not got, from and to; the lowest first."""


class _Envelope(msgspec.Struct, frozen=True):
    """A batch whose rows have not been looked at."""

    batch: str
    device: DeviceId
    series: Count
    rows: Annotated[tuple[msgspec.Raw, ...], Meta(min_length=1, max_length=MOST_ROWS)]


class Opened(msgspec.Struct, frozen=True):
    """A batch as a server sees it."""

    batch: str
    device: str
    series: int
    rows: tuple[tuple[bytes, Passage | WireFault], ...]
    """Each as it came, and what it says or why it can't be used."""


def open_batch(body: bytes) -> Opened:
    """A batch in which one wrong row is only that.

    Raises:
        WireFault: it is no batch at all.
    """
    envelope = decode(body, _Envelope)
    rows = tuple((bytes(raw), _row(raw)) for raw in envelope.rows)
    return Opened(envelope.batch, envelope.device, envelope.series, rows)


def _row(raw: msgspec.Raw) -> Passage | WireFault:
    try:
        return decode(bytes(raw), Passage)
    except WireFault as fault:
        return fault
