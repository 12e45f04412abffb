"""Whatever gates send is in the array that PostgreSQL reads, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.plane import arrays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.run import Ready


@pytest.fixture(scope="module")
def link(fleet_ready: Ready) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fleet_ready.dsn) as found:
        yield found


USUAL = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@USUAL
@given(st.lists(st.none() | WORDS | st.sampled_from(["NULL", "{", '"', "\\", ",", "", " "])))
def test_texts_come_back(link: psycopg.Connection, values: list[str | None]) -> None:
    assert link.execute("SELECT %s::text[]", (arrays.texts(values),)).fetchone() == (values,)


@USUAL
@given(st.lists(st.binary()))
def test_bytes_come_back(link: psycopg.Connection, values: list[bytes]) -> None:
    assert link.execute("SELECT %s::bytea[]", (arrays.binaries(values),)).fetchone() == (values,)


@USUAL
@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1)), st.lists(st.uuids()))
def test_numbers_and_ids_come_back(link: psycopg.Connection, numbers: list[int], ids: list[object]) -> None:
    asked = arrays.plain(numbers), arrays.plain(ids)
    assert link.execute("SELECT %s::bigint[], %s::uuid[]", asked).fetchone() == (numbers, ids)
