"""A server, asked with a deadline that holds whatever it, the network or the name server does."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

import requests

from gate.errors import NetworkFault, NetworkTrouble
from gate.net.line import Line
from gate.net.trust import server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.net.answer import Answer
    from gate.net.trust import TlsTrust

MOST_LEFT_BEHIND: Final = 4
"""So many calls may hang beyond their deadline: a name server that never answers can't be interrupted."""
MOST_IDLE_S: Final = 50.0
"""An older connection is not used again: servers and routers forget it without a word, and the next call would hang."""
_NO_HEADERS: Final[Mapping[str, str]] = {}


class Client:
    """One server, one kept connection; usable from several threads, which then take turns.

    Raises:
        ConfigError: the address or the trust can't be used; see ``gate.net.trust.server``.
    """

    def __init__(self, base: str, trust: TlsTrust) -> None:
        self._server = server(base, trust)
        self._turn = threading.Lock()
        self._line: Line | None = None
        self._left_behind: list[threading.Thread] = []

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        deadline_s: float,
        most_bytes: int,
    ) -> Answer:
        """Ask, and wait for the whole answer.

        What is asked has to bear being asked twice: a question over a kept connection that the server just closed is
        sent again over a new one.

        Args:
            method: e.g. ``GET``.
            path: begins with a slash; put behind the base address.
            body: sent as it is.
            headers: besides those of HTTP itself.
            deadline_s: for everything: waiting for other threads' calls, name, connection, TLS, sending, reading.
            most_bytes: size of the answer's body, packed and unpacked.

        Raises:
            NetworkFault: no answer; every status is one, redirects and errors included.
        """
        ends = time.monotonic() + deadline_s
        about = {"Accept-Encoding": "gzip", "User-Agent": "gate", **headers}
        prepared = requests.Request(method, self._server.base + path, headers=about, data=body).prepare()
        if not self._turn.acquire(timeout=deadline_s):
            raise NetworkFault(NetworkTrouble.TIMEOUT, f"{self._server.host}: an earlier call took all the time")
        try:
            return self._ask(prepared, ends, most_bytes)
        finally:
            self._turn.release()

    def close(self) -> None:
        """Close the kept connection; a later call opens a new one."""
        with self._turn:
            if self._line is not None:
                self._line.close()
                self._line = None

    def _ask(self, request: requests.PreparedRequest, ends: float, most: int) -> Answer:
        self._left_behind = [thread for thread in self._left_behind if thread.is_alive()]
        if len(self._left_behind) >= MOST_LEFT_BEHIND:
            raise NetworkFault(
                NetworkTrouble.BUSY,
                f"{self._server.host}: {MOST_LEFT_BEHIND} earlier calls still hang; does this machine's name server "
                f"answer?",
            )
        line = self._take_line()
        done: Future[Answer] = Future()
        thread = threading.Thread(target=_work, args=(line, request, ends, most, done), name="net", daemon=True)
        thread.start()
        try:
            answer = done.result(max(ends - time.monotonic(), 0))
        except TimeoutError:
            if done.cancel():
                line.cut()
                self._left_behind.append(thread)
                raise NetworkFault(
                    NetworkTrouble.TIMEOUT, f"{self._server.host}: no whole answer in time; is the network up?"
                ) from None
            answer = done.result()
        self._line = line
        return answer

    def _take_line(self) -> Line:
        """The kept connection where it is young enough; it is put back after a good answer."""
        line, self._line = self._line, None
        if line is not None and time.monotonic() - line.used_at > MOST_IDLE_S:
            line.close()
            line = None
        return line or Line(self._server)


def _work(line: Line, request: requests.PreparedRequest, ends: float, most: int, done: Future[Answer]) -> None:
    """One call; whoever waits may have given up meanwhile, then nobody but this thread knows of the line."""
    try:
        answer = line.ask(request, ends, most)
    except BaseException as fault:  # noqa: BLE001 - whoever waits gets it
        line.close()
        if done.set_running_or_notify_cancel():
            done.set_exception(fault)
        return
    if done.set_running_or_notify_cancel():
        done.set_result(answer)
    else:
        line.close()
