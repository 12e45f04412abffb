"""``fleet bench days``: a month of a city, and what it takes to ask for a day of it or to drop one."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.bench_fill import GATES, Wanted, check_room, fill
from fleet.run import database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def main(arguments: Sequence[str]) -> int:
    """Measure what a month of a whole city's rows takes: 30 days of 2.2 million."""
    parser = argparse.ArgumentParser("fleet bench days", description=main.__doc__)
    parser.add_argument("--days", type=int, default=30, help="until yesterday (%(default)s)")
    parser.add_argument("--rows", type=int, default=2_200_000, help="of a day (%(default)s)")
    parser.add_argument("--whole", type=int, help="days with rows of their whole size, the others have no body (all)")
    parser.add_argument("--gates", type=int, default=GATES, help="(%(default)s)")
    parser.add_argument("--data", type=Path, help="a folder to keep it in, and to go on with; else it is deleted")
    asked = parser.parse_args(arguments)
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=n) for n in range(asked.days, 0, -1)]
    wanted = Wanted(days, asked.days if asked.whole is None else asked.whole, asked.rows, asked.gates)
    with _folder(asked.data) as folder:
        check_room(folder, wanted)
        with database(folder) as ready:
            fill(ready.dsn, wanted)
    return 0


@contextlib.contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", dir="/tmp") as folder:
        yield Path(folder)
