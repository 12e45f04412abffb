"""A gate at work: the daemon as a process, simulated devices on its wires, its journal, screen and sound looked at."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import urllib.request
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from vectors import vectors_dir

from gate.app.demo import play
from gate.app.demo.people import people
from gate.app.demo.play import Player
from gate.app.demo.shift import shift
from gate.app.demo.stage import CONFIG, Stage, set_stage
from gate.credentials import resident_id
from gate.model import Outcome, Reason
from voice import phrases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gate.app.demo.shift import Step

READERS = ("id-reader", "gun", "camera")


@pytest.fixture(autouse=True)
def _own_certificates(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests stand without anybody else's data, but for the one that asks for it."""
    if "official" not in request.node.name:
        monkeypatch.setenv("GATE_VECTORS", "/nonexistent")


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next person steps up at once, which is harder on the gate and quicker than what people can follow."""
    monkeypatch.setattr(play, "_PAUSE_S", 0)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The demonstration's configuration on a free port, so that a running demonstration does not matter."""
    text = CONFIG.read_text(encoding="utf-8").replace("rules/", f"{CONFIG.parent}/rules/")
    path = tmp_path / "demo.toml"
    path.write_text(text + "\n[kiosk]\nport = 0\n", encoding="utf-8")
    return path


def at_the_gate(folder: Path, config: Path, scenario: Callable[[Stage, Path], Awaitable[None]]) -> None:
    async def main() -> None:
        state = folder / "state"
        state.mkdir(exist_ok=True)
        async with set_stage(state, config) as stage:
            for reader in READERS:
                await stage.daemon.online(reader)
            await scenario(stage, state)

    asyncio.run(main())


async def said(stage: Stage, present: Awaitable[None]) -> tuple[Outcome, Reason]:
    stage.daemon.forget_answers()
    await present
    report = await stage.daemon.answer()
    stage.devices.clear()
    return report.outcome, report.reasons[0]


def rows(state: Path) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(state / "journal.sqlite")
    try:
        return db.execute("SELECT seq, outcome, reasons, marks FROM passages ORDER BY seq").fetchall()
    finally:
        db.close()


def screen(stage: Stage) -> dict[str, Any]:
    with urllib.request.urlopen(f"{stage.screen}state", timeout=5) as answer:  # noqa: S310 - loopback
        found: dict[str, Any] = json.load(answer)
        return found


async def all_as_expected(steps: tuple[Step, ...], stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert await Player(steps, stage, phrases.load(("zh-CN", "en"))).play(), capsys.readouterr().out


@pytest.mark.usefixtures("_no_pause")
def test_the_whole_shift_is_as_expected(tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(stage: Stage, state: Path) -> None:
        steps = shift(stage.certificates)
        assert len(steps) >= 24
        await all_as_expected(steps, stage, capsys)
        # One row each, but for the two cards that could not be read at all.
        assert len(rows(state)) == len(steps) - 2

    at_the_gate(tmp_path, config, scenario)


@pytest.mark.usefixtures("_no_pause")
def test_the_official_certificates_of_the_shift_are_as_expected(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATE_VECTORS", str(vectors_dir("dcc").parent))

    async def scenario(stage: Stage, state: Path) -> None:
        official = {code.key for code in stage.certificates.codes}
        steps = tuple(step for step in shift(stage.certificates) if step.key in official)
        assert len(steps) >= 15
        await all_as_expected(steps, stage, capsys)
        assert len(rows(state)) == len(steps)

    at_the_gate(tmp_path, config, scenario)


def test_a_shift_leaves_no_trace_of_who_was_there(tmp_path: Path, config: Path) -> None:
    async def scenario(stage: Stage, state: Path) -> None:
        del state
        assert await said(stage, stage.devices.lay_card("citizen")) == (Outcome.PASS, Reason.GREEN_CODE)
        assert await said(stage, stage.devices.lay_card("red")) == (Outcome.REFER, Reason.CODE_NOT_GREEN)
        assert await said(stage, stage.devices.type_code("999999199001010016")) == (Outcome.RETRY, Reason.BARE_NUMBER)
        log = "\n".join(stage.daemon.lines)
        assert "outcome" in log
        for secret in secrets():
            assert secret not in log

    at_the_gate(tmp_path, config, scenario)
    demo_clock = [row[3] for row in rows(tmp_path / "state")]
    assert demo_clock == ['["demo"]'] * 3, "a demonstration is marked in every record"
    for path in (tmp_path / "state").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for secret in secrets():
                for encoding in ("utf-8", "utf-16-le", "gb18030"):
                    assert secret.encode(encoding) not in content, f"{path.name} holds a name or a number"


def secrets() -> list[str]:
    cards = [resident_id.read_card(p.block) for p in people(datetime(2021, 6, 18, tzinfo=UTC)).values()]
    return [secret for card in cards for secret in (card.number, card.name, card.address) if len(secret) > 1]


def test_what_was_recorded_survives_a_kill_and_numbers_go_on(tmp_path: Path, config: Path) -> None:
    async def first(stage: Stage, state: Path) -> None:
        assert (await said(stage, stage.devices.lay_card("citizen")))[0] is Outcome.PASS
        stage.daemon.kill(signal.SIGKILL)
        assert [row[:2] for row in rows(state)] == [(1, "pass")]

    async def second(stage: Stage, state: Path) -> None:
        assert (await said(stage, stage.devices.lay_card("yellow")))[0] is Outcome.REFER
        assert [row[:2] for row in rows(state)] == [(1, "pass"), (2, "refer")]

    at_the_gate(tmp_path, config, first)
    at_the_gate(tmp_path, config, second)


def test_a_reader_that_is_gone_closes_nothing_else(tmp_path: Path, config: Path) -> None:
    async def scenario(stage: Stage, state: Path) -> None:
        del state
        stage.devices.unplug_reader()
        await stage.daemon.offline("id-reader")
        assert "reader_offline" in screen(stage)["flags"]
        code = next(code for code in stage.certificates.codes if code.expected[0] is Outcome.PASS)
        assert await said(stage, stage.devices.type_code(code.text)) == code.expected
        assert await said(stage, stage.devices.show_code(code.text, None)) == code.expected
        stage.devices.plug_reader()
        await stage.daemon.online("id-reader")
        assert await said(stage, stage.devices.lay_card("citizen")) == (Outcome.PASS, Reason.GREEN_CODE)
        assert "reader_offline" not in screen(stage)["flags"]

    at_the_gate(tmp_path, config, scenario)


def test_a_broken_picture_and_a_broken_code_do_not_stop_the_next_person(tmp_path: Path, config: Path) -> None:
    async def scenario(stage: Stage, state: Path) -> None:
        del state
        assert await said(stage, stage.devices.show_picture(b"\x89PNG\r\n\x1a\nbroken")) == (
            Outcome.RETRY,
            Reason.PRESENT_AGAIN,
        )
        stage.devices._gun._pause = 0.0002  # or nine thousand characters would take a quarter of a minute
        assert await said(stage, stage.devices.type_code("a" * 9000)) == (Outcome.RETRY, Reason.PRESENT_AGAIN)
        assert await said(stage, stage.devices.lay_unreadable_card("citizen")) == (Outcome.RETRY, Reason.PRESENT_AGAIN)
        code = next(code for code in stage.certificates.codes if code.expected[0] is Outcome.PASS)
        assert await said(stage, stage.devices.show_code(code.text, None)) == code.expected

    at_the_gate(tmp_path, config, scenario)


def test_without_rules_everybody_is_referred(tmp_path: Path, config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace("station-48h.json", "absent.json"), encoding="utf-8")

    async def scenario(stage: Stage, state: Path) -> None:
        del state
        assert await said(stage, stage.devices.lay_card("citizen")) == (Outcome.REFER, Reason.NO_RULE_SET)

    at_the_gate(tmp_path, config, scenario)


def test_a_card_lying_on_the_reader_is_read_once(tmp_path: Path, config: Path) -> None:
    async def scenario(stage: Stage, state: Path) -> None:
        stage.daemon.forget_answers()
        await stage.devices.lay_card("citizen")
        assert (await stage.daemon.answer()).outcome is Outcome.PASS
        # While it lies there the camera's next person is served, and the card is not read again.
        code = next(code for code in stage.certificates.codes if code.expected[0] is Outcome.PASS)
        await stage.devices.show_code(code.text, None)
        assert (await stage.daemon.answer()).reader == "camera"
        stage.devices.clear()
        assert len(rows(state)) == 2

    at_the_gate(tmp_path, config, scenario)
