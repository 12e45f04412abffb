"""The slow card of the measurements is one: every record waits for it."""

from __future__ import annotations

import pytest

from bench.journal import SLOW_CARD, USUAL_US, measure


def test_each_record_waits_for_the_medium_that_it_is_measured_on() -> None:
    here, card = measure(4).items()
    assert here[0].startswith("this disk (")
    assert here[1] is not None
    assert [len(here[1].journal), len(here[1].sqlite)] == [4, 4]
    assert card[0] == SLOW_CARD
    if card[1] is None:
        pytest.skip("the slow card takes gcc")
    assert min(*card[1].journal, *card[1].sqlite) >= USUAL_US / 1000
