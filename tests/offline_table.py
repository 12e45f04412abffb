"""What a gate decides about each credential after so long without any network, for docs/offline.md.

Everything is as it was when the network went, at ``GONE``; nothing newer has come since. ``python
tests/offline_table.py`` writes the table into the page.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from health_codes import NATIONAL, SHIPPED
from lane_rig import HERE, KEY, NO_GATEWAY, NothingHappened, Slot, Source, code
from signed_certificates import Signer, content
from signed_codes import ISSUER, PERMIT, City
from vectors import ROOT

from drivers.simulated import id_cards
from gate.app.demo.people import healthy
from gate.app.judge import Judge
from gate.credentials import hcert_issue
from gate.credentials.signed_content import Issue
from gate.model import Checkpoint, Moment, Outcome, PayloadKind, Reading, Records
from gate.rules.eu_rules import EuRules
from gate.trust import revocation_files
from gate.trust.revocation import RevocationIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gate.credentials.trusted import Trusted

PAGE: Final = ROOT / "docs/offline.md"
GONE: Final = datetime(2022, 6, 18, 2, tzinfo=UTC)
AFTER: Final = {
    "1 hour": timedelta(hours=1),
    "12 hours": timedelta(hours=12),
    "3 days": timedelta(days=3),
    "3 months": timedelta(days=90),
}
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

ROWS: Final[dict[str, tuple[Callable[[datetime], Reading], str, Checkpoint, timedelta]]] = {
    "ID card; what the city knew is held here": (_card, "station-48h", ALONE, _YEAR),
    "health code that only the city can read": (lambda _: code(NATIONAL), "station-48h", HERE, _YEAR),
    "health code that the city signed a minute ago": (_fresh_code, "station-48h", ALONE, _YEAR),
    "health code that the city signed for 7 days, before a guard": (_printed_code, "station-48h", HERE, _YEAR),
    "the same, nobody watching": (_printed_code, "station-48h", ALONE, _YEAR),
    "signed permit for 120 days, before a guard": (_permit, "controlled-zone", _ZONE, _YEAR),
    "EU certificate of a vaccination": (_VACCINATED, "station-48h", HERE, _YEAR),
    "the same; the issuer's revocation list is good for 2 days": (_VACCINATED, "station-48h", HERE, LISTS_LAST),
    "EU certificate of a test": (_TESTED, "station-48h", HERE, _YEAR),
    "EU certificate of a recovery": (_RECOVERED, "station-48h", HERE, _YEAR),
}


def decided(row: str, after: timedelta, *, clock_trusted: bool = True, trusted: Trusted | None = None) -> str:
    """What a person gets, e.g. ``"pass"`` or ``"refer: data_stale"``."""
    reading_of, rules, place, lists_last = ROWS[row]
    moment = Moment(GONE + after, trusted=clock_trusted)
    certificate_rules = json.loads((ROOT / "config/rules/certificates.json").read_text("utf-8"))

    async def known(_: bytes) -> Records:
        return healthy(GONE)

    class Believing:
        current = trusted or _trusted(lists_last)

    judge = Judge(
        checkpoint=place,
        directions={},
        rules=Slot(rules, None),
        certificate_rules=EuRules.from_json(certificate_rules),
        certificate_country="CN",
        trust=Believing(),
        status=Source(known),
        gateway=NO_GATEWAY,
        history=NothingHappened(),
        status_deadline_s=5,
        key=KEY,
    )
    (judgement,) = asyncio.run(judge.judge(reading_of(moment.at), moment, lambda _: 0))
    decision = judgement.decision
    if decision.outcome is Outcome.PASS:
        return "pass"
    return f"{decision.outcome.value}: `{decision.reasons[0].value}`"


def table() -> str:
    """The decisions as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f"| presented | {' | '.join(AFTER)} |"
    yield f"| --- |{' --- |' * len(AFTER)}"
    for row in ROWS:
        yield f"| {row} | {' | '.join(decided(row, after) for after in AFTER.values())} |"


def brought_up_to_date(page: str) -> str:
    """The page with the table as it is now."""
    return _TABLE.sub(lambda _: table(), page)


if __name__ == "__main__":
    PAGE.write_text(brought_up_to_date(PAGE.read_text("utf-8")), "utf-8")
