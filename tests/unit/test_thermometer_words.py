"""Words of an MLX90614 and frames of a GY-MCU90614, held against bytes that others published."""

from __future__ import annotations

from itertools import pairwise

import pytest
from vectors import ROOT

from drivers.gymcu90614_frames import Frames, Temperatures
from drivers.mlx90614_words import ADDRESS, OBJECT, crc8, hundredths
from drivers.simulated.gymcu90614 import frame
from drivers.simulated.mlx90614 import SimulatedMlx90614
from gate.errors import ProtocolFault

LINES = (ROOT / "tests/traces/thermometer-published.txt").read_text("utf-8").splitlines()
TRACES = [
    (name, bytes.fromhex(data), said)
    for name, data, said, _ in (line.split(" | ") for line in LINES if not line.startswith("#"))
]
PUBLISHED = {name: data for name, data, _ in TRACES}


@pytest.mark.parametrize(("name", "data", "said"), TRACES)
def test_published_bytes_say_what_their_publishers_say(name: str, data: bytes, said: str) -> None:
    if name.startswith("gy"):
        assert Frames().feed(data) == [Temperatures(*map(int, said.split()))]
    elif name.startswith("mlx"):
        assert hundredths(data[0], data[1], data[2:]) == int(said)
    else:
        assert crc8(data) == int(said, 16)


@pytest.mark.parametrize("name", ["mlx word 36.5", "mlx word 28.0"])
def test_the_simulated_sensor_answers_as_the_published_one(name: str) -> None:
    address, command, *answer = PUBLISHED[name]
    sensor = SimulatedMlx90614(address)
    sensor.target = hundredths(address, command, bytes(answer))
    assert sensor.read(address, command, 3) == bytes(answer)


def test_the_simulated_module_sends_the_published_frame() -> None:
    assert frame(3192, 3353) == PUBLISHED["gy frame"]
    assert frame(3192, 3353) + b"\x14" == PUBLISHED["gy frame and id"]


@pytest.mark.parametrize("bit", range(24))
def test_a_word_with_one_wrong_bit_is_no_temperature(bit: int) -> None:
    word = int.from_bytes(PUBLISHED["mlx word 36.5"][2:]) ^ 1 << bit
    with pytest.raises(ProtocolFault, match="PEC"):
        hundredths(ADDRESS, OBJECT, word.to_bytes(3))


def test_a_word_of_another_register_or_sensor_is_no_temperature() -> None:
    answer = PUBLISHED["mlx word 36.5"][2:]
    for address, command in ((ADDRESS, 0x06), (ADDRESS + 1, OBJECT)):
        with pytest.raises(ProtocolFault, match="PEC"):
            hundredths(address, command, answer)


def test_a_sensor_that_could_not_measure_gives_no_temperature_though_the_pec_holds() -> None:
    sensor = SimulatedMlx90614()
    sensor.target, sensor.error_flag = 3650, True
    with pytest.raises(ProtocolFault, match="error flag"):
        hundredths(ADDRESS, OBJECT, sensor.read(ADDRESS, OBJECT, 3))


@pytest.mark.parametrize(("raw", "said"), [(0x27AD, -7001), (0x7FFF, 38219)])
def test_the_whole_range_of_the_sensor_is_understood(raw: int, said: int) -> None:
    sensor = SimulatedMlx90614()
    sensor.target = said
    answer = sensor.read(ADDRESS, OBJECT, 3)
    assert int.from_bytes(answer[:2], "little") == raw
    assert hundredths(ADDRESS, OBJECT, answer) == said
    sensor.target = -7003
    with pytest.raises(ProtocolFault, match="below"):
        hundredths(ADDRESS, OBJECT, sensor.read(ADDRESS, OBJECT, 3))


@pytest.mark.parametrize("answer", [b"", b"\x7a\x3c", b"\x7a\x3c\x92\x00"])
def test_an_answer_of_another_length_is_no_temperature(answer: bytes) -> None:
    with pytest.raises(ProtocolFault, match="instead of 3"):
        hundredths(ADDRESS, OBJECT, answer)


def test_frames_with_more_data_are_understood_by_their_own_length() -> None:
    longer = frame(3650, 2400, b"\x01") + frame(3651, 2401, b"\x0e\x42") + frame(3652, 2402)
    assert [found.target for found in Frames().feed(longer)] == [3650, 3651, 3652]


def test_temperatures_below_zero_have_a_sign() -> None:
    assert Frames().feed(frame(-250, -1999)) == [Temperatures(-250, -1999)]


def test_a_wrong_sum_loses_one_frame_and_no_more() -> None:
    good, bad = frame(3650, 2400), bytearray(frame(3700, 2400))
    bad[-1] ^= 1
    assert Frames().feed(good + bytes(bad) + good) == [Temperatures(3650, 2400)] * 2


@pytest.mark.parametrize(
    "other",
    [
        b"\x5a\x5a\x25\x02\x00\x5d\x38",  # emissivity: another type
        b"\x5a\x5a\x45\x03\x01\x02\x03\x02",  # too short for two temperatures
        b"\x5a\x5a\x45\xff",  # longer than anything documented
        b"\x5a" * 9,
    ],
)
def test_what_is_no_frame_of_temperatures_is_passed_over(other: bytes) -> None:
    frames = Frames()
    assert frames.feed(other) == []
    assert frames.feed(frame(3650, 2400)) == [Temperatures(3650, 2400)]


def test_a_frame_is_found_whatever_the_pieces_it_comes_in() -> None:
    whole = PUBLISHED["gy frame and id"] * 2
    for cut in range(len(whole)):
        frames = Frames()
        found = [one for a, b in pairwise((0, cut, len(whole))) for one in frames.feed(whole[a:b])]
        assert found == [Temperatures(3192, 3353)] * 2


def test_no_temperature_of_a_person_is_in_a_repr() -> None:
    assert "3650" not in repr(Frames().feed(frame(3650, 2400)))
