"""The folder of a list: which files in it make the newest generation that is good.

Files are put there by whoever brings them (whole, under another name first) and made by the gate itself:
``g0000000007.whole`` generation 7, ``g0000000007-03.change`` its third change, ``g0000000008.pack`` a generation as it
travels, ``g0000000008.head`` only its signed head, for gates that can make it from what they have. Whatever is
damaged, forged, of another list or older than what served is passed over and named; what is left serves.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.errors import StatusUnavailable
from gate.status.cache import floor as floors
from gate.status.cache.change import Change
from gate.status.cache.floor import Floor
from gate.status.cache.generation import MOST_BYTES_OF_CHANGES, Generation, check_next
from gate.status.cache.layout import MOST_CHANGES
from gate.status.cache.overlay import Overlay
from gate.status.cache.whole import WholeList

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gate.status.cache.crypto import ListKey
    from gate.status.cache.layout import Header, Kind

FLOOR: Final = "floor.json"
_NAME: Final = re.compile(r"g([0-9]{10})(?:-([0-9]{2}))?\.(whole|change|pack|head)")
_MOST_FILES: Final = 1000

Mark = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """What a file's name says."""

    number: int
    change: int
    form: str

    def __str__(self) -> str:
        change = f"-{self.change:02}" if self.change else ""
        return f"g{self.number:010}{change}.{self.form}"


@dataclass(frozen=True, slots=True)
class Laid:
    """Changes that were laid over a whole list."""

    whole: WholeList | None = None
    files: tuple[tuple[Name, Mark | None], ...] = ()
    headers: tuple[Header, ...] = ()
    overlay: Overlay | None = None
    refused: tuple[Name, Mark | None, str] | None = None
    """The next one, which can't be laid over them, and why."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A change that is not laid over the others yet."""

    name: Name
    mark: Mark | None
    change: Change


def names(folder: Path) -> list[Name]:
    """Everything in a folder that is named as above, in order."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry, _ in zip(entries, range(_MOST_FILES), strict=False):
            if (match := _NAME.fullmatch(entry.name)) and (match[2] is None) == (match[3] != "change"):
                found.append(Name(int(match[1]), int(match[2] or 0), match[3]))
    return sorted(found)


class ListFolder:
    """Opens generations; files that did not change since stay open.

    Args:
        folder: of one list.
        kind: which.
        key: of lists.
    """

    def __init__(self, folder: Path, kind: Kind, key: ListKey) -> None:
        self.folder = folder
        self._kind = kind
        self.key = key
        self._open: dict[Name, tuple[Mark, WholeList]] = {}
        self._laid, self._apart = Laid(), list[Apart]()
        self._signers = frozenset[bytes]()
        self.notes: tuple[str, ...] = ()
        """What was passed over at the last look, one sentence each."""

    def mark(self) -> tuple[object, ...]:
        """What changes when something in the folder does."""
        return tuple((name, self._mark(name)) for name in names(self.folder))

    def newest(self, signers: frozenset[bytes]) -> Generation:
        """The newest generation that is good, its changes laid over each other.

        Raises:
            StatusUnavailable: there is none.
        """
        found = self.look(signers)
        return self.lay() or found

    def look(self, signers: frozenset[bytes]) -> Generation:
        """The same in a few milliseconds: changes that are new are not laid over the others until ``lay``.

        Raises:
            StatusUnavailable: there is none.
        """
        if signers != self._signers:
            self._signers, self._open, self._laid = signers, {}, Laid()
        notes: list[str] = []
        floor = self._floor(notes)
        present = names(self.folder)
        self._apart = []
        found = self._first_good(present, floor, notes)
        self.notes = tuple(notes)
        if found is None:
            why = "; ".join(notes) or "there is none"
            raise StatusUnavailable(f"{self.folder.name}: no list of this kind can serve ({why})")
        self._raise(floor, found.whole.number)
        return found

    def lay(self) -> Generation | None:
        """Lay the changes that ``look`` found over the others; None: it found none that are new.

        One that speaks of rows that there are none of is passed over, with all after it.
        """
        laid, whole, good = self._laid, self._laid.whole, list[Apart]()
        if whole is None or not self._apart:
            return None
        refused = laid.refused
        for one in self._apart:
            try:
                one.change.check(whole)
            except StatusUnavailable as fault:
                refused = one.name, one.mark, f"{one.name}: {fault}"
                self.notes = (*self.notes, refused[2])
                break
            good.append(one)
        self._apart = []
        self._laid = Laid(
            whole,
            (*laid.files, *((one.name, one.mark) for one in good)),
            (*laid.headers, *(one.change.header for one in good)),
            Overlay(whole, laid.overlay, [one.change for one in good]) if good else laid.overlay,
            refused,
        )
        return Generation(whole, self._laid.headers, self._laid.overlay)

    def _first_good(self, present: list[Name], floor: Floor, notes: list[str]) -> Generation | None:
        for name in reversed([name for name in present if name.form == "whole"]):
            if name.number < floor.before:
                notes.append(f"{name}: is older than generation {floor.used}, which served before")
                continue
            if (whole := self._whole(name, notes)) is not None:
                for other in self._open.keys() - {name}:
                    del self._open[other]
                return self._with_changes(whole, name, set(present), notes)
        self._open.clear()
        return None

    def _with_changes(self, whole: WholeList, name: Name, present: set[Name], notes: list[str]) -> Generation:
        """What was laid over the list already is kept as long as its files are the same."""
        laid = self._laid
        if laid.whole is not whole or any(mark is None or self._mark(one) != mark for one, mark in laid.files):
            self._laid = laid = Laid(whole)
        headers = list(laid.headers)
        for number in range(len(headers) + 1, MOST_CHANGES + 1):
            next_name = Name(name.number, number, "change")
            if next_name not in present:
                break
            mark = self._mark(next_name)
            change = self._change(next_name, mark, whole, headers, notes)
            if change is None:
                break
            headers.append(change.header)
            self._apart.append(Apart(next_name, mark, change))
        return Generation(whole, headers, laid.overlay, [one.change for one in self._apart])

    def _change(
        self, name: Name, mark: Mark | None, whole: WholeList, before: Sequence[Header], notes: list[str]
    ) -> Change | None:
        """The next one, if it is good as far as that is quickly seen."""
        match self._laid.refused:
            case refused_name, refused_mark, why if (refused_name, refused_mark) == (name, mark):
                notes.append(why)
                return None
        try:
            change = Change(self.folder / str(name), self.key, self._signers)
        except StatusUnavailable as fault:
            notes.append(str(fault))
            return None
        try:
            check_next(change.header, whole.file.header, name.change)
            if change.header.raw + sum(header.raw for header in before) > MOST_BYTES_OF_CHANGES:
                raise StatusUnavailable("there are more changes than a gate holds; the list has to be made anew")  # noqa: TRY301
        except StatusUnavailable as fault:
            notes.append(f"{name}: {fault}")
            return None
        return change

    def _whole(self, name: Name, notes: list[str]) -> WholeList | None:
        mark = self._mark(name)
        if name in self._open and self._open[name][0] == mark:
            return self._open[name][1]
        self._open.pop(name, None)
        try:
            whole = WholeList(self.folder / str(name), self.key, self._signers)
        except StatusUnavailable as fault:
            notes.append(str(fault))
            return None
        header = whole.file.header
        if (header.kind, header.number) != (self._kind, name.number):
            notes.append(f"{name}: is of another list or generation than its name says")
            return None
        if mark is not None:
            self._open[name] = mark, whole
        return whole

    def _mark(self, name: Name) -> Mark | None:
        try:
            found = (self.folder / str(name)).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size

    def _floor(self, notes: list[str]) -> Floor:
        try:
            return floors.read(self.folder / FLOOR)
        except StatusUnavailable as fault:
            notes.append(str(fault))
            return Floor()

    def _raise(self, floor: Floor, number: int) -> None:
        if (raised := floor.raised(number)) != floor:
            with suppress(OSError):  # it serves all the same; nothing more can be kept on this disk
                floors.write(self.folder / FLOOR, raised)
