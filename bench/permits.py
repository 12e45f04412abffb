"""How long a list of permits takes to import, and a permit to be found; the people of the list are fictional."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import random
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Final

from gate.app.permits import importing
from gate.app.permits.columns import Column
from gate.credentials.id_number import check_character
from gate.model import Checkpoint, Direction, Document, DocumentType, Moment
from gate.pseudonym import PseudonymKey
from gate.status.permits import PermitList

IMPORTS: Final = 2
LOOK_UPS: Final = 1000
_KEY: Final = PseudonymKey(bytes(32))
_HERE: Final = Checkpoint("bench", "station", "1", Direction.IN, attended=False, zone="east-3")
_NOW: Final = Moment(datetime(2021, 6, 18, tzinfo=UTC), trusted=True)
_BIRTHS: Final = date(1950, 1, 1)
_DAYS: Final = 20_000
_A_DAY: Final = 1000


def import_and_look_up(rows: int) -> tuple[list[float], list[float]]:
    """Seconds of each import of so many rows, and milliseconds of questions to the list while it serves."""
    with tempfile.TemporaryDirectory() as name:
        file, target = Path(name) / "list.csv", Path(name) / "permits.sqlite"
        write(file, rows)
        return [_import(file, target) for _ in range(IMPORTS)], asyncio.run(_look_up(target, rows))


def write(file: Path, rows: int) -> None:
    """A list as an office would save it, of people in the order in which they applied."""
    with file.open("w", encoding="utf-8", newline="") as text:
        table = csv.writer(text)
        table.writerow([column.heading for column in Column] + ["备注 remarks"])
        for sequence in range(rows):
            zones, company = f"east-{sequence % 9};east-3", f"示例供应公司第{sequence % 700}分店"
            permit = (zones, "2021/6/1", "2021/6/30 22:00", "06:00-22:00", "", company, "物资保供，请核对")
            table.writerow((f"TX-{sequence:07}", "身份证", number(sequence), *permit))


def number(sequence: int) -> str:
    """An ID number of nobody: region 999999 does not exist."""
    born = _BIRTHS + timedelta(days=sequence * 7919 % _DAYS)
    body = f"999999{born:%Y%m%d}{sequence // _DAYS % _A_DAY:03}"
    return body + check_character(body)


def _import(file: Path, target: Path) -> float:
    begun = perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        if importing.run(file, target, _HERE, _KEY, _NOW) != importing.ALL_IN:
            raise RuntimeError("a row of the measurement is refused")
    return perf_counter() - begun


async def _look_up(target: Path, rows: int) -> list[float]:
    found = PermitList(target, _KEY, 1.0, lambda _: None)
    found.open()
    draw, times = random.Random(1), []
    for _ in range(LOOK_UPS):
        holder = _KEY.pseudonym(Document(DocumentType.RESIDENT_ID, number(draw.randrange(rows))))
        begun = perf_counter()
        answer = await found.find((holder,))
        times.append((perf_counter() - begun) * 1000)
        if answer.records is None:
            raise RuntimeError("a permit of the measurement is not found")
    found.close()
    return times
