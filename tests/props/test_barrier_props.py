"""Properties of the relay board's frames and of the passage sensor's reading."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from drivers.lcus_frames import SIZE, Frame, Splitter, wire
from drivers.passage_watch import BLOCKED_SETTLES_S, CLEAR_SETTLES_S, Over, PassageWatch, Sign
from gate.model import PassageResult

FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 255))
STREAMS = st.lists(
    st.one_of(st.binary(max_size=12), FRAMES.map(wire), st.sampled_from([b"\xa0", b"\xa0\xa0", b"\xa0\x01\x01"])),
    max_size=12,
).map(b"".join)
WITHIN, JAM = 8.0, 10.0
LONGEST = WITHIN + JAM + BLOCKED_SETTLES_S + CLEAR_SETTLES_S


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=20))
def test_frames_do_not_depend_on_the_chunks(data: bytes, cuts: list[int]) -> None:
    edges = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    splitter = Splitter()
    pieces = [frame for a, b in itertools.pairwise(edges) for frame in splitter.feed(data[a:b])]
    assert pieces == Splitter().feed(data)


@given(STREAMS)
def test_what_is_kept_is_bounded_and_only_whole_frames_come_out(data: bytes) -> None:
    splitter = Splitter()
    for byte in data:
        for frame in splitter.feed(bytes([byte])):
            assert wire(frame) in data
        assert len(splitter.pending) < SIZE


@given(st.binary(max_size=30), st.lists(FRAMES, max_size=6))
def test_every_frame_after_noise_without_a_start_arrives(noise: bytes, frames: list[Frame]) -> None:
    assert Splitter().feed(noise.replace(b"\xa0", b"\x55") + b"".join(map(wire, frames))) == frames


@given(
    st.lists(st.tuples(st.sampled_from(["release", "block", "clear", "fire", "over"]), st.floats(0, 12)), max_size=40),
    st.booleans(),
)
def test_every_release_ends_once_and_in_time(steps: list[tuple[str, float]], sensor: bool) -> None:
    watch, now = PassageWatch(WITHIN, JAM, sensor=sensor), 0.0
    released: float | None = None
    seen = False

    def ended(happened: list[Over | Sign]) -> None:
        nonlocal released
        for what in happened:
            if isinstance(what, Over):
                assert released is not None
                assert what.result is not PassageResult.PASSED or seen
                released = None
        assert released is None or now - released <= LONGEST

    for what, wait in (*steps, ("over", 1000.0)):
        now += wait
        ended(watch.tick(now))
        if what == "release" and released is None:
            released = now
            watch.release(now)
        elif what in ("block", "clear") and sensor:
            seen |= what == "block"
            ended(watch.sensed(now, blocked=what == "block"))
        elif what in ("fire", "over"):
            ended(watch.fire(now, active=what == "fire"))
    now += 1000
    ended(watch.tick(now))
    assert released is None
