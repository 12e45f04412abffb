"""``gate rules`` as its users type it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from full_facts import full_facts
from rule_set_samples import blob, rule, rule_set
from vectors import ROOT

from gate.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

STATION = ROOT / "config/rules/station-48h.json"
CASES = ROOT / "config/rules/station-48h.cases.jsonl"
FACTS: dict[str, Any] = full_facts().to_payload()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Any:
    def said(*words: object) -> tuple[int, str, str]:
        status = main(["rules", *map(str, words)])
        output = capsys.readouterr()
        return status, output.out, output.err

    return said


def written(path: Path, found: Any) -> Path:
    path.write_bytes(found if isinstance(found, bytes) else json.dumps(found, ensure_ascii=False).encode())
    return path


def longer(folder: Path) -> Path:
    """The rules for stations with 72 hours instead of 48."""
    found = json.loads(STATION.read_bytes())
    found["parameters"]["test_max_age_s"] = 259200
    return written(folder / "station-72h.json", found)


def test_every_file_that_comes_with_the_gate_is_good(say: Any) -> None:
    files = sorted((ROOT / "config/rules").glob("*.json"))
    status, out, _ = say("check", *files)
    assert status == 0
    assert out.count(": good") == len(files)


def test_check_shows_all_that_is_wrong_and_where(say: Any, tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.json", rule_set(id="ä", rules=[rule(Reason="code_not_gren")]))
    status, out, _ = say("check", bad, STATION)
    assert status == 1
    assert f"{bad}: 2 faults" in out
    assert "1. rule set, id" in out
    assert '"code_not_gren"' in out
    assert "did you mean code_not_green?" in out
    assert f"{STATION}: good" in out


@pytest.mark.parametrize(
    ("content", "fault"),
    [(b'{"id": 1,\nx}', "line 2, column 1"), (b"\xff", "not UTF-8"), (b"[1]", "order 1"), (b"3", "write an object")],
)
def test_check_says_what_can_not_be_read(say: Any, tmp_path: Path, content: bytes, fault: str) -> None:
    path = written(tmp_path / "bad.json", content)
    status, out, _ = say("check", path)
    assert status == 2
    assert out.startswith(f"{path}: ")
    assert fault in out


def test_a_file_that_is_not_there_is_told_with_the_one_that_is(say: Any) -> None:
    status, out, _ = say("check", STATION.with_name("statoin-48h.json"))
    assert status == 2
    assert "did you mean" in out
    assert "station-48h.json?" in out


def test_check_finds_a_text_that_gives_a_result_away(say: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "phrases").mkdir()
    for language in ("zh-CN", "en"):
        text = (ROOT / f"config/phrases/{language}.toml").read_text("utf-8")
        (tmp_path / f"phrases/{language}.toml").write_text(text.replace("非绿码请核查", "红码请核查"), "utf-8")
    monkeypatch.setattr("voice.phrases.files", lambda _: tmp_path)
    status, out, _ = say("check", STATION)
    assert status == 1
    assert "config/phrases/zh-CN.toml, reasons.code_not_green.voice" in out
    assert 'says "红码", which bystanders must not learn; rule CN-STATION-0005' in out


def test_cases_that_come_with_the_gate_pass(say: Any) -> None:
    status, out, err = say("test", STATION)
    assert (status, err) == (0, "")
    assert out.count("\n") == 1
    assert "0 otherwise" in out
    status, out, _ = say("test", STATION, "--verbose")
    assert out.count("✓ line") == len(CASES.read_text("utf-8").splitlines())


def test_cases_with_several_sets_find_them_beside_the_cases(say: Any) -> None:
    first = STATION.with_name("station-switch-a.json")
    status, out, _ = say("test", first, "--cases", STATION.with_name("station-switch.cases.jsonl"))
    assert status == 0
    assert "0 otherwise" in out


def test_a_case_that_fails_is_told_with_the_rule_and_its_reasons(say: Any, tmp_path: Path) -> None:
    status, out, err = say("test", longer(tmp_path), "--cases", CASES)
    assert status == 1
    assert "outcome: expected refer, decided pass" in out
    assert "first reason: expected test_expired, decided green_code" in out
    assert "CN-STATION-0010: A negative test counts for 48 hours" in out
    assert "the test was reported 48 h 1 s ago" in out
    assert "at most 72 h (parameter test_max_age_s)" in out
    assert "a gate refuses this file as it is" in err


def test_cases_that_can_not_be_read(say: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "x.cases.jsonl", b'{"case": "x"}\n')
    status, _, err = say("test", STATION, "--cases", path)
    assert status == 2
    assert f"{path}: line 1: case: lacks" in err
    status, _, err = say("test", written(tmp_path / "alone.json", blob(rule_set())))
    assert status == 2
    assert "alone.cases.jsonl: No such file" in err


def test_explain_tells_the_decision_from_the_profile_to_the_spoken_line(say: Any, tmp_path: Path) -> None:
    late = {**FACTS, "test": {**FACTS["test"], "since_report": 190000}}
    status, out, _ = say("explain", STATION, "--facts", written(tmp_path / "p.json", late), "--language", "zh-CN")
    assert status == 0
    for line in (
        "配置：station（assignments 第 3 条）",
        "结论：请核查（refer）",
        "  原因：test_expired（",
        "  语音：你的核酸结果已超时",
        "11. ✗ CN-STATION-0010 核酸阴性证明自报告起48小时内有效，含第48小时。 → 请核查（test_expired）",
        "核酸报告距今 52小时46分40秒",
    ):
        assert line in out
    status, out, _ = say("explain", STATION, "--facts", tmp_path / "p.json")
    assert "decision: refer" in out
    assert "  said: " in out


def test_explain_shows_the_reason_that_a_fact_that_is_not_known_gives_itself(say: Any, tmp_path: Path) -> None:
    lost = {**FACTS, "code": {"state": "unknown", "age": None}}
    _, out, _ = say("explain", STATION, "--facts", written(tmp_path / "p.json", lost))
    assert "→ refer (code_unknown)" in out
    assert "the health code: not known; it must be known: not met" in out


def test_explain_as_json(say: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", {"facts": FACTS, "at": "2022-06-30T10:00:00+08:00"})
    status, out, _ = say("explain", STATION, "--facts", path, "--json", "--profile", "certificate")
    found = json.loads(out)
    assert status == 0
    assert (found["profile"], found["outcome"], found["at"]) == ("certificate", "pass", "2022-06-30T02:00:00Z")
    assert {one["rule"]: one["holds"] for one in found["rules"]} == {"CN-STATION-0001": True, "CN-STATION-0004": True}
    assert found["rules"][0]["why"]["parts"][0]["met"] is True


def test_explain_a_case_with_advice(say: Any) -> None:
    path = STATION.with_name("arrival-3-days-2-tests.json")
    status, out, _ = say("explain", path, "--facts", path.with_suffix(".cases.jsonl"), "--line", 2)
    assert status == 0
    assert "advice: Please take your second test" in out
    assert "by 2022-06-30 10:00:00+08:00" in out


def test_explain_notes_that_a_set_is_not_valid_then(say: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "p.json", {"facts": FACTS, "at": "2022-05-31T10:00:00+08:00"})
    _, out, _ = say("explain", STATION.with_name("station-switch-b.json"), "--facts", path)
    assert "Note: the set is not valid at that time" in out


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--facts", str(CASES)), "say which one"),
        (("--facts", str(CASES), "--line", "9999"), "no line 9999"),
        (("--facts", str(CASES), "--line", "1", "--profile", "x"), "its profiles are station, certificate"),
        (("--facts", "/nonexistent"), "No such file"),
        (("--facts", str(STATION)), "facts"),
    ],
)
def test_explain_says_what_it_needs(say: Any, words: tuple[str, ...], fault: str) -> None:
    status, out, err = say("explain", STATION, *words)
    assert (status, out) == (2, "")
    assert err.startswith("gate rules explain: ")
    assert fault in err


def test_diff_with_itself_is_empty(say: Any) -> None:
    status, out, _ = say("diff", STATION, STATION, "--on", CASES)
    assert status == 0
    assert "0 of" in out
    assert "changed in the file: nothing" in out


def test_diff_shows_who_is_decided_about_differently_and_why(say: Any, tmp_path: Path) -> None:
    status, out, _ = say("diff", STATION, longer(tmp_path), "--on", CASES)
    assert status == 1
    assert "refer (test_expired) becomes pass (green_code)" in out
    assert "fails no more: CN-STATION-0010" in out
    assert "parameter test_max_age_s: 172800 becomes 259200" in out
    status, out, _ = say("diff", longer(tmp_path), STATION, "--on", CASES)
    assert "fails now: CN-STATION-0010" in out
