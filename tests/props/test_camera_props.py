"""Frames of the camera's pipe, and pictures that are no pictures."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.camera_wire import MOST_DATA, Frame, Frames, Kind
from drivers.camera_worker import DAMAGED, UnreadableError, decode
from drivers.simulated.camera import picture_of
from gate.errors import ProtocolFault

FRAMES = st.builds(
    Frame, st.sampled_from(Kind), st.floats(allow_nan=False), st.binary(max_size=50) | st.just(b"x" * MOST_DATA)
)


@given(st.lists(FRAMES, max_size=5), st.data())
def test_frames_survive_any_cutting(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(frame.to_bytes() for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    parser, out = Frames(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        out += parser.feed(stream[start:end])
    assert out == frames


@given(st.binary(max_size=200))
def test_any_bytes_give_frames_or_a_protocol_fault(data: bytes) -> None:
    try:
        frames = Frames().feed(data)
    except ProtocolFault:
        return
    assert sum(len(frame.to_bytes()) for frame in frames) <= len(data)


@given(st.binary(max_size=300))
def test_any_file_is_unreadable(junk: bytes) -> None:
    with pytest.raises(UnreadableError):
        decode(junk)


@given(st.integers(0, 2000), st.integers(0, 255), st.integers(0, 2000))
@settings(max_examples=60, deadline=None)
def test_a_damaged_picture_gives_its_code_or_is_unreadable(place: int, value: int, length: int) -> None:
    data = bytearray(picture_of("HC1:damaged"))
    data[place % len(data)] = value
    try:
        assert decode(bytes(data[: length + 100])) == [b"HC1:damaged"]
    except UnreadableError:
        return


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "WEBP"])
def test_other_picture_forms_are_not_even_tried(form: str) -> None:
    file = io.BytesIO()
    Image.new("L", (20, 20)).save(file, form)
    with pytest.raises(UnreadableError, match=DAMAGED):
        decode(file.getvalue())
