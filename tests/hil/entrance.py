"""A gate with everything plugged in, and what somebody who stands there notices of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hil.devices.ccid_card import CcidSlot
from hil.devices.gun import Gun
from hil.devices.id_reader import IdReader
from hil.devices.relay import Pulse, Relay
from hil.devices.uvc_camera import UvcCamera
from hil.devices.uvc_descriptors import Form
from hil.hearing import Hearing
from hil.machine.gate import LATE_S

if TYPE_CHECKING:
    from hil.devices.gpio import SimulatedGpio
    from hil.devices.loudspeaker import Heard, Samples
    from hil.machine.gate import Gate, Said

    from gate.model import Reason

CAMERA: Final = """
[[readers]]
name = "camera"
driver = "camera"
device = "/dev/video0"
width = 480
height = 360
"""
SMART_CARD: Final = """
[[readers]]
name = "smart-card"
driver = "smartcard"
"""
BARRIER: Final = """
[barrier]
driver = "lcus"
port = "/dev/gate/relay"
within_ms = 30000
[barrier.entry]
relay = 1
fail = "secure"
[barrier.panel]
passage = { pin = 22, normally = "open" }
green = 5
red = 6
"""
PASSAGE, GREEN, RED = 22, 5, 6
"""Lines of the panel."""
FORM: Final = Form(480, 360)
"""Just enough for a certificate: on an emulated processor the decoder must still be done within two seconds."""
READERS: Final = ("id-reader", "gun", "camera", "smart-card")
_GONE: Final = frozenset({"reader-lost", "reader-unsteady"})
_THERE: Final = frozenset({"reader-online", "reader-back"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one presentation came to."""

    said: Said | None
    """The gate's line about it; None, as the row is empty, where nothing was read."""
    row: dict[str, Any]
    screen: dict[str, Any]
    pulses: list[Pulse]
    heard: Heard | None
    recording: Samples


class Entrance:
    """One gate and the devices on its wires; everything is plugged in by ``plug_all``.

    Args:
        gate: of a machine with nothing plugged in.
        pins: the lines of the barrier's panel.
    """

    def __init__(self, gate: Gate, pins: SimulatedGpio) -> None:
        guest = gate.guest
        self.gate = gate
        self.pins = pins
        self.id_reader = IdReader(guest.wire("id-reader"))
        self.relay = Relay(guest.wire("relay"))
        self.camera = UvcCamera(guest.wire("camera"), FORM)
        self.slot = CcidSlot(guest.wire("slot"))
        self.gun = Gun(lambda events: guest.qmp.run("input-send-event", events=events))
        self.hearing = Hearing(guest.sound)
        guest.plug("usb-serial", "id-reader", 1, chardev="id-reader")
        guest.plug("usb-redir", "camera", 3, chardev="camera")
        guest.plug("usb-serial", "relay", 5, chardev="relay")

    def plug_all(self) -> None:
        """Plug everything in."""
        self.id_reader.plug()
        self.relay.plug()
        self.camera.plug()
        self.plug_gun()
        self.plug_card_reader()

    def plug_gun(self) -> None:
        if "gun" not in self.gate.guest.plugged():
            self.gate.guest.plug("usb-kbd", "gun", 2)

    def unplug_gun(self) -> None:
        self.gate.guest.unplug("gun")

    def plug_card_reader(self) -> None:
        """The smart-card reader, with the slot as it is."""
        guest = self.gate.guest
        if "card-reader" not in guest.plugged():
            guest.plug("usb-ccid", "card-reader", 4)
            guest.plug("ccid-card-passthru", "slot", None, bus="card-reader.0", chardev="slot")
        self.slot.connect()

    def unplug_card_reader(self) -> None:
        self.slot.close()
        self.gate.guest.unplug("card-reader")

    def unplug_all(self) -> None:
        """Pull everything out at once."""
        self.id_reader.unplug()
        self.relay.unplug()
        self.camera.unplug()
        self.unplug_gun()
        self.unplug_card_reader()

    def close(self) -> None:
        """Let go of every wire; the machine may be gone."""
        self.id_reader.unplug()
        self.relay.unplug()
        self.camera.unplug()
        self.slot.close()

    def lost(self, reader: str) -> None:
        """Wait until the gate has noticed that a reader is gone."""
        self.gate.until(lambda: self._newest_word(reader) in _GONE, f"{reader} is lost")

    def flag(self, name: str) -> bool:
        """Whether the screen shows a sign (``gate.kiosk.state.StatusFlag``)."""
        return name in self.screen()["flags"]

    def was_flagged(self, name: str, since: int) -> bool:
        """Whether the screen showed a sign, after ``since`` other screens."""
        self.gate.look_at_screen()
        return any(name in screen["flags"] for screen in self.gate.screens[since:])

    def screen(self) -> dict[str, Any]:
        """What the screen shows now, by its own word."""
        self.gate.look_at_screen()
        return self.gate.screens[-1] if self.gate.screens else {"kind": "", "flags": []}

    def wait_idle(self) -> None:
        """Wait until nobody is being told anything."""
        self.gate.until(lambda: self.screen()["kind"] == "idle", "the screen is idle")

    def _newest_word(self, reader: str) -> str:
        self.gate.look()
        words = [line.event for line in self.gate.log if line.values.get("reader") == reader]
        return next((word for word in reversed(words) if word in _GONE | _THERE), "")

    def walk(self) -> None:
        """Somebody walks through the passage: the sensor's contact closes, and opens again."""
        self.pins.pull(PASSAGE, up=False)
        self.gate.guest.console.check("sleep 0.5")  # somebody takes that long
        self.pins.pull(PASSAGE, up=True)

    def sentence(self, reason: Reason) -> str:
        """What is said for a reason."""
        return self.hearing.sentence(reason)

    def visit(self, reader: str) -> Visit:
        """Somebody is about to present something at a reader; to be called before."""
        return Visit(self, reader)


class Visit:
    """One presentation: what was before it, so that what came of it can be told apart."""

    def __init__(self, entrance: Entrance, reader: str) -> None:
        self._entrance = entrance
        self._reader = reader
        self._answers = entrance.gate.answers(reader)
        entrance.gate.look_at_screen()
        self._screens = len(entrance.gate.screens)
        self._pulses = len(entrance.relay.pulses)
        entrance.hearing.begin()

    def answer(self, kind: str, pulses: int = 0) -> Answer:
        """Wait for the answer, and walk through where something opens.

        Args:
            kind: what the screen is to show (``gate.kiosk.state.ScreenKind``).
            pulses: how many pulses of the barrier's relay to wait for.

        Raises:
            LateError: it did not come.
        """
        entrance, gate = self._entrance, self._entrance.gate
        screen = gate.shown(kind, self._screens)
        given = entrance.relay.wait_for(self._pulses + pulses, LATE_S)[self._pulses :]
        if given:
            entrance.walk()
        said = gate.answered(self._reader, self._answers)
        wanted = "passed" if given else None
        gate.until(lambda: self._row(said).get("passage") == wanted, f"what the barrier saw is on record: {wanted}")
        recording = entrance.hearing.recording()
        return Answer(said, self._row(said), screen, given, entrance.hearing.recognise(recording), recording)

    def _row(self, said: Said) -> dict[str, Any]:
        return next((row for row in self._entrance.gate.rows() if row["id"] == said.values["id"]), {})

    def retry(self) -> Answer:
        """Wait for being asked to present it again, which is on no record: nothing was read."""
        screen = self._entrance.gate.shown("retry", self._screens)
        recording = self._entrance.hearing.recording()
        heard = self._entrance.hearing.recognise(recording)
        return Answer(None, {}, screen, self._entrance.relay.pulses[self._pulses :], heard, recording)
