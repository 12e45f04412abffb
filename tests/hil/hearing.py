"""What somebody hears who stands before a gate: which sentence of the voice pack came out of its sound card."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from hil.devices import loudspeaker
from hil.devices.loudspeaker import Loudspeaker

from voice import phrases
from voice.pack import BUNDLED, Pack

if TYPE_CHECKING:
    from pathlib import Path

    from hil.devices.loudspeaker import Heard, Samples

    from gate.model import Reason

_LANGUAGE: Final = "zh-CN"
_QUIET_S: Final = 1.5
"""Nothing was played for so long: the announcement is over."""
_SOUND_S: Final = 60.0


class Hearing:
    """Listens to one sound card; to be made, or ``begin`` called, before whatever is to be heard.

    Args:
        path: the file that QEMU writes.
    """

    def __init__(self, path: Path) -> None:
        self._loudspeaker = Loudspeaker(path)
        self._pack = Pack.open([BUNDLED], phrases.load((_LANGUAGE,)))
        self._sentences = loudspeaker.sentences(self._pack, _LANGUAGE)
        self.begin()

    def begin(self) -> None:
        """From now on only what is played later counts."""
        self._loudspeaker.mark()

    def recording(self) -> Samples:
        """What was played, once nothing more comes; after a while whatever there is."""
        until, quiet_since, length = time.monotonic() + _SOUND_S, time.monotonic(), self._loudspeaker.played
        while (now := time.monotonic()) < until and not (length and now - quiet_since > _QUIET_S):
            if self._loudspeaker.played != length:
                quiet_since, length = now, self._loudspeaker.played
            time.sleep(0.1)
        return self._loudspeaker.recorded()

    def recognise(self, recording: Samples) -> Heard | None:
        """The sentence in it."""
        return loudspeaker.recognise(recording, self._sentences)

    def sentence(self, reason: Reason) -> str:
        """What is said for a reason."""
        return self._pack.clip(reason, _LANGUAGE).text
