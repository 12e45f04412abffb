"""Child process that renders speech with pyttsx3 and espeak-ng: works on the device itself, offline, in 10 ms.

It is hard to understand, Mandarin most of all (docs/voice.md has the figures), so it serves for phrases that a site
has changed until they are rendered properly.

It only renders to files, one phrase for each process: pyttsx3 can't be interrupted, a second phrase in a process may
be lost or never return, and its own playback blocks inside the synthesiser. ``runAndWait`` may return while the
synthesiser's thread is still writing (4 of 25 files were missing or empty), so the end is taken from the
notification that follows the writing.
"""

from __future__ import annotations

import json
import sys
import threading

VOICES = {"zh-CN": "sit/cmn-latn-pinyin", "en": "gmw/en-us"}
"""Language to voice. Only this Mandarin voice reads Han characters without speaking tone digits."""
_WORDS_A_MINUTE = 150
_PHRASE_SECONDS = 15.0


def main() -> None:
    """Read one job (``[{"voice", "text", "path"}]``) from standard input and write its WAV file."""
    import pyttsx3  # noqa: PLC0415 - loads the synthesiser's library

    (job,) = json.load(sys.stdin)["jobs"]
    engine = pyttsx3.init("espeak")
    engine.setProperty("voice", job["voice"])
    engine.setProperty("rate", _WORDS_A_MINUTE)
    written = threading.Event()
    engine.connect("finished-utterance", lambda **_: written.set())
    engine.save_to_file(job["text"], job["path"])
    engine.runAndWait()
    if not written.wait(_PHRASE_SECONDS):
        raise SystemExit("espeak-ng did not finish the phrase")


if __name__ == "__main__":
    main()
