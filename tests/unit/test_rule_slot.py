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
    held = slot.at(SystemClock().moment())
    return None if held is None else held.version


def slot_of(folder: Path, *files: Path, orders: Path | None = None) -> RuleSlot:
    return RuleSlot(files, orders, folder / "state", SystemClock())


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
