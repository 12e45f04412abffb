"""Lists of people beside SQLite and LMDB: building, asking warm and cold, memory, a day's changes, compaction.

``python -m bench.status_lists 7500000`` measures a whole city; the people are fictional, and have no numbers.
LMDB is measured where it is installed (``pip install lmdb==3.0.0``); no gate needs it.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from time import perf_counter, sleep, thread_time
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.medium import medium
from bench.status_rivals import RIVALS
from gate.model import Colour, TestResult
from gate.pseudonym import PseudonymKey
from gate.status.cache import prepare
from gate.status.cache.crypto import ListKey
from gate.status.cache.folder import ListFolder, Name
from gate.status.cache.layout import false_match
from gate.status.cache.payload import Status, pack
from gate.status.cache.publish import Desk, Terms, origin_for
from gate.status.cache.whole import Sorter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gate.status.cache.generation import Generation

LOOK_UPS: Final = 20_000
COLD: Final = 300
BEST_OF, ROUNDS = 2000, 20
"""Look-ups that are timed so often each: what they cost where nobody else wants the processor."""
HOURS: Final = (0.05, *(0.25 / 15,) * 15)
"""Of everybody who changes in a testing day of 16 hours: 5 % in the peak hour, 30 % in all."""
_KEY: Final = ListKey.of(PseudonymKey(bytes(32)))
_SIGNER: Final = Ed25519PrivateKey.from_private_bytes(bytes(32))
_SIGNERS: Final = frozenset({_SIGNER.public_key().public_bytes_raw()})
_AS_OF: Final = int(datetime(2021, 6, 18, 6, tzinfo=UTC).timestamp())
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_CODES: Final = ((Colour.GREEN, 985), (Colour.YELLOW, 12), (Colour.RED, 3))


@dataclass
class Figures:
    """What was measured; times of look-ups in µs."""

    people: int
    texts: dict[str, str] = field(default_factory=dict)
    look_ups: dict[str, list[float]] = field(default_factory=dict)
    open_ms: dict[str, list[float]] = field(default_factory=dict)


def pseudonym(sequence: int) -> bytes:
    """Of a person who does not exist."""
    return blake2b(sequence.to_bytes(8, "big"), digest_size=16).digest()


def person(draw: random.Random, sequence: int, now: int, *, just: bool) -> Status:
    """Somebody whose newest result came within three days, or within the last hour."""
    reported = now - int(draw.random() * (_HOUR if just else 3 * _DAY))
    sampled = reported - int(min(20, max(3, draw.gauss(9, 2))) * _HOUR)
    if not 6 <= sampled // _HOUR % 24 < 20:  # noqa: PLR2004 - nobody is swabbed at night
        sampled -= 8 * _HOUR
    colour = _CODES[0][0] if sequence % 1000 < _CODES[0][1] else _CODES[1 + (sequence % 1000 >= 997)][0]  # noqa: PLR2004
    doses = (3, 3, 3, 3, 3, 3, 2, 2, 2, 0)[sequence % 10]
    return Status(colour, TestResult.NEGATIVE, sampled, reported, doses, 0, travel=False)


def _sorter(people: Iterable[int], now: int, origin: int, *, just: bool) -> Sorter:
    draw, sorter = random.Random(now), Sorter()
    for sequence in people:
        bits = pack(person(draw, sequence, now, just=just), origin)
        sorter.add(_KEY.full_hash(pseudonym(sequence)), bits, 0)
    return sorter


def _desk(folder: Path) -> Desk:
    return Desk(folder, "city", _KEY, _SIGNER, lambda _, __: None)


def build(folder: Path, people: int) -> None:
    """In a process of its own, for the sake of its memory."""
    begun = perf_counter()
    sorter = _sorter(range(people), _AS_OF, origin_for(_AS_OF), just=False)
    taken = perf_counter() - begun
    begun = perf_counter()
    _desk(folder).whole(sorter, Terms(_AS_OF, _AS_OF + 12 * _HOUR))
    print(json.dumps({"in": taken, "write": perf_counter() - begun, "mb": _peak_mb()}))


def ask(folder: Path, people: int) -> None:
    """In a process of its own: private memory with an open list that was asked, and most of it while a change comes."""
    newest, aside = folder / str(Name(1, len(HOURS), "change")), folder / "aside"
    before, lists = _private_mb(), ListFolder(folder, "city", _KEY)
    newest.rename(aside)
    held = lists.newest(_SIGNERS)
    aside.rename(newest)
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak begins anew
    shared = _now_mb("VmHWM") - _private_mb()
    found = lists.newest(_SIGNERS)
    peak = _now_mb("VmHWM") - shared - before
    del held
    for place in _places(people, 2000):
        found.find(place)
    print(json.dumps({"mb": _private_mb() - before, "peak": peak}))


def measure(people: int) -> Figures:
    """Everything, in a temporary folder."""
    figures = Figures(people)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "list"
        made = _child("build", folder, people)
        whole, parcel = (folder / str(Name(1, 0, form)) for form in ("whole", "pack"))
        size = whole.stat().st_size
        texts = figures.texts
        texts["build"] = f"{made['in']:.1f} s taking people in, {made['write']:.1f} s writing and packing"
        texts["build, peak memory"] = f"{made['mb']:.0f} MB (target: 250)"
        texts["size"] = f"{size / 1e6:.1f} MB (target for 7.5 million: 100)"
        texts["to fetch"] = f"{parcel.stat().st_size / 1e6:.1f} MB (target for 7.5 million: 40)"
        texts["odds"] = f"{false_match(people):.1e} that a stranger is taken for somebody on it"
        begun = perf_counter()
        _unpack(folder, Path(name) / "fresh", parcel.name)
        texts["unpacking on the gate"] = f"{perf_counter() - begun:.1f} s, in another process"
        _look_ups(figures, folder, "whole list", people)
        _cold(figures, whole, folder, people)
        _day(figures, folder, people, size)
        held = _child("ask", folder, people)
        texts["private memory of a gate"] = (
            f"{held['mb']:.1f} MB with a day's changes (target: 10), {held['peak']:.1f} while the next one comes"
        )
        _look_ups(figures, folder, "with a day's 16 changes", people)
        _compaction(figures, folder, people)
        for rival in RIVALS:
            figures.look_ups |= rival(Path(name), people, figures.texts, _places(people, LOOK_UPS))
    return figures


def _look_ups(figures: Figures, folder: Path, what: str, people: int) -> None:
    lists, found = _look(figures, folder, what)
    for _ in range(10):
        lists, found = _look(figures, folder, what)
    begun = perf_counter()
    if (laid := lists.lay()) is not None:
        figures.texts["until changes are laid over each other, when a gate starts"] = f"{perf_counter() - begun:.1f} s"
        figures.look_ups[f"before that, {what}"] = _timed(found.find, _places(people, LOOK_UPS // 10))
        found = laid
    hashing = _KEY.hash
    holders = [pseudonym(sequence) for sequence in random.Random(2).choices(range(people), k=LOOK_UPS)]
    _timed(found.find, map(hashing, holders))
    figures.look_ups[f"warm, {what}"] = _timed(lambda holder: found.find(hashing(holder)), holders)
    figures.look_ups[f"the same, the processor's own time, {what}"] = _timed(
        lambda holder: found.find(hashing(holder)), holders, thread_time
    )
    rounds = [_timed(lambda holder: found.find(hashing(holder)), holders[:BEST_OF]) for _ in range(ROUNDS)]
    figures.look_ups[f"the same, each the best of {ROUNDS}, {what}"] = list(map(min, *rounds))
    strangers = [pseudonym(people + n) for n in range(LOOK_UPS)]
    figures.look_ups[f"warm, nobody on it, {what}"] = _timed(lambda holder: found.find(hashing(holder)), strangers)


def _look(figures: Figures, folder: Path, what: str) -> tuple[ListFolder, Generation]:
    begun, lists = perf_counter(), ListFolder(folder, "city", _KEY)
    found = lists.look(_SIGNERS)
    figures.open_ms.setdefault(what, []).append((perf_counter() - begun) * 1000)
    return lists, found


def _cold(figures: Figures, whole: Path, folder: Path, people: int) -> None:
    found, times = _open(folder), []
    with whole.open("rb") as file:
        os.fsync(file.fileno())
        for place in _places(people, COLD):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            times += _timed(found.find, (place,))
    figures.look_ups[f"cold, from {medium(whole)}"] = times


def _day(figures: Figures, folder: Path, people: int, size: int) -> None:
    draw, written, live, laid, longest = random.Random(3), 0, list[float](), list[float](), 0.0
    numbers = list(range(people))
    draw.shuffle(numbers)
    lists = ListFolder(folder, "city", _KEY)
    serving, places = lists.newest(_SIGNERS), _places(people, 1000)
    for hour, share in enumerate(HOURS, 1):
        count = int(people * share)
        changing, numbers = numbers[:count], numbers[count:]
        now = _AS_OF + hour * _HOUR
        sorter = _sorter(changing, now, origin_for(_AS_OF), just=True)
        _desk(folder).change(sorter, Terms(now, now + 12 * _HOUR))
        written += (folder / str(Name(1, hour, "change"))).stat().st_size
        with ThreadPoolExecutor(1) as other:
            taking = other.submit(_taken, lists)
            longest = max(longest, _longest(serving, places, until=_done(taking)))
        serving, until_live, until_laid = taking.result()
        live.append(until_live)
        laid.append(until_laid)
        if serving.changes != hour:
            raise RuntimeError("a change of the measurement does not serve")
    figures.texts["a testing day's changes (30 % of all)"] = (
        f"{written / 1e6:.2f} MB, {100 * written / size:.1f} % of a generation (target: 10 %)"
    )
    figures.texts["a change is live"] = (
        f"{_at(sorted(live), 0.5) * 1000:.0f} ms median, {max(live) * 1000:.0f} ms most after it is seen, looked for"
        f" every 500 ms (target: 2 s); laid over the others after {max(laid) * 1000:.0f} ms at most"
    )
    figures.texts["longest look-up while a change comes"] = f"{longest:.1f} ms (target: 20)"


def _taken(lists: ListFolder) -> tuple[Generation, float, float]:
    begun = perf_counter()
    found = lists.look(_SIGNERS)
    live = perf_counter() - begun
    return lists.lay() or found, live, perf_counter() - begun


def _done(future: Future[tuple[Generation, float, float]]) -> Callable[[float], bool]:
    return lambda _: future.done()


def _compaction(figures: Figures, folder: Path, people: int) -> None:
    """What a look-up waits for while another process makes the next list, and the same without one."""
    _desk(folder).fold()
    made = folder / str(Name(2, 0, "whole"))
    size = made.stat().st_size
    for path in (made, made.with_suffix(".pack"), folder / "floor.json"):
        path.unlink()
    found = _open(folder)
    places = _places(people, 1000)
    alone = _longest(found, places, until=lambda begun: perf_counter() - begun > 2)  # noqa: PLR2004 - seconds
    process = prepare.start(folder, "city", _KEY, _SIGNERS)
    begun = perf_counter()
    while_made = _longest(found, places, until=lambda _: process.poll() is not None)
    said, _ = process.communicate()
    if said or not made.exists():
        raise RuntimeError(f"compaction failed: {said.decode()}")
    figures.texts["compaction on the gate"] = (
        f"{perf_counter() - begun:.0f} s, {size / 1e6:.0f} MB written, nothing fetched"
    )
    figures.texts["longest look-up meanwhile"] = f"{while_made:.1f} ms, without it {alone:.1f} ms (target: 20)"


def _longest(found: Generation, places: list[bytes], until: Callable[[float], bool]) -> float:
    """In ms, of look-ups with pauses as between people."""
    begun, longest = perf_counter(), 0.0
    while not until(begun):
        longest = max(longest, *_timed(found.find, places[:20]))
        places = places[20:] + places[:20]
        sleep(0.01)
    return longest / 1000


def _timed(
    find: Callable[[bytes], object], asked: Iterable[bytes], clock: Callable[[], float] = perf_counter
) -> list[float]:
    """In µs; by ``thread_time`` without what others did on this processor meanwhile."""
    times = []
    for one in asked:
        begun = clock()
        find(one)
        times.append((clock() - begun) * 1e6)
    return times


def _open(folder: Path) -> Generation:
    return ListFolder(folder, "city", _KEY).newest(_SIGNERS)


def _places(people: int, count: int) -> list[bytes]:
    return [_KEY.hash(pseudonym(sequence)) for sequence in random.Random(count).choices(range(people), k=count)]


def _unpack(folder: Path, fresh: Path, parcel: str) -> None:
    fresh.mkdir()
    shutil.copy(folder / parcel, fresh)
    said, _ = prepare.start(fresh, "city", _KEY, _SIGNERS).communicate()
    if said:
        raise RuntimeError(f"unpacking failed: {said.decode()}")
    shutil.rmtree(fresh)


def _child(what: str, folder: Path, people: int) -> dict[str, float]:
    command = (sys.executable, "-m", "bench.status_lists", what, str(folder), str(people))
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
    return found


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _now_mb(what: str) -> float:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) / 1024


def _private_mb() -> float:
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private")) / 1024


def page(figures: Figures) -> str:
    """As Markdown."""
    lines = [f"| {figures.people:,} people | |", "|---|---|"]
    lines += [f"| {what} | {text} |" for what, text in figures.texts.items()]
    for what, opened in figures.open_ms.items():
        middle = _at(sorted(opened), 0.5)
        lines.append(f"| opened, {what} | {middle:.1f} ms median, {max(opened):.1f} ms most (target: 50) |")
    for what, times in figures.look_ups.items():
        ranked = sorted(times)
        lines.append(f"| look-up, {what} | {_at(ranked, 0.5):.1f} µs median, {_at(ranked, 0.99):.1f} µs p99 |")
    return "\n".join(lines)


def _at(ranked: list[float], share: float) -> float:
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build", where, count]:
            build(Path(where), int(count))
        case ["ask", where, count]:
            ask(Path(where), int(count))
        case rest:
            print(page(measure(int(rest[0]) if rest else 300_000)))
