"""What one replica has done, for Prometheus, in its text format 0.0.4."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""What the city needs, a tenth of a second for 99 of 100, lies in the middle."""
STATES: Final = ("online", "degraded", "offline", "off", "unreported", "revoked")
"""Those of ``fleet.troubles``; ``off`` are silent as planned."""
OTHER: Final = "other"

Sample = tuple[Mapping[str, str], float]


class Metrics:
    """Counts since the start.

    Args:
        paths: that are answered; what asks for another one is counted as ``other``, so that nobody makes up labels.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._answers = Counter[tuple[str, int]]()
        self._times = defaultdict[str, list[int]](lambda: [0] * (len(BUCKETS_S) + 1))
        self._spent_s = Counter[str]()
        self._rows = Counter({"taken": 0, "quarantined": 0})
        self._heartbeats = 0

    def answered(self, path: str, status: int, took_s: float) -> None:
        """One question was answered."""
        path = path if path in self._paths else OTHER
        self._answers[path, status] += 1
        self._times[path][bisect_left(BUCKETS_S, took_s)] += 1
        self._spent_s[path] += took_s  # type: ignore[assignment] # Counter adds floats as well

    def rows(self, taken: int, quarantined: int) -> None:
        """A batch is on the disk."""
        self._rows["taken"] += taken
        self._rows["quarantined"] += quarantined

    def heartbeat(self) -> None:
        """A gate has told how it is."""
        self._heartbeats += 1

    def text(self, gates: Mapping[str, int] | None, pool: Mapping[str, int], under_way: int) -> str:
        """Everything, as Prometheus reads it.

        Args:
            gates: by state, all of the fleet; None: the database can't be asked.
            pool: what the pool of connections says of itself.
            under_way: questions that are not answered yet.
        """
        told = [] if gates is None else [({"state": state}, gates.get(state, 0)) for state in STATES]
        return "".join(
            (
                _family("fleet_gates", "gauge", "Gates of the whole fleet, by state.", told),
                _family("fleet_database_up", "gauge", "Whether the database answers.", [({}, gates is not None)]),
                _family("fleet_heartbeats_total", "counter", "Heartbeats taken.", [({}, self._heartbeats)]),
                _family(
                    "fleet_rows_total",
                    "counter",
                    "Rows of gates' journals, by what became of them.",
                    [({"result": result}, count) for result, count in sorted(self._rows.items())],
                ),
                _family(
                    "fleet_answers_total",
                    "counter",
                    "Answers, by path and status.",
                    [
                        ({"path": path, "status": str(code)}, count)
                        for (path, code), count in sorted(self._answers.items())
                    ],
                ),
                _family("fleet_under_way", "gauge", "Questions that are not answered yet.", [({}, under_way)]),
                self._histogram("fleet_answer_seconds", "From the question's first line to the answer."),
                _family("fleet_pool", "gauge", "Connections to the database.", _sizes(pool)),
                _family("fleet_pool_waits_total", "counter", "Waits for one.", [({}, pool.get("requests_queued", 0))]),
                _family(
                    "fleet_pool_wait_seconds_total",
                    "counter",
                    "Time waited.",
                    [({}, pool.get("requests_wait_ms", 0) / 1e3)],
                ),
            )
        )

    def _histogram(self, name: str, what: str) -> str:
        lines = [_head(name, "histogram", what)]
        for path, counts in sorted(self._times.items()):
            sums = list(accumulate(counts))
            ends = [*map(str, BUCKETS_S), "+Inf"]
            lines += [
                _line(f"{name}_bucket", {"path": path, "le": end}, sum_) for end, sum_ in zip(ends, sums, strict=True)
            ]
            lines += [_line(f"{name}_sum", {"path": path}, self._spent_s[path])]
            lines += [_line(f"{name}_count", {"path": path}, sums[-1])]
        return "".join(lines)


_SIZES: Final = (
    ("open", "pool_size"),
    ("free", "pool_available"),
    ("most", "pool_max"),
    ("waited_for", "requests_waiting"),
)


def _sizes(pool: Mapping[str, int]) -> list[Sample]:
    return [({"is": is_}, pool.get(key, 0)) for is_, key in _SIZES]


def _family(name: str, kind: str, what: str, samples: Iterable[Sample]) -> str:
    return _head(name, kind, what) + "".join(_line(name, labels, value) for labels, value in samples)


def _head(name: str, kind: str, what: str) -> str:
    return f"# HELP {name} {what}\n# TYPE {name} {kind}\n"


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    """One sample, with every digit: a rate is a small difference of large counts. No label needs a backslash."""
    inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
    number = int(value) if value == int(value) else value
    return f"{name}{{{inside}}} {number}\n" if inside else f"{name} {number}\n"
