"""Small web servers for this machine's own screen, run inside a loop that somebody else owns.

Shared by the kiosk screen and the demo's panel. Both listen on a loopback address only, and both refuse a request
whose ``Host`` is not a loopback name: a page from elsewhere that gets its own name resolved to 127.0.0.1 (DNS
rebinding) reaches the port, but not the application.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMON_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_THIS_MACHINE: Final = re.compile(r"(?i:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?", re.ASCII)
"""A ``Host`` header that names the loopback; any port, so that a forwarded one works as well."""
CONNECTIONS: Final = 64
"""More open connections than this are answered 503."""
CLOSE_S: Final = 0.4
"""What a client gets to take its last bytes before its connection is cut."""


def require_loopback(host: str, what: str) -> None:
    """Check that ``host`` is a literal loopback address: ``127.0.0.0/8`` or ``::1``.

    Raises:
        ConfigError: it is not; the message names ``what``.host.
    """
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    raise ConfigError(f"{what}.host: {host!r} is not this machine alone; write 127.0.0.1 or ::1")


def require_port(port: int, what: str) -> None:
    """Check that ``port`` can be one; 0 asks for any that is free.

    Raises:
        ConfigError: it is not; the message names ``what``.port.
    """
    if not 0 <= port <= 65535:  # noqa: PLR2004 - the range of a port
        raise ConfigError(f"{what}.port: {port} is no port; write one from 1024 to 65535")


def listen(host: str, port: int, what: str) -> socket.socket:
    """Take a loopback port.

    Args:
        host: literal loopback address.
        port: 1 to 65535, or 0 for any free one (``getsockname()[1]`` tells which).
        what: who needs it, for the message, e.g. ``"kiosk"``.

    Raises:
        ConfigError: the host is not a loopback address, or the port can't be had.
    """
    require_loopback(host, what)
    require_port(port, what)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a screen waits 40 ms for an ACK
    except OSError as error:
        raise ConfigError(
            f"{what}.port: {port} on {host} can't be had ({error}); is the port in use? "
            f"Stop the other program or write another port"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Address of a listening socket as a page address, e.g. ``http://127.0.0.1:8765/``."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class LocalOnly:
    """ASGI wrapper: loopback ``Host`` and the named methods only, the same headers on every answer."""

    def __init__(self, app: ASGIApp, methods: Collection[str], headers: Mapping[str, str]) -> None:
        self._app = app
        self._methods = frozenset(methods)
        self._headers = {**COMMON_HEADERS, **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._answer(scope)(scope, receive, send_with_headers)

    def _answer(self, scope: Scope) -> ASGIApp:
        if not _THIS_MACHINE.fullmatch(Headers(scope=scope).get("host", "")):
            return PlainTextResponse("this server answers this machine only", 403)
        if scope["method"] not in self._methods:
            return PlainTextResponse("method not allowed", 405, {"Allow": ", ".join(sorted(self._methods))})
        return self._app


class _Server(uvicorn.Server):
    """uvicorn without hands on the process: signals belong to whoever owns the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, listener: socket.socket, on_stop: Callable[[], None] = lambda: None) -> None:
    """Serve ``app`` until cancelled; then close within a second, streams and stuck clients included.

    Args:
        app: the application; its lifespan is not run.
        listener: from :func:`listen`; closed at the end.
        on_stop: called first on the way out, so that endless streams can end.
    """
    config = uvicorn.Config(
        app,
        loop="none",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
    )
    server = _Server(config)
    # A task of its own: uvicorn skips its orderly end when it is cancelled itself.
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(task)
    finally:
        on_stop()
        await _stop(server, task)
        listener.close()


async def _stop(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    server.should_exit = True
    await asyncio.wait({task}, timeout=CLOSE_S)
    for connection in list(server.server_state.connections):
        connection.transport.abort()  # a client that does not read must neither hold up the end nor outlive it
    server.force_exit = True
    await asyncio.wait({task}, timeout=CLOSE_S)
    task.cancel()
