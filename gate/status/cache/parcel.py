"""A whole list as it travels: its signed head, then its buckets packed as small as they get, encrypted.

What is nearly random (most of each hash) goes as it is. Of the sorted first bytes the differences, and the people's
bits byte by byte, are deflated, with or without looking for repetitions, whichever is smaller. Whoever unpacks it makes
the same blocks again, and the directory that was signed says whether they are.

::

    0     as of the list itself
    2048  for each 256 buckets: length (4 bytes), and encrypted: rows of each bucket (1 byte), five columns (first
          bytes, then each byte of the people's bits) with their length before each (4 bytes), the other bytes of the
          hashes
"""

from __future__ import annotations

import struct
import zlib
from itertools import accumulate
from operator import sub
from typing import TYPE_CHECKING, BinaryIO, Final

from gate import durable
from gate.errors import StatusUnavailable
from gate.status.cache.crypto import TAG_BYTES
from gate.status.cache.file import write_again
from gate.status.cache.layout import HEAD_BYTES, read_head
from gate.status.cache.whole import MOST_IN_BUCKET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.status.cache.crypto import Cipher, ListKey
    from gate.status.cache.layout import Header
    from gate.status.cache.whole import WholeList

_BUCKETS: Final = 256
_LENGTH: Final = struct.Struct(">I")
_MOST_PART: Final = _BUCKETS * (MOST_IN_BUCKET * 10 + 1) + 4096
_COLUMNS: Final = 5
_MOST_MEMORY: Final = 9


def write(path: Path, whole: WholeList, key: ListKey, told: Callable[[int, int], None]) -> None:
    """Pack a list.

    Args:
        path: where.
        whole: the list.
        key: of lists.
        told: how many buckets of how many are done.

    Raises:
        OSError: it can't be written.
    """
    header = whole.file.header
    cipher = key.parcels(header.salt)
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        file.write(whole.file.head)
        for number, first in enumerate(range(0, header.blocks, _BUCKETS)):
            buckets = [whole.file.block(at) for at in range(first, min(first + _BUCKETS, header.blocks))]
            sealed = cipher.seal(number, _pack(buckets, header.suffix_bytes))
            file.write(_LENGTH.pack(len(sealed)) + sealed)
            told(first, header.blocks)
    durable.put_in_place(draft, path)


def unpack(path: Path, target: Path, key: ListKey, signers: frozenset[bytes]) -> None:
    """Make the list of a parcel.

    Raises:
        StatusUnavailable: it is damaged, or signed by nobody who may.
        OSError: a file can't be read or written.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        header = read_head(head, signers)
        if header.change:
            raise StatusUnavailable(f"{path.name}: is a change, and no whole list")
        blocks = _blocks(file, header, key.parcels(header.salt))
        write_again(target, head, header, blocks, key.blocks(header.salt))


def _blocks(file: BinaryIO, header: Header, cipher: Cipher) -> Iterator[bytes]:
    for number, first in enumerate(range(0, header.blocks, _BUCKETS)):
        start = file.read(_LENGTH.size)
        size = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else 0
        if not TAG_BYTES < size <= _MOST_PART:
            raise StatusUnavailable("the parcel is damaged")
        sealed = file.read(size)
        if len(sealed) != size:
            raise StatusUnavailable("the parcel is cut off")
        part = cipher.open(number, sealed)
        yield from _unpack(part, min(_BUCKETS, header.blocks - first), header.suffix_bytes)
    if file.read(1):
        raise StatusUnavailable("the parcel is followed by more")


def _pack(buckets: list[bytes], suffix: int) -> bytes:
    """Columns of some buckets: what is to be compressed, and the rest."""
    row = suffix + 4
    counts = bytes(len(bucket) // row for bucket in buckets)
    ends = [count * suffix for count in counts]
    firsts = [bucket[0:end:suffix] for bucket, end in zip(buckets, ends, strict=True)]
    columns = [b"".join(bytes(map(sub, first, b"\0" + first)) for first in firsts)]
    columns += [
        b"".join(bucket[end + plane :: 4] for bucket, end in zip(buckets, ends, strict=True)) for plane in range(4)
    ]
    rest = b"".join(
        bucket[column:end:suffix] for column in range(1, suffix) for bucket, end in zip(buckets, ends, strict=True)
    )
    small = [_smallest(column) for column in columns]
    return counts + b"".join(_LENGTH.pack(len(column)) + column for column in small) + rest


def _smallest(column: bytes) -> bytes:
    found = []
    for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY):
        deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, _MOST_MEMORY, strategy)
        found.append(deflater.compress(column) + deflater.flush())
    return min(found, key=len)


def _unpack(part: bytes, buckets: int, suffix: int) -> Iterator[bytes]:
    """The buckets' contents.

    Raises:
        StatusUnavailable: it is not of the form above.
    """
    counts, total, at = part[:buckets], sum(part[:buckets]), buckets
    columns = []
    for _ in range(_COLUMNS):
        size = _LENGTH.unpack(part[at : at + _LENGTH.size].rjust(_LENGTH.size, b"\0"))[0]
        at += _LENGTH.size + size
        columns.append(_inflated(part[at - size : at], total))
    rest = part[at:]
    if len(counts) != buckets or len(rest) != (suffix - 1) * total:
        raise StatusUnavailable("the parcel is damaged")
    firsts, planes = columns[0], columns[1:]
    at = 0
    for count in counts:
        whole = bytearray(count * (suffix + 4))
        size = count * suffix
        whole[0:size:suffix] = bytes(value & 255 for value in accumulate(firsts[at : at + count]))
        for column in range(1, suffix):
            start = (column - 1) * total + at
            whole[column:size:suffix] = rest[start : start + count]
        for number, plane in enumerate(planes):
            whole[size + number :: 4] = plane[at : at + count]
        yield bytes(whole)
        at += count


def _inflated(data: bytes, size: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        column = inflater.decompress(data, size + 1)
    except zlib.error:
        column = b""
    if len(column) != size:
        raise StatusUnavailable("the parcel is damaged")
    return column
