from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rule_set_samples import assigned, blob, rule_set

from gate.errors import RuleSetError
from gate.model import Checkpoint, Direction, Fact, Facts, FactState, Reason
from gate.rules.ruleset import RuleSet, load

HERE = Checkpoint("c", "station", "1", Direction.IN, attended=False)
ONE = {"rules": ["CN-TEST-0001"], "parameters": {}}


def loaded(*assignments: dict[str, Any], **profile: Any) -> RuleSet:
    names = dict.fromkeys(one["profile"] for one in assignments)
    return load(blob(rule_set(profiles={name: {**ONE, **profile} for name in names}, assignments=list(assignments))))


def refusal(*assignments: dict[str, Any], **profile: Any) -> str:
    with pytest.raises(RuleSetError) as fault:
        loaded(*assignments, **profile)
    return str(fault.value)


def chosen(found: RuleSet, kind: str = "resident_id", **changes: Any) -> str | None:
    """The profile for a checkpoint, which must be the one for the facts about it."""
    checkpoint = replace(HERE, **changes)
    keys = ("site_class", "zone", "lane", "direction", "attended")
    values = {key: getattr(checkpoint, key) for key in keys}
    facts = Facts({"checkpoint": Fact(FactState.KNOWN, "gate", 0, values)})
    before, after = found.profile_for(checkpoint, kind), found.profile_for(facts, kind)
    assert before == after
    return None if before is None else before.name


def test_the_first_assignment_that_matches_chooses_the_profile() -> None:
    found = loaded(
        assigned("certificate", credential=["hcert"]),
        assigned("exit", direction=["out"]),
        assigned("yellow", site_class=["hospital", "clinic"], lane=["yellow"]),
        assigned("ward", site_class=["hospital"], zone=["ward"]),
        assigned("guarded", attended=True),
        assigned("station", site_class=["station"]),
    )
    assert chosen(found, "hcert", direction=Direction.OUT) == "certificate"
    assert chosen(found, direction=Direction.OUT) == "exit"
    assert chosen(found, site_class="clinic", lane="yellow") == "yellow"
    assert chosen(found, site_class="hospital", zone="ward", attended=True) == "ward"
    assert chosen(found, attended=True) == "guarded"
    assert chosen(found) == "station"
    assert chosen(found, site_class="school") is None, "nobody said who judges there"


def test_a_checkpoint_of_which_something_is_not_known_gets_no_laxer_profile() -> None:
    found = loaded(assigned("ward", zone=["ward"]), assigned("station"))
    without_zone = Facts({"checkpoint": Fact(FactState.KNOWN, "gate", 0, {"lane": "1"})})
    assert found.profile_for(without_zone, "resident_id") is None
    assert found.profile_for(Facts({}), "resident_id") is None


@pytest.mark.parametrize(
    ("assignments", "words"),
    [
        ([assigned("station", colour=["red"])], ["assignment 1 when", "unknown key 'colour'"]),
        ([assigned("station", credential=["id-card"])], ["credential", "resident_id, ", ", hcert"]),
        ([assigned("station", credential=[])], ["credential", "0 items"]),
        ([assigned("station", lane="1")], ["lane", "write an array"]),
        ([assigned("station", lane=["1\n"])], ["lane", "line break"]),
        ([assigned("station", direction=["up"])], ["direction", "in, out"]),
        ([assigned("station", attended=1)], ["attended", "True, False"]),
        ([{"profile": "station"}], ["assignment 1", "lacks when"]),
        ([assigned("station"), assigned("exit")], ["assignment 2 to exit", "assignment 1 matches whatever it matches"]),
        (
            [assigned("a", lane=["1", "2"]), assigned("b", lane=["2"], attended=True)],
            ["assignment 2 to b", "can't be reached"],
        ),
        ([assigned("a", attended=True), assigned("b", attended=True)], ["can't be reached"]),
    ],
)
def test_a_faulty_assignment_is_refused(assignments: list[dict[str, Any]], words: list[str]) -> None:
    message = refusal(*assignments)
    assert all(word in message for word in words), message


def test_what_only_looks_unreachable_is_kept() -> None:
    assert loaded(assigned("a", lane=["1"]), assigned("b", lane=["1", "2"])).assignments
    assert loaded(assigned("a", lane=["1"]), assigned("b", zone=["1"])).assignments
    assert loaded(assigned("a", attended=True), assigned("b", attended=False), assigned("c")).assignments


def test_every_profile_is_assigned_and_every_assignment_has_its_profile() -> None:
    with pytest.raises(RuleSetError, match="profile exit: is assigned nowhere"):
        load(blob(rule_set(profiles={"station": ONE, "exit": ONE})))
    with pytest.raises(RuleSetError, match="names the profile exit"):
        load(blob(rule_set(assignments=[assigned("exit")])))
    with pytest.raises(RuleSetError, match="assignments: has 0 items"):
        load(blob(rule_set(assignments=[])))


def test_a_profile_says_what_is_said_and_done() -> None:
    plain = loaded(assigned("station")).profiles["station"]
    assert (plain.admitted, dict(plain.spoken), plain.calls_staff) == (Reason.GREEN_CODE, {}, False)
    spoken = {"pop_up": "code_not_green", "*": "staff_called"}
    ward = loaded(assigned("ward"), admitted="channel", spoken=spoken, calls_staff=True).profiles["ward"]
    assert (ward.admitted, ward.calls_staff) == (Reason.CHANNEL, True)
    assert ward.spoken == {"pop_up": Reason.CODE_NOT_GREEN, "*": Reason.STAFF_CALLED}


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"admitted": "pop_up"}, "profiles station admitted: must be one of certificate_valid, channel"),
        ({"admitted": "emergency_order"}, "admitted: must be one of"),
        ({"spoken": {"green_code": "staff_called"}}, "spoken, reason: must be one of"),
        ({"spoken": {"pop_up": "green_code"}}, "spoken pop_up: must be one of"),
        ({"spoken": {"pop_up": "test_due"}}, "spoken pop_up: must be one of"),
        ({"spoken": []}, "spoken: is an array"),
        ({"calls_staff": 1}, "calls_staff: must be one of True, False"),
        ({"texts": {}}, "unknown key 'texts'"),
        ({"parameters": {"max_age_s": {"test": 5}}}, "leaves out code"),
    ],
)
def test_a_faulty_profile_is_refused(profile: dict[str, Any], words: str) -> None:
    assert words in refusal(assigned("station"), **profile)
