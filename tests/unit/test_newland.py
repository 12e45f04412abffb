"""Commands and answers of a Newland engine, held against what others have published."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.newland import Ack, Answer, Read, Splitter, Triggered, command
from drivers.simulated.serial_gun import EngineModel

TRACES = {
    name: bytes.fromhex(data)
    for line in (Path(__file__).parents[1] / "traces" / "newland-published.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for name, data, _ in [line.split(" | ")]
}


def test_our_commands_are_framed_as_the_published_ones() -> None:
    assert command(b"SCNTRG1") == TRACES["trigger-command"]
    assert command(b"128ENA*") == TRACES["read-back"].replace(b"@", b"#"), "theirs is kept for good, ours is not"
    assert command(b"C11*") == TRACES["query-tag"].replace(b"@", b"#")


@pytest.mark.parametrize(("name", "body"), [("read-back-answer", b"128ENA1"), ("trigger-command-answer", b"SCNTRG1")])
def test_published_answers_are_understood(name: str, body: bytes) -> None:
    assert Splitter().feed(TRACES[name]) == [Answer(body, Ack.DONE, TRACES[name])]


def test_answers_between_codes_are_taken_out_as_in_the_published_stream() -> None:
    pieces = Splitter().feed(TRACES["answers-between-codes"])
    assert [piece.wire for piece in pieces if isinstance(piece, Read)] == [b"111111" + b"2" * 11, b"33333"]
    assert [piece.body for piece in pieces if isinstance(piece, Answer)] == [b"SCNMOD2", b"SCNMOD2"]


@pytest.mark.parametrize(("byte", "ack"), [(0x15, Ack.NO_SUCH_VALUE), (0x05, Ack.NO_SUCH_SETTING)])
def test_a_refusal_says_which(byte: int, ack: Ack) -> None:
    wire = TRACES["read-back-answer"].replace(b"\x06", bytes([byte]))
    assert Splitter().feed(wire) == [Answer(b"128ENA1", ack, wire)]


def test_what_only_looks_like_an_answer_was_read() -> None:
    splitter = Splitter()
    begun = TRACES["read-back-answer"][:-3]
    assert splitter.feed(begun) == []
    assert splitter.pending == begun
    assert b"".join(piece.wire for piece in splitter.feed(b"\r")) == begun + b"\r"
    assert splitter.feed(begun) == []
    assert splitter.flush() == [Read(begun)]
    assert splitter.pending == b""


def test_the_acknowledgement_of_a_trigger_is_no_part_of_a_code_but_another_06_is() -> None:
    splitter = Splitter()
    splitter.triggers_owed = 1
    assert splitter.feed(b"\x06\x06code\r") == [Triggered(b"\x06"), Read(b"\x06code\r")]
    splitter.triggers_owed = 1
    assert splitter.feed(b"code") + splitter.feed(b"\x06\r") == [Read(b"code"), Read(b"\x06\r")]
    assert splitter.feed(b"code\r\x06next") == [Read(b"code\r"), Triggered(b"\x06"), Read(b"next")]


def test_the_simulated_engine_answers_published_commands_as_published() -> None:
    engine = EngineModel()
    answer = engine.feed(TRACES["read-back"])
    assert answer == TRACES["read-back-answer"].replace(b"1\x06", b"*\x05"), "it has no such setting, and says so"
    assert engine.feed(command(b"SCNMOD*")) == b"\x02\x010000#SCNMOD0\x06;\x03"
    assert engine.feed(b"\x1b1") == b"\x06"
