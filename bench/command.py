"""``gate bench``: every figure in one run, each beside what it is measured against."""

from __future__ import annotations

import argparse
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from gate import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.gate_path import PathTimes
    from bench.refresh import Costs

QUICK, FULL = 0, 1
ROUNDS = {
    "hcert": (300, 3000),
    "rules": (2000, 20_000),
    "batch": (4, 40),
    "revocation": (3, 20),
    "card": (3, 20),
    "pictures": (1, 3),
    "voice": (20, 200),
    "permits": (5000, 500_000),
    "lists": (20_000, 300_000),
    "refresh": (5, 50),
    "path": (10, 120),
    "idle": (2, 10),
    "journal": (300, 5000),
    "queue": (1000, 5000),
    "upload": (2000, 100_000),
    "camera": (100, 1000),
}
"""How often each is measured, quickly and in full."""

ONLY_ON_REQUEST = ("camera",)
"""Takes half an hour in full; the others together take minutes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what, its unit, the values, and what it is to be compared with."""

    what: str
    unit: str
    values: Sequence[float]
    beside: str = ""
    """The target or floor, and how the figure stands to it."""

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        if len(self.values) < 2:  # noqa: PLR2004 - no spread from one value
            return self.what, "-", "-", "0", self.beside or "not measured"
        return (
            self.what,
            f"{median(self.values):.2f} {self.unit}",
            f"{p99(self.values):.2f} {self.unit}",
            str(len(self.values)),
            self.beside,
        )


def p99(values: Sequence[float]) -> float:
    """The value that 99 of 100 stay under."""
    return quantiles(values, n=100, method="inclusive")[98]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "what",
        nargs="*",
        type=_known,
        metavar="WHAT",
        help=f"{', '.join(MEASURES)}; without one, all but {', '.join(ONLY_ON_REQUEST)}",
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds: to see that it runs")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table to a Markdown file as well")
    parser.epilog = "Figures are of this machine at this moment; compare the ratios, which come from one run."


def _known(name: str) -> str:
    if name not in MEASURES:
        raise argparse.ArgumentTypeError(f"nothing is measured under the name {name}: one of {', '.join(MEASURES)}")
    return name


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; always 0, a figure is no verdict."""
    column = QUICK if arguments.quick else FULL
    rows: list[Row] = []
    for name in arguments.what or [name for name in MEASURES if name not in ONLY_ON_REQUEST]:
        print(f"measuring: {name} …", flush=True)
        rows += MEASURES[name](ROUNDS[name][column])
    table = _table(rows)
    print("\n" + table)
    if arguments.write is not None:
        arguments.write.write_text(_page(table), encoding="utf-8")
        print(f"written: {arguments.write}")
    return 0


def _hcert(rounds: int) -> list[Row]:
    from bench.hcert import decode_and_verify_ratio  # noqa: PLC0415 - each measure loads what it measures

    ours, floor = decode_and_verify_ratio(rounds)
    ratio = median(ours) / median(floor)
    return [
        Row("HC1: text to credential", "µs", ours, f"{ratio:.2f} × its floor (target ≤ 1.6 ×)"),
        Row("HC1: floor (bare OpenSSL verify + zlib + cbor2)", "µs", floor),
    ]


def _rules(rounds: int) -> list[Row]:
    from bench.rules import production_set_times  # noqa: PLC0415 - as above

    try:
        times = production_set_times(rounds)
    except IndexError:
        return [Row("10 production rules", "µs", (), "not measured: test data is not at hand")]
    return [Row("10 production rules, one certificate", "µs", times, "target: median ≤ 25 µs")]


def _batch(rounds: int) -> list[Row]:
    from bench.batch import RULES, microseconds_each  # noqa: PLC0415 - as above

    times = microseconds_each(rounds)
    rate = f"{1e6 / median(times):,.0f} certificates a second (target ≥ 5,000)"
    return [Row(f"batch: line to answer, {RULES} rules each, one core", "µs", times, rate)]


def _revocation(rounds: int) -> list[Row]:
    from bench.revocation import ENTRIES, FILTERED, filter_times, list_times  # noqa: PLC0415 - as above

    rows = []
    for form, times in (
        (f"revocation: {ENTRIES:,} sorted digests", list_times(rounds)),
        (f"revocation: Bloom filter of {FILTERED:,}", filter_times(rounds)),
    ):
        rows += [
            Row(f"{form}, read", "ms", times.load_ms, f"{times.file_bytes / 1e6:.1f} MB, searched as they lie"),
            Row(f"{form}, found", "µs", times.found_us),
            Row(f"{form}, not found", "µs", times.not_found_us),
        ]
    return rows


def _card(rounds: int) -> list[Row]:
    from bench.idcard import card_read_ratio  # noqa: PLC0415 - as above

    return [Row("card read ÷ the wire's own time at 115,200 baud", "×", card_read_ratio(rounds), "target ≤ 1.10 ×")]


def _pictures(rounds: int) -> list[Row]:
    from bench.codes import picture_times  # noqa: PLC0415 - as above

    names = {"chain": "code in a picture: the gate's chain", "zbar alone": "code in a picture: zbar alone"}
    return [Row(names.get(way, way), "ms", values) for way, values in picture_times(rounds).items()]


def _voice(rounds: int) -> list[Row]:
    from bench.voice import decision_to_first_sample_ms  # noqa: PLC0415 - as above

    what = "decision → first audio sample, the voice alone"
    try:
        times = decision_to_first_sample_ms(rounds)
    except RuntimeError as error:
        return [Row(what, "ms", (), f"not measured: {error}")]
    return [Row(what, "ms", times, "its share of last byte → first audio sample")]


def _permits(rows: int) -> list[Row]:
    from bench.permits import import_and_look_up  # noqa: PLC0415 - as above

    imports, look_ups = import_and_look_up(rows)
    return [
        Row(f"permits: import of a list of {rows:,} rows", "s", imports, "target: 500,000 rows in 60 s"),
        Row(f"permits: one person asked for among {rows:,}", "ms", look_ups, "target: a millisecond"),
    ]


def _lists(people: int) -> list[Row]:
    from bench.status_lists import measure  # noqa: PLC0415 - as above

    figures = measure(people)
    what = f"lists of {people:,} people"
    return [
        *(Row(f"{what}: {name}", "", (), text) for name, text in figures.texts.items()),
        *(Row(f"{what}: opened, {name}", "ms", times, "target: 50 ms") for name, times in figures.open_ms.items()),
        *(Row(f"{what}: look-up, {name}", "µs", times) for name, times in figures.look_ups.items()),
    ]


def _refresh(rounds: int) -> list[Row]:
    from bench.refresh import measure  # noqa: PLC0415 - as above

    nothing, alone, changed = measure(rounds)
    ratio = median(nothing.ms) / median(alone.ms)
    return [
        Row(
            "refresh of the bundle: nothing new", "ms", nothing.ms, f"{_costs(nothing)}; {ratio:.2f} × python-tuf alone"
        ),
        Row("refresh of the bundle: nothing new, python-tuf alone", "ms", alone.ms),
        Row("refresh of the bundle: 2 MB are new, verified and on disk", "ms", changed.ms, _costs(changed)),
    ]


def _costs(costs: Costs) -> str:
    return f"{costs.requests} requests, {costs.answered_bytes / 1000:,.1f} kB of answers"


def _path(rounds: int) -> list[Row]:
    from bench.gate_path import measure  # noqa: PLC0415 - as above

    times: PathTimes = measure(rounds)
    return [
        Row("last byte → decision", "ms", times.decision, "target: p99 ≤ 5 ms"),
        Row("last byte → commit (fsync)", "ms", times.commit, "target: p99 ≤ 20 ms"),
        Row("last byte → first audio sample", "ms", times.sound, "target: p99 ≤ 50 ms; the field's figure is 3,000"),
    ]


def _idle(rounds: int) -> list[Row]:
    from bench.idle import measure  # noqa: PLC0415 - as above

    costs = measure(rounds)
    return [
        Row("idle daemon: memory (RSS)", "MiB", costs.rss_mib, "target: ≤ 90 MB"),
        Row("idle daemon: processor, of one core", "%", costs.core_percent, "target: < 2 %"),
        Row("start of the process → ready", "s", costs.ready_s, "target: < 2 s"),
    ]


def _journal(rows: int) -> list[Row]:
    from bench.journal import measure  # noqa: PLC0415 - as above

    found: list[Row] = []
    for medium, commits in measure(rows).items():
        what = f"journal, {medium}: a record on disk"
        if commits is None:
            found.append(Row(what, "ms", (), "not measured: it takes gcc and a checkout"))
            continue
        ratio = median(commits.journal) / median(commits.sqlite)
        found += [
            Row(what, "ms", commits.journal, f"{_a_second(commits.journal)}; {ratio:.2f} × SQLite alone"),
            Row(f"journal, {medium}: SQLite alone", "ms", commits.sqlite, _a_second(commits.sqlite)),
        ]
    return found


def _a_second(each_ms: Sequence[float]) -> str:
    return f"{1000 * len(each_ms) / sum(each_ms):,.0f} commits a second"


def _queue(rows: int) -> list[Row]:
    from bench.queues import times  # noqa: PLC0415 - as above

    found: list[Row] = []
    for name, measured in times(rows).items():
        into, out = measured or ((), ())
        missing = "" if measured else "not measured: not installed, see bench/queues.py"
        found += [
            Row(f"queue, {name}: a row in, on disk", "ms", into, missing),
            Row(f"queue, {name}: a row out and acknowledged", "ms", out, missing),
        ]
    return found


def _upload(rows: int) -> list[Row]:
    from bench.upload import MBIT_BYTES, drain  # noqa: PLC0415 - as above

    found: list[Row] = []
    for line, speed in (("as fast as it goes", None), ("at 1 Mbit/s", MBIT_BYTES)):
        try:
            drained = drain(rows, speed)
        except ImportError:
            return [Row("upload", "1/s", (), "not measured: the receiver of the tests is not at hand")]
        weight = f"{drained.bytes_a_row:.0f} bytes a row on the way; {rows:,} rows in {drained.seconds:.1f} s"
        target = "" if speed is None else f", 100,000 in {drained.seconds / rows * 1e5:.0f} s (target: 600 s)"
        found.append(Row(f"upload, {line}: rows a second", "1/s", drained.rows_a_second, weight + target))
    return found


def _camera(rounds: int) -> list[Row]:
    from bench.camera import read_without_code, shown  # noqa: PLC0415 - as above
    from bench.camera_tally import tables  # noqa: PLC0415 - as above
    from bench.camera_ways import GATE  # noqa: PLC0415 - as above

    tallies = shown(range(rounds))
    print(f"\n{tables(tallies, read_without_code(range(rounds * 10)))}\n")
    return [
        Row(
            f"camera: a frame of {size}, {way}",
            "ms",
            tally.processor_ms,
            "target at 720p: median < 3 ms" * (way == GATE),
        )
        for (size, way), tally in tallies.items()
    ]


MEASURES: dict[str, Callable[[int], list[Row]]] = {
    "hcert": _hcert,
    "rules": _rules,
    "batch": _batch,
    "revocation": _revocation,
    "card": _card,
    "pictures": _pictures,
    "voice": _voice,
    "permits": _permits,
    "lists": _lists,
    "refresh": _refresh,
    "path": _path,
    "idle": _idle,
    "journal": _journal,
    "queue": _queue,
    "upload": _upload,
    "camera": _camera,
}


def _table(rows: Sequence[Row]) -> str:
    head = ("what", "median", "p99", "n", "beside")
    lines = [head, ("---",) * len(head), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _page(table: str) -> str:
    machine = f"{os.cpu_count()} × {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    return (
        "# Figures\n\n"
        f"Written by `./run gate bench --write FILE`, gate {__version__}, on {datetime.now(UTC):%Y-%m-%d}; {machine}.\n"
        "A Raspberry Pi was not at hand. Ratios come from one run; single times are of this machine at that moment.\n\n"
        f"{table}\n"
    )
