"""Where a code on a serial line begins and ends."""

from __future__ import annotations

import pytest

from drivers.code_framing import MOST_BYTES, Code, Debris, Ends, Framer, Why

GAP = 0.1


def told(ends: Ends, data: bytes) -> list[bytes | Why]:
    """What comes of ``data`` and of the silence after it: codes, and why the rest is none."""
    framer = Framer(ends, GAP)
    pieces = framer.feed(data, 1.0) + framer.tick(1.0 + GAP)
    assert framer.deadline is None
    assert framer.pending == b""
    return [piece.data if isinstance(piece, Code) else piece.why for piece in pieces]


CHINESE = "健康码".encode("gb18030")


@pytest.mark.parametrize(
    ("ends", "data", "expected"),
    [
        (Ends.CR, b"one\rtwo\r", [b"one", b"two"]),
        (Ends.CR, b"one\r\ntwo\r\n", [b"one", Why.EMPTY, b"two", Why.EMPTY]),
        (Ends.CR, b"li\nne\r", [b"li\nne"]),
        (Ends.CR, b"\r\r", [Why.EMPTY, Why.EMPTY]),
        (Ends.LF, b"one\ntwo\r\n\n", [b"one", b"two", Why.EMPTY]),
        (Ends.LF, b"c\rr\n\r\n", [b"c\rr", Why.EMPTY]),
        (Ends.CRLF, b"o\rn\ne\r\ntwo\r\n", [b"o\rn\ne", b"two"]),
        (Ends.ETX, b"\x02one\x03\x02t\rwo\n\x03", [b"one", b"t\rwo\n"]),
        (Ends.ETX, b"noise\x02one\x03\r\n", [Why.OUTSIDE, b"one", Why.OUTSIDE]),
        (Ends.ETX, b"\x02first half\x02whole\x03", [Why.RESTARTED, b"whole"]),
        (Ends.ETX, b"\x02\x02whole\x03\x02\x03", [Why.STRAY, b"whole", Why.EMPTY]),
        (Ends.GAP, b"one\rtwo\n", [b"one\rtwo\n"]),
        (Ends.CR, CHINESE + b"\r", [CHINESE]),
        (Ends.CR, bytes(range(14, 256)) + b"\r", [bytes(range(14, 256))]),
        (Ends.CR, b"half a code", [Why.UNENDED]),
        (Ends.CRLF, b"half a code\r", [Why.UNENDED]),
        (Ends.ETX, b"\x02half a code", [Why.UNENDED]),
        (Ends.CR, b"\x00\xff", [Why.STRAY]),
        (Ends.CR, b"7" * MOST_BYTES + b"\r", [b"7" * MOST_BYTES]),
        (Ends.CR, b"7" * (MOST_BYTES + 1) + b"\rnext\r", [Why.TOO_LONG, b"next"]),
        (Ends.ETX, b"\x02" + b"7" * (MOST_BYTES + 1) + b"\x03\x02next\x03", [Why.TOO_LONG, b"next"]),
        (Ends.GAP, b"7" * (MOST_BYTES + 1), [Why.TOO_LONG]),
    ],
)
def test_a_code_is_what_stands_before_its_end(ends: Ends, data: bytes, expected: list[bytes | Why]) -> None:
    assert told(ends, data) == expected


def test_half_a_code_never_becomes_part_of_the_next_one() -> None:
    framer = Framer(Ends.CR, GAP)
    framer.feed(b"first half", 1.0)
    pieces = framer.feed(b"whole\r", 1.0 + GAP)
    assert [(type(piece), piece.wire) for piece in pieces] == [(Debris, b"first half"), (Code, b"whole\r")]


def test_a_code_that_comes_in_pieces_has_the_time_of_its_last_byte() -> None:
    framer = Framer(Ends.CR, GAP)
    assert framer.feed(b"on", 1.0) == []
    assert framer.deadline == 1.0 + GAP
    assert framer.feed(b"e\r", 1.05) == [Code(b"one", 1.05, b"one\r")]
    assert framer.deadline is None


def test_what_is_too_long_is_thrown_away_until_it_ends() -> None:
    framer = Framer(Ends.CR, GAP)
    whys = [piece.why for _ in range(20) for piece in framer.feed(b"7" * 1000, 1.0) if isinstance(piece, Debris)]
    assert whys[0] is Why.TOO_LONG
    assert set(whys[1:]) == {Why.REST}, "it is told once"
    assert framer.pending == b""
    assert [piece.wire for piece in framer.feed(b"77\rnext\r", 1.0)] == [b"77\r", b"next\r"]


def test_a_code_shows_in_no_log() -> None:
    assert "secret" not in repr(Framer(Ends.CR, GAP).feed(b"secret\r", 1.0))
