"""A disk with a cache that forgets: what was not flushed may be gone after a power cut, in any combination.

QEMU reaches it as a network block device (NBD, "fixed newstyle", over a Unix socket). SIGKILL of QEMU alone proves
little: what it wrote without a flush lies in this machine's page cache, and stays. Here it lies in a cache that
``cut`` drops block by block, as chance will have it, like that of a card or a drive that reorders its writes.
"""

from __future__ import annotations

import os
import socket
import struct
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from io import BufferedReader as _Stream
    from random import Random

BLOCK: Final = 4096
_OPTION_MAGIC: Final = 0x49484156454F5054
_REPLY_MAGIC: Final = 0x3E889045565A9
_REQUEST: Final = struct.Struct(">IHHQQI")
_REQUEST_MAGIC, _ANSWER_MAGIC = 0x25609513, 0x67446698
_EXPORT_NAME, _ABORT, _GO = 1, 2, 7
_ACK, _INFO, _UNSUPPORTED = 1, 3, 0x80000001
_READ, _WRITE, _DISCONNECT, _FLUSH = 0, 1, 2, 3
_HAS_FLAGS, _CAN_FLUSH, _CAN_FUA = 1, 4, 8
_FORCE: Final = 1
"""Forced unit access: this one write is kept before it is answered."""


class CachedDisk:
    """A disk for one QEMU at a time; use it as a context manager.

    Args:
        base: what it holds at first, raw; never written to.
        like: another one over the same base, whose kept blocks it has as well.
    """

    def __init__(self, base: Path, like: CachedDisk | None = None) -> None:
        self._base = os.open(base, os.O_RDONLY)
        self._size = os.fstat(self._base).st_size
        self._kept: dict[int, bytes] = {} if like is None else dict(like._kept)
        self._cache: dict[int, bytes] = {}
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="hil-disk-")
        self._path = Path(self._folder.name) / "nbd"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen()
        self.flushes = 0
        threading.Thread(target=self._accept, name="cached-disk", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        os.close(self._base)
        self._folder.cleanup()

    @property
    def source(self) -> str:
        """For ``Guest``."""
        return f"nbd+unix:///?socket={self._path},format=raw,cache=none"

    def cut(self, chance: Random) -> tuple[int, int]:
        """The power is gone: of the blocks in the cache each is kept or lost. Gives how many were lost, of how many.

        Call it when QEMU has ended.
        """
        with self._lock:
            waiting = len(self._cache)
            share = chance.random()  # some cuts lose all but everything, some next to nothing
            survivors = {number: data for number, data in self._cache.items() if chance.random() < share}
            self._kept |= survivors
            self._cache.clear()
        return waiting - len(survivors), waiting

    # ---- blocks ------------------------------------------------------------------------------------------------

    def _block(self, number: int) -> bytes:
        data = self._cache.get(number) or self._kept.get(number)
        return data or os.pread(self._base, BLOCK, number * BLOCK).ljust(BLOCK, b"\0")

    def _read(self, offset: int, length: int) -> bytes:
        first, last = offset // BLOCK, (offset + length - 1) // BLOCK
        with self._lock:
            data = b"".join(map(self._block, range(first, last + 1)))
        return data[offset - first * BLOCK :][:length]

    def _write(self, offset: int, data: bytes, *, force: bool) -> None:
        first, last = offset // BLOCK, (offset + len(data) - 1) // BLOCK
        with self._lock:
            before = self._block(first)[: offset - first * BLOCK]
            after = self._block(last)[offset + len(data) - last * BLOCK :]
            whole = before + data + after
            for number in range(first, last + 1):
                block = whole[(number - first) * BLOCK :][:BLOCK]
                if force:
                    self._cache.pop(number, None)
                    self._kept[number] = block
                else:
                    self._cache[number] = block

    def _flush(self) -> None:
        with self._lock:
            self._kept |= self._cache
            self._cache.clear()
            self.flushes += 1

    # ---- the wire ----------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                try:
                    self._agree(connection, stream)
                    self._serve(connection, stream)
                except (OSError, EOFError):
                    continue  # QEMU was killed

    def _agree(self, connection: socket.socket, stream: _Stream) -> None:
        connection.sendall(struct.pack(">QQH", 0x4E42444D41474943, _OPTION_MAGIC, 3))
        _exactly(stream, 4)
        offer = struct.pack(">QH", self._size, _HAS_FLAGS | _CAN_FLUSH | _CAN_FUA)
        while True:
            _, option, length = struct.unpack(">QII", _exactly(stream, 16))
            _exactly(stream, length)
            if option == _GO:
                _reply(connection, option, _INFO, struct.pack(">H", 0) + offer)
                _reply(connection, option, _ACK)
                return
            if option == _EXPORT_NAME:
                connection.sendall(offer)
                return
            _reply(connection, option, _ACK if option == _ABORT else _UNSUPPORTED)
            if option == _ABORT:
                raise EOFError

    def _serve(self, connection: socket.socket, stream: _Stream) -> None:
        while True:
            magic, flags, command, handle, offset, length = _REQUEST.unpack(_exactly(stream, _REQUEST.size))
            if magic != _REQUEST_MAGIC or command == _DISCONNECT:
                return
            answer = b""
            if command == _READ:
                answer = self._read(offset, length)
            elif command == _WRITE:
                self._write(offset, _exactly(stream, length), force=bool(flags & _FORCE))
            elif command == _FLUSH:
                self._flush()
            connection.sendall(struct.pack(">IIQ", _ANSWER_MAGIC, 0, handle) + answer)


def _reply(connection: socket.socket, option: int, kind: int, data: bytes = b"") -> None:
    connection.sendall(struct.pack(">QIII", _REPLY_MAGIC, option, kind, len(data)) + data)


def _exactly(stream: _Stream, length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError
    return data
