"""Colours set by hand: with reason, source and end; in bulk and in unusual number only by two; nobody in clear."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fleet_desk import Desk, Person
from hypothesis import given
from hypothesis import strategies as st
from permit_lists import holder, number
from status_lists import KEY as LIST_KEY

from fleet.flags.volume import LEAST, limit
from gate.model import Moment, Records
from gate.status.cache.folder import ListFolder
from gate.status.cache.meaning import meant
from gate.trust import status_signers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_rig import FleetServer


@pytest.fixture
def desk(fleet_server: FleetServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Without the flags of other tests, and with the fleet's key."""
    key = tmp_path / "pseudonym.key"
    key.touch(0o600)
    key.write_bytes(bytes(32))
    monkeypatch.setenv("FLEET_PSEUDONYM_KEY", str(key))
    fleet_server.sql("TRUNCATE flags, flag_changes CASCADE")
    fleet_server.sql("DELETE FROM alarms WHERE kind = 'flags'")
    yield Desk(fleet_server)
    fleet_server.sql("TRUNCATE flags, flag_changes CASCADE")


def fields(desk: Desk, **changes: str) -> dict[str, str]:
    ((district,),) = desk.server.sql("SELECT id FROM districts WHERE name = %s", desk.district)
    usual = {"district": str(district), "colour": "red", "reason": "contact", "agency": "cdc", "days": "7"}
    return {**usual, **changes}


def one(desk: Desk, person: Person, sequence: int = 1, /, **changes: Any) -> Any:
    return person.post("/flags/", **fields(desk, document="resident_id", number=number(sequence), **changes))


def many(desk: Desk, person: Person, text: str | range, **changes: str) -> Any:
    if isinstance(text, range):
        text = "document,number\n" + "".join(f"resident_id,{number(n)}\n" for n in text)
    file = io.BytesIO(text.encode())
    file.name = "people.csv"
    return person.post("/flags/many", file=file, **fields(desk, **changes))  # type: ignore[arg-type]


def counting(desk: Desk, after: timedelta = timedelta()) -> dict[bytes, str]:
    """Whoever has a flag that counts, at some later time."""
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by the fixture

    from fleet.flags.changes import in_force  # noqa: PLC0415 - the same

    assert desk.district
    found = in_force(timezone.now() + after).filter(change__district__name=desk.district)
    return {bytes(who): colour for who, colour in found.values_list("holder", "change__colour")}


def changes(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.server.sql("SELECT people, held_for, state, asked_by, decided_by FROM flag_changes ORDER BY id")


def newest(desk: Desk) -> int:
    return int(desk.server.sql("SELECT max(id) FROM flag_changes")[0][0])


def test_one_person_is_flagged_at_once_and_it_ends_by_itself(desk: Desk) -> None:
    user = desk.user(may_change=True)
    assert one(desk, Person(user)).status_code == 302
    assert counting(desk) == {holder(1): "red"}
    assert counting(desk, timedelta(days=6, hours=23)) == {holder(1): "red"}
    assert counting(desk, timedelta(days=7, minutes=1)) == {}
    ((what, subject, detail),) = desk.did(user)
    assert (what, subject) == ("flag", holder(1).hex())
    assert "red contact by cdc until" in detail
    assert "1 people" in detail


def test_no_number_is_in_the_database_nor_in_its_audit(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    one(desk, person, 3)
    many(desk, person, range(4, 6))
    person.post("/flags/person", document="resident_id", number=number(3), why="the hotline asked")
    for table in ("flags", "flag_changes", "audit", "alarms", "django_session"):
        found = desk.server.sql(f"SELECT t::text FROM {table} AS t")  # noqa: S608 - ours
        assert not any(number(n) in text or number(n)[:14] in text for (text,) in found for n in (3, 4, 5)), table


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "protest"},
        {"agency": "bank"},
        {"agency": ""},
        {"days": "0"},
        {"days": "22"},
        {"days": ""},
        {"colour": "black"},
        {"reason": "mistake"},
        {"colour": "lift"},
    ],
)
def test_what_has_no_known_reason_source_or_end_is_refused(desk: Desk, wrong: dict[str, str]) -> None:
    said = one(desk, Person(desk.user(may_change=True)), 1, **wrong)
    assert said.status_code == 200
    assert "errorlist" in said.content.decode()
    assert counting(desk) == {}
    assert changes(desk) == []


def test_two_people_count_only_when_somebody_else_has_looked(desk: Desk) -> None:
    asker, second = desk.user(may_change=True), desk.user(may_change=True)
    many(desk, Person(asker), range(1, 3))
    assert counting(desk) == {}
    path = f"/flags/{newest(desk)}/"
    assert "Somebody else has to look" in Person(asker).get(path)
    Person(asker).post(f"{path}decide", decision="accept", people="2")
    assert counting(desk) == {}, "not by the same account"
    page = Person(second).get(path)
    for part in ('<b class="count">2</b>', "close contact", "centre for disease control", asker.username):
        assert part in page
    Person(second).post(f"{path}decide", decision="accept", people="3")
    assert counting(desk) == {}, "the number was wrong"
    Person(second).post(f"{path}decide", decision="accept", people="2")
    assert counting(desk) == {holder(1): "red", holder(2): "red"}
    assert changes(desk) == [(2, "bulk", "accepted", asker.username, second.username)]
    assert [what for what, _, _ in desk.did(second)] == ["flags looked at", "flags accepted"]
    assert [what for what, _, _ in desk.did(asker)] == [*["flag asked for"] * 2, "flags looked at"]


def test_what_was_refused_counts_never(desk: Desk) -> None:
    many(desk, Person(desk.user(may_change=True)), range(1, 3))
    second = Person(desk.user(may_change=True))
    second.post(f"/flags/{newest(desk)}/decide", decision="refuse")
    assert changes(desk)[0][2] == "refused"
    second.post(f"/flags/{newest(desk)}/decide", decision="accept", people="2")
    assert counting(desk) == {}


def test_the_database_itself_takes_none_that_one_person_accepted(desk: Desk) -> None:
    many(desk, Person(desk.user(may_change=True)), range(1, 3))
    for change in ("decided_by = asked_by", "decided_by = ''", "held_for = '', decided_by = 'x'"):
        with pytest.raises(psycopg.errors.CheckViolation):
            desk.server.sql(f"UPDATE flag_changes SET state = 'accepted', {change}")  # noqa: S608 - ours
    with pytest.raises(psycopg.errors.CheckViolation):
        desk.server.sql("UPDATE flag_changes SET expires_at = asked_at + interval '22 days'")


def test_another_district_and_who_may_only_look_decide_and_see_nothing(desk: Desk) -> None:
    many(desk, Person(desk.user(may_change=True)), range(1, 3))
    path = f"/flags/{newest(desk)}/"
    stranger = Person(Desk(desk.server).user(may_change=True))
    stranger.get(path, 404)
    assert "close contact</td>" not in stranger.get("/flags/")
    looker = Person(desk.user(may_change=False))
    for person in (stranger, looker):
        person.post(f"{path}decide", decision="accept", people="2")
        one(desk, person)
    assert len(changes(desk)) == 1
    assert "decision" not in looker.get(path)
    assert counting(desk) == {}
    assert Person().client.get(path).status_code == 302
    assert looker.client.post(f"{path}decide", {"decision": "accept"}).status_code == 403, "nor from another page"


def test_more_than_is_usual_in_an_hour_is_held_and_alarms(desk: Desk) -> None:
    user, second = desk.user(may_change=True), desk.user(may_change=True)
    person = Person(user)
    for sequence in range(1, LEAST + 1):
        one(desk, person, sequence)
    assert len(counting(desk)) == LEAST
    one(desk, person, 90)
    assert len(counting(desk)) == LEAST, "the eleventh waits"
    assert "unusually many flags" in Person(second).get("/alarms/")
    assert "unusually many flags" not in Person(Desk(desk.server).user(may_change=True)).get("/alarms/")
    one(desk, person, 91, agency="health")
    assert len(counting(desk)) == LEAST, "nor do the flags of one account go by under another agency's name"
    for number_ in (newest(desk) - 1, newest(desk)):
        Person(second).post(f"/flags/{number_}/decide", decision="accept", people="1")
    assert len(counting(desk)) == LEAST + 2
    assert "unusually many flags" not in Person(second).get("/alarms/")
    assert ("flags unusual",) in desk.server.sql("SELECT what FROM audit WHERE who = %s", user.username)


def test_what_an_agency_did_in_other_hours_makes_it_usual(desk: Desk) -> None:
    person, second = Person(desk.user(may_change=True)), Person(desk.user(may_change=True))
    many(desk, person, range(1, 21))
    second.post(f"/flags/{newest(desk)}/decide", decision="accept", people="20")
    desk.server.sql("UPDATE flag_changes SET asked_at = asked_at - interval '3 hours'")
    many(desk, person, range(21, 51))
    assert changes(desk)[-1][1] == "bulk", "30 are three times what was usual"
    many(desk, person, range(51, 82))
    assert changes(desk)[-1][1] == "volume"


def test_an_alarm_for_flags_stays_until_somebody_decides(desk: Desk) -> None:
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by the fixture

    from fleet.console import watch  # noqa: PLC0415 - the same

    many(desk, Person(desk.user(may_change=True)), range(1, 20))
    watch.look(timezone.now())
    second = Person(desk.user(may_change=True))
    page = second.get("/alarms/")
    assert "unusually many flags" in page
    ((alarm,),) = desk.server.sql("SELECT id FROM alarms WHERE kind = 'flags'")
    second.post(f"/alarms/{alarm}/acknowledge", note="we look")
    assert "we look" in second.get("/alarms/")
    second.post(f"/flags/{newest(desk)}/decide", decision="refuse")
    assert "we look" not in second.get("/alarms/")


def test_flags_are_lifted_by_the_agency_that_set_them(desk: Desk) -> None:
    person = Person(desk.user(may_change=True))
    one(desk, person)
    lift = {"colour": "lift", "reason": "mistake"}
    assert "Without a flag" in one(desk, person, 1, agency="health", **lift).content.decode()
    other = Desk(desk.server)
    assert "Without a flag" in one(other, Person(other.user(may_change=True)), 1, **lift).content.decode()
    assert counting(desk) == {holder(1): "red"}
    one(desk, person, 1, **lift)
    assert counting(desk) == {}
    many(desk, person, range(1, 3), **lift)
    assert [row[2] for row in changes(desk)] == ["accepted", "accepted"], "nothing to lift, nothing on record"


def test_of_two_who_want_the_same_flags_lifted_the_first_is_waited_for(desk: Desk) -> None:
    person, second = Person(desk.user(may_change=True)), Person(desk.user(may_change=True))
    for sequence in (1, 2):
        one(desk, person, sequence)
    lift = {"colour": "lift", "reason": "over"}
    many(desk, person, range(1, 3), **lift)
    first = newest(desk)
    assert "Without a flag" in one(desk, second, 1, **lift).content.decode()
    assert len(counting(desk)) == 2
    second.post(f"/flags/{first}/decide", decision="refuse")
    assert len(counting(desk)) == 2
    many(desk, person, range(1, 3), **lift)
    second.post(f"/flags/{newest(desk)}/decide", decision="accept", people="2")
    assert counting(desk) == {}


def test_a_question_about_somebody_is_on_record_and_answered(desk: Desk) -> None:
    user = desk.user(may_change=False)
    one(desk, Person(desk.user(may_change=True)))
    asked = {"document": "resident_id", "number": number(1)}
    assert "errorlist" in Person(user).post("/flags/person", **asked).content.decode(), "not without a reason"
    page = Person(user).post("/flags/person", **asked, why="the hotline asked").content.decode()
    assert "close contact" in page
    assert desk.did(user) == [("flag looked up", holder(1).hex(), "the hotline asked")]
    stranger = Desk(desk.server).user(may_change=True)
    assert "close contact" not in Person(stranger).post("/flags/person", **asked, why="why not").content.decode()


def test_every_wrong_line_is_named_without_what_is_in_it_and_nothing_is_taken(desk: Desk) -> None:
    user = desk.user(may_change=True)
    wrong = number(2)[:-1] + ("0" if number(2)[-1] != "0" else "1")
    text = f"document,number\nresident_id,{number(1)}\nresident_id,{wrong}\nid,{number(3)}\nresident_id,{number(1)}\n"
    said = many(desk, Person(user), text + '=HYPERLINK("http://x"),1\nresident_id\n')
    page = said.content.decode()
    assert said.status_code == 422
    for part in ("5 lines are wrong", "line 3: ", "line 4: ", "line 5: the same person as on line 2", "line 6: "):
        assert part in page, page
    assert not any(text in page for text in (wrong, number(1), number(3), "HYPERLINK"))
    assert changes(desk) == []
    assert desk.did(user) == [("import refused", "flags", "5 wrong lines")]


def test_a_large_file_is_neither_taken_nor_kept_on_the_disk(desk: Desk) -> None:
    from django.conf import settings  # noqa: PLC0415 - Django is set up by the fixture

    from fleet.console.bounded import MOST_BYTES  # noqa: PLC0415 - the same

    assert settings.FILE_UPLOAD_MAX_MEMORY_SIZE > MOST_BYTES, "what is longer is turned away before"
    text = "document,number\n" + "resident_id,x\n" * 5001
    page = many(desk, Person(desk.user(may_change=True)), text).content.decode()
    assert "1000 lines are wrong" in page, "no more are named"


def test_without_the_key_or_with_one_that_others_can_read_nobody_is_flagged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person = Person(desk.user(may_change=True))
    (tmp_path / "pseudonym.key").chmod(0o644)
    assert "others could read this key" in one(desk, person).content.decode()
    monkeypatch.delenv("FLEET_PSEUDONYM_KEY")
    assert "does not have the fleet&#x27;s key" in one(desk, person).content.decode()
    assert changes(desk) == []


def test_the_pages_are_in_chinese_as_well(desk: Desk) -> None:
    many(desk, Person(desk.user(may_change=True)), range(1, 3))
    page = Person(desk.user(may_change=True), "zh-CN").get(f"/flags/{newest(desk)}/")
    for part in ("密切接触者", "疾病预防控制中心", "等待第二人复核", "红"):
        assert part in page


def test_a_flag_of_the_desk_is_what_a_gate_finds_until_it_ends(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the console's page to the source that a gate asks, with the list's own tools in between."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLEET_DSN", desk.server.ready.dsn)
    gate(["status", "key", "desk"])
    (tmp_path / "city.csv").write_text(f"number,code,pop_up\n{number(2)},yellow,1\n{number(3)},red,\n", "utf-8")
    person = Person(desk.user(may_change=True))
    one(desk, person, 1)
    one(desk, person, 2, colour="orange")
    one(desk, person, 3, colour="yellow")
    built()
    assert {n: colours(found(n)) for n in range(1, 5)} == {
        1: [("exceptions", "red")],
        2: [("exceptions", "orange")],
        3: [("exceptions", "red")],
        4: [("exceptions-silence", "green")],
    }
    assert found(2).pop_ups[0].active, "what the city says besides stays"
    desk.server.sql("UPDATE flag_changes SET asked_at = asked_at - interval '8 days', expires_at = now()")
    built()
    assert {n: colours(found(n)) for n in range(1, 4)} == {
        1: [("exceptions-silence", "green")],
        2: [("exceptions", "yellow")],
        3: [("exceptions", "red")],
    }
    (tmp_path / "changes.csv").write_text(f"number,code,pop_up\n{number(3)},,\n", "utf-8")
    one(desk, person, 2, colour="red")
    built("changes.csv", "--changes")
    assert colours(found(2)) == [("exceptions", "red")]
    assert found(2).pop_ups[0].active, "a change does not take away what the list said"
    assert number(1).encode() not in (tmp_path / "flags.csv").read_bytes()


def gate(arguments: list[str]) -> None:
    from gate.__main__ import main  # noqa: PLC0415 - beside the fleet's own

    assert main(arguments) == 0


def built(table: str = "city.csv", *more: str) -> None:
    from fleet.flags.export import main  # noqa: PLC0415 - Django is set up by the fixture

    assert main(["flags.csv"]) == 0
    usual = ["--flags", "flags.csv", "--folder", "list", "--sign", "desk.key.pem", "--key", "pseudonym.key"]
    gate(["status", "build", table, *more, *usual])


def found(sequence: int) -> Records:
    """What a gate's own source says."""
    signers = status_signers.load(Path("status-signers.json").read_bytes())
    generation = ListFolder(Path("list"), "exceptions", LIST_KEY).newest(signers)
    who = holder(sequence)
    said = meant(generation, [generation.find(LIST_KEY.hash(who))], [who], Moment(datetime.now(UTC), trusted=True))
    generation.close()
    return said.records or Records()


def colours(records: Records) -> list[tuple[str, str]]:
    return [(code.source, code.colour.value) for code in records.codes]


@given(st.lists(st.integers(1, 10_000), max_size=700))
def test_a_single_large_hour_makes_no_other_usual(hours: list[int]) -> None:
    assert limit(hours) >= LEAST
    if len(hours) > 2:
        assert limit([*hours, max(hours)]) <= limit([*hours, 10**9]) <= max(LEAST, 3 * max(hours))
