"""What a server said, read within bounds."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from gate.errors import NetworkFault, NetworkTrouble

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_GZIP: Final = zlib.MAX_WBITS | 16


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, of whatever status; redirects are answers too."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    """Unpacked."""
    date: datetime | None
    """What the server's clock shows, to the second; None where it does not say, or did not prove who it is."""


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """A body as it was before it was packed for the way.

    Raises:
        NetworkFault: it is larger than ``most`` bytes then, or is no gzip though it says so.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise NetworkFault(NetworkTrouble.GARBLED, "the answer is packed in a way that was not asked for")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(body, most + 1)
    except zlib.error:
        raise NetworkFault(NetworkTrouble.GARBLED, "the answer is no gzip, though it says so") from None
    if len(content) > most:
        raise too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise NetworkFault(NetworkTrouble.GARBLED, "the answer is half a gzip, or more than one")
    return content


def too_large(most: int) -> NetworkFault:
    """What is said of an answer beyond ``most`` bytes."""
    return NetworkFault(NetworkTrouble.TOO_LARGE, f"the answer is larger than {most} bytes; is it the right server?")


def moment_of(header: str | None) -> datetime | None:
    """The time in a Date header; None where there is none that can be read."""
    try:
        moment = parsedate_to_datetime(header or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None
