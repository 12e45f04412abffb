"""The pictures of the EU's DCC test data hold what their vectors say, byte for byte."""

from __future__ import annotations

import pytest
from suites.pictures import Picture, pictures

HELD_TO = [picture for picture in pictures() if picture.issue is None]


@pytest.mark.parametrize("picture", HELD_TO, ids=lambda picture: picture.name)
def test_picture(picture: Picture) -> None:
    assert picture.holds()


def test_there_are_as_many_as_the_data_set_has() -> None:
    assert sum(picture.readable for picture in HELD_TO) == 274
