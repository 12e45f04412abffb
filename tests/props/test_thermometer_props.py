"""Properties of what thermometers send, and of what is made of it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.gymcu90614_frames import LEAST_DATA, MOST_DATA, Frames
from drivers.mlx90614_words import AMBIENT, OBJECT, crc8, hundredths
from drivers.simulated.gymcu90614 import frame
from drivers.simulated.mlx90614 import SimulatedMlx90614, pec
from gate.errors import ProtocolFault
from gate.model import ThermometerReading
from gate.rules.temperature import ENOUGH, Correction, measured_tenths, of_somebody, tenths

HUNDREDTHS = st.integers(-20_000, 32_767)
PARTS = st.one_of(
    st.binary(max_size=30),
    st.builds(frame, HUNDREDTHS, HUNDREDTHS, st.binary(max_size=MOST_DATA - LEAST_DATA)),
    st.sampled_from([b"\x5a", b"\x5a\x5a", b"\x5a\x5a\x45", b"\x5a\x5a\x45\x04", b"\x5a\x5a\x45\x10"]),
)
STREAMS = st.lists(PARTS, max_size=12).map(b"".join)
READINGS = st.lists(st.builds(ThermometerReading, st.integers(2500, 5000), st.integers(-2000, 6000), st.just(0.0)))
CORRECTIONS = st.builds(Correction, st.integers(-50, 50), st.integers(0, 50))


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=20))
def test_frames_do_not_depend_on_the_chunks(data: bytes, cuts: list[int]) -> None:
    whole = Frames().feed(data)
    edges = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    for chunks in ([data[a:b] for a, b in itertools.pairwise(edges)], [bytes([byte]) for byte in data]):
        frames = Frames()
        assert [found for chunk in chunks for found in frames.feed(chunk)] == whole
        assert len(frames.pending) < 5 + MOST_DATA


@given(st.binary(max_size=30), st.lists(st.tuples(HUNDREDTHS, HUNDREDTHS), min_size=1, max_size=5))
def test_frames_after_noise_without_a_header_all_arrive(noise: bytes, sent: list[tuple[int, int]]) -> None:
    stream = noise.replace(b"\x5a", b"\xa5") + b"".join(frame(*one) for one in sent)
    assert [(found.target, found.ambient) for found in Frames().feed(stream)] == sent


@given(st.integers(8, 0x77), st.integers(-7000, 38_000), st.sampled_from([AMBIENT, OBJECT]), st.integers(0, 23))
def test_a_word_arrives_whole_or_not_at_all(address: int, sent: int, command: int, bit: int) -> None:
    sensor = SimulatedMlx90614(address)
    sensor.target = sensor.ambient = sent
    answer = sensor.read(address, command, 3)
    assert 0 <= sent - hundredths(address, command, answer) <= 1
    with pytest.raises(ProtocolFault):
        hundredths(address, command, (int.from_bytes(answer) ^ 1 << bit).to_bytes(3))


@given(st.integers(8, 0x77), st.integers(0, 255), st.binary(min_size=2, max_size=2))
def test_two_ways_to_reckon_a_pec_agree(address: int, command: int, word: bytes) -> None:
    assert crc8(bytes((address << 1, command, address << 1 | 1)) + word) == pec(address, command, word)


@given(READINGS, CORRECTIONS)
def test_a_measurement_lies_among_its_readings_or_is_none(
    readings: list[ThermometerReading], correction: Correction
) -> None:
    usable = of_somebody(readings)
    found = measured_tenths(readings, correction)
    assert (found is None) == (len(usable) < ENOUGH)
    if found is not None:
        corrected = [tenths(reading.target + correction.added(reading.ambient)) for reading in usable]
        assert min(corrected) <= found <= max(corrected)
        assert found in corrected


@given(READINGS, st.integers(3730, 4500))
def test_whoever_is_hot_in_most_readings_is_hot(readings: list[ThermometerReading], target: int) -> None:
    others = of_somebody(readings)
    hot = [ThermometerReading(target, 2500, 0.0)] * max(ENOUGH, len(others))
    found = measured_tenths([*others, *hot], Correction())
    assert found is not None
    assert found >= 373


@given(st.integers(-50_000, 50_000))
def test_rounding_is_to_the_nearest_tenth(value: int) -> None:
    assert abs(tenths(value) * 10 - value) <= 5


@given(st.integers(-10_000, 10_000), CORRECTIONS)
def test_the_surroundings_change_a_measurement_by_a_degree_at_most(ambient: int, correction: Correction) -> None:
    assert abs(correction.added(ambient) - correction.offset_tenths * 10) <= 100
    assert correction.added(2500) == correction.offset_tenths * 10
