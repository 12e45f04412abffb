"""A mail server and a webhook that take what they are sent, on loopback."""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import socketserver
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


@dataclass
class Inbox:
    """What came, and where to send it."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    posts: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    status: int = 204
    """What the webhook answers."""


@contextlib.contextmanager
def mail_server() -> Iterator[Inbox]:
    inbox = Inbox()

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                word = line.split()[0].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    raw = b"".join(iter(self.rfile.readline, b".\r\n"))
                    inbox.mails.append(email.message_from_bytes(raw, policy=email.policy.default))
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
                if word == b"QUIT":
                    return

    with _running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation), inbox):
        yield inbox


@contextlib.contextmanager
def webhook() -> Iterator[Inbox]:
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            inbox.posts.append((dict(self.headers), json.loads(body)))
            self.send_response(inbox.status)
            self.send_header("Location", f"http://127.0.0.1:{inbox.port}/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            raise AssertionError("nobody goes on to another address")

        def log_message(self, *_: Any) -> None:
            pass

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), Handler), inbox):
        yield inbox


@contextlib.contextmanager
def _running(server: socketserver.TCPServer, inbox: Inbox) -> Iterator[None]:
    inbox.port = int(server.socket.getsockname()[1])
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
