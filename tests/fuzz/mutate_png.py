"""Changes inside a PNG whose checksums are made right again, so that they reach the decoder."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from fuzz.mutate import LONGEST, mutate

if TYPE_CHECKING:
    from random import Random

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEAD: Final = struct.Struct(">I4s")
_SIDES: Final = (0, 1, 7, 40, 300, 4000, 4001, 65_535, 2**31 - 1, 2**31)


def mutate_png(rng: Random, seed: bytes) -> bytes:
    """Change one chunk: its data, the pixels in it, the size of the picture; other files stay as they are."""
    chunks = _chunks(seed)
    if not chunks:
        return seed
    at = rng.randrange(len(chunks))
    kind, data = chunks[at]
    if kind == b"IHDR":
        sides = [
            rng.choice(_SIDES) if rng.random() < 0.5 else side
            for side in struct.unpack(">II", data[:8].ljust(8, b"\0"))
        ]
        data = struct.pack(">II", *sides) + (mutate(rng, data[8:], [data]) if rng.random() < 0.3 else data[8:])
    elif kind == b"IDAT":
        data = _repacked(rng, data)
    else:
        data = mutate(rng, data, [data])
    chunks[at] = (kind, data)
    if rng.random() < 0.2:
        chunks.insert(rng.randrange(len(chunks)), rng.choice(chunks))
    if rng.random() < 0.1:
        extra = rng.choice((b"tRNS", b"PLTE", b"iCCP", b"eXIf", b"tEXt", b"zTXt", b"acTL", b"fcTL"))
        chunks.insert(rng.randrange(len(chunks)), (extra, rng.randbytes(rng.choice((0, 3, 13, 768)))))
    return _SIGNATURE + b"".join(_whole(*chunk) for chunk in chunks)


def _repacked(rng: Random, data: bytes) -> bytes:
    try:
        pixels = zlib.decompressobj().decompress(data, 50 * LONGEST)
    except zlib.error:
        return data
    return zlib.compress(mutate(rng, pixels, [pixels]))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    at = len(_SIGNATURE)
    while data.startswith(_SIGNATURE) and at + 12 <= len(data):
        size, kind = _HEAD.unpack_from(data, at)
        found.append((kind, data[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def _whole(kind: bytes, data: bytes) -> bytes:
    return _HEAD.pack(len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
