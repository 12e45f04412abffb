"""A million hostile inputs for everything that reads what comes from outside; ``fuzz_all.py`` takes more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from fuzz import engine
from fuzz.engine import Target, run
from fuzz.everything import TARGETS, shares

from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHARES = shares(1_000_000)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_input_breaks_it_or_takes_long(target: Target, tmp_path: Path) -> None:
    found = run(target, seed=1, inputs=SHARES[target.name], seconds=60).finding
    if found:
        path = tmp_path / "input"
        path.write_bytes(found.data)
        pytest.fail(f"{found.target}: {found.what}; the input is in {path}")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_some_saved_input_is_accepted_so_that_changes_of_it_get_far(target: Target) -> None:
    assert any(engine._once(target, data)[0].startswith("accepted") for data in target.seeds())


# --- what is looked for is found -----------------------------------------------------------------------------------


def _undeclared(data: bytes) -> None:
    if b"\xff" in data:
        raise KeyError("a bug")
    raise ConfigError("a declared fault")


def _slow(data: bytes) -> None:
    until = time.process_time() + 8 * engine.LONGEST_S
    while data and time.process_time() < until:
        pass


def _hungry(data: bytes) -> int:
    return len(data and bytearray(b"\1") * 2 * engine.MOST_MEMORY)


KEPT: list[bytes] = []


def _hoarding(data: bytes) -> None:
    KEPT.append((data[:1] or b"\1") * (engine.MOST_MEMORY // 2))


@pytest.mark.parametrize(
    ("read", "what", "longest_s"),
    [
        (_undeclared, "undeclared KeyError", engine.LONGEST_S),
        (_slow, "takes ", engine.LONGEST_S),
        (_hungry, "MiB of memory", 60.0),  # however long this machine takes to give so much
        (_hoarding, "memory has grown", 60.0),
    ],
)
def test_the_fuzzer_finds(
    read: Callable[[bytes], object], what: str, longest_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CORPUS", tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "nothing").write_bytes(b"")
    result = run(Target("x", read, longest_s=longest_s), seed=1, inputs=10_000, seconds=60)
    KEPT.clear()
    assert result.finding is not None
    assert what in result.finding.what


def test_the_same_seed_makes_the_same_inputs() -> None:
    seen: list[list[bytes]] = []
    for _ in range(2):
        made: list[bytes] = []
        copied = Target("certlogic", made.append, structure=TARGETS[-1].structure)
        run(copied, seed=7, inputs=300, seconds=60)
        seen.append(made)
    assert seen[0] == seen[1]
    assert len(set(seen[0])) > 200
