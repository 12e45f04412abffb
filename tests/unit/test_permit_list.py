"""The list while it serves: whatever keeps it from answering is never "no permit"."""

from __future__ import annotations

import asyncio
import queue
import re
import sqlite3
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from permit_lists import KEY, NOW, holder, imported, row, table

from gate.errors import StatusUnavailable
from gate.model import PermitRecord, Records
from gate.pseudonym import PseudonymKey
from gate.status import permits as serving
from gate.status.merged import MergedSources
from gate.status.permit_store import ListInfo, PermitListReader
from gate.status.permits import PermitList
from gate.status.questions import QUEUE_LIMIT
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

WAIT_S = 20
NOBODY_KNOWS = Found(holder(1), None, permits_known=False)


class News:
    """What a list tells about itself, in order."""

    def __init__(self) -> None:
        self._told: queue.Queue[ListInfo | Exception] = queue.Queue()
        self.tell = self._told.put

    def next(self) -> ListInfo | Exception:
        return self._told.get(timeout=WAIT_S)


@contextmanager
def serve(path: Path, key: PseudonymKey = KEY, limit_s: float = WAIT_S) -> Iterator[tuple[PermitList, News]]:
    news = News()
    served = PermitList(path, key, limit_s, news.tell)
    served.open()
    try:
        yield served, news
    finally:
        served.close()


def ask(served: PermitList, *holders: bytes) -> Found:
    return asyncio.run(served.find(holders or (holder(1),)))


def change(path: Path, statement: str, *values: object) -> None:
    """Write into a list as a stranger with the card in his hand would."""
    with sqlite3.connect(path) as db:
        db.execute(statement, values)
    db.close()


def test_a_permit_is_found_as_it_was_written(tmp_path: Path) -> None:
    cells = row(1, hours="22:00-06:00", entries="3", sponsor="示例超市", id="TX-1", zones="a;b")
    with serve(imported(tmp_path, table([cells, row(2)]))) as (served, news):
        assert ask(served) == Found(
            holder(1),
            Records(
                permits=(
                    PermitRecord(
                        "permits",
                        NOW.at,
                        frozenset({"a", "b"}),
                        datetime(2021, 5, 31, 16, tzinfo=UTC),
                        datetime(2099, 6, 30, 16, tzinfo=UTC),
                        (1320, 360),
                        3,
                        "TX-1",
                        "示例超市",
                    ),
                )
            ),
            in_part=True,
        )
        assert news.next() == ListInfo(NOW.at, 2, 0, 2)


def test_nobody_becomes_known_by_having_no_permit(tmp_path: Path) -> None:
    with serve(imported(tmp_path, table([row(1)]))) as (served, _):
        found = ask(served, holder(2))
        assert found == Found(holder(2), None)
        assert not found.holder_known


def test_a_person_is_found_under_every_document(tmp_path: Path) -> None:
    with serve(imported(tmp_path, table([row(1, zones="a"), row(2, zones="b"), row(3)]))) as (served, _):
        records = ask(served, holder(1), holder(2)).records
        assert records is not None
        assert {zone for permit in records.permits for zone in permit.zones} == {"a", "b"}


def test_a_permit_without_a_number_has_the_same_one_in_the_next_list(tmp_path: Path) -> None:
    names = []
    for rows in ([row(1)], [row(2), row(1, entries="5", sponsor="x")], [row(1, zones="other")]):
        with serve(imported(tmp_path, table(rows))) as (served, _):
            records = ask(served).records
            assert records is not None
            names.append(records.permits[0].id)
    assert names[0] == names[1]
    assert names[1] != names[2]


def test_a_new_list_takes_over_while_the_gate_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LOOK_S", 0.01)
    with serve(imported(tmp_path, table([row(1)]))) as (served, news):
        assert isinstance(news.next(), ListInfo)
        imported(tmp_path, table([row(2)]))
        assert isinstance(news.next(), ListInfo)
        assert ask(served).records is None, "who was struck off has no permit any more"
        assert ask(served, holder(2)).records is not None
        (tmp_path / "permits.sqlite").unlink()
        assert "there is no list of permits" in str(news.next())
        assert ask(served) == NOBODY_KNOWS


def test_a_list_that_comes_after_the_start_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LOOK_S", 0.01)
    with serve(tmp_path / "permits.sqlite") as (served, news):
        assert isinstance(news.next(), StatusUnavailable)
        assert ask(served) == NOBODY_KNOWS
        imported(tmp_path, table([row(1)]))
        assert isinstance(news.next(), ListInfo)
        assert ask(served).records is not None


def zeros(path: Path) -> None:
    """A page that the card lost."""
    data = bytearray(path.read_bytes())
    data[8192:12288] = bytes(4096)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda path: path.write_bytes(b""), "no list of permits of this version"),
        (lambda path: path.write_bytes(b"\0" * 9999), "not a database"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "malformed|damaged"),
        (zeros, "malformed|damaged"),
        (lambda path: change(path, "CREATE TABLE more (x)"), "other tables"),
        (lambda path: change(path, "PRAGMA user_version=2"), "of this version"),
        (lambda path: change(path, "DELETE FROM list"), "another key"),
        (lambda path: change(path, "UPDATE list SET imported_at=imported_at+1"), "another key"),
        (lambda path: change(path, "INSERT INTO list SELECT * FROM list"), "another key"),
    ],
)
def test_a_damaged_list_is_no_list(tmp_path: Path, damage: Callable[[Path], Any], why: str) -> None:
    path = imported(tmp_path, table([row(1)]))
    damage(path)
    with serve(path) as (served, news):
        assert ask(served) == NOBODY_KNOWS
        told = news.next()
        assert isinstance(told, StatusUnavailable)
        assert re.search(why, str(told))


def test_a_list_of_another_gates_key_is_no_list(tmp_path: Path) -> None:
    with serve(imported(tmp_path, table([row(1)])), PseudonymKey(bytes([1]) * 32)) as (served, news):
        assert ask(served) == NOBODY_KNOWS
        assert "another key" in str(news.next())


@pytest.mark.parametrize(
    ("column", "value"),
    [("zones", "vault"), ("valid_to", 4_102_444_800), ("hours_from", None), ("entries", 9), ("sponsor", "x")],
)
def test_a_permit_that_somebody_changed_by_hand_is_not_believed(tmp_path: Path, column: str, value: object) -> None:
    path = imported(tmp_path, table([row(1, hours="08:00-18:00", entries="1"), row(2)]))
    change(path, f"UPDATE permits SET {column}=? WHERE holder=?", value, holder(1))  # noqa: S608 - from above
    with serve(path) as (served, _):
        assert ask(served) == NOBODY_KNOWS
        assert ask(served, holder(2)).records is not None


def test_a_permit_that_was_moved_to_somebody_else_is_not_believed(tmp_path: Path) -> None:
    path = imported(tmp_path, table([row(1), row(2)]))
    change(path, "UPDATE permits SET holder=? WHERE holder=?", holder(3), holder(1))
    with serve(path) as (served, _):
        assert not ask(served, holder(3)).permits_known
    reader = PermitListReader(path, KEY)
    with pytest.raises(StatusUnavailable, match="not as it was written"):
        list(reader.everything())
    reader.close()


def test_a_disk_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    with serve(imported(tmp_path, table([row(1)])), limit_s=0.01) as (served, _):
        with served._lock:
            assert ask(served) == NOBODY_KNOWS
            for _ in range(QUEUE_LIMIT + 1):
                assert ask(served) == NOBODY_KNOWS, "past the limit at once"
        later: Future[tuple[PermitRecord, ...]] = Future()
        served._questions._waiting.put(((holder(1),), later), timeout=WAIT_S)
        assert later.result(WAIT_S), "it answers again"


def test_a_bug_is_not_taken_for_a_missing_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(serving, "PermitListReader", type("Broken", (), {"__init__": bug}))
    with serve(tmp_path / "permits.sqlite") as (served, _), pytest.raises(KeyError):
        ask(served)


class Says:
    """A source that always says the same."""

    def __init__(self, found: Found) -> None:
        self._found = found

    async def find(self, holders: Sequence[bytes]) -> Found:
        assert holders
        return self._found


KNOWN = Found(b"a", Records())
UNKNOWN = Found(b"a", None)
PERMITTED = Found(
    b"b", Records(permits=(PermitRecord("permits", NOW.at, frozenset("z"), NOW.at, NOW.at),)), in_part=True
)
UNREADABLE = Found(b"b", None, permits_known=False)


@pytest.mark.parametrize(
    ("first", "other", "holder_known", "permits_known"),
    [
        (KNOWN, PERMITTED, True, True),
        (UNKNOWN, PERMITTED, False, True),
        (KNOWN, UNKNOWN, True, True),
        (UNKNOWN, UNKNOWN, False, True),
        (KNOWN, UNREADABLE, True, False),
        (UNKNOWN, UNREADABLE, False, False),
        (PERMITTED, KNOWN, True, True),
        (PERMITTED, UNKNOWN, False, True),
    ],
)
def test_what_two_sources_know_together(first: Found, other: Found, *, holder_known: bool, permits_known: bool) -> None:
    found = asyncio.run(MergedSources(Says(first), Says(other)).find((b"a",)))
    assert (found.holder, found.holder_known, found.permits_known) == (first.holder, holder_known, permits_known)
