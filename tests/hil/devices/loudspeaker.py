"""What came out of the machine's sound card, and which phrase of the voice pack it was.

QEMU's ``wav`` audio device writes all that is played into one file. Between the clip and that file lie two changes of
rate, a mixer of unknown loudness and the gaps of a slow machine. So a clip is found in two steps: where its loudness
rises and falls as theirs does, and then, fifth of a second by fifth of a second, whether the waves themselves agree.
"""

from __future__ import annotations

import array
import itertools
import math
import sys
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING, Final

from voice.wav import RATE as CLIP_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from voice.pack import Pack

    Samples = array.array[int]

RATE: Final = 8_000
"""Samples a second of everything that is compared: enough to tell sentences apart."""
HEAD_BYTES: Final = 44
"""Of a WAV file; its lengths are only filled in when QEMU ends."""
_STEP: Final = RATE // 100
"""Samples of one value of loudness."""
_WINDOW: Final = RATE // 5
_SLACK: Final = 2 * _STEP
"""How far from its place a window is looked for: the step of loudness, and what a gap has moved."""
_AGREES: Final = 0.8
_QUIET: Final = 150.0
"""Below this loudness (of 32767) a window says nothing."""
_CANDIDATES: Final = 3
_MOST: Final = 0.5
"""A phrase of which more than half is there was heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A phrase in what was recorded."""

    phrase: str
    at_s: float
    """Where it begins, from the beginning of the recording."""
    likeness: float
    """Share of its fifths of a second whose waves agree."""


class Loudspeaker:
    """Listens to one sound card.

    Args:
        path: the file that QEMU writes.
        rate: samples a second in it (``out.frequency``).
        channels: in it (``out.channels``); 16 bits each.
    """

    def __init__(self, path: Path, *, rate: int = 48_000, channels: int = 2) -> None:
        self._path = path
        self._rate = rate
        self._channels = channels
        self._mark = HEAD_BYTES

    @property
    def played(self) -> int:
        """How many bytes were played since the mark."""
        return max(0, (self._path.stat().st_size if self._path.exists() else 0) - self._mark)

    def mark(self) -> None:
        """From now on only what is played later counts."""
        self._mark += self.played

    def recorded(self) -> Samples:
        """All that was played since the mark, at ``RATE``."""
        if not self._path.exists():
            return array.array("h")
        frame = 2 * self._channels
        with self._path.open("rb") as file:
            file.seek(self._mark - (self._mark - HEAD_BYTES) % frame)
            data = file.read()
        return resampled(mono(data[: len(data) // frame * frame], self._channels), self._rate)


def mono(data: bytes, channels: int) -> Samples:
    """The mean of the channels of signed 16-bit little-endian samples."""
    samples = array.array("h", data)
    if sys.byteorder == "big":
        samples.byteswap()
    if channels == 1:
        return samples
    columns = (samples[channel::channels] for channel in range(channels))
    return array.array("h", (sum(column) // channels for column in zip(*columns, strict=True)))


def resampled(samples: Samples, rate: int) -> Samples:
    """The samples at ``RATE``, each the mean of those whose place it takes; ``rate`` is no lower."""
    ratio = rate / RATE
    edges = [round(index * ratio) for index in range(int(len(samples) / ratio) + 1)]
    return array.array("h", (sum(samples[a:b]) // (b - a) for a, b in itertools.pairwise(edges)))


def clip_samples(pcm: bytes) -> Samples:
    """A clip of the pack at ``RATE``."""
    return resampled(mono(pcm, 1), CLIP_RATE)


def sentences(pack: Pack, language: str) -> dict[str, Samples]:
    """What the pack says in a language, each sentence once."""
    texts = {clip.text: clip.pcm for tongue, _, clip in pack if tongue == language}
    return {text: clip_samples(pcm) for text, pcm in texts.items()}


def recognise(recording: Samples, phrases: Mapping[str, Samples]) -> Heard | None:
    """The phrase that is most surely in the recording; None where none is, or only half of one."""
    outline = _outline(recording)
    placed = ((*_place(outline, _outline(clip)), phrase) for phrase, clip in phrases.items())
    wave = list(recording)
    for _, step, phrase in sorted(placed, reverse=True)[:_CANDIDATES]:
        likeness = _agreement(wave, phrases[phrase], step * _STEP)
        if likeness > _MOST:
            return Heard(phrase, step * _STEP / RATE, likeness)
    return None


def _outline(samples: Samples) -> list[float]:
    """Loudness, a hundred times a second."""
    starts = range(0, len(samples) - _STEP + 1, _STEP)
    return [math.sqrt(_energy(samples[start : start + _STEP]) / _STEP) for start in starts]


def _energy(samples: Iterable[int]) -> float:
    values = list(samples)
    return float(sum(map(mul, values, values)))


def _place(outline: list[float], clip: list[float]) -> tuple[float, int]:
    """How well the clip's loudness fits at the best place, and that place."""
    if not clip:
        return 0.0, 0
    mean = sum(clip) / len(clip)
    form = [value - mean for value in clip]
    size = math.sqrt(sum(map(mul, form, form)))
    padded = [*outline, *[0.0] * len(clip)]  # its end may be missing
    best = (0.0, 0)
    for start in range(len(outline)):
        piece = padded[start : start + len(clip)]
        spread = sum(map(mul, piece, piece)) - sum(piece) ** 2 / len(piece)
        if spread > 0:
            best = max(best, (sum(map(mul, piece, form)) / size / math.sqrt(spread), start))
    return best


def _agreement(recording: list[int], clip: Samples, start: int) -> float:
    """Share of the clip's loud windows that are in the recording, each near where the one before it says."""
    moved = 0
    loud = agreeing = 0
    for offset in range(0, len(clip) - _WINDOW + 1, _WINDOW):
        window = list(clip[offset : offset + _WINDOW])
        energy = _energy(window)
        if math.sqrt(energy / _WINDOW) < _QUIET:
            continue
        loud += 1
        likeness, found = _search(recording, window, energy, start + offset + moved)
        if likeness > _AGREES:
            agreeing += 1
            moved = found - start - offset
    return agreeing / loud if loud else 0.0


def _search(recording: list[int], window: list[int], energy: float, around: int) -> tuple[float, int]:
    """The best normalised correlation within the slack, and where."""
    best = (0.0, around)
    first, last = max(0, around - _SLACK), min(len(recording) - len(window), around + _SLACK)
    theirs = _energy(recording[first : first + len(window)])
    for at in range(first, last + 1):
        if theirs > 0:
            likeness = sum(map(mul, recording[at : at + len(window)], window)) / math.sqrt(energy * theirs)
            best = max(best, (likeness, at))
        if at < last:
            theirs += recording[at + len(window)] ** 2 - recording[at] ** 2
    return best
