"""Properties of the ID reader's frames and of its read cycle."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.idcard_cycle import PATIENCE, Cycle, Step
from drivers.idcard_frames import MAX_LENGTH, Command, Frame, Noise, Splitter, answers, frame
from drivers.idcard_status import Status, advice
from drivers.simulated.id_reader_model import ReaderModel
from gate.model import NoticeKind

PARTS = st.one_of(
    st.binary(max_size=40),
    st.binary(min_size=3, max_size=60).map(frame),
    st.sampled_from(
        [b"\xaa", b"\xaa\xaa\x96", b"\xaa\xaa\x96\x69", b"\xaa\x00\xaa\xaa\x96\x69\x00\x04\x00\x00\x90\x94"]
    ),
)
STREAMS = st.lists(PARTS, max_size=12).map(b"".join)


def split(chunks: list[bytes]) -> tuple[Splitter, list[Frame | Noise]]:
    splitter = Splitter()
    return splitter, [piece for chunk in chunks for piece in splitter.feed(chunk)]


def chunked(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=20))
def test_frames_do_not_depend_on_the_chunks(data: bytes, cuts: list[int]) -> None:
    _, whole = split([data])
    for chunks in (chunked(data, cuts), [bytes([byte]) for byte in data]):
        _, pieces = split(chunks)
        assert [p for p in pieces if isinstance(p, Frame)] == [p for p in whole if isinstance(p, Frame)]
        assert b"".join(p.wire for p in pieces) == b"".join(p.wire for p in whole)


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=20))
def test_every_byte_is_accounted_for(data: bytes, cuts: list[int]) -> None:
    splitter, pieces = split(chunked(data, cuts))
    assert b"".join(piece.wire for piece in pieces) + splitter.pending == data
    assert all(piece.wire for piece in pieces)
    assert len(splitter.pending) < MAX_LENGTH + 7


@given(st.binary(max_size=30), st.lists(st.binary(min_size=3, max_size=300), min_size=1, max_size=5))
def test_complete_frames_after_noise_without_a_preamble_all_arrive(noise: bytes, contents: list[bytes]) -> None:
    quiet = noise.replace(b"\xaa", b"\x55")
    _, pieces = split([quiet, *map(frame, contents)])
    assert [p.sw + p.data for p in pieces if isinstance(p, Frame)] == contents


@given(STREAMS)
def test_no_frame_breaks_the_driver(data: bytes) -> None:
    _, pieces = split([data])
    for piece in pieces:
        if isinstance(piece, Frame):
            advice(piece.status)
            assert all(answers(command, piece) in {True, False} for command in Command)


@given(STREAMS)
def test_no_request_breaks_the_simulated_reader(data: bytes) -> None:
    model = ReaderModel()
    model.present(bytes(256))
    for reply in model.feed(data):
        assert [type(piece) for piece in Splitter().feed(reply.wire)] == [Frame]


STATUSES = st.one_of(st.none(), st.sampled_from(list(Status)), st.integers(0, 255))


@settings(max_examples=300)
@given(st.lists(st.tuples(STATUSES, st.floats(0, 4.5)), max_size=60))
def test_whoever_is_found_is_read_or_told_in_time_whatever_the_reader_answers(
    story: list[tuple[int | None, float]],
) -> None:
    cycle, now = Cycle(), 0.0
    waiting_since: float | None = None
    without_pause = 0
    for status, took in story:
        end = now + took
        if cycle.due is not None and cycle.due <= end:
            now = cycle.due
            assert [item.kind for item in cycle.overdue(now)] == [NoticeKind.PRESENT_AGAIN]
            waiting_since = None
        now = end
        assert waiting_since is None or now - waiting_since < PATIENCE
        step = cycle.step
        was_due = cycle.due
        pause, news = cycle.advance(status, now)
        if step is Step.FIND and was_due is None and cycle.due is not None:
            waiting_since = now
        if news or (step is Step.READ and status is not None and cycle.step is Step.WATCH):
            waiting_since = None
        assert waiting_since is None or cycle.due is not None
        without_pause = without_pause + 1 if pause == 0 else 0
        assert without_pause < 20
        now += pause
        if cycle.due is not None and cycle.due <= now:
            assert cycle.overdue(now)
            waiting_since = None
