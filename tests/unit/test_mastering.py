"""What an engine gives is trimmed, brought to one rate and one loudness."""

from __future__ import annotations

import math
import struct
from array import array
from itertools import pairwise

import pytest

from voice.mastering import master
from voice.wav import RATE, seconds_of


def tone(rate: int, seconds: float, peak: float) -> list[int]:
    return [round(32767 * peak * math.sin(2 * math.pi * 440 * i / rate)) for i in range(round(rate * seconds))]


def unpack(pcm: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(pcm) // 2}h", pcm)


@pytest.mark.parametrize("rate", [22_050, 24_000])
def test_silence_around_a_phrase_goes(rate: int) -> None:
    pause = [0] * rate
    pcm = master(array("h", pause + tone(rate, 1.0, 0.3) + pause), rate)
    assert 1.0 < seconds_of(pcm) < 1.3
    assert max(map(abs, unpack(pcm)[: RATE // 20])) > 1000


@pytest.mark.parametrize("peak", [0.02, 0.3, 1.0])
def test_a_quiet_engine_and_a_loud_one_sound_alike(peak: float) -> None:
    samples = unpack(master(array("h", tone(RATE, 1.0, peak)), RATE))
    assert max(map(abs, samples)) == pytest.approx(math.sqrt(2) * 10 ** (-18 / 20) * 32767, rel=0.05)


def test_the_pitch_stays() -> None:
    samples = unpack(master(array("h", tone(22_050, 1.0, 0.3)), 22_050))
    rising = sum(1 for a, b in pairwise(samples) if a < 0 <= b)
    assert rising == pytest.approx(440, abs=3)


def test_a_loud_vowel_is_not_clipped() -> None:
    samples = unpack(master(array("h", tone(RATE, 1.0, 0.1) + tone(RATE, 0.02, 1.0)), RATE))
    assert 25_000 < max(map(abs, samples)) < 32_000


@pytest.mark.parametrize("samples", [[], [0] * 1000])
def test_an_engine_that_says_nothing_is_found_out(samples: list[int]) -> None:
    with pytest.raises(ValueError, match="silence"):
        master(array("h", samples), RATE)
