"""Frames of the ID reader, against literal bytes from the protocol's sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.idcard_frames import (
    MAX_LENGTH,
    Command,
    Frame,
    Noise,
    Splitter,
    Why,
    answers,
    frame,
    request,
    sam_number,
    text_block,
    xor,
)
from drivers.idcard_status import Advice, Status, advice, describe
from drivers.simulated.id_reader_model import ReaderModel

TRACES = Path(__file__).parents[1] / "traces" / "idcard-published.txt"
DONE = bytes.fromhex("AAAAAA9669000400009094")


def trace(name: str) -> bytes:
    for line in TRACES.read_text("utf-8").splitlines():
        fields = [field.strip() for field in line.split("|")]
        if fields[0] == name:
            return bytes.fromhex(fields[1])
    raise KeyError(name)


def frames(data: bytes) -> list[Frame]:
    return [piece for piece in Splitter().feed(data) if isinstance(piece, Frame)]


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (Command.SAM_RESET, "AA AA AA 96 69 00 03 10 FF EC"),
        (Command.SAM_STATUS, "AA AA AA 96 69 00 03 11 FF ED"),
        (Command.SAM_ID, "AA AA AA 96 69 00 03 12 FF EE"),
        (Command.FIND, "AA AA AA 96 69 00 03 20 01 22"),
        (Command.SELECT, "AA AA AA 96 69 00 03 20 02 21"),
        (Command.READ, "AA AA AA 96 69 00 03 30 01 32"),
        (Command.CHIP_NUMBER, "AA AA AA 96 69 00 03 30 05 36"),
    ],
)
def test_requests_are_the_published_ones(command: Command, wire: str) -> None:
    assert request(command) == bytes.fromhex(wire)


def test_fingerprints_cannot_be_asked_for() -> None:
    assert b"\x30\x10" not in {command.value for command in Command}


@pytest.mark.parametrize(
    ("name", "status", "size"),
    [("sam-status-answer", 0x90, 0), ("find-answer", 0x9F, 4), ("select-answer", 0x90, 8)],
)
def test_published_answers_are_understood(name: str, status: int, size: int) -> None:
    (answer,) = frames(trace(name))
    assert (answer.status, len(answer.data)) == (status, size)


def test_a_stray_byte_in_the_preamble_costs_nothing() -> None:
    noise, answer = Splitter().feed(trace("stray-byte-in-preamble"))
    assert isinstance(noise, Noise)
    assert noise.wire == b"\xaa\x00"
    assert isinstance(answer, Frame)
    assert answer.status == Status.DONE


@pytest.mark.parametrize("lost", range(2))
def test_a_lost_preamble_byte_costs_nothing(lost: int) -> None:
    assert [f.status for f in frames(DONE[lost:])] == [Status.DONE]


def test_the_short_answer_after_a_time_out_stays_incomplete() -> None:
    splitter = Splitter()
    assert splitter.feed(trace("after-time-out")) == []
    assert splitter.pending == trace("after-time-out")


def test_other_equipment_with_the_same_preamble_is_noise() -> None:
    pieces = Splitter().feed(trace("other-equipment"))
    assert pieces
    assert all(isinstance(piece, Noise) for piece in pieces)


@pytest.mark.parametrize("name", ["select-with-wrong-checksum", "probe-with-wrong-checksum"])
def test_wrong_requests_from_the_field_are_answered_checksum_wrong(name: str) -> None:
    (reply,) = ReaderModel().feed(trace(name))
    assert [f.status for f in frames(reply.wire)] == [Status.CHECKSUM_WRONG]


def test_a_bad_checksum_hides_neither_itself_nor_the_next_frame() -> None:
    broken = DONE[:-1] + b"\x00"
    pieces = Splitter().feed(broken + DONE)
    assert Why.CHECKSUM in [piece.why for piece in pieces if isinstance(piece, Noise)]
    assert frames(broken + DONE)[0].wire == DONE


def test_a_good_frame_inside_the_debris_of_a_broken_one_is_found() -> None:
    debris = bytes.fromhex("AAAAAA9669 0014 00 00") + DONE + bytes(9)
    assert [f.wire for f in frames(debris)] == [DONE]


@pytest.mark.parametrize("length", [0, 3, MAX_LENGTH + 1, 0xFFFF])
def test_a_length_out_of_bounds_is_refused_at_once(length: int) -> None:
    pieces = Splitter().feed(bytes.fromhex("AAAAAA9669") + length.to_bytes(2) + DONE)
    assert Why.LENGTH in [piece.why for piece in pieces if isinstance(piece, Noise)]
    assert isinstance(pieces[-1], Frame)


def test_every_status_has_an_advice_and_an_unknown_one_prints_as_hex() -> None:
    assert {advice(status) for status in Status} == set(Advice)
    assert advice(0x41) is Advice.RETRY
    assert advice(0x32) is Advice.PRESENT_AGAIN
    assert advice(0x66) is Advice.SERVICE
    assert describe(0x66) == "66 (sam not authorised)"
    assert describe(0xC7) == "C7 (unknown)"


def test_a_late_answer_to_an_earlier_request_is_not_taken() -> None:
    (found,) = frames(trace("find-answer"))
    assert answers(Command.FIND, found)
    assert not any(answers(command, found) for command in Command if command is not Command.FIND)


def test_a_text_answer_must_have_the_lengths_it_claims() -> None:
    block = b"t" * 256
    assert text_block(bytes.fromhex("01000400") + block + bytes(1024)) == block
    assert text_block(bytes.fromhex("01000000") + block) == block
    assert text_block(bytes.fromhex("01000400") + block + bytes(1023)) is None
    assert text_block(bytes.fromhex("00FF0400") + block[1:] + bytes(1024)) is None
    assert text_block(b"\x01") is None


def test_sam_number_is_printed_as_on_the_housing() -> None:
    assert sam_number(bytes.fromhex("05000100 5B033301 01000000 02000000")) == "05.01-20120411-0000000001-2"


def test_what_is_shown_of_a_frame_holds_no_data() -> None:
    (answer,) = frames(frame(b"\x00\x00\x90" + "张三".encode("utf-16-le")))
    assert repr(answer) == r"Frame(sw=b'\x00\x00\x90')"


def test_xor_folds_any_size() -> None:
    assert [xor(bytes(range(size))) for size in (0, 1, 2, 3, 4, 9)] == [0, 0, 1, 3, 0, 8]
