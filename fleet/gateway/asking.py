"""One question of a gate's, put to every interface that knows something of it.

Half an answer could be the better half: where one interface has none there is none, unless what is there already
speaks against the person. An answer about another number than the one that was asked for is no answer either.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from fleet.gateway.together import is_adverse, together
from fleet.gateway.trouble import Trouble, Unavailable
from gate.errors import CredentialFault
from gate.model import Reason
from gate.wire.records import known_of
from gate.wire.status import CodeAnswer, CodeQuestion, CodeState, HolderAnswer, HolderQuestion, Person

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator, Sequence

    from fleet.gateway.interface import Interface
    from gate.pseudonym import PseudonymKey
    from gate.status.code_answer import Named

NAME: Final = "the gateway"
_STATES: Final = {
    Reason.CODE_TOO_OLD: CodeState.TOO_OLD,
    Reason.CODE_UNRECOGNISED: CodeState.UNRECOGNISED,
    Reason.HOLDER_UNKNOWN: CodeState.NOBODY_NAMED,
}
Question = HolderQuestion | CodeQuestion


class Asking:
    """Asks from the event loop.

    Args:
        interfaces: all of them; one at most for each issuer of codes.
        pseudonyms: the fleet's key, by which gates name people.
    """

    def __init__(self, interfaces: Sequence[Interface], pseudonyms: PseudonymKey) -> None:
        self._issuers = {one.adapter.issuer: one for one in interfaces if one.adapter.asked_by == "code"}
        self._registers = [one for one in interfaces if one.adapter.asked_by == "pseudonym"]
        self._numbered = [one for one in interfaces if one.adapter.asked_by == "number"]
        self._pseudonyms = pseudonyms

    async def ask(self, question: Question, gate: str, ends: float) -> HolderAnswer | CodeAnswer:
        """The whole answer.

        Args:
            question: a gate's.
            gate: which.
            ends: when there must be an answer (s, monotonic).

        Raises:
            Unavailable: there is none.
        """
        call = _Call(gate, ends, self._pseudonyms)
        if isinstance(question, CodeQuestion):
            return await self._code(question, call)
        return await self._holder(question, call)

    async def _code(self, question: CodeQuestion, call: _Call) -> CodeAnswer:
        if (issuer := self._issuers.get(question.issuer)) is None:
            return CodeAnswer(CodeState.NOT_SERVED)
        try:
            named = await issuer.ask(question.token, call.gate, call.ends, bool)
        except CredentialFault as fault:
            return CodeAnswer(_STATES[fault.reason])
        people = await asyncio.gather(*(self._of_code(one, call) for one in named))
        return CodeAnswer(CodeState.GOOD, tuple(people))

    async def _of_code(self, named: Named, call: _Call) -> Person:
        holder = self._pseudonyms.pseudonym(named.document)
        call = call.begun()
        call.people.append(named)
        await call.all([*self._register_questions(holder, call), *self._number_questions([named], call)])
        return call.person(holder)

    async def _holder(self, question: HolderQuestion, call: _Call) -> HolderAnswer:
        if not self._registers:
            raise Unavailable(NAME, Trouble.NOBODY)
        holders = tuple(dict.fromkeys(question.holders))
        await call.all([asked for holder in holders for asked in self._register_questions(holder, call)])
        known = {self._pseudonyms.pseudonym(named.document): named for named in call.people}
        await call.all(list(self._number_questions(known.values(), call)))
        return HolderAnswer(call.person(next((holder for holder in holders if holder in known), holders[0])))

    def _register_questions(self, holder: bytes, call: _Call) -> Iterator[Coroutine[None, None, None]]:
        for register in self._registers:
            yield call.one(register, holder.hex(), holder)

    def _number_questions(self, people: Iterable[Named], call: _Call) -> Iterator[Coroutine[None, None, None]]:
        for named in people:
            for interface in self._numbered:
                if named.document.type in interface.adapter.documents:
                    yield call.one(interface, named.document.number, self._pseudonyms.pseudonym(named.document))


class _Call:
    """What came of asking about one person."""

    def __init__(self, gate: str, ends: float, pseudonyms: PseudonymKey) -> None:
        self.gate = gate
        self.ends = ends
        self.people: list[Named] = []
        self._pseudonyms = pseudonyms
        self._trouble: Unavailable | None = None

    def begun(self) -> _Call:
        """The same for another person of the same question."""
        return _Call(self.gate, self.ends, self._pseudonyms)

    async def all(self, questions: Sequence[Coroutine[None, None, None]]) -> None:
        """Ask all at once."""
        await asyncio.gather(*questions)

    async def one(self, interface: Interface, asked: str, holder: bytes) -> None:
        """Ask one interface about the one person behind a pseudonym."""
        try:
            self.people += await interface.ask(
                asked, self.gate, self.ends, lambda people: self._is_only(holder, people)
            )
        except Unavailable as trouble:
            self._trouble = trouble
        except CredentialFault:  # it hides whom it speaks of
            self._trouble = Unavailable(interface.adapter.id, Trouble.SOMEBODY_ELSE)

    def _is_only(self, holder: bytes, people: tuple[Named, ...]) -> bool:
        """Whether they are this one person, or nobody."""
        return len(people) <= 1 and all(self._pseudonyms.pseudonym(one.document) == holder for one in people)

    def person(self, holder: bytes) -> Person:
        """As a gate is told.

        Raises:
            Unavailable: something is missing, and nothing speaks against the person so far.
        """
        records = together([named.records for named in self.people])
        if self._trouble is not None and not is_adverse(records):
            raise self._trouble
        try:
            return Person(holder, known_of(records) if self.people else None)
        except msgspec.ValidationError:
            raise Unavailable(NAME, Trouble.TOO_MUCH) from None
