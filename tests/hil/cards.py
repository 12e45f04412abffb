"""People with cards before a gate, and what they were promised: whoever was let in is on record, whatever comes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hil.devices.id_reader import IdReader
from hil.machine.qmp import QmpError

if TYPE_CHECKING:
    from hil.machine.gate import Gate, Said


class CardLane:
    """The ID reader of a gate; plugged in from the start.

    Args:
        gate: of a machine in which no reader was plugged in before.
    """

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.reader = IdReader(gate.guest.wire("id-reader"))
        gate.guest.plug("usb-serial", "id-reader", 1, chardev="id-reader")
        self.reader.plug()

    def close(self) -> None:
        """Take the reader away; a machine without power does not mind."""
        self.reader.unplug()
        with contextlib.suppress(QmpError):
            self.gate.guest.unplug("id-reader")
            self.gate.guest.unwire("id-reader")

    def serve(self, block: bytes) -> Said:
        """Somebody lays a card down and takes it away again when there is an answer; gives the gate's line about it."""
        before = self.gate.answers("id-reader")
        self.reader.present(block)
        said = self.gate.answered("id-reader", before)
        self.reader.remove()
        return said


class Promises:
    """Passes that somebody saw or heard, of all lives of one gate."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self._shown = 0

    def note(self, gate: Gate) -> None:
        """Take note of what a gate announced until now; once, when its machine or the test ends."""
        gate.look()
        gate.look_at_screen()
        self.ids |= {said.values["id"] for said in gate.lines("presentation", announced="green_code")}
        # One announcement is one "shown", however often the flags beside it change meanwhile.
        self._shown += len({screen["shown"] for screen in gate.screens if screen["kind"] == "pass"})

    def require_kept(self, gate: Gate) -> None:
        """Make sure that the journal has them all, whole and in order."""
        assert gate.journal_is_sound()
        rows = gate.rows()
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        passes = {row["id"] for row in rows if row["outcome"] == "pass"}
        assert self.ids <= passes
        assert len(passes) >= self._shown
