"""The rendered pack: one clip for each reason and language, held in memory.

A pack is a folder: ``manifest.json`` and ``<language>/<reason>.wav``. Reasons that are spoken alike share one file.
The manifest says for each clip which text was spoken and the SHA-256 of the file, so that a clip which no longer says
what the catalogue says, or which a failing card has damaged, is never played.

Several folders may be given; the first good clip is taken, so a site can put its own phrases in front of the pack
that comes with the program. Where no folder has a good clip a chime stands in: a fault of the pack is reported in
``problems``, and never silences the gate.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.model import Reason
from voice.chime import chime
from voice.wav import RATE, decode, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from voice.phrases import Catalogue

FORMAT = 1
MANIFEST = "manifest.json"
BUNDLED = Path(str(files("voice"))) / "packs" / "kokoro"
"""The pack that comes with the program."""

_MANIFEST_MAX_BYTES = 256 * 1024
_CLIP_MAX_BYTES = 1024 * 1024
_CLIP_SECONDS = (0.4, 12.0)


@dataclass(frozen=True, slots=True)
class Clip:
    """One announcement in one language, ready to play: 16-bit little-endian mono PCM at ``rate``."""

    pcm: bytes = field(repr=False)
    rate: int
    seconds: float
    text: str
    """What is said; empty for a chime."""


class Pack:
    """Every clip of the gate; total over reasons and languages."""

    def __init__(self, clips: Mapping[tuple[str, Reason], Clip], problems: tuple[str, ...]) -> None:
        self._clips = clips
        self.problems = problems
        """What is wrong with the pack, one line each, for the log and for ``gate voice check``."""

    @classmethod
    def open(cls, folders: Sequence[Path], catalogue: Catalogue) -> Pack:
        """Read the clips for every language of ``catalogue`` from ``folders``, the first good one winning."""
        problems: list[str] = []
        shelves = [_Shelf(folder, problems) for folder in folders]
        clips: dict[tuple[str, Reason], Clip] = {}
        for language in catalogue.languages:
            for reason in Reason:
                text = catalogue.texts(reason)[language].voice
                found = (shelf.clip(language, reason, text) for shelf in shelves)
                clip = next((clip for clip in found if clip is not None), None)
                if clip is None:
                    problems.append(f"{language}/{reason}: no clip that can be used, a chime stands in")
                    sound = chime(reason)
                    clip = Clip(sound, RATE, seconds_of(sound), "")
                clips[language, reason] = clip
        return cls(clips, tuple(problems))

    def clip(self, reason: Reason, language: str) -> Clip:
        """The clip to play; there always is one.

        Raises:
            KeyError: ``language`` is none of the catalogue's.
        """
        return self._clips[language, reason]

    def __iter__(self) -> Iterator[tuple[str, Reason, Clip]]:
        return ((language, reason, clip) for (language, reason), clip in self._clips.items())


class _Shelf:
    """One folder while the pack is opened; a file is read once however many reasons share it."""

    def __init__(self, folder: Path, problems: list[str]) -> None:
        self._folder = folder
        self._problems = problems
        self._pcm: dict[tuple[str, str], bytes | None] = {}
        self._entries: Mapping[str, Any] = {}
        try:
            self._entries = _entries(folder / MANIFEST)
        except (OSError, ValueError) as error:
            problems.append(f"{folder / MANIFEST}: can't be used ({error})")

    def clip(self, language: str, reason: Reason, text: str) -> Clip | None:
        entries = self._entries.get(language)
        entry = entries.get(reason.value) if isinstance(entries, dict) else None
        if not isinstance(entry, dict):
            return None
        if entry.get("text") != text:
            self._problems.append(f"{self._folder}: {language}/{reason} is out of date: run gate voice build")
            return None
        pcm = self._sound(language, entry)
        return None if pcm is None else Clip(pcm, RATE, seconds_of(pcm), text)

    def _sound(self, language: str, entry: Mapping[str, Any]) -> bytes | None:
        key = (str(entry.get("file")), str(entry.get("sha256")))
        if key not in self._pcm:
            try:
                self._pcm[key] = _read_clip(self._folder, language, *key)
            except (OSError, ValueError) as error:
                self._problems.append(f"{self._folder}: {language} clip can't be used ({error})")
                self._pcm[key] = None
        return self._pcm[key]


def _read_bounded(path: Path, limit: int) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{path.name} is larger than {limit} bytes")
    return data


def _entries(path: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads(_read_bounded(path, _MANIFEST_MAX_BYTES))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("clips"), dict):
        raise ValueError('no table "clips"')  # noqa: TRY004 - a fault of the file, not of a caller
    if manifest.get("format") != FORMAT:
        raise ValueError(f"another format than {FORMAT}")
    entries: Mapping[str, Any] = manifest["clips"]
    return entries


def _read_clip(folder: Path, language: str, name: str, digest: str) -> bytes:
    """The name must be ``<language>/<reason>.wav``: nothing in a manifest can point out of its folder."""
    if name not in {f"{language}/{reason}.wav" for reason in Reason}:
        raise ValueError("its name is not that of a reason")
    data = _read_bounded(folder / name, _CLIP_MAX_BYTES)
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{name} is not the file that the manifest describes")
    pcm = decode(data)
    shortest, longest = _CLIP_SECONDS
    if not shortest <= seconds_of(pcm) <= longest:
        raise ValueError(f"{name} lasts {seconds_of(pcm):.1f} s; wanted {shortest} to {longest}")
    return pcm
