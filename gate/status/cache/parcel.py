"""A whole list as it travels: its signed head, then its buckets packed as small as they get, encrypted.

What is nearly random (most of each hash) goes as it is; the sorted first bytes as differences, and the people's bits
byte by byte, are compressed. Whoever unpacks it makes the same blocks again, and the directory that was signed says
whether they are.

::

    0     as of the list itself
    2048  for each 256 buckets: length (4 bytes), and encrypted: rows of each bucket (1 byte), length of the compressed
          part (4 bytes), that part, the other bytes of the hashes
"""

from __future__ import annotations

import lzma
import struct
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
_FILTERS: Final = ({"id": lzma.FILTER_LZMA1, "dict_size": 1 << 12, "lc": 0, "lp": 0, "pb": 0, "mode": lzma.MODE_FAST},)
"""As good as its coder of single bytes: there is nothing to find twice in hashes and times."""


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
    planes = [bytes(map(sub, first, b"\0" + first)) for first in firsts]
    for plane in range(4):
        planes += [bucket[end + plane :: 4] for bucket, end in zip(buckets, ends, strict=True)]
    rest = b"".join(
        bucket[column:end:suffix] for column in range(1, suffix) for bucket, end in zip(buckets, ends, strict=True)
    )
    small = lzma.compress(b"".join(planes), lzma.FORMAT_RAW, filters=_FILTERS)
    return counts + _LENGTH.pack(len(small)) + small + rest


def _unpack(part: bytes, buckets: int, suffix: int) -> Iterator[bytes]:
    """The buckets' contents.

    Raises:
        StatusUnavailable: it is not of the form above.
    """
    counts, total = part[:buckets], sum(part[:buckets])
    if len(part) < buckets + _LENGTH.size:
        raise StatusUnavailable("the parcel is damaged")
    begin = buckets + _LENGTH.size
    end = begin + _LENGTH.unpack_from(part, buckets)[0]
    inflater = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS)
    try:
        small = inflater.decompress(part[begin:end], 5 * total)
    except lzma.LZMAError:
        raise StatusUnavailable("the parcel is damaged") from None
    rest = part[end:]
    if len(small) != 5 * total or len(rest) != (suffix - 1) * total:
        raise StatusUnavailable("the parcel is damaged")
    at = 0
    for count in counts:
        whole = bytearray(count * (suffix + 4))
        size = count * suffix
        whole[0:size:suffix] = bytes(value & 255 for value in accumulate(small[at : at + count]))
        for column in range(1, suffix):
            start = (column - 1) * total + at
            whole[column:size:suffix] = rest[start : start + count]
        for plane in range(4):
            start = (plane + 1) * total + at
            whole[size + plane :: 4] = small[start : start + count]
        yield bytes(whole)
        at += count
