"""What issuers have revoked: an index that says which lists there are and how long they hold, and the lists.

All of it travels in one signed bundle. The index (``revocation.json``)::

    {
        "format": 1,
        "issuers": {
            "IT": {
                "lists": [
                    {
                        "names": ["uci"],
                        "form": "hashes",
                        "file": "it.lst",
                        "changes": ["it-67.lst"],
                        "number": 67,
                        "as_of": "2022-03-01T08:00:00Z",
                        "expires": "2022-03-03T08:00:00Z",
                    }
                ]
            },
            "AT": {"publishes": false, "as_of": "2022-03-01T08:00:00Z", "expires": "2022-03-03T08:00:00Z"},
        },
    }

``names`` are the kinds of digest that a list holds (``NameKind``), ``form`` is ``hashes`` (``digest_lists``) or
``bloom``. An issuer that revokes nothing must say so; about one that is not named, nobody knows anything.

Lists are kept by issuer and never by key: in a list of production signers 57 keys stand under two key ids each, and
where the key id is not signed whoever holds a certificate could choose the one that has no list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from gate.credentials.revocation import NameKind, Standing
from gate.errors import TrustError
from gate.trust.bloom import BloomFile
from gate.trust.digest_lists import MAX_NUMBER, ChangedList, ListFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gate.credentials.revocation import Namer
    from gate.model import Moment

INDEX: Final = "revocation.json"
FORMAT: Final = 1
LEEWAY: Final = timedelta(minutes=5)
"""How far the clock of whoever made the index may run ahead of ours (DESIGN section 5)."""
MAX_INDEX_BYTES: Final = 1 << 20
MOST_LISTS: Final = 16
"""Of one issuer; each is searched for every certificate of it."""
MOST_CHANGES: Final = 64

_File = TypeVar("_File")

Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")]
_Time = Annotated[datetime, Meta(tz=True)]
_Names = Annotated[list[_Name], Meta(max_length=MOST_CHANGES)]


class ListEntry(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One list of an issuer."""

    names: Annotated[list[NameKind], Meta(min_length=1, max_length=len(NameKind))]
    form: Literal["hashes", "bloom"]
    file: _Name
    changes: _Names = []
    number: Annotated[int, Meta(ge=1, le=MAX_NUMBER)]
    """What the list is with all its changes; another is an old one."""
    as_of: _Time
    expires: _Time


class IssuerEntry(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One issuer: its lists, or that it publishes none, and how long that holds."""

    publishes: bool = True
    lists: Annotated[list[ListEntry], Meta(max_length=MOST_LISTS)] = []
    as_of: _Time | None = None
    expires: _Time | None = None


class Index(Struct, forbid_unknown_fields=True):
    """The whole index."""

    format: Literal[1]
    issuers: dict[Country, IssuerEntry]


class _Digests(Protocol):
    def __contains__(self, digest: bytes, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Known:
    """One list, or the word of an issuer that there is none."""

    names: tuple[NameKind, ...]
    digests: _Digests | None = field(repr=False)
    """None where the list is not at hand, or a change of it."""
    as_of: datetime
    expires: datetime

    def holds(self, moment: Moment) -> bool:
        """Whether it says anything now. Spans are compared, since the calendar may end sooner than five minutes on."""
        return self.digests is not None and self.as_of - moment.at <= LEEWAY and moment.at <= self.expires


class RevocationIndex:
    """What every issuer has revoked; unchangeable once made."""

    def __init__(self, issuers: Mapping[str, tuple[_Known, ...]], notes: Iterable[str] = ()) -> None:
        self._issuers = issuers
        self.notes = tuple(notes)
        """What is missing, one sentence each: nothing of the issuers concerned passes."""

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> RevocationIndex:
        """Read the index and the lists that it names; a list that is not there is noted, and is unknown.

        Args:
            files: name -> content, all of it verified by whoever hands it over; ``INDEX`` is one of them.

        Raises:
            TrustError: there is no index, or it or a list is not of its form: all of it is refused, since what was
                there before is better than a part.
        """
        issuers, notes, read = {}, [], _Reader(files)
        for country, entry in _index(files).issuers.items():
            issuers[country] = tuple(_known(country, entry, read))
            for listed, known in zip(entry.lists, issuers[country], strict=False):
                if known.digests is None:
                    notes.append(
                        f"{country}: {listed.file} or a change of it is missing, or another than {listed.number}"
                    )
        return cls(issuers, notes)

    def standing(self, issuer: str, name: Namer, moment: Moment) -> Standing:
        """Whether a certificate was revoked (``Revocations``)."""
        known = self._issuers.get(issuer, ())
        if not known or not moment.trusted:
            return Standing.UNKNOWN
        standing = Standing.GOOD
        for one in known:
            if not one.holds(moment):
                standing = Standing.UNKNOWN
            elif one.digests is not None and any(digest in one.digests for kind in one.names for digest in name(kind)):
                return Standing.REVOKED
        return standing


def _index(files: Mapping[str, bytes]) -> Index:
    data = files.get(INDEX)
    if data is None:
        raise TrustError(f"no {INDEX} among the files about revocation")
    if len(data) > MAX_INDEX_BYTES:
        raise TrustError(f"{INDEX} has more than {MAX_INDEX_BYTES >> 20} MiB")
    try:
        return _INDEX.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise TrustError(f"{INDEX} is not of its form: {error}") from error


_INDEX: Final = msgspec.json.Decoder(Index)


def _known(country: str, entry: IssuerEntry, read: _Reader) -> Iterator[_Known]:
    if entry.publishes:
        if not entry.lists or entry.as_of or entry.expires:
            raise TrustError(f'{INDEX}: {country} needs lists, each with its times, or "publishes": false')
        for listed in entry.lists:
            yield _Known(tuple(listed.names), _list(listed, read), *_times(country, listed))
    elif entry.lists:
        raise TrustError(f"{INDEX}: {country} publishes nothing, and has lists")
    else:
        yield _Known((), (), *_times(country, entry))


def _times(country: str, entry: ListEntry | IssuerEntry) -> tuple[datetime, datetime]:
    if entry.as_of is None or entry.expires is None or entry.expires <= entry.as_of:
        raise TrustError(f"{INDEX}: {country} needs as_of, and expires after it")
    return entry.as_of, entry.expires


def _list(listed: ListEntry, read: _Reader) -> _Digests | None:
    """The list with its changes; None where a file is missing or it is another list than the index says."""
    if listed.form == "bloom":
        if listed.changes:
            raise TrustError(f"{INDEX}: nothing can be taken out of Bloom filters: write {listed.file} anew")
        filters = read.bloom(listed.file)
        return filters if filters is not None and filters.number == listed.number else None
    files = [read.hashes(name) for name in (listed.file, *listed.changes)]
    present = [file for file in files if file is not None]
    if len(present) < len(files):
        return None
    try:
        changed = ChangedList(present)
    except TrustError as error:
        raise TrustError(f"{INDEX}: {listed.file} and its changes: {error}") from error
    return changed if changed.number == listed.number else None


class _Reader:
    """Reads each file once, however often the index names it; None for one that is not there."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self.hashes = cache(partial(self._read, ListFile.load))
        self.bloom = cache(partial(self._read, BloomFile))

    def _read(self, form: Callable[[bytes], _File], name: str) -> _File | None:
        if name not in self._files:
            return None
        try:
            return form(self._files[name])
        except TrustError as error:
            raise TrustError(f"{name}: {error}") from error
