"""The devices of the emulated machine, at the host's end of their wires and without the machine."""

from __future__ import annotations

import array
import contextlib
import io
import random
import socket
import struct
import wave
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from hil import keepsake
from hil.devices import gpio, gun, loudspeaker, usbredir, uvc_descriptors, vscard
from hil.devices.ccid_card import CcidSlot
from hil.devices.id_reader import IdReader
from hil.devices.relay import Relay
from hil.devices.uvc_camera import UvcCamera, jpeg, scene, yuyv
from PIL import Image

from drivers.idcard_frames import frame
from drivers.lcus_frames import Frame, wire
from drivers.simulated import id_cards
from drivers.simulated.camera import picture_of
from drivers.simulated.id_reader_model import FIND, READ, Fault
from drivers.simulated.social_security_card import APPLICATION, SimulatedSocialSecurityCard
from gate.model import Reason
from voice import phrases
from voice.pack import BUNDLED, Pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORM = uvc_descriptors.Form(320, 240, 200)
SECONDS = 10.0


class Machine:
    """The emulated machine's end of a cable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._listening.settimeout(SECONDS)
        self._end: socket.socket | None = None

    def take(self) -> socket.socket:
        """The cable that was plugged in."""
        if self._end is not None:
            self._end.close()
        self._end, _ = self._listening.accept()
        self._end.settimeout(SECONDS)
        return self._end

    def close(self) -> None:
        self._listening.close()
        if self._end is not None:
            self._end.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path / "socket")
    with contextlib.closing(machine):
        yield machine


def exactly(end: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = end.recv(size - len(data))
        assert piece, f"the end after {len(data)} of {size} bytes"
        data += piece
    return data


# ---- the ID reader ------------------------------------------------------------------------------------------------


def test_a_reader_answers_over_the_cable_and_is_gone_when_it_is_pulled(machine: Machine) -> None:
    reader = IdReader(machine.path)
    reader.plug()
    end = machine.take()
    reader.present(id_cards.citizen(1))
    end.sendall(frame(FIND))
    assert exactly(end, 15)[9] == 0x9F
    reader.unplug()
    assert end.recv(1) == b""
    assert reader.asked == [FIND]


def test_a_reader_that_is_pulled_in_the_middle_of_an_answer_can_be_put_back(machine: Machine) -> None:
    reader = IdReader(machine.path)
    reader.plug()
    end = machine.take()
    reader.present(id_cards.citizen(1))
    reader.model.fail(READ, Fault(cut_at=600, vanish=True))
    end.sendall(frame(FIND) + frame(b"\x20\x02"))
    exactly(end, 15 + 19)
    end.sendall(frame(READ))
    assert len(exactly(end, 600)) == 600
    assert end.recv(1) == b""
    reader.plug()
    end = machine.take()
    reader.present(id_cards.citizen(1))
    end.sendall(frame(FIND))
    assert exactly(end, 15)[9] == 0x9F
    reader.unplug()


# ---- the relay ------------------------------------------------------------------------------------------------------


def test_a_relay_counts_pulses_and_falls_off_when_it_is_pulled(machine: Machine) -> None:
    relay = Relay(machine.path)
    relay.plug()
    end = machine.take()
    end.sendall(wire(Frame(1, 1)) + b"noise" + wire(Frame(1, 0)))
    assert [pulse.channel for pulse in relay.wait_for(1, SECONDS)] == [1]
    end.sendall(wire(Frame(1, 1)) + wire(Frame(1, 0)) + wire(Frame(2, 1)))
    relay.wait_for(2, SECONDS)
    relay.unplug()
    assert not relay.on
    assert relay.pulses[:2] == [pulse for pulse in relay.pulses if pulse.channel == 1]


# ---- the smart card -------------------------------------------------------------------------------------------------


def _say(end: socket.socket, kind: vscard.Kind, body: bytes = b"") -> None:
    end.sendall(vscard.pack(kind, body))


def _hear(end: socket.socket) -> tuple[int, bytes]:
    kind, _, length = struct.unpack(">III", exactly(end, 12))
    return kind, exactly(end, length)


def test_a_card_in_the_slot_answers_and_is_pulled(machine: Machine) -> None:
    slot = CcidSlot(machine.path)
    slot.put_in(SimulatedSocialSecurityCard().transmit)
    slot.connect()
    end = machine.take()
    assert _hear(end) == (vscard.Kind.INIT, b"VSCD" + struct.pack(">II", 2, 0))
    _say(end, vscard.Kind.INIT, b"VSCD" + struct.pack(">II", 2, 0))
    assert _hear(end)[0] == vscard.Kind.READER_ADD
    _say(end, vscard.Kind.ERROR, bytes(4))
    assert _hear(end)[0] == vscard.Kind.ATR
    _say(end, vscard.Kind.APDU, bytes.fromhex("00A404000F") + APPLICATION)
    kind, answer = _hear(end)
    assert (kind, answer[:1]) == (vscard.Kind.APDU, b"\x61")
    slot.take_out()
    assert _hear(end)[0] == vscard.Kind.CARD_REMOVE
    assert slot.commands == 1
    slot.close()


# ---- the camera -----------------------------------------------------------------------------------------------------


class Packets:
    """What the camera sends, one after the other."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._splitter = usbredir.Splitter()
        self._waiting: list[usbredir.Packet] = []
        end.sendall(usbredir.greeting("machine"))

    def next(self) -> usbredir.Packet:
        while not self._waiting:
            self._waiting += self._splitter.feed(self._end.recv(65536))
        return self._waiting.pop(0)

    def answer(self, kind: usbredir.Kind, number: int, body: bytes) -> usbredir.Packet:
        self._end.sendall(usbredir.pack(usbredir.Packet(kind, number, body)))
        while (packet := self.next()).number != number or packet.kind != kind:
            pass
        return packet

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        length = data if isinstance(data, int) else len(data)
        body = struct.pack("<BBBBHHH", request_type & 0x80, request, request_type, 0, value, index, length)
        if isinstance(data, bytes):
            body += data
        return usbredir.parse_control(self.answer(usbredir.Kind.CONTROL_PACKET, 5, body).body).data

    def frame(self) -> bytes:
        """A whole frame, from its payloads."""
        frame = b""
        for number in range(100, 200):
            asked = struct.pack("<BBHIH", 0x81, 0, 16384, 0, 0)
            payload = self.answer(usbredir.Kind.BULK_PACKET, number, asked).body[10:]
            frame += payload[payload[0] :]
            if payload[1] & 2:
                return frame
        raise AssertionError("no end of a frame")


def test_a_frame_shows_the_code_that_was_held_to_the_camera(machine: Machine) -> None:
    camera = UvcCamera(machine.path, FORM)
    camera.plug()
    packets = Packets(machine.take())
    assert packets.next().kind == usbredir.Kind.HELLO
    configuration = packets.control(0x80, 6, 0x0200, 0, 1024)
    assert len(configuration) == struct.unpack_from("<H", configuration, 2)[0]
    camera.show(Image.open(io.BytesIO(picture_of("GATE-1"))))
    picture = Image.open(io.BytesIO(packets.frame()))
    assert picture.size == (320, 240)
    assert [code.text for code in zxingcpp.read_barcodes(picture.convert("L"))] == ["GATE-1"]
    camera.show(None)
    packets.frame()
    assert not zxingcpp.read_barcodes(Image.open(io.BytesIO(packets.frame())).convert("L"))
    settings = packets.control(0xA1, 0x81, 0x0100, 1, 64)
    chosen = settings[:2] + bytes((uvc_descriptors.YUYV,)) + settings[3:]
    packets.control(0x21, 1, 0x0200, 1, chosen)
    assert len(packets.frame()) == FORM.frame_bytes
    camera.unplug()


def test_a_camera_that_hangs_can_be_pulled(machine: Machine) -> None:
    camera = UvcCamera(machine.path, FORM)
    camera.hang()
    camera.plug()
    end = machine.take()
    packets = Packets(end)
    assert packets.next().kind == usbredir.Kind.HELLO
    asked = usbredir.Packet(usbredir.Kind.BULK_PACKET, 9, struct.pack("<BBHIH", 0x81, 0, 16384, 0, 0))
    end.sendall(usbredir.pack(asked))
    camera.unplug()
    assert camera.frames == 0


@pytest.mark.parametrize("kind", [1, 2, 4, 5, 11, 36])
def test_every_descriptor_has_the_length_that_it_says(kind: int) -> None:
    data, kinds = uvc_descriptors.configuration(FORM), []
    while data:
        assert 2 < data[0] <= len(data)
        kinds.append(data[1])
        data = data[data[0] :]
    assert kind in (*kinds, uvc_descriptors.DEVICE[1])
    assert len(uvc_descriptors.DEVICE) == uvc_descriptors.DEVICE[0] == 18


def test_formats_hold_the_same_picture() -> None:
    picture = scene(None, FORM)
    assert set(yuyv(picture, FORM)[0::2]) == {110}
    assert len(jpeg(picture, FORM)) < FORM.frame_bytes
    with pytest.raises(ValueError, match="does not fit"):
        scene(Image.new("L", (400, 100)), FORM)


# ---- the gun --------------------------------------------------------------------------------------------------------


def test_a_gun_types_what_a_us_keyboard_types() -> None:
    down: list[str] = []
    typed = []
    for events in gun.strokes("aB-:/1"):
        for event in events:
            name, pressed = event["data"]["key"]["data"], event["data"]["down"]
            if pressed:
                down.append(name)
            else:
                down.remove(name)
        typed += ["+".join(down)] if down else []
    assert typed == ["a", "shift+b", "minus", "shift+semicolon", "slash", "1", "ret"]
    assert not down


# ---- the loudspeaker ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack.open([BUNDLED], phrases.load(("zh-CN",)))


@pytest.fixture(scope="module")
def sentences(pack: Pack) -> dict[str, loudspeaker.Samples]:
    reasons = (Reason.GREEN_CODE, Reason.TEST_EXPIRED, Reason.PRESENT_AGAIN, Reason.CODE_NOT_GREEN)
    every = loudspeaker.sentences(pack, "zh-CN")
    return {text: every[text] for text in (pack.clip(reason, "zh-CN").text for reason in reasons)}


def through_a_bad_card(pcm: bytes, path: Path, *, lost: tuple[int, ...] = ()) -> None:
    """48 kHz, two channels, quieter, with noise, and with gaps of ten milliseconds."""
    rng = random.Random(1)
    clip = array.array("h", pcm)
    doubled = [0] * 9_000
    for sample, following in zip(clip, [*clip[1:], 0], strict=True):
        doubled += [sample, (sample + following) // 2]
    for place in lost:
        del doubled[place : place + 480]
    out = array.array("h")
    for sample in doubled:
        out.extend([int(0.4 * sample) + rng.randint(-40, 40)] * 2)
    with path.open("ab") as file:
        file.write(out.tobytes())


@pytest.mark.parametrize("reason", [Reason.GREEN_CODE, Reason.TEST_EXPIRED])
def test_a_phrase_is_recognised_through_a_bad_sound_card(
    tmp_path: Path, pack: Pack, sentences: dict[str, loudspeaker.Samples], reason: Reason
) -> None:
    path = tmp_path / "played.wav"
    path.write_bytes(bytes(loudspeaker.HEAD_BYTES))
    speaker = loudspeaker.Loudspeaker(path)
    through_a_bad_card(pack.clip(Reason.PRESENT_AGAIN, "zh-CN").pcm, path)
    speaker.mark()
    clip = pack.clip(reason, "zh-CN")
    through_a_bad_card(clip.pcm, path, lost=(40_000, 60_000))
    heard = loudspeaker.recognise(speaker.recorded(), sentences)
    assert heard is not None
    assert heard.phrase == clip.text
    assert heard.likeness > 0.8


def test_silence_noise_and_half_a_phrase_are_no_phrase(
    tmp_path: Path, pack: Pack, sentences: dict[str, loudspeaker.Samples]
) -> None:
    rng = random.Random(2)
    pcm = pack.clip(Reason.TEST_EXPIRED, "zh-CN").pcm
    path = tmp_path / "played.wav"
    path.write_bytes(bytes(loudspeaker.HEAD_BYTES))
    through_a_bad_card(pcm[: len(pcm) // 3], path)
    for recording in (
        array.array("h", bytes(16_000)),
        array.array("h", (rng.randint(-3000, 3000) for _ in range(8_000))),
        loudspeaker.Loudspeaker(path).recorded(),
        loudspeaker.Loudspeaker(tmp_path / "nothing").recorded(),
    ):
        assert loudspeaker.recognise(recording, sentences) is None


# ---- GPIO -----------------------------------------------------------------------------------------------------------


def test_lines_are_looked_at_and_pulled_where_the_kernel_has_them() -> None:
    ran: list[str] = []

    def run(command: str) -> str:
        ran.append(command)
        return "gpiochip1\ngpio-sim.0\n" if "dev_name" in command else "1\n"

    chip = gpio.SimulatedGpio(run, {22: "GPIO22"})
    assert chip.chip == "gpiochip1"
    assert chip.level(22)
    chip.pull(22, up=False)
    assert ran[2:] == [
        "cat /sys/devices/platform/gpio-sim.0/gpiochip1/sim_gpio22/value",
        "echo pull-down > /sys/devices/platform/gpio-sim.0/gpiochip1/sim_gpio22/pull",
    ]


def test_what_is_kept_of_a_sound_is_small_and_loud() -> None:
    recording = array.array("h", [0] * 500 + [int(2000 * (place % 2 - 0.5)) for place in range(8_000)] + [0] * 500)
    with wave.open(io.BytesIO(keepsake.sound(recording))) as kept:
        assert (kept.getframerate(), kept.getsampwidth(), kept.getnframes()) == (8_000, 1, 8_000)
        assert max(kept.readframes(8_000)) == 255
    with wave.open(io.BytesIO(keepsake.sound(array.array("h", bytes(100))))) as kept:
        assert kept.getnframes() == 0
