"""DER (ITU-T X.690) as far as it is read by hand: items one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each DER item in a row.

    Raises:
        ValueError: a length that runs past the end.
    """
    at = 0
    while at < len(data):
        tag, length, start = data[at], data[at + 1] if at + 1 < len(data) else 0x80, at + 2
        if length >= 0x80:  # noqa: PLR2004 - DER: the long form, its low bits count the bytes of the length
            start += length & 0x7F
            length = int.from_bytes(data[at + 2 : start], "big")
        if not start <= start + length <= len(data):
            raise ValueError("DER runs past its end")
        yield tag, data[start : start + length]
        at = start + length
