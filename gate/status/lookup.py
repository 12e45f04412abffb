"""Records from the city's gateway, asked while the person waits: one deadline over everything, one kept connection.

A gateway that failed several times is left alone for a while (``gate.net.breaker``), so that not everybody waits for it
in vain. Every answer also shows what time it is there, see ``gate.clock``.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from concurrent.futures import Future
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from gate.errors import CredentialFault, NetworkFault, StatusUnavailable, WireFault
from gate.model import Reason
from gate.net.breaker import Breaker
from gate.status.source import Found
from gate.wire import message, status
from gate.wire.records import records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import msgspec

    from gate.model import CodeReference
    from gate.net.client import Client

_FAULTS: Final = {
    status.CodeState.TOO_OLD: Reason.CODE_TOO_OLD,
    status.CodeState.UNRECOGNISED: Reason.CODE_UNRECOGNISED,
    status.CodeState.NOBODY_NAMED: Reason.HOLDER_UNKNOWN,
    status.CodeState.NOT_SERVED: Reason.GATEWAY_MISSING,
}
T = TypeVar("T")


class Lookup:
    """A ``StatusSource`` and a ``CodeGateway``; asked from the event loop.

    Args:
        client: of the gateway.
        deadline_s: for one question, name server to last byte.
        heard: told what time it is there, from a thread, wherever the gateway says so and proved who it is.
        changed: told why it does not answer any more, or None once it does again.
        token: gives what this gate shows to be believed, None where nothing is needed, at once; or raises
            ``StatusUnavailable``. Without it nothing is shown.
    """

    def __init__(
        self,
        client: Client,
        deadline_s: float,
        heard: Callable[[datetime], None],
        changed: Callable[[str | None], None],
        token: Callable[[], str | None] | None = None,
    ) -> None:
        self._client = client
        self._deadline_s = deadline_s
        self._heard = heard
        self._changed = changed
        self._token = token
        self._breaker = Breaker()
        self._out = False

    async def find(self, holders: Sequence[bytes]) -> Found:
        question = status.HolderQuestion(tuple(holders[: status.MOST_DOCUMENTS]))
        answer = await self._ask(status.HOLDER_PATH, question, status.HolderAnswer)
        return _found(answer.person)

    async def resolve(self, reference: CodeReference) -> Sequence[Found]:
        question = status.CodeQuestion(reference.issuer, reference.token)
        answer = await self._ask(status.CODE_PATH, question, status.CodeAnswer)
        if answer.state is not status.CodeState.GOOD:
            raise CredentialFault(_FAULTS[answer.state], f"{reference.issuer}: the gateway says {answer.state}")
        if not answer.people:
            raise CredentialFault(Reason.CODE_UNRECOGNISED, f"{reference.issuer}: the code stands for nobody")
        return [_found(person) for person in answer.people]

    async def _ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        if not self._breaker.lets_ask(time.monotonic()):
            raise StatusUnavailable("the gateway failed just now and is left alone for a while")
        headers = self._headers()
        self._breaker = self._breaker.asking()
        try:
            answer = await _aside(lambda: self._exchange(path, headers, message.encode(question), kind))
        except asyncio.CancelledError:
            self._failed("nobody waited for the answer")
            raise
        except (NetworkFault, WireFault) as fault:
            self._failed(str(fault))
            raise StatusUnavailable(str(fault)) from None
        self._breaker = self._breaker.answered()
        if self._out:
            self._out = False
            self._changed(None)
        return answer

    def _headers(self) -> dict[str, str]:
        """Of a question.

        Raises:
            StatusUnavailable: there is no token to show.
        """
        headers = {"Content-Type": message.MEDIA_TYPE, "Accept": message.MEDIA_TYPE}
        try:
            token = None if self._token is None else self._token()
        except StatusUnavailable as fault:
            self._lost(str(fault))  # which is no fault of the gateway's: it is asked again as soon as there is one
            raise
        return headers if token is None else {**headers, "Authorization": f"Bearer {token}"}

    def _failed(self, why: str) -> None:
        self._breaker = self._breaker.failed(time.monotonic(), random.random())  # noqa: S311 - spreads load, no secret
        self._lost(why)

    def _lost(self, why: str) -> None:
        if not self._out:
            self._out = True
            self._changed(why)

    def _exchange(self, path: str, headers: dict[str, str], body: bytes, kind: type[T]) -> T:
        """Ask; in a thread of its own.

        Raises:
            NetworkFault: no answer.
            WireFault: an answer that is none.
        """
        answer = self._client.request(
            "POST",
            path,
            body=body,
            headers=headers,
            deadline_s=self._deadline_s,
            most_bytes=status.MOST_ANSWER_BYTES,
        )
        if answer.date is not None:
            self._heard(answer.date)
        content_type = answer.headers.get("content-type")
        if answer.status != HTTPStatus.OK:
            raise WireFault(f"the gateway refuses: {_refusal(answer.status, content_type, answer.body)}")
        return message.answer(content_type, answer.body, kind)


def _refusal(number: int, content_type: str | None, body: bytes) -> str:
    """What a refusal says, where it is the contract's own."""
    try:
        return f"{number}, {message.answer(content_type, body, message.Problem).why}"
    except WireFault:
        return f"{number}, and not in the words of the contract"


def _found(person: status.Person) -> Found:
    return Found(person.holder, None if person.known is None else records_of(person.known))


async def _aside(work: Callable[[], T]) -> T:
    """Do it in a daemon thread; the client's deadline ends it."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as fault:  # noqa: BLE001 - whoever waits gets it
            if done.set_running_or_notify_cancel():
                done.set_exception(fault)
            return
        if done.set_running_or_notify_cancel():
            done.set_result(result)

    threading.Thread(target=run, name="lookup", daemon=True).start()
    return await asyncio.wrap_future(done)
