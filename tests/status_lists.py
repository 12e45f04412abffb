"""Lists of people for tests: a desk that publishes and a gate that reads. Fictional people."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs
from permit_lists import holder

from gate.model import Colour, Moment
from gate.pseudonym import PseudonymKey
from gate.status.cache import change
from gate.status.cache.crypto import ListKey
from gate.status.cache.file import write_signed
from gate.status.cache.folder import ListFolder
from gate.status.cache.payload import Status, pack
from gate.status.cache.publish import Desk, Terms, origin_for
from gate.status.cache.whole import Sorter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.status.cache.generation import Generation
    from gate.status.cache.layout import Header, Kind

__all__ = ["holder"]

KEY: Final = ListKey.of(PseudonymKey(bytes(32)))
SIGNER: Final = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1")
STRANGER: Final = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\2")
SIGNERS: Final = frozenset({SIGNER.public_key().public_bytes_raw()})
AS_OF: Final = int(datetime(2021, 6, 18, 8, tzinfo=UTC).timestamp())
HOUR: Final = 3600
ORIGIN: Final = origin_for(AS_OF)
GREEN: Final = Status(colour=Colour.GREEN)
RED: Final = Status(colour=Colour.RED)
YELLOW: Final = Status(colour=Colour.YELLOW)


def sorter(people: Mapping[int, Status], origin: int = ORIGIN) -> Sorter:
    """People by the number of their ID card."""
    made = Sorter()
    for line, (sequence, status) in enumerate(people.items(), 2):
        made.add(KEY.full_hash(holder(sequence)), pack(status, origin), line)
    return made


def terms(hours: int = 0, **more: Any) -> Terms:
    return Terms(AS_OF + hours * HOUR, AS_OF + (hours + 12) * HOUR, more.get("covers", ("code",)))


def desk(folder: Path, kind: Kind = "exceptions", signer: Ed25519PrivateKey = SIGNER, key: ListKey = KEY) -> Desk:
    return Desk(folder, kind, key, signer, lambda _, __: None)


def published(folder: Path, people: Mapping[int, Status], kind: Kind = "exceptions", hours: int = 0) -> Header:
    """A whole list."""
    return desk(folder, kind).whole(sorter(people), terms(hours))


def changed(folder: Path, people: Mapping[int, Status], kind: Kind = "exceptions", hours: int = 1) -> Header:
    """The next change."""
    return desk(folder, kind).change(sorter(people), terms(hours))


def path_of(folder: Path, number: int) -> Path:
    """Of a change of the first list."""
    return folder / f"g0000000001-{number:02}.change"


def signed(folder: Path, whole: Header, number: int, values: list[int], rows: dict[int, int]) -> None:
    """A change of a list of one bucket as only a desk that makes mistakes would write it: row to number of a value."""
    codes = list(rows.values())
    planes = bytes(code & 255 for code in codes) + bytes(code >> 8 for code in codes)
    raw = struct.pack(f">H{len(values)}I", len(values), *values) + bytes([len(rows), 0, 0]) + bytes(rows) + planes
    blocks, salt = change.packed(raw), f"{number:032x}"
    about = {"number": whole.number, "change": number, "of": whole.salt, "salt": salt, "blocks": len(blocks)}
    about |= {"people": len(rows), "added": 0, "raw": len(raw)}

    def described(directory: str, size: int) -> tuple[Header, Ed25519PrivateKey]:
        return structs.replace(whole, **about, directory=directory, bytes=size), SIGNER

    write_signed(path_of(folder, number), len(blocks), blocks, KEY.blocks(salt), described)


def opened(folder: Path, kind: Kind = "exceptions", key: ListKey = KEY) -> Generation:
    return ListFolder(folder, kind, key).newest(SIGNERS)


def said(generation: Generation, sequence: int) -> int:
    return generation.find(KEY.hash(holder(sequence)))


def bits(status: Status) -> int:
    return pack(status, ORIGIN)


def at(hours: float = 0, *, trusted: bool = True) -> Moment:
    return Moment(datetime.fromtimestamp(AS_OF + hours * HOUR, UTC), trusted=trusted)
