"""One connection to one server, kept open from one question to the next. Used by one thread at a time.

``requests`` builds and reads the messages; its sessions are left out, and with them redirects, cookies, proxies and
passwords from the environment, and reading a body before anybody asked how long it is.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import requests
import requests.adapters
import urllib3.connection
import urllib3.connectionpool
import urllib3.exceptions

from gate.errors import NetworkFault, NetworkTrouble
from gate.net.answer import Answer, moment_of, too_large, unpacked
from gate.net.dial import NO_TIME_LEFT_S, dial

if TYPE_CHECKING:
    from gate.net.trust import Server

_PIECE_BYTES: Final = 64 * 1024
_BROKEN: Final = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)
"""What the libraries raise for whatever a server does."""


class Line:
    """A connection that anybody may cut, whatever its own thread is waiting for."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ends = 0.0
        self._dialled = False
        self._lock = threading.Lock()
        self._cut = False
        self._handle: socket.socket | None = None
        """A second descriptor of the connection: the first one changes hands when TLS begins."""
        self._adapter = _Adapter(self, server)
        self.used_at = 0.0
        """``time.monotonic()`` of the last answer."""

    def ask(self, request: requests.PreparedRequest, ends: float, most: int) -> Answer:
        """Send it and read the answer.

        Raises:
            NetworkFault: there is none that can be used; the line is of no more use either.
        """
        self._ends, self._dialled = ends, False
        try:
            try:
                return self._asked(request, most)
            except requests.ConnectionError:
                if self._dialled or self._cut:
                    raise
            # The server closed a connection that it had kept open, at the moment when it was used again.
            return self._asked(request, most)
        except NetworkFault:
            raise
        except _BROKEN as fault:
            raise self._fault(fault) from None

    def connect(self) -> socket.socket:
        """A new connection for the adapter.

        Raises:
            NetworkFault: see ``dial``.
            OSError: the same.
        """
        self._dialled = True
        return dial(self._server, self._ends, self._hold)

    def cut(self) -> None:
        """End whatever the line waits for, from any thread; only a name server can't be cut off."""
        with self._lock:
            self._cut = True
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; only from the thread that uses it."""
        self._adapter.close()
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def _hold(self, link: socket.socket) -> None:
        with self._lock:
            if self._cut:
                raise NetworkFault(NetworkTrouble.TIMEOUT, f"{self._server.host}: nobody waits for it any more")
            if self._handle is not None:
                self._handle.close()
            self._handle = link.dup()

    def _asked(self, request: requests.PreparedRequest, most: int) -> Answer:
        response = self._adapter.send(request, stream=True, timeout=self._left(), verify=False, proxies={})
        try:
            body = _body(response, most)
            headers = {name.lower(): value for name, value in response.headers.items()}
            content = unpacked(body, headers.get("content-encoding", "").strip().lower(), most)
        except BaseException as fault:
            response.raw.close()  # the connection is this response's until it was read to its end
            if isinstance(fault, NetworkFault):
                raise NetworkFault(fault.kind, f"{self._server.host}: {fault}") from None
            raise
        response.raw.release_conn()
        self.used_at = time.monotonic()
        date = None if self._server.context is None else moment_of(headers.get("date"))
        return Answer(response.status_code, headers, content, date)

    def _left(self) -> float:
        return max(self._ends - time.monotonic(), NO_TIME_LEFT_S)

    def _fault(self, fault: Exception) -> NetworkFault:
        host = self._server.host
        slow = requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError
        if self._cut or isinstance(fault, slow):
            return NetworkFault(NetworkTrouble.TIMEOUT, f"{host}: no whole answer in time; is it overloaded?")
        if isinstance(fault, requests.ConnectionError) and not _half(fault):
            return NetworkFault(NetworkTrouble.UNREACHABLE, f"{host}: closed the connection; is the server well?")
        return NetworkFault(
            NetworkTrouble.GARBLED, f"{host}: half an answer, or no HTTP; is the address one of a web server?"
        )


def _body(response: requests.Response, most: int) -> bytes:
    body = bytearray()
    while piece := response.raw.read(min(_PIECE_BYTES, most + 1 - len(body)), decode_content=False):
        body += piece
        if len(body) > most:
            raise too_large(most)
    return bytes(body)


def _half(fault: Exception) -> bool:
    """Whether somebody answered, but no HTTP or not to the end."""
    causes = fault.args[0].args if fault.args and isinstance(fault.args[0], Exception) else ()
    return any(
        isinstance(cause, http.client.HTTPException) and not isinstance(cause, http.client.RemoteDisconnected)
        for cause in causes
    )


class _Connection(urllib3.connection.HTTPConnection):
    """Dialled by our own rules, TLS or not."""

    def __init__(self, *args: Any, line: Line, default_port: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default_port = default_port  # type: ignore[misc] # where it is not written into the Host header
        self._line = line

    def connect(self) -> None:
        self.sock = self._line.connect()


class _Pool(urllib3.connectionpool.HTTPConnectionPool):
    """The one connection."""

    ConnectionCls = _Connection


class _Adapter(requests.adapters.HTTPAdapter):
    """Whatever the address, the one server is asked."""

    def __init__(self, line: Line, server: Server) -> None:
        super().__init__()
        default_port = 80 if server.context is None else 443
        self._pool = _Pool(server.host, server.port, maxsize=1, line=line, default_port=default_port)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> _Pool:
        return self._pool

    def close(self) -> None:
        super().close()
        self._pool.close()
