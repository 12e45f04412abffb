"""How long from the decision to the first sample at the sound card: a real ``aplay`` plays to a simulated card.

Measured: from the call of ``Speaker.say`` to the moment when the first samples leave ALSA's plug-in for the card, each
announcement cutting off the one before, with clips of the bundled pack. Not measured: the card's own hardware.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from gate.model import Reason
from voice import phrases
from voice.pack import BUNDLED, Pack
from voice.simulated import SimulatedSoundCard
from voice.speaker import Settings, Speaker

LANGUAGE = "zh-CN"
DEADLINE = 30.0


def decision_to_first_sample_ms(rounds: int = 40) -> list[float]:
    """Milliseconds of each of ``rounds`` announcements.

    Raises:
        RuntimeError: nothing reached the card (is ``aplay`` installed?).
    """
    pack = Pack.open((BUNDLED,), phrases.load((LANGUAGE,)))
    with tempfile.TemporaryDirectory() as folder, SimulatedSoundCard(Path(folder)) as card:
        return asyncio.run(_measure(pack, card, Path(folder), rounds))


async def _measure(pack: Pack, card: SimulatedSoundCard, folder: Path, rounds: int) -> list[float]:
    speaker = Speaker(pack, Settings(languages=(LANGUAGE,)), folder, environment=card.environment)
    speaking = asyncio.create_task(speaker.run())
    times = []
    reasons = list(Reason)
    for i in range(rounds):
        decided = time.monotonic()
        speaker.say(reasons[i % len(reasons)])
        first = await asyncio.to_thread(card.first_sample_after, decided, DEADLINE)
        if first is None:
            raise RuntimeError("nothing reached the simulated sound card: is aplay installed?")
        times.append(1000 * (first - decided))
    speaking.cancel()
    await asyncio.wait({speaking})
    return times


def main() -> None:
    times = sorted(decision_to_first_sample_ms())
    print(f"decision to sound: median {statistics.median(times):.1f} ms, largest {times[-1]:.1f} ms of {len(times)}")


if __name__ == "__main__":
    main()
