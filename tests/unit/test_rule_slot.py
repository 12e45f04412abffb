from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from vectors import ROOT

from gate.app.rule_slot import LAST_GOOD, RuleSlot
from gate.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STATION: dict[str, Any] = json.loads((ROOT / "config/rules/station-48h.json").read_text(encoding="utf-8"))


def publish(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(STATION | changes), encoding="utf-8")


def version(slot: RuleSlot) -> int | None:
    return None if slot.current is None else slot.current.version


def test_a_better_set_is_taken_and_a_bad_or_older_one_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "rules.json"
    publish(file, version=3)
    slot = RuleSlot(file, tmp_path / "state", SystemClock())
    assert version(slot) == 3
    publish(file, version=2)
    assert not slot.refresh()
    publish(file, version=4, rules=[])
    with caplog.at_level(logging.ERROR):
        assert not slot.refresh()
    assert "station-48h@3" in caplog.text, "says which one stays in force"
    file.unlink()
    assert not slot.refresh()
    assert version(slot) == 3
    publish(file, version=5)
    assert slot.refresh()
    assert version(slot) == 5


def test_the_last_good_one_is_there_after_a_restart(tmp_path: Path) -> None:
    file, state = tmp_path / "rules.json", tmp_path / "state"
    publish(file, version=3)
    RuleSlot(file, state, SystemClock())
    file.write_text("{")
    assert version(RuleSlot(file, state, SystemClock())) == 3
    (state / LAST_GOOD).write_text("{")
    assert version(RuleSlot(file, state, SystemClock())) is None, "nothing good is left: everybody is referred"


def test_a_state_that_can_not_be_written_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    publish(file)
    (tmp_path / "state").write_text("in the way")
    assert version(RuleSlot(file, tmp_path / "state", SystemClock())) == 1
