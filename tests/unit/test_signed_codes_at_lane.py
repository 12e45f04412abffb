"""What a city's own codes do at a lane: facts that nobody else knows, and what their silence means."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lane_rig import HERE, KEY, Rig, code, serve
from signed_certificates import Signer
from signed_codes import HOLDER, IDENTIFIER, ISSUER, PERMIT, City

from drivers.simulated import id_cards
from gate.app.demo.people import healthy
from gate.credentials import hcert_issue, resident_id, signed_health_code
from gate.credentials.revocation import NothingRevoked
from gate.credentials.signed_content import Issue
from gate.credentials.signer import ANY_USAGE
from gate.credentials.trusted import Trusted
from gate.model import Checkpoint, Direction, Holder, PermitRecord, PopUpRecord, Records

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

ZONE = Checkpoint("c", "residential", "1", Direction.IN, attended=True, zone="east-3")
NOW = datetime.now(UTC).replace(microsecond=0)
CITY = City("health_code", "permit", signer=Signer(*hcert_issue.throwaway_signer("XX", NOW - timedelta(days=30))))
TRUSTED = Trusted(CITY, NothingRevoked())


def life() -> Issue:
    """Of a code that was issued a minute ago."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Issue(ISSUER, now - timedelta(minutes=1), now + timedelta(minutes=9))


async def nobody(_: bytes) -> Records | None:
    return None


def known(records: Records) -> Callable[[bytes], Awaitable[Records | None]]:
    async def answer(holder: bytes) -> Records | None:
        return records if holder == HOLDER.pseudonym else None

    return answer


def said(
    folder: Path,
    text: bytes,
    answer: Callable[[bytes], Awaitable[Records | None]] = nobody,
    *,
    rules: str = "station-48h",
    place: Checkpoint = HERE,
    trusted: Trusted = TRUSTED,
) -> list[tuple[str, str, str]]:
    """Outcome, reasons and credential of the one row that comes of it."""
    found: list[tuple[str, str, str]] = []

    async def scenario(rig: Rig) -> None:
        rig.service.take(code(text))
        await rig.observed.until("said")
        await rig.settled()
        db = sqlite3.connect(rig.path)
        try:
            found.extend(db.execute("SELECT outcome, reasons, credential FROM passages").fetchall())
        finally:
            db.close()

    serve(folder, scenario, answer, rules=rules, place=place, trusted=trusted)
    return found


def healthy_code() -> bytes:
    issue = life()
    return CITY.health_code(issue, healthy(issue.issued_at))


def test_a_health_code_lets_in_somebody_whom_no_list_here_knows(tmp_path: Path) -> None:
    assert said(tmp_path, healthy_code()) == [("pass", '["green_code"]', "health_code")]


def test_what_a_city_does_not_say_in_a_health_code_is_not_there(tmp_path: Path) -> None:
    issue = life()
    records = replace(healthy(issue.issued_at), tests=())
    assert said(tmp_path, CITY.health_code(issue, records)) == [("refer", '["test_none"]', "health_code")]


def test_newer_and_worse_news_than_the_code_counts(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    news = Records(pop_ups=(PopUpRecord("city", now, active=True),))
    assert said(tmp_path, healthy_code(), known(news)) == [("refer", '["pop_up"]', "health_code")]


def test_a_screenshot_is_too_old_and_may_be_refreshed(tmp_path: Path) -> None:
    old = Issue(ISSUER, NOW - timedelta(minutes=12), NOW - timedelta(minutes=2))
    text = CITY.health_code(old, healthy(old.issued_at))
    assert said(tmp_path, text) == [("retry", '["code_too_old"]', "health_code")]


def test_a_signer_of_certificates_lets_nobody_in_by_a_health_code(tmp_path: Path) -> None:
    other = City(*ANY_USAGE, signer=CITY.signer)
    found = said(tmp_path, healthy_code(), trusted=Trusted(other, NothingRevoked()))
    assert found == [("refer", '["certificate_unacceptable"]', "health_code")]


# --- permits -------------------------------------------------------------------------------------------------------


ALWAYS = replace(PERMIT, hours=None, valid_from=NOW - timedelta(days=1), valid_to=NOW + timedelta(days=6))


def permit(said: PermitRecord = ALWAYS) -> bytes:
    return CITY.permit(said, Issue(ISSUER, NOW - timedelta(days=1), NOW + timedelta(days=6), IDENTIFIER))


TESTED = known(Records(tests=healthy(NOW).tests))


def test_a_permit_and_a_test_that_the_city_knows_of_let_in(tmp_path: Path) -> None:
    found = said(tmp_path, permit(), TESTED, rules="controlled-zone", place=ZONE)
    assert found == [("pass", '["permitted"]', "permit")]


def test_of_whom_only_a_permit_speaks_nothing_else_is_known(tmp_path: Path) -> None:
    ((outcome, reasons, kind),) = said(tmp_path, permit(), rules="controlled-zone", place=ZONE)
    assert (outcome, kind) == ("refer", "permit")
    assert reasons.startswith('["holder_unknown"')
    assert "test_unknown" in reasons
    assert "test_none" not in reasons, "who issues permits knows nothing about tests"


def test_a_permit_for_elsewhere_or_used_up_does_not(tmp_path: Path) -> None:
    elsewhere, used_up = replace(ALWAYS, zones=frozenset({"west-1"})), replace(ALWAYS, entries_left=0)
    for permit_, reason in ((elsewhere, "permit_zone"), (used_up, "permit_entries")):
        folder = tmp_path / reason
        folder.mkdir()
        found = said(folder, permit(permit_), TESTED, rules="controlled-zone", place=ZONE)
        assert found == [("refer", f'["{reason}"]', "permit")]


def test_where_nobody_watches_a_permit_that_can_be_copied_asks_for_the_card(tmp_path: Path) -> None:
    found = said(tmp_path, permit(), TESTED, rules="controlled-zone", place=replace(ZONE, attended=False))
    assert found == [("retry", '["card_required"]', "permit")]


def test_the_city_finds_the_holder_of_a_code_under_the_number_of_the_card(tmp_path: Path) -> None:
    holder = resident_id.parse(id_cards.citizen(1)).holder
    assert holder is not None
    assert holder.document is not None
    pseudonym = KEY.pseudonym(holder.document)
    text = CITY.sign(signed_health_code.claims(Holder("甲", pseudonym=pseudonym), Records(), life()))

    async def answer(asked: bytes) -> Records | None:
        return healthy(datetime.now(UTC)) if asked == pseudonym else None

    assert said(tmp_path, text, answer) == [("pass", '["green_code"]', "health_code")]
