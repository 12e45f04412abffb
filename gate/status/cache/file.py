"""Reads and writes the outside of a file: head, directory and blocks, each block checked each time it is read.

Blocks are read with ``pread`` and never mapped: a mapped page that the card can't give, or that somebody cut off, ends
the process (SIGBUS) instead of raising an error.
"""

from __future__ import annotations

import os
from array import array
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from gate import durable
from gate.errors import StatusUnavailable
from gate.status.cache.layout import (
    DIGEST_BYTES,
    HEAD_BYTES,
    Directory,
    Header,
    digest,
    directory_bytes,
    read_head,
    sign,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gate.status.cache.crypto import Cipher, ListKey

_FORCED_BYTES: Final = 1 << 20
"""Written at once at most: whoever reads from a slow card meanwhile waits behind that, not behind the whole list."""


class BlockFile:
    """An open file whose head and directory were found good.

    Raises (everywhere):
        StatusUnavailable: it can't be read, is damaged, or is signed by nobody who may.
    """

    __slots__ = ("_cipher", "_descriptor", "_digests", "_ends", "_start", "head", "header")

    def __init__(self, path: Path, key: ListKey, signers: frozenset[bytes]) -> None:
        self._descriptor = -1
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as fault:
            raise StatusUnavailable(f"{path.name}: can't be read ({fault.strerror})") from None
        try:
            self.head = self._read(HEAD_BYTES, 0)
            self.header = read_head(self.head, signers)
            blocks = self.header.blocks
            where, digests = (
                self._read(4 * blocks, HEAD_BYTES),
                self._read(DIGEST_BYTES * blocks, HEAD_BYTES + 4 * blocks),
            )
            directory = Directory.read(where, digests, self.header)
        except StatusUnavailable as fault:
            self.close()
            raise StatusUnavailable(f"{path.name}: {fault}") from None
        self._ends, self._digests = directory.ends, directory.digests
        self._start = HEAD_BYTES + directory_bytes(blocks)
        self._cipher = key.blocks(self.header.salt)

    def begin(self, number: int) -> int:
        """Where a block begins, counted from the first; of the number after the last: where that ends."""
        return self._ends[number - 1] if number else 0

    def begins(self, first: int, last: int) -> list[int]:
        """The same of all of these, and of ``last``."""
        return [self.begin(first), *self._ends[first:last]]

    def block(self, number: int) -> bytes:
        """The content of a block."""
        begin = self._ends[number - 1] if number else 0
        sealed = self._read(self._ends[number] - begin, self._start + begin)
        if not self._digests.startswith(digest(sealed), number * DIGEST_BYTES):
            raise StatusUnavailable("a block of the list is not what was signed")
        return self._cipher.open(number, sealed)

    def close(self) -> None:
        """Needed only where it can't wait until nobody holds it any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()  # a list that was replaced may be asked until the last answer is given

    def _read(self, size: int, at: int) -> bytes:
        try:
            data = os.pread(self._descriptor, size, at)
        except OSError as fault:
            raise StatusUnavailable(f"the list can't be read ({fault.strerror})") from None
        if len(data) != size:
            raise StatusUnavailable("the list is cut off")
        return data


def write_signed(
    path: Path,
    blocks: int,
    contents: Iterable[bytes],
    cipher: Cipher,
    described: Callable[[str, int], tuple[Header, Ed25519PrivateKey]],
) -> Header:
    """Write a new file and sign it: whole or not at all.

    Args:
        path: where; drafts that were left there are overwritten.
        blocks: how many there are.
        contents: of each block, in their order.
        cipher: the blocks'.
        described: digest of the directory, and bytes of all blocks -> the header, and the key that it names.

    Returns:
        The header as it was signed.

    Raises:
        OSError: it can't be written.
    """
    made: list[Header] = []

    def head(directory: str, size: int) -> bytes:
        header, signer = described(directory, size)
        made.append(header)
        return sign(header, signer)

    _write(path, blocks, contents, cipher, head)
    return made[0]


def write_again(path: Path, head: bytes, header: Header, contents: Iterable[bytes], cipher: Cipher) -> None:
    """Make the file that a signed head is of.

    Raises:
        StatusUnavailable: it is another one that came out.
        OSError: it can't be written.
    """

    def known(directory: str, size: int) -> bytes:
        if (directory, size) != (header.directory, header.bytes):
            raise StatusUnavailable(f"{path.name}: what was made is not what was signed")
        return head

    _write(path, header.blocks, contents, cipher, known)


def _write(
    path: Path, blocks: int, contents: Iterable[bytes], cipher: Cipher, head: Callable[[str, int], bytes]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    try:
        with draft.open("wb") as file:
            draft.chmod(0o600)
            file.seek(HEAD_BYTES + directory_bytes(blocks))
            ends, digests, end, forced = array("I"), bytearray(), 0, 0
            for number, content in enumerate(contents):
                sealed = cipher.seal(number, content)
                file.write(sealed)
                end += len(sealed)
                if end - forced > _FORCED_BYTES:
                    os.fdatasync(file.fileno())
                    forced = end
                ends.append(end)
                digests += digest(sealed)
            directory = Directory(ends, bytes(digests)).write()
            start = head(sha256(directory).hexdigest(), end)
            file.seek(0)
            file.write(start + directory)
        durable.put_in_place(draft, path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
