"""One passage as it was: what the gate logged, and what was heard, small enough to lie beside the documentation."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Final

from hil.devices.loudspeaker import RATE

from gate.app.logs import line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hil.devices.loudspeaker import Samples
    from hil.machine.gate import Said

_LOUDEST: Final = 127


def sound(recording: Samples) -> bytes:
    """A WAV file of eight bits, as loud as they allow; empty silence before and after is left out."""
    loud = [place for place, sample in enumerate(recording) if abs(sample) > 100]
    first, last = (loud[0], loud[-1] + 1) if loud else (0, 0)
    heard = recording[first:last]
    most = max((abs(sample) for sample in heard), default=1)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(1)
        writer.setframerate(RATE)
        writer.writeframes(bytes(128 + sample * _LOUDEST // most for sample in heard))
    return file.getvalue()


def keep(folder: Path, name: str, log: Iterable[Said], recording: Samples) -> None:
    """Write ``NAME.log`` and ``NAME.wav``."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line(said.event, **said.values) for said in log]
    (folder / f"{name}.log").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (folder / f"{name}.wav").write_bytes(sound(recording))
