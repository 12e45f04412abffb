"""Takes batches of rows: each id once, the highest revision of it, and whatever is wrong into quarantine."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from fleet.plane import arrays, sql
from fleet.plane.ranges import add, gaps, watermark
from gate.errors import WireFault
from gate.wire.message import decode, encode
from gate.wire.passages import Acknowledgement, Passage, RowAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import AsyncConnection, AsyncCursor
    from psycopg_pool import AsyncConnectionPool

    from fleet.plane.devices import Known
    from gate.wire.passages import Opened

OLDEST_DAYS: Final = 400
"""Gates may have been offline for long; what names an older day goes to the partition of impossible ones."""
MOST_QUARANTINED: Final = 10_000
"""Of one gate; more are not taken before a person has looked, and stay at the gate."""
_GREATEST: Final = (1 << 63) - 1
_YEARS: Final = (1970, 9000)
_FOREIGN: Final = "another gate has sent this presentation"


class QuarantineFull(Exception):  # noqa: N818 - says what is the case
    """There is no room for what this gate sends."""


class _Numbered(msgspec.Struct):
    seq: int


class Passages:
    """The tables that a gate's rows go to."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection]) -> None:
        self._pool = pool
        self._made: set[date] = set()

    async def take(self, gate: Known, batch: Opened) -> Acknowledgement:
        """Take a batch; it is on the disk when this returns.

        Raises:
            WireFault: it is no batch that can be kept.
            QuarantineFull: it has wrong rows, and the gate has sent too many of them already.
        """
        if batch.series > _GREATEST:
            raise WireFault("the number of the series is too large")
        rows = [(raw, _storable(row)) for raw, row in batch.rows]
        good = _newest(row for _, row in rows if isinstance(row, Passage))
        await self._make_days(good)
        async with self._pool.connection() as link:
            key = gate.id, batch.series
            async with link.pipeline():  # one way there and back for all of it, not one each
                await link.execute(sql.OPEN_SERIES, key)
                locked = await link.execute(sql.LOCK_SERIES, key)
                kept = await _insert(link, key, good) if good else None
                lows, highs = await locked.fetchone() or ((), ())
                foreign = frozenset(id_ for (id_,) in await kept.fetchall()) if kept else frozenset()
            answers = tuple(_answer(row, foreign) for _, row in rows)
            wrong = [(raw, said.reason) for (raw, _), said in zip(rows, answers, strict=True) if said.reason]
            if wrong:
                await _quarantine(link, key, wrong)
            ranges = add(zip(lows, highs, strict=True), _numbers(rows))
            await link.execute(sql.CLOSE_SERIES, ([low for low, _ in ranges], [high for _, high in ranges], *key))
        return Acknowledgement(batch.batch, answers, watermark(ranges), gaps(ranges))

    async def _make_days(self, rows: Iterable[Passage]) -> None:
        today = datetime.now(UTC).date()
        first, last = today - timedelta(days=OLDEST_DAYS), today + timedelta(days=1)
        days = {day for row in rows if (day := _day(row.id)) is not None and first <= day <= last}
        for day in sorted(days - self._made):
            async with self._pool.connection() as link:
                await link.execute(sql.MAKE_DAY, (day,))
            self._made.add(day)


def _storable(row: Passage | WireFault) -> Passage | WireFault:
    if isinstance(row, Passage):
        if max(row.seq, row.revision) > _GREATEST:
            return WireFault("a number is too large")
        if not _YEARS[0] < row.at.year < _YEARS[1]:
            return WireFault("nobody was here in that year")
    return row


def _newest(rows: Iterable[Passage]) -> list[Passage]:
    found: dict[str, Passage] = {}
    for row in rows:
        if row.id not in found or found[row.id].revision < row.revision:
            found[row.id] = row
    return list(found.values())


def _day(id_: str) -> date | None:
    with contextlib.suppress(OverflowError, ValueError):
        return date(1970, 1, 1) + timedelta(milliseconds=int(id_.replace("-", "")[:12], 16))
    return None


async def _insert(link: AsyncConnection, key: tuple[int, int], rows: list[Passage]) -> AsyncCursor:
    """Insert rows; gives where the ids among them are found that are another gate's."""
    ids = arrays.plain(row.id for row in rows)
    columns = (
        ids,
        arrays.plain(row.seq for row in rows),
        arrays.plain(row.revision for row in rows),
        arrays.plain(row.at.isoformat() for row in rows),
        arrays.texts(row.outcome.value for row in rows),
        arrays.texts(" ".join(row.reasons) for row in rows),
        arrays.texts(None if row.passage is None else row.passage.value for row in rows),
        arrays.binaries(encode(row) for row in rows),
    )
    await link.execute(sql.TAKE_PASSAGES, (*key, datetime.now(UTC), *columns))
    first, last = min(row.id for row in rows), max(row.id for row in rows)
    return await link.execute(sql.FOREIGN_PASSAGES, (first, last, ids, key[0]))


def _answer(row: Passage | WireFault, foreign: frozenset[UUID]) -> RowAnswer:
    if isinstance(row, WireFault):
        return RowAnswer("refused", str(row).replace("\0", "")[:1000] or "wrong")
    if foreign and UUID(row.id) in foreign:
        return RowAnswer("refused", _FOREIGN)
    return RowAnswer("taken")


async def _quarantine(link: AsyncConnection, key: tuple[int, int], wrong: list[tuple[bytes, str]]) -> None:
    there = await (await link.execute(sql.COUNT_QUARANTINED, key[:1])).fetchone()
    if there is not None and there[0] + len(wrong) > MOST_QUARANTINED:
        raise QuarantineFull
    columns = [sha256(raw).digest() for raw, _ in wrong], [raw for raw, _ in wrong], [why for _, why in wrong]
    await link.execute(sql.QUARANTINE, (*key, datetime.now(UTC), *columns))


def _numbers(rows: Iterable[tuple[bytes, Passage | WireFault]]) -> list[int]:
    """The numbers of all rows, also of those that are here but not as they should be."""
    found = []
    for raw, row in rows:
        if isinstance(row, Passage):
            found.append(row.seq)
        else:
            with contextlib.suppress(WireFault):
                found.append(decode(raw, _Numbered).seq)
    return [number for number in found if 1 <= number <= _GREATEST]
