"""The simulated interface over HTTP, with the vices that only the wire shows."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError
from fleet.gateway.keys import guarded, load_key
from fleet.province.systems import PATHS, Systems
from fleet.province.vices import System, Vice, parsed
from gate.pseudonym import KEY_BYTES, PseudonymKey

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_FILE: Final = "province.key"
PSEUDONYM_KEY_FILE: Final = "pseudonym.key"
SLOW_S: Final = 5.0
_MOST_BYTES: Final = 64 * 1024
_PAGE: Final = (
    b"<!DOCTYPE html><html><title>\xe7\x99\xbb\xe5\xbd\x95</title><form method=post><input name=user></form></html>"
)


def main(arguments: Sequence[str]) -> int:
    """Answer as a province's systems do, for fictional people, until told to stop."""
    parser = argparse.ArgumentParser("fleet province", description=main.__doc__)
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--keys", type=Path, required=True, help="folder of its keys; made where there are none")
    parser.add_argument("--vices", default="", help=f"with commas: {', '.join(Vice)}; or e.g. colour:slow")
    asked = parser.parse_args(arguments)
    key, pseudonyms = keys(asked.keys)
    asyncio.run(_run(asked.port, Systems(key, pseudonyms, parsed(asked.vices))))
    return 0


def keys(folder: Path) -> tuple[str, PseudonymKey]:
    """The city's key and the fleet's pseudonym key in a folder; made where there are none.

    Raises:
        FleetError: one can't be read or made.
    """
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        for name, content in (
            (KEY_FILE, secrets.token_hex(32).encode()),
            (PSEUDONYM_KEY_FILE, secrets.token_bytes(KEY_BYTES)),
        ):
            if not (file := folder / name).exists():
                with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
                    made.write(content)
    except OSError as fault:
        raise FleetError(f"{folder}: keys can't be made there ({fault.strerror})") from None
    return load_key(folder / KEY_FILE).reveal(), PseudonymKey(guarded(folder / PSEUDONYM_KEY_FILE, KEY_BYTES))


async def _run(port: int, systems: Systems) -> None:
    try:
        server = await asyncio.start_server(Wire(systems).serve, "127.0.0.1", port)
    except OSError as fault:
        raise FleetError(f"port {port} can't be listened on ({fault.strerror})") from None
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    print(f"province: http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await over.wait()
    server.close()


class Wire:
    """HTTP/1.1, as far as it is needed."""

    def __init__(self, systems: Systems) -> None:
        self.systems = systems
        self.asked = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        gone = asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError  # the last: at the end
        with contextlib.suppress(OSError, ValueError, *gone):
            while await self._exchange(reader, writer):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One question; whether the connection is of use afterwards."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.lower().split("\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
        body = await reader.readexactly(min(length, _MOST_BYTES))
        system = PATHS.get(head.split(" ")[1])
        self.asked += 1
        if system is None:
            writer.write(_http(404, b"{}"))
        elif not await self._vicious(system, writer):
            answer = json.dumps(self.systems.answer(system, body, datetime.now(UTC))).encode()
            whole = _http(200, answer)
            if (system, Vice.HALF) in self.systems.vices:
                writer.write(whole[: -len(answer) // 2])
                return False
            writer.write(whole)
        await writer.drain()
        return True

    async def _vicious(self, system: System, writer: asyncio.StreamWriter) -> bool:
        """Whether something else than an answer was sent."""
        has = {vice for where, vice in self.systems.vices if where is system}
        if Vice.SLOW in has:
            await asyncio.sleep(SLOW_S)
        if Vice.ENDLESS in has:
            writer.write(_http(200, b"", length=1 << 40))
            while True:
                writer.write(b" " * _MOST_BYTES)
                await writer.drain()
        if Vice.HTML in has:
            writer.write(_http(200, _PAGE, kind="text/html"))
        elif Vice.QUOTA in has:
            writer.write(_http(429, b"{}"))
        else:
            return False
        return True


def _http(status: int, body: bytes, kind: str = "application/json", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode() + body
