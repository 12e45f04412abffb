"""What would have changed: never a guess; what a row does not tell is said not to be known."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from vectors import ROOT

from fleet.errors import FleetError
from fleet.publishing.rejudge import Held, Rejudge, Row
from gate.model import Outcome
from gate.rules.cases import load_cases
from gate.rules.judge import judge
from gate.wire.passages import FactUsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_city import City

    from gate.rules.derive import Inputs

RULES = ROOT / "config" / "rules"
STATION = (RULES / "station-48h.json").read_bytes()


def changed(change: Callable[[dict[str, Any]], object], blob: bytes = STATION) -> bytes:
    found = json.loads(blob)
    change(found)
    found["version"] += 1
    return json.dumps(found).encode()


def without(identifier: str) -> Callable[[dict[str, Any]], None]:
    def change(found: dict[str, Any]) -> None:
        for profile in found["profiles"].values():
            profile["rules"] = [one for one in profile["rules"] if one != identifier]
        found["rules"] = [one for one in found["rules"] if one["Identifier"] != identifier]
        for example in found["examples"]:
            example["expect"].pop(identifier, None)

    return change


def of(found: dict[str, Any], identifier: str) -> dict[str, Any]:
    rule: dict[str, Any] = next(one for one in found["rules"] if one["Identifier"] == identifier)
    return rule


def doses(found: dict[str, Any]) -> None:
    found["parameters"]["min_doses"] = 3
    found["examples"] = [
        {**one, "facts": {**one["facts"], "vaccination": _more(one["facts"]["vaccination"])}}
        if "vaccination" in one["facts"]
        else one
        for one in found["examples"]
    ]


def _more(fact: dict[str, Any]) -> dict[str, Any]:
    return {**fact, "doses": fact["doses"] + 1} if "doses" in fact else fact


def retry(found: dict[str, Any]) -> None:
    of(found, "CN-STATION-0005")["Outcome"] = "retry"


def state_alone(found: dict[str, Any]) -> None:
    """Whoever has a test may come, whatever it says."""
    of(found, "CN-STATION-0010")["Logic"] = {"===": [{"var": "payload.test.state"}, "known"]}


def sooner_stale(found: dict[str, Any]) -> None:
    found["parameters"]["max_age_s"]["code"] = 3600


CHANGES: list[Any] = [
    lambda _: None,
    *(without(f"CN-STATION-{number:04}") for number in (5, 7, 10, 12)),
    doses,
    retry,
    state_alone,
    sooner_stale,
]


def people() -> list[Inputs]:
    return [case.inputs for case in load_cases((RULES / "station-48h.cases.jsonl").read_bytes()) if not case.orders]


def row(inputs: Inputs, held: Held) -> Row:
    """As a gate writes it and the server receives it."""
    said = judge(inputs, held.rule_set)
    facts = tuple(FactUsed(one.name, one.state, one.source, one.age) for one in said.facts)
    return Row(
        inputs.moment.at,
        inputs.moment.trusted,
        said.outcome,
        tuple(said.reasons),
        said.rule_set,
        said.profile,
        said.failed_rules,
        facts,
        said.marks,
    )


def held(blob: bytes) -> Held:
    """Without the set's own examples, which are about other rules by now."""
    from gate.rules import ruleset  # noqa: PLC0415 - beside what it is taken for

    return Held(ruleset.read(blob), {rule["Identifier"]: rule for rule in json.loads(blob)["rules"]})


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_said_is_what_the_new_rules_decide_about_the_same_person(change: Any) -> None:
    old, new = held(STATION), held(changed(change))
    again, unsaid = Rejudge([old], [new]), 0
    for inputs in people():
        said, truth = again.of(row(inputs, old)), judge(inputs, new.rule_set)
        unsaid += said.outcome is None
        if said.outcome is not None:
            assert said.outcome is truth.outcome
            assert said.why in truth.reasons
    assert unsaid < len(people())


def test_the_same_rules_change_nothing_and_a_rule_that_is_gone_is_told_for_everybody() -> None:
    old = held(STATION)
    for change, fewest in ((lambda _: None, 0), (without("CN-STATION-0011"), 1)):
        again = Rejudge([old], [held(changed(change))])
        rows = [row(inputs, old) for inputs in people()]
        said = [again.of(one) for one in rows]
        assert all(one.outcome is not None for one in said)
        assert sum(one.outcome is not before.outcome for one, before in zip(said, rows, strict=True)) >= fewest


def test_a_limit_that_no_row_tells_is_not_guessed() -> None:
    old = held(STATION)
    new = held(changed(lambda found: found["parameters"].update(test_max_age_s=86400)))
    said = Counter(Rejudge([old], [new]).of(row(inputs, old)).why for inputs in people() if _passes(inputs, old))
    assert set(said) == {"CN-STATION-0010", "certificate_valid"}, "every pass on a test hangs on it"


def _passes(inputs: Inputs, held_: Held) -> bool:
    return judge(inputs, held_.rule_set).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"marks": ("grace:LAB-1",)}, "an order was in force"),
        ({"rule_set": "other@1"}, "judged by rules that are not at hand"),
        ({"profile": "nowhere"}, "profiles are assigned otherwise"),
        ({"failed_rules": ("GR-0001",), "outcome": Outcome.REFER}, "a certificate's own rules"),
    ],
)
def test_what_else_keeps_it_from_being_said_is_named(change: dict[str, Any], why: str) -> None:
    import msgspec  # noqa: PLC0415 - for this alone

    old = held(STATION)
    first = msgspec.structs.replace(row(people()[0], old), **change)
    assert (said := Rejudge([old], [old]).of(first)).outcome is None
    assert said.why == why


def test_a_set_that_is_published_no_more_says_nothing_of_its_rows() -> None:
    old = held(STATION)
    said = Rejudge([old], []).of(row(people()[0], old))
    assert (said.outcome, said.why) == (None, "judged by a rule set that the release has no longer")


def received(city: City, rows: list[Row], ago: timedelta = timedelta(hours=1)) -> None:
    """In the tables, as the device plane puts them there."""
    import msgspec  # noqa: PLC0415 - for this alone

    for one in rows:
        at = datetime.now(UTC) - ago
        id_ = uuid.UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | uuid.uuid4().int & (1 << 62) - 1)
        city.server.sql("SELECT make_day(%s::date)", at)
        city.server.sql(
            "INSERT INTO passages (id, device_id, series, seq, revision, at, outcome, reasons, body, received_at)"
            " SELECT %s, id, 1, 1, 1, %s, %s, %s, %s, now() FROM devices WHERE name = %s",
            id_,
            at,
            one.outcome.value,
            list(one.reasons),
            msgspec.json.encode({**msgspec.to_builtins(one), "holder": "AAAAAAAAAAA=", "sealed": {"box": "AA=="}}),
            city.pilot,
        )


def everywhere(city: City) -> dict[str, Any]:
    """All gates have the station's rules, and nobody has passed; gives what a bundle with them is made of."""
    city.server.sql("DELETE FROM passages")
    ours = {"others": {"rules": {"station.json": STATION}}}
    city.publish(city.bundle(1, "old", **ours), None, "--at-once")
    city.work()
    city.server.sql("UPDATE rollouts SET state = 'done'")
    return ours


def test_before_publishing_the_last_day_is_judged_again_and_much_has_to_be_meant(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = everywhere(city)
    old = Held.read(STATION)
    rows = [row(inputs, old) for inputs in people()]
    received(city, rows)
    received(city, rows[:3], timedelta(hours=25))
    gone = changed(without("CN-STATION-0011"))
    new = {"others": {"rules": {"station.json": gone}}}
    release, back = city.bundle(2, "new", **new), city.bundle(3, "old", **ours)
    capsys.readouterr()
    lost = [one for one in rows if one.failed_rules == ("CN-STATION-0011",)]
    city.publish(release, back, "--pilot", city.pilot, *(["--anyway"] if len(lost) > len(rows) / 20 else []))
    said = capsys.readouterr().out
    assert f"of {len(rows)} passages of the last 24 hours" in said
    assert f"{len(lost):,}  refer -> pass (green_code)" in said
    page = city.press(city.publisher(), "none")
    assert "What would have changed" in page
    assert f"<td>{len(lost)}</td><td>refer → pass</td><td>green_code</td>" in page


def test_more_than_one_in_twenty_is_refused_unless_it_is_meant(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    ours = everywhere(city)
    old = Held.read(STATION)
    received(city, [row(inputs, old) for inputs in people()])
    new = {"others": {"rules": {"station.json": changed(sooner_stale)}}}
    release, back = city.bundle(2, "new", **new), city.bundle(3, "old", **ours)
    assert newest_two_of(ours, new) == 2, "in an emergency nobody waits for all of them"
    with pytest.raises(FleetError, match="--anyway"):
        city.publish(release, back, "--pilot", city.pilot)
    assert "pass -> can't be said (CN-STATION-0005)" in capsys.readouterr().out
    assert city.state()[1] == "done"
    city.publish(release, back, "--pilot", city.pilot, "--anyway")
    assert city.state()[1] == "running"


def test_a_row_that_can_not_be_read_is_one_of_which_nothing_can_be_said(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = everywhere(city)
    received(city, [row(people()[0], Held.read(STATION))])
    city.server.sql("UPDATE passages SET body = %s", b'{"of":"a newer server')
    new = {"others": {"rules": {"station.json": changed(without("CN-STATION-0011"))}}}
    release, back = city.bundle(2, "new", **new), city.bundle(3, "old", **ours)
    with pytest.raises(FleetError, match="--anyway"):
        city.publish(release, back, "--pilot", city.pilot)
    assert "can't be said (the row can't be read)" in capsys.readouterr().out


def newest_two_of(before: Any, after: Any) -> int:
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by the fixture

    from fleet.publishing.effect import effect  # noqa: PLC0415 - the same

    return effect(before["others"]["rules"], after["others"]["rules"], timezone.now(), 2).rows
