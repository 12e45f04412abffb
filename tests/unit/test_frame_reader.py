"""The reader of a camera's frames, on telephones as ``gate bench camera`` makes them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

pytest.importorskip("zxingcpp")
pytest.importorskip("pyzbar.pyzbar", reason="libzbar0 is not installed", exc_type=ImportError)

from bench.camera_empty import empty_frame
from bench.camera_frames import Condition, Presentation, code, presentations
from bench.camera_ways import every_look
from drivers import code_reader
from drivers.code_decoders import Reading
from drivers.code_reader import FrameReader, first_look, read_codes
from drivers.code_region import busiest_region

SIZE = (1280, 720)

READ_IN_NOISE = (268, 3764, 7828, 8148)
"""Of 10,000 frames without a code, those in which an earlier reader found one: a Micro QR code with a few digits."""


def test_a_frame_is_the_same_at_every_run() -> None:
    one, two = (Presentation.make(7, Condition.MIXED, SIZE) for _ in range(2))
    assert one.content == two.content
    assert one.frame(3) == two.frame(3)
    assert one.frame(3) != one.frame(4)


def test_what_the_fast_decoder_misses_is_read_within_a_few_frames() -> None:
    missed = read = 0
    hard = (Condition.DEFOCUS, Condition.MOIRE, Condition.NOISE, Condition.LOW_LIGHT)
    for presentation in (Presentation.make(number, condition, SIZE) for number in range(4) for condition in hard):
        if not first_look(presentation.frame(0)):
            missed += 1
            reader = FrameReader()
            frames = (presentation.frame(index) for index in range(4))
            read += any(reader.read(frame) == [presentation.content] for frame in frames)
    assert missed >= 4
    assert read >= missed * 0.8


def test_frames_get_the_rescues_in_turn_and_what_helped_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def rescue(number: int) -> list[Reading]:
        tried.append(number)
        return [Reading(b"helped", sure=True)] if len(tried) == 7 else []

    def given(*numbers: int) -> tuple[object, ...]:
        return tuple(lambda *_, number=number: rescue(number) for number in numbers)

    monkeypatch.setattr(code_reader, "ROUND", (given(0, 3), given(0, 1, 2), given(0, 4)))
    reader = FrameReader()
    frames = [reader.read(Image.new("L", (64, 64), 40 * number)) for number in range(5)]
    assert tried == [0, 3, 0, 1, 2, 0, 4, 0, 4, 0, 3]
    assert frames == [[], [], [b"helped"], [], []]


def test_rescues_rest_before_a_wall_until_something_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def rescue(frame: Image.Image, _: Image.Image) -> list[Reading]:
        tried.append(frame.width)
        return []

    monkeypatch.setattr(code_reader, "ROUND", ((rescue,) * 2,) * 3)
    noise = random.Random(1)
    wall = [Image.frombytes("L", SIZE, noise.randbytes(SIZE[0] * SIZE[1])).point(lambda v: v // 4) for _ in range(3)]
    reader = FrameReader()
    for number in range(30):
        reader.read(wall[number % 3])
    assert len(tried) == 12 * 2
    hand = wall[0].copy()
    hand.paste(0, (600, 300, 680, 420))
    reader.read(hand)
    assert len(tried) == 13 * 2


def test_what_is_not_sure_counts_when_a_frame_soon_after_shows_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    doubtful, other = Reading(b"maybe", sure=False), Reading(b"something else", sure=False)
    frames = [[doubtful], [other], [], [doubtful], *[[]] * 8, [doubtful], [doubtful, Reading(b"certain", sure=True)]]
    monkeypatch.setattr(code_reader, "second_look", lambda _: frames.pop(0))
    reader = FrameReader()
    read = [reader.read(Image.new("L", (64, 64))) for _ in range(len(frames))]
    assert read == [[], [], [], [b"maybe"], *[[]] * 8, [], [b"maybe", b"certain"]]


def test_a_poster_behind_hides_no_telephone() -> None:
    poster, telephone = b"https://example.cn/timetable", bytes(random.Random(3).choices(b"ABCDEFGHIJKLMN", k=500))
    frame = Image.new("L", SIZE, 160)
    frame.paste(code(poster, "L").resize((330, 330)), (40, 40))
    drawn = code(telephone, "L")
    frame.paste(drawn.resize((drawn.width * 3, drawn.height * 3)), (600, 200))
    frame = frame.filter(ImageFilter.GaussianBlur(1.2))
    reader = FrameReader()
    assert [sorted(reader.read(frame)) for _ in range(3)] == [[poster], *[sorted([poster, telephone])] * 2]


def test_a_code_is_looked_for_where_it_is() -> None:
    found = 0
    shown = list(presentations(range(10), SIZE))
    for presentation in shown:
        frame = presentation.frame(0)
        left, top, right, bottom = busiest_region(frame)
        middle = (presentation.pose.x / presentation.pose.z, presentation.pose.y / presentation.pose.z)
        x, y = (half + 985.6 * where for half, where in zip((640, 360), middle, strict=True))
        found += left < x < right and top < y < bottom
    assert found >= len(shown) - 1


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (640, 480), (4096, 16)])
def test_the_busiest_region_of_any_picture_lies_in_it(size: tuple[int, int]) -> None:
    for picture in (Image.new("L", size, 128), Image.effect_noise(size, 60)):
        left, top, right, bottom = busiest_region(picture)
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert FrameReader().read(picture) == []


@given(st.integers(0, 10_000), st.sampled_from(Condition), st.integers(0, 4), st.floats(0, 3))
@settings(max_examples=12, deadline=None)
def test_all_ways_read_the_same_code_or_none(number: int, condition: Condition, index: int, blur: float) -> None:
    presentation = Presentation.make(number, condition, SIZE)
    frame = presentation.frame(index).filter(ImageFilter.GaussianBlur(blur))
    assert {reading.content for reading in every_look(frame) if reading.sure} <= {presentation.content}


def test_nothing_is_read_where_no_code_is() -> None:
    assert [read_codes(empty_frame(number, SIZE), 60) for number in range(24)] == [[]] * 24


@pytest.mark.parametrize("number", READ_IN_NOISE)
def test_what_was_once_read_in_noise_is_not_read_any_more(number: int) -> None:
    assert every_look(empty_frame(number, SIZE)) == []


def test_an_aztec_code_is_read_within_a_round_wherever_it_is() -> None:
    import zxingcpp  # noqa: PLC0415 - not there on every machine

    content = "held up beside a poster"
    drawn = Image.fromarray(zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.Aztec).to_image(scale=5))
    frame = Image.new("L", SIZE, 160)
    poster = Image.frombytes("1", (100, 100), random.Random(5).randbytes(1300))
    frame.paste(poster.convert("L").resize((400, 400)), (40, 40))
    frame.paste(drawn, (800, 300))
    _, _, right, _ = busiest_region(frame)
    assert right < 800
    reader = FrameReader()
    assert [content.encode()] in [reader.read(frame) for _ in range(4)]
