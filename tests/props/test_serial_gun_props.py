"""Properties of what guns send over serial lines."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from drivers.code_framing import MOST_BYTES, Code, Debris, Ends, Framer
from drivers.newland import MOST_ANSWER, Answer, Read, Splitter, Triggered, command
from drivers.simulated.serial_gun import EngineModel

GAP = 0.1
PARTS = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"\x02A code\x03", b"A code\r", b"7" * (MOST_BYTES - 2)]),
)
STREAMS = st.lists(PARTS, max_size=12).map(b"".join)
CUTS = st.lists(st.integers(0, 40_000), max_size=20)
ENDS = st.sampled_from(Ends)


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def framed(ends: Ends, chunks: list[bytes]) -> list[Code | Debris]:
    framer, pieces = Framer(ends, GAP), list[Code | Debris]()
    for chunk in chunks:
        pieces += framer.feed(chunk, 1.0)
        assert len(framer.pending) <= MOST_BYTES + 2
    pieces += framer.tick(1.0 + GAP)
    assert framer.deadline is None
    return pieces


@given(ENDS, STREAMS, CUTS)
def test_codes_do_not_depend_on_the_chunks(ends: Ends, data: bytes, cuts: list[int]) -> None:
    whole = framed(ends, [data])
    pieces = framed(ends, chunked(data, cuts))
    assert [p for p in pieces if isinstance(p, Code)] == [p for p in whole if isinstance(p, Code)]


@given(ENDS, STREAMS, CUTS)
def test_every_byte_is_accounted_for(ends: Ends, data: bytes, cuts: list[int]) -> None:
    pieces = framed(ends, chunked(data, cuts))
    assert b"".join(piece.wire for piece in pieces) == data
    assert all(piece.wire for piece in pieces)
    assert all(piece.data in piece.wire and piece.data for piece in pieces if isinstance(piece, Code))


@given(st.sampled_from([Ends.CR, Ends.LF, Ends.CRLF]), st.lists(st.text(min_size=1, max_size=50), max_size=5))
def test_text_in_any_encoding_arrives_byte_for_byte(ends: Ends, texts: list[str]) -> None:
    terminator = {Ends.CR: b"\r", Ends.LF: b"\n", Ends.CRLF: b"\r\n"}[ends]
    for encoding in ("utf-8", "gb18030"):
        codes = [text.replace("\r", "").replace("\n", "").encode(encoding, "replace") for text in texts]
        pieces = framed(ends, [code + terminator for code in codes])
        assert [p.data for p in pieces if isinstance(p, Code)] == [code for code in codes if code]


ANSWERS = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"SCNMOD2", b"SCNMOD*", b"TSUSET0D", b"QRYPDN", b"SCNMOD9"]).map(command).map(EngineModel().feed),
    st.sampled_from([b"\x02\x01", b"\x02\x010000", b"\x02\x010000@", b"\x02\x010000@SCNMOD2\x06", b"\x06", b";\x03"]),
)


@given(st.lists(ANSWERS, max_size=12).map(b"".join), CUTS, st.integers(0, 2))
def test_every_byte_of_an_engine_is_accounted_for(data: bytes, cuts: list[int], owed: int) -> None:
    def split(chunks: list[bytes]) -> list[Answer | Triggered | Read]:
        splitter = Splitter()
        splitter.triggers_owed = owed
        pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)]
        assert len(splitter.pending) <= MOST_ANSWER
        return pieces + splitter.flush()

    whole, pieces = split([data]), split(chunked(data, cuts))
    assert b"".join(piece.wire for piece in pieces) == data
    assert [p for p in pieces if not isinstance(p, Read)] == [p for p in whole if not isinstance(p, Read)]


@given(st.lists(st.one_of(ANSWERS, st.sampled_from([b"SCNMOD2", b"A"]).map(command)), max_size=12).map(b"".join))
def test_nothing_breaks_the_simulated_engine(data: bytes) -> None:
    for piece in Splitter().feed(EngineModel().feed(data)):
        assert isinstance(piece, Answer | Triggered | Read)
