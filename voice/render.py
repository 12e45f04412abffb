"""Rendering a pack, at build time: an engine speaks every phrase of the catalogue to a file.

Engines run as child processes with a deadline. What they write is only read back as a WAV file.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.errors import ConfigError
from gate.model import Reason
from voice import espeak, kokoro
from voice.mastering import master
from voice.pack import FORMAT, MANIFEST
from voice.wav import RATE, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from voice.phrases import Catalogue

_START_SECONDS = 60.0
_PHRASE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Engine:
    """A speech engine: a child module, and what it is to be credited with."""

    name: str
    module: str
    voices: Mapping[str, str]
    """Language tag to the engine's own name of a voice."""
    licence: str
    at_once: int
    """Phrases that one process may speak."""


ENGINES: Mapping[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine("espeak", espeak.__name__, espeak.VOICES, "speech of espeak-ng; no claim on its output", 1),
        Engine("kokoro", kokoro.__name__, kokoro.VOICES, "Kokoro-82M, Apache-2.0: see LICENSE and NOTICE", 1000),
    )
}


@dataclass(frozen=True, slots=True)
class _Phrase:
    """One text, spoken once for all the reasons that share it."""

    language: str
    text: str
    reasons: tuple[Reason, ...]

    @property
    def file(self) -> str:
        return f"{self.language}/{self.reasons[0]}.wav"


def build(
    catalogue: Catalogue,
    engine: Engine,
    folder: Path,
    voices: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> int:
    """Render every phrase of ``catalogue`` into ``folder``; returns the number of files.

    Args:
        catalogue: what to say.
        engine: who says it.
        folder: of the pack; made where it is missing. The manifest is written last.
        voices: folder of the engine's voice files, where it needs one.
        progress: told each text that is done.

    Raises:
        ConfigError: the engine has no such language, is not installed, or failed.
    """
    phrases = _phrases(catalogue)
    for language in catalogue.languages:
        if language not in engine.voices:
            raise ConfigError(f"engine {engine.name} has no voice for {language!r}; it has {sorted(engine.voices)}")
    clips: dict[str, dict[str, dict[str, str]]] = {language: {} for language in catalogue.languages}
    with tempfile.TemporaryDirectory(prefix="gate-voice-") as scratch:
        for start in range(0, len(phrases), engine.at_once):
            batch = phrases[start : start + engine.at_once]
            files = [Path(scratch) / f"{start + i}.wav" for i in range(len(batch))]
            _run(engine, voices, list(zip(batch, files, strict=True)))
            for phrase, file in zip(batch, files, strict=True):
                entry = _store(phrase, _mastered(engine, phrase, file), folder)
                clips[phrase.language].update(dict.fromkeys((r.value for r in phrase.reasons), entry))
                progress(phrase.text)
    _write(folder / MANIFEST, _manifest(engine, catalogue, clips))
    _remove_leftovers(folder, {phrase.file for phrase in phrases})
    return len(phrases)


def _phrases(catalogue: Catalogue) -> list[_Phrase]:
    sharing: dict[tuple[str, str], list[Reason]] = {}
    for language in catalogue.languages:
        for reason in Reason:
            sharing.setdefault((language, catalogue.texts(reason)[language].voice), []).append(reason)
    return [_Phrase(language, text, tuple(reasons)) for (language, text), reasons in sharing.items()]


def _run(engine: Engine, voices: Path | None, work: Sequence[tuple[_Phrase, Path]]) -> None:
    jobs = [{"voice": engine.voices[p.language], "text": p.text, "path": str(file)} for p, file in work]
    order = json.dumps({"voices": str(voices or "."), "jobs": jobs})
    limit = _START_SECONDS + _PHRASE_SECONDS * len(jobs)
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and a module of this package
            [sys.executable, "-m", engine.module],
            input=order,
            capture_output=True,
            text=True,
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"engine {engine.name} did not finish within {limit:.0f} s") from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise ConfigError(f"engine {engine.name} failed: {said} (what it needs: the head of {engine.module})")


def _mastered(engine: Engine, phrase: _Phrase, file: Path) -> bytes:
    try:
        with wave.open(str(file), "rb") as reader:
            samples = array("h", reader.readframes(reader.getnframes()))
            if sys.byteorder == "big":
                samples.byteswap()
            return master(samples, reader.getframerate())
    except (OSError, EOFError, wave.Error, ValueError) as error:
        raise ConfigError(f"engine {engine.name} could not speak {phrase.text!r}: {error}") from error


def _store(phrase: _Phrase, pcm: bytes, folder: Path) -> dict[str, str]:
    data = encode(pcm)
    target = folder / phrase.file
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target, data)
    return {"file": phrase.file, "text": phrase.text, "sha256": hashlib.sha256(data).hexdigest()}


def _manifest(engine: Engine, catalogue: Catalogue, clips: Mapping[str, Any]) -> bytes:
    content = {
        "format": FORMAT,
        "engine": engine.name,
        "voices": {language: engine.voices[language] for language in catalogue.languages},
        "sample_rate": RATE,
        "licence": engine.licence,
        "clips": clips,
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def _remove_leftovers(folder: Path, wanted: set[str]) -> None:
    """Clips that an earlier build named after a reason; nothing else in the folder is touched."""
    for language in {name.partition("/")[0] for name in wanted}:
        for reason in Reason:
            if (name := f"{language}/{reason}.wav") not in wanted:
                (folder / name).unlink(missing_ok=True)
