from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vectors import ROOT

from gate.app.rule_files import LAST_GOOD, LocalFiles
from gate.app.rule_slot import RuleSlot
from gate.clock import SystemClock
from gate.model import Moment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STATION: dict[str, Any] = json.loads((ROOT / "config/rules/station-48h.json").read_text(encoding="utf-8"))


def publish(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(STATION | changes), encoding="utf-8")


def version(slot: RuleSlot) -> int | None:
    found = slot.at(SystemClock().moment())
    return None if found is None else found.version


def later(**span: int) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


def give(path: Path, *identifiers: str, **changes: Any) -> None:
    orders = [
        {
            "id": identifier,
            "kind": "grace",
            "issued_at": later(hours=-1),
            "valid_from": later(hours=-1),
            "valid_to": later(hours=1),
            "profiles": ["station"],
            "parameters": {"min_doses": 1},
            "Description": [{"lang": "zh-CN", "desc": "宽限。"}, {"lang": "en", "desc": "Grace."}],
            **changes,
        }
        for identifier in identifiers
    ]
    path.write_text(json.dumps(orders), encoding="utf-8")


def held(slot: RuleSlot) -> list[str]:
    return [order.id for order in slot.orders]


def slot_of(folder: Path, *files: Path, orders: Path | None = None) -> RuleSlot:
    return RuleSlot(LocalFiles(files, orders, folder / "state"), SystemClock())


def test_a_better_set_is_taken_and_a_bad_or_older_one_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "rules.json"
    publish(file, version=3)
    slot = slot_of(tmp_path, file)
    assert version(slot) == 3
    publish(file, version=2)
    slot.refresh()
    assert version(slot) == 3
    publish(file, version=4, rules=[])
    with caplog.at_level(logging.ERROR):
        slot.refresh()
    assert "station-48h@3" in caplog.text, "says which one stays in force"
    file.unlink()
    slot.refresh()
    assert version(slot) == 3
    publish(file, version=5)
    slot.refresh()
    assert version(slot) == 5


def test_the_last_good_one_is_there_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    publish(file, version=3)
    slot_of(tmp_path, file)
    file.write_text("{")
    assert version(slot_of(tmp_path, file)) == 3
    publish(file, version=2)
    assert version(slot_of(tmp_path, file)) == 3, "a restart is no way back to older rules"
    file.write_text("{")
    (tmp_path / "state" / LAST_GOOD / "rules-rules.json").write_text("{")
    assert version(slot_of(tmp_path, file)) is None, "nothing good is left: everybody is referred"


def test_a_state_that_can_not_be_written_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    publish(file, version=1)
    (tmp_path / "state").write_text("in the way")
    assert version(slot_of(tmp_path, file)) == 1


def test_a_set_announced_beside_the_one_in_force_takes_over_by_itself(tmp_path: Path) -> None:
    today, tomorrow = tmp_path / "today.json", tmp_path / "tomorrow.json"
    publish(today, version=3)
    publish(tomorrow, version=4, valid_from=later(hours=1))
    slot = slot_of(tmp_path, today, tomorrow)
    assert version(slot) == 3
    afterwards = slot.at(Moment(datetime.now(UTC) + timedelta(hours=2), trusted=True))
    assert afterwards is not None
    assert afterwards.version == 4


def test_a_bad_file_is_refused_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    publish(one, version=3)
    publish(other, id="other", version=1, valid_from=later(days=-1))
    slot = slot_of(tmp_path, one, other)
    assert version(slot) == 1, "the one that became valid last"
    publish(one, version=4)
    other.write_text("{")
    slot.refresh()
    assert version(slot) == 1
    other.write_text("{")
    again = slot_of(tmp_path, one)
    assert version(again) == 4, "the other one was taken while its neighbour was refused"


def test_nothing_is_replaced_by_what_is_not_valid_yet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "rules.json"
    publish(file, version=3)
    slot = slot_of(tmp_path, file)
    publish(file, version=4, valid_from=later(hours=1))
    with caplog.at_level(logging.ERROR):
        slot.refresh()
    assert "without rules until" in caplog.text
    assert version(slot) == 3
    assert version(slot_of(tmp_path, file)) == 3, "nor by a restart"


def test_orders_are_held_beside_the_rules(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rules, orders = tmp_path / "rules.json", tmp_path / "orders.json"
    publish(rules)
    with caplog.at_level(logging.ERROR):
        slot = slot_of(tmp_path, rules, orders=orders)
    assert (held(slot), caplog.text) == ([], ""), "no orders were ever given: nothing is wrong"
    give(orders, "A", "B")
    slot.refresh()
    assert held(slot) == ["A", "B"]
    give(orders, "C", parameters={"min_dozes": 1})
    with caplog.at_level(logging.ERROR):
        slot.refresh()
    assert "min_dozes" in caplog.text
    assert held(slot) == ["A", "B"], "a bad file changes nothing"
    assert held(slot_of(tmp_path, rules, orders=orders)) == ["A", "B"], "across a restart too"
    give(orders)
    slot.refresh()
    assert held(slot) == [], "an empty list withdraws them"
