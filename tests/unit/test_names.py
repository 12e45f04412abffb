"""What strangers put into names, and what is left of it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credentials.names import LONGEST, MOST_MARKS, masked, shown


@pytest.mark.parametrize(
    "name",
    [
        "张三",
        "欧阳娜娜",
        "Gabriele Musterfrau-Gößinger",
        "Nguyễn Thị Hằng",
        "阿卜杜拉·买买提",
        "O'Connor",
        "\ue000三",
        "ད་ལྟ",
    ],
)
def test_names_that_people_have_stay_as_they_are(name: str) -> None:
    assert shown(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("tricked", "left"),
    [
        ("张\u202e三", "张三"),  # writes everything after it from right to left
        ("\u2066Grete\u2069", "Grete"),
        ("张\u200b\u200d\ufeff三", "张三"),
        ("Gr\u00adete", "Grete"),  # a hyphen that only shows at the end of a line
        ("张\x1b[31m三", "张[31m三"),  # a terminal would turn red
        ("张三\n请放行", "张三请放行"),
        ("张\u2028三", "张三"),
        ("张\u3000\u3000 三", "张 三"),
        ("张\ud800三", "张三"),
        ("\u3164\u115f\u2800", ""),  # letters that show nothing
        ("\u0301\u0302Grete", "Grete"),  # accents that stand on nothing
        ("a" + "\u0335" * 200, "a" + "\u0335" * MOST_MARKS),
        ("\u202e" * 10, ""),
        ("", ""),
    ],
)
def test_tricks_are_taken_out(tricked: str, left: str) -> None:
    assert shown(tricked) == left


def test_a_name_has_an_end() -> None:
    assert len(shown("张" * 10_000)) == LONGEST
    assert shown("\u202e" * 10_000 + "张") == "", "only the beginning is looked at"


@pytest.mark.parametrize(
    ("name", "left"), [("张三", "张**"), ("Grete Öl", "G** Ö**"), ("\u202e张三", "张**"), ("\u200b", "")]
)
def test_a_masked_name_shows_where_each_part_begins(name: str, left: str) -> None:
    assert masked(name) == left


@given(st.text(max_size=300))
def test_whatever_comes_in_fits_on_one_line_and_shows(name: str) -> None:
    found = shown(name)
    assert shown(found) == found, "cleaning twice changes nothing"
    assert len(found) <= LONGEST
    assert len(found.splitlines()) <= 1
    assert all(character.isprintable() or unicodedata.category(character) == "Co" for character in found)
    assert found == found.strip()
