"""``gate permits import``: a new list takes the place of the old one; bad rows stay out, and each is named.

Good rows go in although others are bad: a slip in one row must not keep everybody else's new permit from working, and
the file is imported again when it is mended. But a file that is mostly wrong is most likely not the one that was
meant, and would lock out everybody on the list that serves: then nothing is changed.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from gate.app.permits import row
from gate.app.permits.columns import Column
from gate.app.permits.table import Row, Table
from gate.errors import ConfigError
from gate.status.permit_writer import PermitListWriter

if TYPE_CHECKING:
    from pathlib import Path

    from gate.model import Checkpoint, Moment
    from gate.pseudonym import PseudonymKey
    from gate.status.permit_store import ListInfo

ALL_IN, SOME_OUT, UNCHANGED = 0, 1, 2
_STEP: Final = 5000
"""Rows between two looks at how far it has got."""
_MOST_ZONES_SHOWN: Final = 20
_CUT_LIKE_OTHERS: Final = (
    f"{Column.NUMBER.heading}: it ends in 000 like others in this file that lost their last digits; format the column"
    " as text and enter the number again"
)


@dataclass(slots=True)
class _Tally:
    """What has come of the rows so far."""

    rows: int = 0
    refused: int = 0
    numbers_cut: int = 0
    doubtful: list[tuple[int, bytes, frozenset[str]]] = field(default_factory=list)
    zones: Counter[str] = field(default_factory=Counter)


def run(file: Path, target: Path, place: Checkpoint, key: PseudonymKey, now: Moment) -> int:
    """Import a file, print what is wrong with it and a summary, and give the exit status.

    Raises:
        ConfigError: the file can't be read, or the list can't be written; the list that serves is as before.
    """
    try:
        if not file.is_file():  # a pipe or a device would be waited for
            raise ConfigError(f"{file}: no such file")
        with file.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            table = Table(opened, size)
            with PermitListWriter(target, key, now.at) as writer:
                tally = _Import(table, writer, key, ZoneInfo(place.time_zone), now).all(size)
                _refuse_most_wrong(tally)
                info = writer.finish(tally.rows, tally.refused)
    except OSError as fault:
        raise ConfigError(f"{file}: can't be read ({fault.strerror})") from None
    _summary(table, tally, info, place.zone)
    return SOME_OUT if tally.refused else ALL_IN


class _Import:
    """Takes row after row."""

    def __init__(self, table: Table, writer: PermitListWriter, key: PseudonymKey, zone: ZoneInfo, now: Moment) -> None:
        self._table = table
        self._writer = writer
        self._key = key
        self._zone = zone
        self._now = now
        self._tally = _Tally()

    def all(self, size: int) -> _Tally:
        for one in self._table.rows():
            self._tally.rows += 1
            self._take(one)
            if self._tally.rows % _STEP == 0:
                _progress(f"{self._tally.rows:,} rows, {100 * self._table.done_bytes // max(size, 1)} %")
        _progress("")
        if self._tally.numbers_cut:
            self._take_out_doubtful()
        return self._tally

    def _take(self, one: Row) -> None:
        if one.fault:
            self._refuse(one.line, one.fault)
            return
        found = row.read(one.cells, self._zone, self._now.at)
        if isinstance(found, row.Faults):
            self._tally.numbers_cut += found.number_cut
            self._refuse(one.line, "; ".join(found.texts))
            return
        holder = self._key.pseudonym(found.document)
        fault = self._writer.add(one.line, holder, found.permit)
        if fault is not None:
            self._refuse(one.line, fault)
            return
        self._tally.zones.update(found.permit.zones)
        if found.doubtful:
            self._tally.doubtful.append((one.line, holder, found.permit.zones))

    def _take_out_doubtful(self) -> None:
        """One in eleven numbers that lost their end has the right check character by chance: another person's."""
        for line, holder, zones in self._tally.doubtful:
            self._writer.take_out(line, holder)
            self._tally.zones.subtract(zones)
            self._refuse(line, _CUT_LIKE_OTHERS)

    def _refuse(self, line: int, why: str) -> None:
        self._tally.refused += 1
        _progress("")
        print(f"line {line}: {why}")


def _refuse_most_wrong(tally: _Tally) -> None:
    good = tally.rows - tally.refused
    if good < max(tally.refused, 1):
        found = f"{tally.refused:,} of {tally.rows:,} rows are wrong" if tally.rows else "there is no row below line 1"
        raise ConfigError(f"{found}: nothing was imported, and the list that served serves on")


def _summary(table: Table, tally: _Tally, info: ListInfo, here: str) -> None:
    print(f"imported: {info.permits:,} of {info.rows:,} rows; they are the list from now on")
    if tally.refused:
        print(f"left out: {tally.refused:,}, named above; mend them and import the whole file again")
    if table.unused:
        print(f"not read: column {', '.join(map(str, table.unused))} (its heading is none that is known)")
    print(f"zones: {zones_shown(tally.zones, here)}")


def zones_shown(zones: Counter[str], here: str) -> str:
    """How many permits name each zone, and whether any names the one that this gate leads into."""
    zones = +zones  # those that are named at all
    most = zones.most_common(_MOST_ZONES_SHOWN)
    shown = ", ".join(f"{name} {count:,}" for name, count in most)
    more = f", and {len(zones) - len(most)} more" if len(zones) > len(most) else ""
    note = "" if here in zones else f'; none names "{here}", the zone of this gate ([checkpoint] zone)'
    return f"{shown}{more}{note}"


def _progress(text: str) -> None:
    """One line that is written over; only for a person who watches."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
