"""Pictures of strangers are decoded in a process of their own: what they do to native decoders, they do there."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Final

import msgspec

from gate.errors import ConfigError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LONGEST_S: Final = 10.0
"""Seconds for one picture, the start of the process included; the readers' own patience is a second."""

_BROKEN: Final = "the picture broke its decoder: it is damaged"


class PictureProcess:
    """A process that decodes pictures, started when the first one comes and again when one has broken it."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def codes(self, picture: bytes) -> list[bytes]:
        """The codes in a PNG or JPEG file, at least one.

        Raises:
            ConfigError: none, or the file is damaged or too large, or took too long.
        """
        pipe = self._pipe or self._start()
        answer = b""
        try:
            pipe.send_bytes(picture)
            if pipe.poll(LONGEST_S):
                answer = pipe.recv_bytes()
        except (EOFError, OSError):
            pass
        if not answer:
            self.close()
            raise ConfigError(_BROKEN)
        found: list[bytes] | str = msgspec.msgpack.decode(answer, type=list[bytes] | str)
        if isinstance(found, str):
            raise ConfigError(found)
        return found

    def close(self) -> None:
        """End the process; nothing of it is left when this returns."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _start(self) -> Connection:
        spawn = multiprocessing.get_context("spawn")  # a fork would hand over everything that this process knows
        ours, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours


def _serve(pipe: Connection) -> None:
    """Answer pictures with their codes, or with why there are none, until nobody asks any more."""
    from drivers import camera_worker, confinement  # noqa: PLC0415 - only in the process that decodes

    confinement.die_with_parent()
    confinement.limit(camera_worker.MEMORY)
    while True:
        try:
            picture = pipe.recv_bytes()
        except EOFError:
            return
        answer: list[bytes] | str
        try:
            answer = camera_worker.decode(picture)
        except camera_worker.UnreadableError as error:
            answer = str(error)
        pipe.send_bytes(msgspec.msgpack.encode(answer))
