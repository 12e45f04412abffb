"""What a gate decides about each credential after so long without any network, for docs/offline.md.

Everything is as it was when the network went, at ``GONE``; nothing newer has come since. The last column is of a gate
whose lease is over. ``python tests/offline_table.py`` writes the table into the page.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from health_codes import NATIONAL, SHIPPED
from lane_rig import HERE, KEY, NO_GATEWAY, NothingHappened, Slot, Source, code
from permit_lists import number
from signed_certificates import Signer, content
from signed_codes import ISSUER, PERMIT, City
from status_lists import KEY as LIST_KEY
from status_lists import desk, opened, sorter
from vectors import ROOT

from drivers.simulated import id_cards
from gate.app.demo.people import healthy
from gate.app.judge import Judge
from gate.app.personal import WHY
from gate.credentials import hcert_issue
from gate.credentials.signed_content import Issue
from gate.lease import HOURS
from gate.model import Checkpoint, Moment, Outcome, PayloadKind, PermitRecord, Reading, Records
from gate.rules.eu_rules import EuRules
from gate.status.cache.meaning import meant
from gate.status.cache.publish import Terms
from gate.status.file import MissingStatus
from gate.trust import revocation_files
from gate.trust.revocation import RevocationIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gate.credentials.trusted import Trusted
    from gate.status.source import Found, StatusSource

PAGE: Final = ROOT / "docs/offline.md"
GONE: Final = datetime(2022, 6, 18, 2, tzinfo=UTC)
AFTER: Final = {
    "1 hour": timedelta(hours=1),
    "12 hours": timedelta(hours=12),
    "3 days": timedelta(days=3),
    "3 months": timedelta(days=90),
}
LEASE_OVER: Final = "lease over"
LEASE: Final = timedelta(hours=HOURS)
LISTS_LAST: Final = timedelta(days=2)
_TABLE: Final = re.compile(r"(?<=<!-- decisions -->\n).*?(?=<!-- end of decisions -->)", re.DOTALL)
_CITY: Final = City(
    "health_code", "permit", signer=Signer(*hcert_issue.throwaway_signer("XX", GONE - timedelta(days=30)))
)
_HEALTH: Final = Signer(*hcert_issue.throwaway_signer("XX", GONE - timedelta(days=30)))
ALONE: Final = replace(HERE, attended=False)


class Both:
    """The signers of the city and those of certificates."""

    def candidates(self, key_id: bytes) -> list[object]:
        return [*_CITY.candidates(key_id), *_HEALTH.anchors.candidates(key_id)]


def _trusted(lists_last: timedelta) -> Trusted:
    index = RevocationIndex.load(revocation_files.files({"XX": ()}, GONE, GONE + lists_last))
    return replace(SHIPPED, signers=Both(), revocations=index)  # type: ignore[arg-type]


def _card(_: datetime) -> Reading:
    return Reading("id-reader", PayloadKind.RESIDENT_ID_BLOCK, id_cards.citizen(1), time.monotonic())


def _signed_code(made: datetime, lasts: timedelta, known: Records) -> Reading:
    return code(_CITY.health_code(Issue(ISSUER, made, made + lasts), known))


def _fresh_code(now: datetime) -> Reading:
    made = now - timedelta(minutes=1)
    return _signed_code(made, timedelta(minutes=10), healthy(made))


def _printed_code(_: datetime) -> Reading:
    issue = Issue(ISSUER, GONE, GONE + timedelta(days=7), bytes(range(16)))
    return code(_CITY.health_code(issue, healthy(GONE)))


def _permit(_: datetime) -> Reading:
    until = GONE + timedelta(days=120)
    permit = replace(PERMIT, as_of=GONE, valid_from=GONE, valid_to=until, hours=None, zones=frozenset({"east-3"}))
    return code(_CITY.permit(permit, Issue(ISSUER, GONE, until, bytes(range(16)))))


def _certificate(group: str, **entry: str) -> Callable[[datetime], Reading]:
    def made(_: datetime) -> Reading:
        payload = content(group, **entry)
        expires = GONE + timedelta(days=365)
        text = hcert_issue.issue(payload, _HEALTH.private_key, _HEALTH.key_id, "XX", GONE, expires)
        return code(text.encode())

    return made


def _day(**before: float) -> str:
    return f"{GONE - timedelta(**before):%Y-%m-%d}"


_VACCINATED = _certificate("v", dt=_day(days=30))
_TESTED = _certificate("t", sc=f"{GONE - timedelta(hours=10):%Y-%m-%dT%H:%M:%SZ}")
_RECOVERED = _certificate("r", fr=_day(days=60), df=_day(days=49), du=_day(days=-120))
_YEAR: Final = timedelta(days=365)
_ZONE: Final = replace(HERE, zone="east-3", site_class="residential")


async def _records(_: bytes) -> Records:
    return healthy(GONE)


async def _with_permit(_: bytes) -> Records:
    until = GONE + timedelta(days=120)
    permit = PermitRecord("permit-list", GONE, frozenset({"east-3"}), GONE, until)
    return replace(healthy(GONE), permits=(permit,))


class _Exceptions:
    """Only the list of whoever is not green is held, which is good for 12 hours; the person is not on it."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    async def find(self, holders: Sequence[bytes]) -> Found:
        with tempfile.TemporaryDirectory() as folder:
            as_of = int(GONE.timestamp())
            desk(Path(folder)).whole(sorter({}), Terms(as_of, as_of + 12 * 3600, ("code",)))
            found = opened(Path(folder))
            said = [found.find(LIST_KEY.hash(holder)) for holder in holders]
            return meant(found, said, holders, self._moment)


@dataclass(frozen=True)
class Row:
    """What somebody presents, and where."""

    shows: Callable[[datetime], Reading]
    rules: str = "station-48h"
    place: Checkpoint = HERE
    lists_last: timedelta = _YEAR
    """Revocation lists of certificates."""
    held: Callable[[Moment], StatusSource] = lambda _: Source(_records)


ROWS: Final[dict[str, Row]] = {
    "ID card; what the city knew is held here": Row(_card, place=ALONE),
    "ID card; only the list of exceptions is held here": Row(_card, place=ALONE, held=_Exceptions),
    "ID card; nothing is held here, the city's gateway is asked": Row(_card, held=lambda _: MissingStatus("offline")),
    "ID card whose holder is on the list of permits, before a guard": Row(
        _card, "controlled-zone", _ZONE, held=lambda _: Source(_with_permit)
    ),
    "a number that is typed, or a code with nothing but one": Row(lambda _: code(number(1).encode())),
    "health code that only the city can read": Row(lambda _: code(NATIONAL)),
    "health code that the city signed a minute ago": Row(_fresh_code, place=ALONE),
    "health code that the city signed for 7 days, before a guard": Row(_printed_code),
    "the same, nobody watching": Row(_printed_code, place=ALONE),
    "signed permit for 120 days, before a guard": Row(_permit, "controlled-zone", _ZONE),
    "EU certificate of a vaccination": Row(_VACCINATED),
    "the same; the issuer's revocation list is good for 2 days": Row(_VACCINATED, lists_last=LISTS_LAST),
    "EU certificate of a test": Row(_TESTED),
    "EU certificate of a recovery": Row(_RECOVERED),
}


def decided(
    name: str, after: timedelta, *, clock_trusted: bool = True, trusted: Trusted | None = None, lease_over: bool = False
) -> str:
    """What a person gets, e.g. ``"pass"`` or ``"refer: data_stale"``."""
    row = ROWS[name]
    moment = Moment(GONE + after, trusted=clock_trusted)
    certificate_rules = json.loads((ROOT / "config/rules/certificates.json").read_text("utf-8"))

    class Believing:
        current = trusted or _trusted(row.lists_last)

    judge = Judge(
        checkpoint=row.place,
        directions={},
        rules=Slot(row.rules, None),
        certificate_rules=EuRules.from_json(certificate_rules),
        certificate_country="CN",
        trust=Believing(),
        status=MissingStatus(WHY) if lease_over else row.held(moment),
        gateway=NO_GATEWAY,
        history=NothingHappened(),
        status_deadline_s=5,
        key=KEY,
    )
    (judgement,) = asyncio.run(judge.judge(row.shows(moment.at), moment, lambda _: 0))
    decision = judgement.decision
    if decision.outcome is Outcome.PASS:
        return "pass"
    return f"{decision.outcome.value}: `{decision.reasons[0].value}`"


def table() -> str:
    """The decisions as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f"| presented | {' | '.join(AFTER)} | {LEASE_OVER} |"
    yield f"| --- |{' --- |' * (len(AFTER) + 1)}"
    for row in ROWS:
        cells = [decided(row, after) for after in AFTER.values()]
        yield f"| {row} | {' | '.join(cells)} | {decided(row, LEASE, lease_over=True)} |"


def brought_up_to_date(page: str) -> str:
    """The page with the table as it is now."""
    return _TABLE.sub(lambda _: table(), page)


if __name__ == "__main__":
    PAGE.write_text(brought_up_to_date(PAGE.read_text("utf-8")), "utf-8")
