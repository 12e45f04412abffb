"""Codes in single pictures: exact bytes, whatever the picture looks like."""

from __future__ import annotations

import io

import pytest

pytest.importorskip("zxingcpp")
pytest.importorskip("pyzbar.pyzbar", reason="libzbar0 is not installed", exc_type=ImportError)

import segno
from PIL import Image, ImageFilter

from drivers import code_reader
from drivers.code_decoders import Reading
from drivers.code_reader import MOST_CODES, first_look, read_codes
from drivers.simulated.camera import picture_of

CERTIFICATE = "HC1:" + "6BFOXN*TS0BI$ZD.P9UOL97O4-2HH77HRM3DSPTLRR+%3" * 10


def picture(content: str | bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture_of(content)))


@pytest.mark.parametrize(
    "content",
    [CERTIFICATE.encode(), "健康码 张测试".encode(), "健康码 张测试".encode("gbk"), bytes(range(256)), b"7" * 3000],
    ids=["certificate", "utf-8", "gbk", "binary", "digits"],
)
def test_bytes_arrive_exactly(content: bytes) -> None:
    assert read_codes(picture(content)) == [content]


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "LA", "CMYK"])
def test_any_mode(mode: str) -> None:
    assert read_codes(picture("mode").convert(mode)) == [b"mode"]


def test_black_on_transparent_is_black_on_paper() -> None:
    file = io.BytesIO()
    segno.make_qr("transparent").save(file, "png", scale=4, light=None)
    assert read_codes(Image.open(file)) == [b"transparent"]


@pytest.mark.parametrize("degrees", [90, 180, 270, 17, 45])
def test_any_angle(degrees: int) -> None:
    assert read_codes(picture("angle").rotate(degrees, expand=True, fillcolor=255)) == [b"angle"]


def test_aztec() -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    image = zxingcpp.create_barcode("aztec", zxingcpp.BarcodeFormat.Aztec).to_image(scale=4)
    assert read_codes(Image.fromarray(image)) == [b"aztec"]


def test_a_small_relative_in_which_noise_is_easily_read_is_not_read() -> None:
    file = io.BytesIO()
    segno.make_micro("7932").save(file, "png", scale=6)
    assert read_codes(Image.open(file)) == []


def test_several_codes_each_once_and_no_more_than_the_limit() -> None:
    sheet = Image.new("L", (900, 600), 255)
    for place, content in enumerate(["A", "A", "B", "C", "D", "E"]):
        sheet.paste(picture(content * 20), (place % 3 * 300 + 40, place // 3 * 300 + 40))
    codes = read_codes(sheet)
    assert len(codes) == len(set(codes)) == MOST_CODES


def test_a_large_photograph_is_read() -> None:
    sheet = Image.new("RGB", (4000, 3000), "grey")
    code = picture(CERTIFICATE).convert("RGB")
    sheet.paste(code.resize((code.width * 3, code.height * 3)), (1000, 700))
    assert read_codes(sheet) == [CERTIFICATE.encode()]


def test_a_blurred_picture_is_rescued() -> None:
    sharp = picture(CERTIFICATE)
    blurred = [sharp.filter(ImageFilter.GaussianBlur(radius / 10)) for radius in range(10, 40)]
    first = sum(bool(first_look(image)) for image in blurred)
    chain = sum(read_codes(image, patience=60) == [CERTIFICATE.encode()] for image in blurred)
    assert chain > first


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (640, 480), (1280, 1024)])
def test_a_picture_without_code(size: tuple[int, int]) -> None:
    assert read_codes(Image.new("L", size, 128)) == []


def test_no_rescue_begins_after_the_patience_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def rescue(_: Image.Image) -> list[bytes]:
        pytest.fail("began a rescue")

    monkeypatch.setattr(code_reader, "RESCUES", (rescue,))
    assert read_codes(Image.new("L", (64, 64)), patience=0.0) == []


def test_what_is_not_sure_does_not_count_in_a_picture_that_comes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [Reading(b"from noise", sure=False)], [Reading(b"a code", sure=True)]
    monkeypatch.setattr(code_reader, "RESCUES", tuple(lambda *_, answer=answer: answer for answer in answers))
    assert read_codes(Image.new("L", (64, 64))) == [b"a code"]
