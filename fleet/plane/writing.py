"""Writes uploads: some of them in one transaction, each row's number noted in its series."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from uuid import UUID

from fleet.plane import arrays, sql
from fleet.plane.ranges import add, gaps, watermark
from gate.errors import WireFault
from gate.wire.message import encode
from gate.wire.passages import Acknowledgement, Passage, RowAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg import AsyncConnection, AsyncCursor

    from fleet.plane.ranges import Range
    from fleet.plane.upload import Upload

MOST_QUARANTINED: Final = 10_000
"""Of one gate; more are not taken before a person has looked, and stay at the gate."""
_FOREIGN: Final = "another gate has sent this presentation"


class QuarantineFull(Exception):  # noqa: N818 - says what is the case
    """There is no room for what this gate sends."""


class NotTogether(Exception):  # noqa: N818 - says what is the case
    """One of several uploads has wrong rows; each has to be written by itself."""


async def write(link: AsyncConnection, uploads: Sequence[Upload]) -> dict[Upload, Acknowledgement]:
    """Write them, none of a series twice, in the connection's transaction; gives what each gate is told.

    Raises:
        QuarantineFull: it is one upload with wrong rows, and the gate has sent too many of them already.
        NotTogether: they are several, and one has wrong rows.
    """
    uploads = sorted(uploads, key=lambda one: one.key)  # whoever writes locks series in the same order
    keys = [arrays.plain(column) for column in zip(*(one.key for one in uploads), strict=True)]
    async with link.pipeline():  # one way there and back for all of it, not one each
        await link.execute(sql.OPEN_SERIES, keys)
        locked = await link.execute(sql.LOCK_SERIES, keys)
        kept = await _insert(link, uploads) if any(one.good for one in uploads) else None
        before = {(gate, series): (lows, highs) for gate, series, lows, highs in await locked.fetchall()}
        foreign = frozenset(id_ for (id_,) in await kept.fetchall()) if kept else frozenset()
    if foreign and len(uploads) > 1:
        raise NotTogether
    told, after = {}, []
    for upload in uploads:
        answers = tuple(_answer(row, foreign) for _, row in upload.rows)
        await _quarantine(link, upload, answers)
        ranges = add(zip(*before[upload.key], strict=True), upload.numbers())
        after.append(ranges)
        told[upload] = Acknowledgement(upload.batch, answers, watermark(ranges), gaps(ranges))
    await link.execute(sql.CLOSE_SERIES, (*keys, _ends(after, 0), _ends(after, 1)))
    return told


def _ends(series: Iterable[Sequence[Range]], which: int) -> str:
    """The lower (0) or upper (1) ends of several series' ranges."""
    return arrays.texts(arrays.plain(ends[which] for ends in ranges) for ranges in series)


async def _insert(link: AsyncConnection, uploads: Sequence[Upload]) -> AsyncCursor:
    """Insert passages; gives where the ids among them are found that are another gate's."""
    rows = [row for upload in uploads for row in upload.good]
    ids = arrays.plain(row.id for row in rows)
    gates = arrays.plain(upload.gate for upload in uploads for _ in upload.good)
    columns = (
        gates,
        arrays.plain(upload.series for upload in uploads for _ in upload.good),
        ids,
        arrays.plain(row.seq for row in rows),
        arrays.plain(row.revision for row in rows),
        arrays.plain(row.at.isoformat() for row in rows),
        arrays.texts(row.outcome.value for row in rows),
        arrays.texts(" ".join(row.reasons) for row in rows),
        arrays.texts(None if row.passage is None else row.passage.value for row in rows),
        arrays.binaries(encode(row) for row in rows),
    )
    await link.execute(sql.TAKE_PASSAGES, (datetime.now(UTC), *columns))
    first, last = min(row.id for row in rows), max(row.id for row in rows)
    return await link.execute(sql.FOREIGN_PASSAGES, (ids, gates, first, last))


def _answer(row: Passage | WireFault, foreign: frozenset[UUID]) -> RowAnswer:
    if isinstance(row, WireFault):
        return RowAnswer("refused", str(row).replace("\0", "")[:1000] or "wrong")
    if foreign and UUID(row.id) in foreign:
        return RowAnswer("refused", _FOREIGN)
    return RowAnswer("taken")


async def _quarantine(link: AsyncConnection, upload: Upload, answers: Sequence[RowAnswer]) -> None:
    wrong = [(raw, said.reason) for (raw, _), said in zip(upload.rows, answers, strict=True) if said.reason]
    if not wrong:
        return
    there = await (await link.execute(sql.COUNT_QUARANTINED, (upload.gate,))).fetchone()
    if there is not None and there[0] + len(wrong) > MOST_QUARANTINED:
        raise QuarantineFull
    columns = [sha256(raw).digest() for raw, _ in wrong], [raw for raw, _ in wrong], [why for _, why in wrong]
    await link.execute(sql.QUARANTINE, (*upload.key, datetime.now(UTC), *columns))
