"""An interface's answer, read: people with records, or which trouble it is. Pure.

Whatever is not plainly an answer by the adapter's tables is trouble: a login page, half of a document, a code that
nobody described, a time that is not here yet.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fleet.gateway.trouble import Trouble, Unavailable
from gate.errors import CredentialFault, RuleSetError, StatusUnavailable
from gate.model import Reason
from gate.rules.fields import decode
from gate.status.code_answer import read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from fleet.gateway.adapter import Adapter, Says
    from gate.credentials.code_issuers import CodeIssuer
    from gate.model import Records
    from gate.status.code_answer import Named

MOST_BYTES: Final = 256 * 1024
_GREATEST: Final = 1 << 63
"""Python takes long to write out much larger ones."""
AHEAD: Final = timedelta(minutes=5)
"""So far a clock over there may be ahead; gates take no more either."""
_STATUS: Final[Mapping[int, Trouble]] = {
    HTTPStatus.TOO_MANY_REQUESTS: Trouble.ITS_QUOTA,
    HTTPStatus.SERVICE_UNAVAILABLE: Trouble.MAINTENANCE,
}


def read(adapter: Adapter, tables: CodeIssuer, status: int, body: bytes, at: datetime) -> tuple[Named, ...]:
    """Whom the answer is about, and what it says of them; empty where it knows no such person.

    Args:
        adapter: whose answer.
        tables: what it means.
        status: of HTTP.
        body: at most ``MOST_BYTES``.
        at: when it came, with a zone.

    Raises:
        CredentialFault: what it says about a code, see ``read_answer``.
        Unavailable: it is no answer.
    """
    if status != HTTPStatus.OK:
        raise Unavailable(adapter.id, _STATUS.get(status, Trouble.NO_ANSWER))
    try:
        answer = decode(body, MOST_BYTES)
    except RuleSetError:
        raise Unavailable(adapter.id, Trouble.GARBLED) from None
    if not isinstance(answer, dict):
        raise Unavailable(adapter.id, Trouble.GARBLED)
    if adapter.says is not None and (trouble := _trouble(adapter.says, answer)) is not None:
        raise Unavailable(adapter.id, trouble)
    try:
        people = read_answer(tables, answer, at)
    except StatusUnavailable:
        raise Unavailable(adapter.id, Trouble.NO_ANSWER) from None
    except CredentialFault as fault:
        if adapter.asked_by != "code" and fault.reason is Reason.CODE_UNRECOGNISED:
            return ()
        raise
    if any(time > at + AHEAD for person in people for time in _times(person.records)):
        raise Unavailable(adapter.id, Trouble.CLOCK)
    return people


def _trouble(says: Says, answer: dict[str, Any]) -> Trouble | None:
    found: object = answer
    for name in says.field.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, int | str) or isinstance(found, bool):
        return None
    code = str(found) if isinstance(found, str) or abs(found) < _GREATEST else ""
    if code in says.again:
        return Trouble.AGAIN
    if code in says.maintenance:
        return Trouble.MAINTENANCE
    return Trouble.ITS_QUOTA if code in says.quota else None


def _times(records: Records) -> Iterator[datetime]:
    for kind in (records.codes, records.tests, records.vaccinations, records.travel, records.pop_ups):
        yield from (record.as_of for record in kind)
    for test in records.tests:
        yield from (time for time in (test.sampled_at, test.reported_at) if time is not None)
