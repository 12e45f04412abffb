"""A small real server of the fleet's contract, with vices that can be switched on.

It is the contract's reference: the tests that it passes (``tests/wire/test_fleet_contract.py``) are those of every
other server.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from receiver_store import Store

from gate.errors import WireFault
from gate.wire import enrol, heartbeat, inventory, passages
from gate.wire.heartbeat import Heartbeat, HeartbeatAnswer
from gate.wire.inventory import Inventory, InventoryAnswer
from gate.wire.message import MEDIA_TYPE, NOT_SPOKEN, Problem, decode, encode, not_spoken, unsqueeze
from gate.wire.passages import MOST_ROWS, open_batch
from gate.wire.token import CHALLENGE_PATH, TOKEN_PATH, Challenge, ChallengeRequest, TokenRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import msgspec

MOST_BODY_BYTES = 4 * 1024 * 1024
HTML = b"<html><body>Welcome to the hotel's Wi-Fi</body></html>"


@dataclass(frozen=True)
class Vice:
    """What a server does wrong, once."""

    name: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """None: a Problem."""
    raw: bytes | None = None
    """Instead of an answer."""
    half: bool = False
    """Of the answer, then the connection is closed."""
    drip_s: float = 0.0
    """Between two bytes."""
    taken: bool = False
    """What was sent is taken in before."""


VICES = (
    *(Vice(str(status), status) for status in (400, 401, 404, 409, 413, 500, 502, 503)),
    Vice("429", 429, {"Retry-After": "0"}),
    Vice("413 of a proxy", 413, {"Content-Type": "text/html"}, HTML),
    Vice("HTML", 200, {"Content-Type": "text/html"}, HTML),
    Vice("captive portal redirects", 302, {"Content-Type": "text/html", "Location": "http://127.0.0.1/login"}, HTML),
    Vice("no JSON", 200, {}, b"\xff\x00{"),
    Vice("another answer", 200, {}, b'{"batch":"0123456789abcdef","rows":[],"watermark":9}'),
    Vice("another version", 200, {"Content-Type": "application/vnd.gate.v9+json"}, b"{}"),
    Vice("garbage", raw=b"\x16\x03\x01 this is no HTTP \r\n\r\n"),
    Vice("closed socket", raw=b""),
    Vice("half a body", half=True),
    Vice("slow drip", drip_s=0.05),
)


class Receiver:
    """Listens on a port of the loopback, any free one unless it is named, until closed."""

    def __init__(self, path: Path | str = ":memory:", port: int = 0) -> None:
        self.store = Store(path)
        self.vices: deque[Vice] = deque()
        """Each is for one upload, in turn."""
        self.refuses_whole: Callable[[passages.Opened], int] = lambda _: 0
        """A status for a batch that is to be refused as a whole; 0: it is taken."""
        self.stage: Callable[[str], None] = lambda _: None
        """Told where the answer to an upload has come to: arrived, taken, answered."""
        self.uploads = 0
        self.bytes_in = 0
        self.at_once = 0
        """The most uploads that were under way at the same time."""
        self._under_way = 0
        self.changed = threading.Condition()
        self._closing = threading.Event()
        receiver = self

        class Handler(_Handler):
            owner = receiver

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that was killed, or has given up, is no fault of the server's."""

        self._server = Server(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.store.audience = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_until(self, true: Callable[[], bool], timeout_s: float = 30) -> bool:
        """Wait for what a request brings about here, or soon after it at the gate."""
        ends = time.monotonic() + timeout_s
        with self.changed:
            while not (found := true()) and time.monotonic() < ends:
                self.changed.wait(0.05)
        return found

    def tell(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def entered(self, by: int) -> None:
        with self.changed:
            self._under_way += by
            self.at_once = max(self.at_once, self._under_way)

    def pause(self, seconds: float) -> bool:
        return self._closing.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    owner: Receiver
    protocol_version = "HTTP/1.1"
    timeout = 10
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        self._send(404, encode(Problem("there is nothing to get here")))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > MOST_BODY_BYTES:
            self.close_connection = True
            self._send(413, encode(Problem(f"at most {MOST_BODY_BYTES} bytes")))
            return
        body = self.rfile.read(length)
        if self.path != passages.PATH:
            self._send(*_answer(self.owner.store, self.path, self.headers, body))
            self.owner.tell()
            return
        self.owner.uploads += 1
        self.owner.bytes_in += len(body)
        self.owner.entered(1)
        try:
            self._upload(body)
        finally:
            self.owner.entered(-1)
            self.owner.tell()

    def _upload(self, body: bytes) -> None:
        owner = self.owner
        owner.stage("arrived")
        vice = owner.vices.popleft() if owner.vices else None
        if vice is not None and not vice.taken:
            status, answer = 0, b""
        else:
            status, answer = _answer(owner.store, self.path, self.headers, body, owner.refuses_whole)
        owner.stage("taken")
        if vice is None:
            self._send(status, answer)
        else:
            self._misbehave(vice, answer)
        owner.stage("answered")

    def _misbehave(self, vice: Vice, answer: bytes) -> None:
        if vice.raw is not None:
            self.wfile.write(vice.raw)
            self.close_connection = True
            return
        body = vice.body
        if body is None:
            body = encode(Problem(f"vice: {vice.name}")) if vice.status != 200 else answer or b'{"why":"vice"}'
        if not (vice.half or vice.drip_s):
            self._send(vice.status, body, vice.headers)
            return
        self.close_connection = True
        self._head(vice.status, len(body), vice.headers)
        for byte in body[: len(body) // 2] if vice.half else body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if vice.drip_s and self.owner.pause(vice.drip_s):
                return

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(body), headers or {})
        self.wfile.write(body)
        self.wfile.flush()

    def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": MEDIA_TYPE, "Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _answer(
    store: Store,
    path: str,
    headers: Any,
    body: bytes,
    refuses_whole: Callable[[passages.Opened], int] = lambda _: 0,
) -> tuple[int, bytes]:
    """What the contract says to a question."""
    if (strange := not_spoken(headers.get("Content-Type"))) is not None:
        return NOT_SPOKEN, encode(strange)
    try:
        if headers.get("Content-Encoding") == "gzip":
            body = unsqueeze(body, MOST_BODY_BYTES)
        if path in _WITHOUT_TOKEN:
            return _WITHOUT_TOKEN[path](store, body)
        device = store.tokens.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if device is None:
            return 401, encode(Problem("no token, or one that is not good any more"))
        return _of_device(store, path, device, body, refuses_whole)
    except WireFault as fault:
        return 400, encode(Problem(str(fault)[:1000]))


def _challenge(store: Store, body: bytes) -> tuple[int, bytes]:
    return 200, encode(Challenge(store.challenge(decode(body, ChallengeRequest).device)))


def _enrol(store: Store, body: bytes) -> tuple[int, bytes]:
    return store.desk.enrol(decode(body, enrol.EnrolRequest), store)


def _token(store: Store, body: bytes) -> tuple[int, bytes]:
    asked = decode(body, TokenRequest)
    try:
        return 200, encode(store.token(asked))
    except WireFault as fault:
        return 401, encode(Problem(str(fault)))


_WITHOUT_TOKEN = {CHALLENGE_PATH: _challenge, TOKEN_PATH: _token, enrol.PATH: _enrol}


def _of_device(
    store: Store, path: str, device: str, body: bytes, refuses_whole: Callable[[passages.Opened], int]
) -> tuple[int, bytes]:
    message: Any
    said: msgspec.Struct
    if path == passages.PATH:
        message = open_batch(body)
        if status := refuses_whole(message):
            return status, encode(Problem("refused as a whole"))
    elif path == heartbeat.PATH:
        message = decode(body, Heartbeat)
    elif path == inventory.PATH:
        message = decode(body, Inventory)
    else:
        return 404, encode(Problem("there is nothing here"))
    if message.device != device:
        return 403, encode(Problem("the token is another gate's"))
    if path == passages.PATH:
        assert len(message.rows) <= MOST_ROWS
        said = store.take(message)
    elif path == heartbeat.PATH:
        said = HeartbeatAnswer(store.beat(message))
    else:
        store.inventories.append(message)
        said = InventoryAnswer()
    return 200, encode(said)
