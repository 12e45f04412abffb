"""Takes batches of rows: each id once, the highest revision of it, and whatever is wrong into quarantine.

Most gates send a row or two at a time, and a transaction costs the same for one as for many: small uploads that come
within a moment share one. A large one has its own, beside them.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import psycopg

from fleet.plane import sql
from fleet.plane.gathered import Gathered
from fleet.plane.upload import Upload
from fleet.plane.writing import NotTogether, QuarantineFull, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

    from fleet.plane.devices import Known
    from gate.wire.passages import Acknowledgement, Opened, Passage

OLDEST_DAYS: Final = 400
"""Gates may have been offline for long; what names an older day goes to the partition of impossible ones."""
SMALL: Final = 100
"""Rows; a larger upload would let the others wait."""


class Passages:
    """The tables that a gate's rows go to."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection]) -> None:
        self._pool = pool
        self._made: set[date] = set()
        self._together = Gathered(self._all)

    async def take(self, gate: Known, batch: Opened) -> Acknowledgement:
        """Take a batch; it is on the disk when this returns.

        Raises:
            WireFault: it is no batch that can be kept.
            QuarantineFull: it has wrong rows, and the gate has sent too many of them already.
        """
        upload = Upload.of(gate, batch)
        await self._make_days(upload.good)
        if len(upload.rows) > SMALL or not upload.clean:
            return await self._alone(upload)
        said = await self._together.ask(upload)
        if said is None:
            raise RuntimeError("an upload was neither taken nor refused")
        if isinstance(said, Exception):
            raise said
        return said

    async def _all(self, uploads: list[Upload]) -> Mapping[Upload, Acknowledgement | Exception]:
        found: dict[Upload, Acknowledgement | Exception] = {}
        for group in _apart(uploads):
            try:
                found |= await self._written(group)
            except psycopg.OperationalError:
                raise  # the database is away: nobody's rows are to blame
            except (psycopg.Error, NotTogether, QuarantineFull):
                found |= await self._each(group)
        return found

    async def _each(self, uploads: Iterable[Upload]) -> dict[Upload, Acknowledgement | Exception]:
        """One after the other: whatever is wrong with one is no other one's matter."""
        found: dict[Upload, Acknowledgement | Exception] = {}
        for upload in uploads:
            try:
                found[upload] = await self._alone(upload)
            except (psycopg.Error, QuarantineFull) as fault:
                found[upload] = fault
        return found

    async def _alone(self, upload: Upload) -> Acknowledgement:
        return (await self._written([upload]))[upload]

    async def _written(self, uploads: Sequence[Upload]) -> dict[Upload, Acknowledgement]:
        async with self._pool.connection() as link:
            return await write(link, uploads)

    async def _make_days(self, rows: Iterable[Passage]) -> None:
        today = datetime.now(UTC).date()
        first, last = today - timedelta(days=OLDEST_DAYS), today + timedelta(days=1)
        days = {day for row in rows if (day := _day(row.id)) is not None and first <= day <= last}
        for day in sorted(days - self._made):
            async with self._pool.connection() as link:
                await link.execute(sql.MAKE_DAY, (day,))
            self._made.add(day)


def _apart(uploads: Iterable[Upload]) -> Iterator[list[Upload]]:
    """Groups in which no series and no presentation comes twice: one statement can write a row only once."""
    left = list(uploads)
    while left:
        group, later, taken = list[Upload](), list[Upload](), set[object]()
        for upload in left:
            marks = {upload.key, *(row.id for row in upload.good)}
            if taken.isdisjoint(marks):
                taken |= marks
                group.append(upload)
            else:
                later.append(upload)
        yield group
        left = later


def _day(id_: str) -> date | None:
    with contextlib.suppress(OverflowError, ValueError):
        return date(1970, 1, 1) + timedelta(milliseconds=int(id_.replace("-", "")[:12], 16))
    return None
