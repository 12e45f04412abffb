"""Before a rule set is published, somebody looks at whom it would treat differently."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from vectors import ROOT

from gate.model import Outcome
from gate.rules import ruleset
from gate.rules.compare import changes, matrix, pairs
from gate.rules.subjects import read_subjects

FOLDER = ROOT / "config/rules"
STATION: dict[str, Any] = json.loads((FOLDER / "station-48h.json").read_bytes())
SUBJECTS = read_subjects((FOLDER / "station-48h.cases.jsonl").read_bytes(), datetime(2022, 6, 30, tzinfo=UTC))
WITH_CASES = sorted(path for path in FOLDER.glob("*.json") if path.with_suffix(".cases.jsonl").exists())


def edited(**parameters: Any) -> dict[str, Any]:
    changed = copy.deepcopy(STATION)
    changed["parameters"] |= parameters
    return changed


def read(found: dict[str, Any]) -> ruleset.RuleSet:
    return ruleset.read(json.dumps(found).encode())


@pytest.mark.parametrize("path", [path for path in WITH_CASES if "orders" not in path.name], ids=lambda path: path.stem)
def test_a_set_decides_like_itself(path: Any) -> None:
    rule_set = ruleset.load(path.read_bytes())
    found = pairs(
        read_subjects(path.with_suffix(".cases.jsonl").read_bytes(), datetime(2022, 6, 30, tzinfo=UTC)),
        rule_set,
        rule_set,
    )
    assert found
    assert not [pair for pair in found if pair.differs]
    counts = matrix(found)
    assert sum(counts.values()) == len(found)
    assert not [count for (before, after), count in counts.items() if before is not after and count]
    document = json.loads(path.read_bytes())
    assert changes(document, document) == []


def test_a_longer_span_lets_through_whom_it_should() -> None:
    after = edited(test_max_age_s=259200)
    found = pairs(SUBJECTS, read(STATION), read(after))
    let_through = [
        pair for pair in found if pair.before.outcome is Outcome.REFER and pair.after.outcome is Outcome.PASS
    ]
    assert let_through
    assert all(pair.responsible == (["CN-STATION-0010"], []) for pair in let_through)
    assert matrix(found)[Outcome.REFER, Outcome.PASS] == len(let_through)
    assert matrix(found)[Outcome.PASS, Outcome.REFER] == 0
    assert changes(STATION, after) == ["parameter test_max_age_s: 172800 becomes 259200"]


def test_every_kind_of_change_is_named() -> None:
    after = edited(new_limit_s=1)
    del after["parameters"]["min_doses"]
    removed = after["rules"].pop()
    after["rules"][0]["Reason"] = "data_stale"
    after["rules"].append({**removed, "Identifier": "CN-NEW-0001"})
    after["profiles"]["station"]["parameters"] = {"test_max_age_s": 3600}
    after["profiles"]["other"] = after["profiles"].pop("certificate")
    after["assignments"] = [{"profile": "station", "when": {}}]
    listed = changes(STATION, after)
    assert f"rule {removed['Identifier']}: removed" in listed
    assert "rule CN-NEW-0001: added" in listed
    assert f"rule {after['rules'][0]['Identifier']}: changed (Reason)" in listed
    assert "parameter min_doses: removed" in listed
    assert "parameter new_limit_s: added, 1" in listed
    assert "profile station, parameter test_max_age_s: added, 3600" in listed
    assert {"profile certificate: removed", "profile other: added", "assignments: changed"} <= set(listed)


def test_true_and_1_are_not_the_same() -> None:
    after = copy.deepcopy(STATION)
    after["rules"][0]["Logic"] = json.loads(json.dumps(after["rules"][0]["Logic"]).replace("true", "1"))
    assert changes(STATION, after) == [f"rule {STATION['rules'][0]['Identifier']}: changed (Logic)"]
