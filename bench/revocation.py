"""A list as long as the largest known, 458,244 digests: how soon it is read and searched, and what is found in error.

``python -m bench.revocation --write`` puts the table on docs/revocation.md.
"""

from __future__ import annotations

import argparse
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final, Protocol

from gate.trust import bloom, digest_lists
from gate.trust.bloom import BloomFile
from gate.trust.digest_lists import ListFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENTRIES: Final = 458_244
FILTERED: Final = ENTRIES // 10
"""Entries of the filter: filling one takes longer than all else here, and a look-up does not get slower with more."""
PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "revocation.md"
_HEADING: Final = "## Figures\n"
_ASKED: Final = 2000
"""Look-ups timed together."""
_WIDTHS: Final = (16, 8, 6, 4)
_ODDS: Final = (1e-10, 1e-6, 1e-3)


class _Digests(Protocol):
    def __contains__(self, digest: bytes, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Times:
    """Of one form."""

    load_ms: list[float]
    found_us: list[float]
    not_found_us: list[float]
    file_bytes: int
    memory_bytes: int
    """Beyond the file itself."""


def digests(count: int) -> list[bytes]:
    """The same ones each time."""
    data = Random(4).randbytes(32 * count)
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def list_times(rounds: int) -> Times:
    """Of sorted digests."""
    put = digests(ENTRIES)
    data = digest_lists.whole(put, 1)
    return _times(rounds, data, put, lambda: ListFile.load(data).revoked)


def filter_times(rounds: int) -> Times:
    """Of a Bloom filter."""
    put = digests(FILTERED)
    data = bloom.write([bloom.fill(put)], 1)
    return _times(rounds, data, put, lambda: BloomFile(data))


def _times(rounds: int, data: bytes, put: Sequence[bytes], load: Callable[[], _Digests]) -> Times:
    tracemalloc.start()
    found = load()
    memory, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    there = put[:: len(put) // _ASKED][:_ASKED]
    others = [digest[::-1] for digest in there]
    if not all(digest in found for digest in there) or any(digest in found for digest in others):
        raise RuntimeError("a look-up of the measurement goes wrong")
    return Times(
        [_seconds(load) * 1e3 for _ in range(rounds)],
        [_seconds(lambda: [digest in found for digest in there]) / _ASKED * 1e6 for _ in range(rounds)],
        [_seconds(lambda: [digest in found for digest in others]) / _ASKED * 1e6 for _ in range(rounds)],
        len(data),
        memory,
    )


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def table(rounds: int) -> str:
    """Everything, as Markdown."""
    lines = [
        "| form | digests | file | read | found | not found | memory beside the file |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for form, count, times in (
        ("`hashes`, 16 bytes", ENTRIES, list_times(rounds)),
        (f"`bloom`, odds {bloom.ODDS:.0e}", FILTERED, filter_times(rounds)),
    ):
        cells = (
            f"{count:,}",
            f"{times.file_bytes / 1e6:.2f} MB",
            f"{median(times.load_ms):.1f} ms",
            f"{median(times.found_us):.1f} µs",
            f"{median(times.not_found_us):.1f} µs",
            f"{times.memory_bytes / 1e3:.0f} kB",
        )
        lines.append(f"| {form} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_odds_table()])


def _odds_table() -> list[str]:
    """That a good certificate of an issuer with so many entries is found in error."""
    lines = [
        f"| form | bytes an entry | a good certificate is refused in error, of {ENTRIES:,} entries |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| `hashes`, {width} bytes | {width} | {ENTRIES / 256**width:.1e} |" for width in _WIDTHS]
    for odds in _ODDS:
        one = bloom.fill(digests(1000), odds)
        size = f"{len(one.bits) / 1000:.1f}"
        lines.append(f"| `bloom`, {one.rounds} rounds | {size} | {odds:.1e} |")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table on {PAGE.name}")
    found = table(20)
    print(found)
    if parser.parse_args().write:
        before, _, _ = PAGE.read_text(encoding="utf-8").partition(_HEADING)
        PAGE.write_text(f"{before}{_HEADING}\nWritten by `python -m bench.revocation --write`.\n\n{found}\n", "utf-8")


if __name__ == "__main__":
    main()
