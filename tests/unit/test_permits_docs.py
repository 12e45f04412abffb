"""docs/permits.md shows a clerk what he will see."""

from __future__ import annotations

from doc_steps import done
from vectors import ROOT

from gate.app.permits.columns import CHINESE, Column

PAGE = (ROOT / "docs/permits.md").read_text("utf-8")


def test_every_step_prints_what_the_page_shows() -> None:
    assert done(PAGE) == PAGE, "bring the page up to date: python tests/doc_steps.py docs/permits.md"


def test_every_column_is_on_the_page() -> None:
    for column in Column:
        assert f"{CHINESE[column]} {column.value}" in PAGE
