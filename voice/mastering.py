"""Raw speech of an engine made fit for the gate: one rate, no silence in front, all phrases equally loud."""

from __future__ import annotations

import math
import sys
from array import array

from voice.wav import RATE, silence

SPEECH_RMS = 10 ** (-18 / 20)
"""Level of the spoken part against full scale: -18 dBFS leaves room for peaks and is loud on a small speaker."""

_SPEECH_FLOOR = 0.01
_FRAME_SECONDS = 0.02
_KNEE = 0.7
_HEADROOM = 0.25
_FADE_SECONDS = 0.005
_TAIL_SECONDS = 0.12
_LEAD_SECONDS = 0.01


def master(samples: array[int], rate: int) -> bytes:
    """Resample to ``RATE``, trim, bring to ``SPEECH_RMS``; returns PCM.

    Args:
        samples: signed 16-bit mono.
        rate: of ``samples``, in hertz.

    Raises:
        ValueError: there is nothing to hear in ``samples``.
    """
    wave = _resample([value / 32768 for value in samples], rate)
    wave = _trim(wave)
    gain = SPEECH_RMS / _speech_rms(wave)
    loud = array("h", (round(32767 * _soft(gain * value)) for value in _fade(wave)))
    if sys.byteorder == "big":
        loud.byteswap()
    return silence(_LEAD_SECONDS) + loud.tobytes() + silence(_TAIL_SECONDS)


def _resample(wave: list[float], rate: int) -> list[float]:
    """Straight lines between samples: enough for speech at 22,050 Hz, the only other rate in use."""
    if rate == RATE:
        return wave
    step = rate / RATE
    result = []
    for i in range(int((len(wave) - 1) / step)):
        whole, part = divmod(i * step, 1)
        left, right = wave[int(whole)], wave[int(whole) + 1]
        result.append(left + part * (right - left))
    return result


def _trim(wave: list[float]) -> list[float]:
    peak = max(map(abs, wave), default=0.0)
    heard = [i for i, value in enumerate(wave) if abs(value) > _SPEECH_FLOOR * peak]
    if peak == 0 or not heard:
        raise ValueError("the engine gave silence")
    return wave[heard[0] : heard[-1] + 1]


def _speech_rms(wave: list[float]) -> float:
    """Root mean square of the frames that hold speech, so that a pause in a phrase does not make it louder."""
    size = round(RATE * _FRAME_SECONDS)
    powers = [sum(v * v for v in wave[i : i + size]) / size for i in range(0, len(wave), size)]
    mean = sum(powers) / len(powers)
    spoken = [power for power in powers if power >= mean / 10]
    return math.sqrt(sum(spoken) / len(spoken))


def _fade(wave: list[float]) -> list[float]:
    """No clicks where it was cut."""
    count = round(RATE * _FADE_SECONDS)
    last = len(wave) - 1
    return [value * min(1.0, i / count, (last - i) / count) for i, value in enumerate(wave)]


def _soft(value: float) -> float:
    """Rounds off peaks above the knee, so that one loud vowel does not make a whole phrase quiet."""
    size = abs(value)
    if size <= _KNEE:
        return value
    return math.copysign(_KNEE + _HEADROOM * math.tanh((size - _KNEE) / _HEADROOM), value)
