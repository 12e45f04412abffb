"""What a gate says to its fleet that asks for its log or its own test: useful, and about nobody."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from hypothesis import given
from hypothesis import strategies as st
from vectors import ROOT

from gate.__main__ import main
from gate.app.doctor import words
from gate.app.log_tail import KEPT, LogTail
from gate.app.logs import line
from gate.app.questions import questions
from gate.config_bind import Roots
from gate.config_file import load
from gate.wire.commands import CommandKind

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NUMBER, NAME = "999999199001010016", "张三"
WORDS = words.own()


class Listening:
    """A logger of one's own, and a tail that listens to it."""

    def __enter__(self) -> Self:
        self.tail, self.log = LogTail(), logging.getLogger("gate.fleet.test")
        self.log.setLevel(logging.INFO)
        self.log.propagate = False
        self.log.addHandler(self.tail)
        return self

    def __exit__(self, *_: object) -> None:
        self.log.removeHandler(self.tail)

    @property
    def said(self) -> list[str]:
        return self.tail.lines(WORDS)


def test_the_newest_line_comes_first_with_its_time_and_old_ones_go() -> None:
    with Listening() as own:
        for number in range(KEPT + 50):
            own.log.info(line("upload-waits", why=f"answer {number}"))
        assert len(own.said) == KEPT
        assert own.said[0].endswith(f'INFO gate.fleet.test upload-waits why="answer {KEPT + 49}"'), own.said[0]
        assert own.said[0][:2] == "20"
        assert own.said[0][19] == "Z"


def test_nobody_is_in_it() -> None:
    with Listening() as own:
        own.log.info(line("presentation", reader="id-reader", outcome="refer", reasons=["test_positive"]))
        own.log.info(line("passage", id="01890000-0000-7000-8000-000000000001", result="passed"))
        own.log.error("a library quotes %s of %s", NUMBER, NAME)
        own.log.error(line("reader-lost", why=f"{NAME} {NUMBER}"))
        said = "\n".join(own.said)
    assert "presentation" not in said
    assert "test_positive" not in said
    assert "passage" not in said
    assert NUMBER not in said
    assert NAME not in said
    assert "reader-lost" in said


@given(st.text(max_size=600))
def test_whatever_is_logged_makes_one_printable_line(text: str) -> None:
    with Listening() as own:
        own.log.warning("reader-lost %s", text)
        (said,) = own.said
    assert "\n" not in said
    assert all((char.isascii() and char.isprintable()) or char == "…" for char in said), said


def test_a_gate_tests_itself_in_the_same_words_here_and_from_afar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gate.toml"
    text = (ROOT / "config" / "demo.toml").read_text("utf-8").replace("rules/", f"{ROOT}/config/rules/")
    file.write_text(text.replace('"barcode"', f'"{NAME}{NUMBER}"'), "utf-8")
    told = questions(load(file, tmp_path), Roots(tmp_path, tmp_path))[CommandKind.CHECK]()
    assert main(["check", "--self", "--config", str(file), "--state", str(tmp_path)]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed == list(told)
    assert any("no driver" in one for one in told), told
    assert any("root" in one for one in told), "nobody is believed here"
    assert NUMBER not in "\n".join(told)
    assert NAME not in "\n".join(told)
