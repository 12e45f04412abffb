"""What the issuer of a health code answers: whose code it is and what it says about each, by the issuer's own tables.

Pure: whoever asked hands over the decoded JSON. An answer that is not of the form that the adapter describes is no
answer at all: half an answer could be the better half. What is missing in a good answer makes no record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from gate.credentials.code_times import read_time
from gate.credentials.id_number import document_number_kind, upgrade_15_to_18
from gate.errors import CredentialFault, RuleSetError, StatusUnavailable
from gate.model import (
    CodeRecord,
    Colour,
    Document,
    DocumentType,
    PopUpRecord,
    Reason,
    Records,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)
from gate.rules.fields import decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gate.credentials.code_answers import Answers, Doses, Tests, Time, YesNo
    from gate.credentials.code_issuers import CodeIssuer

MOST_HOLDERS: Final = 10
"""One code may name a family."""
_MOST_TESTS: Final = 50
_MOST_DOSES: Final = 20
_MOST_INNER_BYTES: Final = 16 * 1024
_MOST_NUMBER: Final = 24
_IDENTITY: Final = frozenset(
    {DocumentType.RESIDENT_ID, DocumentType.HMT_RESIDENCE, DocumentType.PERMANENT_RESIDENCE},
)
"""Documents whose number tells itself which it is."""


@dataclass(frozen=True, slots=True)
class Named:
    """One of those whom a code stands for."""

    document: Document
    """Becomes a pseudonym at once; nothing else about the person is read."""
    records: Records


def read_answer(issuer: CodeIssuer, answer: Mapping[str, Any], at: datetime) -> tuple[Named, ...]:
    """Read a provider's answer.

    Args:
        issuer: whose tables are meant.
        answer: the decoded JSON.
        at: when it was answered, with a zone; records are of then where the answer names no time of its own.

    Returns:
        Everybody whom the code stands for, at least one.

    Raises:
        CredentialFault: ``CODE_TOO_OLD``, the provider says that the code is past its life; ``CODE_UNRECOGNISED``, it
            knows no such code, or nobody by it; ``HOLDER_UNKNOWN``, it does not say (or hides) by which document
            somebody is known.
        StatusUnavailable: it is busy, refuses the asker, says something that its table does not hold, or what it says
            is not of the form that its tables describe.
    """
    if issuer.answers is None:
        raise StatusUnavailable(f"{issuer.id}: nobody described what its answers mean")
    reader = _Reader(issuer, issuer.answers, at)
    reader.check_outcome(answer)
    people = reader.people(answer)
    if not people:
        raise CredentialFault(Reason.CODE_UNRECOGNISED, f"{issuer.id}: the code stands for nobody")
    return tuple(Named(reader.document(person), reader.records(person)) for person in people)


@dataclass(frozen=True, slots=True)
class _Reader:
    """One answer's reader: what is missing, null or empty is absent; whatever else can't be read is a fault."""

    issuer: CodeIssuer
    tables: Answers
    at: datetime

    def check_outcome(self, answer: Mapping[str, Any]) -> None:
        outcome = self.tables.outcome
        if outcome is None:
            return
        said = self._state(answer, outcome.field)
        if said in outcome.expired:
            raise CredentialFault(Reason.CODE_TOO_OLD, f"{self.issuer.id}: its issuer says that it is past its life")
        if said in outcome.not_found:
            raise CredentialFault(Reason.CODE_UNRECOGNISED, f"{self.issuer.id}: its issuer knows no such code")
        if said not in outcome.ok:
            raise StatusUnavailable(f"{self.issuer.id}: its provider has no answer now")

    def people(self, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        if self.tables.people is None:
            return [answer]
        return self._list(answer, self.tables.people, MOST_HOLDERS)

    def document(self, person: Mapping[str, Any]) -> Document:
        number = self._find(person, self.tables.number)
        kind = document_number_kind(number) if isinstance(number, str) and len(number) <= _MOST_NUMBER else None
        if self.tables.document_type is not None:
            said = self.tables.document_types.get(self._state(person, self.tables.document_type) or "")
            kind = kind if said in _IDENTITY else said
        if kind is None or not isinstance(number, str):
            self._hidden()
        number = number.strip().upper()
        if not (number.isascii() and number.isalnum() and len(number) <= _MOST_NUMBER):
            self._hidden()
        if kind in _IDENTITY and number.isdigit() and len(number) == 15:  # noqa: PLR2004 - the old form, known by the new
            number = upgrade_15_to_18(number)
        return Document(kind, number)

    def records(self, person: Mapping[str, Any]) -> Records:
        as_of = self._time(person, self.tables.as_of) or self.at
        code, tests, doses = self.tables.code, self.tables.tests, self.tables.vaccination
        return Records(
            codes=() if code is None else tuple(self._code(person, as_of)),
            tests=() if tests is None else tuple(self._tests(person, tests, as_of)),
            vaccinations=() if doses is None else tuple(self._doses(person, doses, as_of)),
            travel=tuple(TravelRecord(self.issuer.id, as_of, is_so) for is_so in self._yes(person, self.tables.travel)),
            pop_ups=tuple(PopUpRecord(self.issuer.id, as_of, is_so) for is_so in self._yes(person, self.tables.pop_up)),
        )

    def _code(self, person: Mapping[str, Any], as_of: datetime) -> Iterator[CodeRecord]:
        table = self.tables.code
        if table is not None and _there(value := self._find(person, table.field)):
            yield CodeRecord(self.issuer.id, as_of, table.colours.get(_state(value) or "", Colour.UNKNOWN))

    def _tests(self, person: Mapping[str, Any], table: Tests, as_of: datetime) -> Iterator[TestRecord]:
        for test in [person] if table.each is None else self._list(person, table.each, _MOST_TESTS):
            result = table.results.get(self._state(test, table.result) or "")
            if result is None:
                continue
            sampled_at, reported_at = self._time(test, table.sampled_at), self._time(test, table.reported_at)
            if sampled_at is None:
                if result is TestResult.NEGATIVE:
                    continue  # nobody knows how old it is
                sampled_at = as_of  # what speaks against somebody is not lost for want of a time
            if reported_at is None and result is not TestResult.PENDING:
                reported_at = sampled_at  # it was known later, if anything: so it counts as older than it is
            yield TestRecord(self.issuer.id, as_of, result, sampled_at, reported_at)

    def _doses(self, person: Mapping[str, Any], table: Doses, as_of: datetime) -> Iterator[VaccinationRecord]:
        value = self._find(person, table.field)
        if not _there(value):
            return
        text = _state(value)
        if text is None or not (text.isascii() and text.isdigit()) or len(text) > 2 or int(text) > _MOST_DOSES:  # noqa: PLR2004
            self._malformed(table.field)
        yield VaccinationRecord(self.issuer.id, as_of, int(text), self._time(person, table.last_dose_at))

    def _yes(self, person: Mapping[str, Any], table: YesNo | None) -> Iterator[bool]:
        if table is not None and (is_so := table.states.get(self._state(person, table.field) or "")) is not None:
            yield is_so

    def _time(self, where: Mapping[str, Any], time: Time | None) -> datetime | None:
        if time is None or not _there(value := self._find(where, time.field)):
            return None
        at = read_time(value, time.form, self.issuer.zone)
        if at is None:
            self._malformed(time.field)
        return at

    def _state(self, where: Mapping[str, Any], path: str) -> str | None:
        return _state(self._find(where, path))

    def _list(self, where: Mapping[str, Any], path: str, most: int) -> list[Mapping[str, Any]]:
        found = self._find(where, path)
        if not _there(found):
            return []
        if isinstance(found, str):
            found = self._opened(found, path)
        if not isinstance(found, list) or len(found) > most or not all(isinstance(item, Mapping) for item in found):
            self._malformed(path)
        return found

    def _find(self, where: Mapping[str, Any], path: str) -> object:
        """What stands there; None where nothing does. A text on the way is opened as the JSON that it has to be."""
        found: object = where
        for name in path.split("."):
            if isinstance(found, str) and found:
                found = self._opened(found, path)
            if not _there(found):
                return None
            if not isinstance(found, Mapping):
                self._malformed(path)
            found = found.get(name)
        return found

    def _opened(self, text: str, path: str) -> object:
        try:
            return decode(text.encode("utf-8", "surrogatepass"), _MOST_INNER_BYTES)
        except RuleSetError:
            self._malformed(path)

    def _malformed(self, path: str) -> NoReturn:
        raise StatusUnavailable(f"{self.issuer.id}: {path} is not of the form that its adapter says")

    def _hidden(self) -> NoReturn:
        raise CredentialFault(Reason.HOLDER_UNKNOWN, f"{self.issuer.id}: no document by which somebody could be known")


def _there(value: object) -> bool:
    return value is not None and value != ""


def _state(value: object) -> str | None:
    """A number or word of a table as its text; None for what can be none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 63 else None
    return value.strip() if isinstance(value, str) else None
