"""Answers of the last seconds, in memory alone; what is forgotten is overwritten first. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MOST_ANSWERS: Final = 20_000
MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class _Kept:
    answer: bytearray
    until: float


class Cache:
    """By keyed hashes of questions, so that nobody's number or code is in it.

    Args:
        life_s: of an answer.
    """

    def __init__(self, life_s: float) -> None:
        self._life_s = life_s
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: bytes, now: float) -> bytes | None:
        """The answer, while it is young at ``now`` (s, monotonic)."""
        self.expire(now)
        kept = self._kept.get(key)
        return None if kept is None else bytes(kept.answer)

    def put(self, key: bytes, answer: bytes, now: float) -> None:
        """Keep an answer; the oldest ones make room."""
        self._drop(key)
        self._kept[key] = _Kept(bytearray(answer), now + self._life_s)
        self._bytes += len(answer)
        while len(self._kept) > MOST_ANSWERS or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def expire(self, now: float) -> None:
        """Forget what is too old; all live equally long, so the oldest ones stand first."""
        while self._kept and (first := next(iter(self._kept.items())))[1].until <= now:
            self._drop(first[0])

    def clear(self) -> None:
        """Forget everything."""
        while self._kept:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: bytes) -> None:
        if (kept := self._kept.pop(key, None)) is not None:
            self._bytes -= len(kept.answer)
            kept.answer[:] = bytes(len(kept.answer))
