"""What the two decoders read, and whether noise passes for it."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest

pytest.importorskip("zxingcpp")
pytest.importorskip("pyzbar.pyzbar", reason="libzbar0 is not installed", exc_type=ImportError)

import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from segno import consts

from drivers.code_decoders import is_sure, zbar, zxing
from drivers.simulated.camera import picture_of

LARGEST_ODDS = 1e-6
"""Of one pattern of noise; a frame has few that look like a code's corners or rings."""


def picture(content: str | bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture_of(content))).convert("L")


def aztec(content: str) -> Image.Image:
    import zxingcpp  # noqa: PLC0415 - may not be installed

    return Image.fromarray(zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.Aztec).to_image(scale=4))


def odds(words: int, against_errors: int, bits: int, unused: float) -> float:
    """That a pattern of chance comes so near to a code that this share of what can be corrected is left over."""
    most = against_errors // 2
    used = max(number for number in range(most + 1) if most == 0 or 1 - number / most >= unused)
    others = 2**bits - 1
    near: int = sum(math.comb(words, errors) * others**errors for errors in range(used + 1))
    return float(near / 2 ** (bits * against_errors))


@pytest.mark.parametrize("unused", [0.0, 0.4, 0.5, 1.0])
def test_noise_does_not_pass_for_a_qr_code_that_is_sure(unused: float) -> None:
    levels = {getattr(consts, f"ERROR_LEVEL_{level}"): level for level in "LMQH"}
    sure = 0
    for version in range(1, 41):
        of_level: dict[int, Any] = consts.ECC[version]  # type: ignore[assignment]
        for level, blocks in of_level.items():
            if is_sure({"Version": str(version), "ECLevel": levels[level], "UEC": unused}):
                sure += 1
                each = [odds(b.num_total, b.num_total - b.num_data, 8, unused) ** b.num_blocks for b in blocks]
                assert math.prod(each) < LARGEST_ODDS / 1000
    assert sure >= 4 * 38


@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize("unused", [0.0, 0.4, 0.5, 1.0])
@pytest.mark.parametrize("percent", [5, 20, 23, 50])
def test_noise_does_not_pass_for_an_aztec_code_that_is_sure(percent: int, unused: float, *, compact: bool) -> None:
    # Before its content a code says how large it is, in words of 4 bits of their own.
    says = odds(7, 5, 4, 0) if compact else odds(10, 6, 4, 0)
    for layers in range(1, 5 if compact else 33):
        bits = 6 if layers <= 2 else 8 if layers <= 8 else 10 if layers <= 22 else 12
        words = ((88 if compact else 112) + 16 * layers) * layers // bits
        if is_sure({"Version": str(layers), "ECLevel": f"{percent}%", "UEC": unused}):
            assert says * odds(words, math.ceil(words * percent / 100), bits, unused) < LARGEST_ODDS


def test_a_small_code_is_sure_as_long_as_few_errors_were_corrected_in_it() -> None:
    clean = picture("310105")
    assert [reading.sure for reading in zxing(clean)] == [True]
    doubts = 0
    for column in range(clean.width):
        spoilt = clean.copy()
        ImageDraw.Draw(spoilt).rectangle((column, clean.height // 2, column + 24, clean.height // 2 + 60), fill=0)
        doubts += [reading.sure for reading in zxing(spoilt)] == [False]
    assert doubts


def test_the_size_and_state_of_a_code_are_told_by_the_decoder() -> None:
    """Else every code would wait for a second frame."""
    for image in (picture("HC1:" + "6BFOXN*TS0BI$ZD." * 20), picture("A"), aztec("A"), aztec("6BFOXN*TS0BI$ZD." * 20)):
        assert [reading.sure for reading in zxing(image)] == [True]


def test_what_the_decoder_does_not_tell_counts_as_nothing() -> None:
    assert not is_sure({})
    assert not is_sure({"Version": "1", "ECLevel": "H"})


@given(st.integers(1, 40), st.sampled_from("LMQH"), st.floats(0, 1))
def test_the_fewer_errors_the_surer(version: int, level: str, unused: float) -> None:
    about = {"Version": str(version), "ECLevel": level}
    assert is_sure(about | {"UEC": 1.0}) >= is_sure(about | {"UEC": unused}) >= is_sure(about | {"UEC": 0.0})


def test_the_other_decoder_is_believed_for_ascii_only() -> None:
    assert [reading.content for reading in zbar(picture("HC1:ASCII"))] == [b"HC1:ASCII"]
    assert zbar(picture("é")) == []
    assert zbar(picture(bytes(range(128, 256)))) == []


def test_what_a_small_code_can_hold_is_not_sure_where_the_size_is_not_told() -> None:
    largest = segno.make_qr("7" * 77, error="l", boost_error=False)
    assert largest.version == 2
    assert [reading.sure for reading in zbar(picture("7" * 77))] == [False]
    assert [reading.sure for reading in zbar(picture("7" * 78))] == [True]


def test_one_part_of_a_split_code_is_nothing_to_the_other_decoder() -> None:
    part = segno.make_sequence("structured append " * 4, symbol_count=3)[0]
    file = io.BytesIO()
    part.save(file, "png", scale=4)
    assert zbar(Image.open(file).convert("L")) == []
