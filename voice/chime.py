"""What is heard where no clip can be: two tones, so that nobody is left without an answer.

A rising pair goes with a pass, and with a call for staff, which must not sound like a refusal; a falling pair with
everything else.
"""

from __future__ import annotations

import math
import struct
from functools import cache

from gate.model import Reason
from voice.wav import RATE, silence

_HIGH_HZ, _LOW_HZ = 880.0, 587.3
_TONE_SECONDS = 0.28
_PEAK = 0.35
_FADE_SECONDS = 0.04
_RISING = frozenset(
    {
        Reason.GREEN_CODE,
        Reason.CERTIFICATE_VALID,
        Reason.PERMITTED,
        Reason.CHANNEL,
        Reason.EXIT_RECORDED,
        Reason.EMERGENCY_ORDER,
        Reason.TEST_DUE,
        Reason.SECOND_TEST_DUE,
        Reason.STAFF_CALLED,
    }
)


def chime(reason: Reason) -> bytes:
    """PCM of the two tones for ``reason``, about 0.6 s."""
    return _pair(_LOW_HZ, _HIGH_HZ) if reason in _RISING else _pair(_HIGH_HZ, _LOW_HZ)


@cache
def _pair(first: float, second: float) -> bytes:
    return _tone(first) + silence(0.04) + _tone(second)


def _tone(hertz: float) -> bytes:
    count = round(RATE * _TONE_SECONDS)
    fade = RATE * _FADE_SECONDS
    levels = (min(1.0, i / fade, (count - i) / fade) for i in range(count))
    samples = (
        round(32767 * _PEAK * level * math.sin(2 * math.pi * hertz * i / RATE)) for i, level in enumerate(levels)
    )
    return struct.pack(f"<{count}h", *samples)
