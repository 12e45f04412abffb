"""People to try rule sets on come from cases, from facts one a line, or from one payload."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from full_facts import full_facts
from rule_set_samples import blob, rule_set
from vectors import ROOT

from gate.errors import RuleSetError
from gate.model import Outcome, Reason
from gate.rules.ruleset import load
from gate.rules.subjects import read_subjects

NOW = datetime(2022, 6, 30, 2, 0, tzinfo=UTC)
FACTS: dict[str, Any] = full_facts().to_payload()
GREEN = load(blob(rule_set()))


def file(*lines: Any) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in lines) + b"\n"


def test_a_payload_alone_is_judged_now() -> None:
    for written in (file(FACTS), json.dumps(FACTS, indent=2).encode(), file({"facts": FACTS})):
        (subject,) = read_subjects(written, NOW)
        assert subject.moment.at == NOW
        assert subject.moment.trusted
        assert subject.decided(GREEN).outcome is Outcome.PASS


def test_facts_one_a_line() -> None:
    yellow = {**FACTS, "code": {"state": "known", "age": 1, "colour": "yellow"}}
    one, two = read_subjects(
        file({"facts": FACTS}, {"facts": yellow, "name": "yellow", "at": "2022-07-01T00:00:00+08:00"}), NOW
    )
    assert (one.name, two.name, two.line) == ("line 1", "yellow", 2)
    assert two.moment.at == datetime(2022, 6, 30, 16, 0, tzinfo=UTC)
    assert two.decided(GREEN).reasons == (Reason.CODE_NOT_GREEN,)


def test_cases_are_people_too() -> None:
    cases = (ROOT / "config/rules/station-48h.cases.jsonl").read_bytes()
    subjects = read_subjects(cases, NOW)
    assert len(subjects) == len(cases.splitlines())
    (first,) = read_subjects(cases.splitlines()[0], NOW)
    assert first.name == subjects[0].name


def test_a_set_that_is_not_valid_then_is_judged_by_all_the_same() -> None:
    (subject,) = read_subjects(file({"facts": FACTS, "at": "2099-01-01T00:00:00Z"}), NOW)
    assert subject.decided(GREEN).outcome is Outcome.PASS


def test_times_are_told_by_the_clock_on_the_wall() -> None:
    (subject,) = read_subjects(file(FACTS), NOW)
    assert subject.local(NOW).hour == 10
    assert subject.local(datetime.max.replace(tzinfo=UTC)).year == 9999


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "line 1"),
        (b"{", "line 1"),
        (file({"facts": {}}), "lack checkpoint and credential"),
        (file({"facts": FACTS}, {"fact": FACTS}), "line 2"),
        (file({"facts": FACTS}, [1]), "line 2: facts: is an array"),
        (file({"facts": FACTS, "att": "x"}), "unknown key 'att'"),
        (file({"facts": {**FACTS, "code": {"state": "green"}}}), "must be one of known"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(content: bytes, fault: str) -> None:
    with pytest.raises(RuleSetError, match=fault):
        read_subjects(content, NOW)
