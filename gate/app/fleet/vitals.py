"""How this gate is now, for the heartbeat."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from gate import __version__
from gate.journal import outbox
from gate.journal.database import open_to_read
from gate.keys import TIER
from gate.wire.heartbeat import Clock, Disk, Heartbeat, Held, Journal

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gate import clock
    from gate.app.fleet.devices import Devices
    from gate.app.rule_slot import RuleSlot
    from gate.app.settings.slot import SettingsSlot
    from gate.app.trust_slot import TrustSlot
    from gate.kiosk.state import StatusFlag
    from gate.model import Moment


class Screen(Protocol):
    """What knows of everything that is wrong."""

    @property
    def flags(self) -> tuple[StatusFlag, ...]: ...


@dataclass(frozen=True, slots=True)
class Vitals:
    """Where everything is read from."""

    clock: clock.Clock
    devices: Devices
    barrier: Devices | None
    screen: Screen
    rules: RuleSlot
    trust: TrustSlot
    journal: Path
    settings: SettingsSlot | None = None
    begun: float = field(default_factory=time.monotonic)

    def now(self, device: str) -> Heartbeat:
        """All that can be said at once; on the loop's thread.

        Args:
            device: the name that this gate has in its fleet.
        """
        moment = self.clock.moment()
        return Heartbeat(
            device=device,
            software=__version__,
            uptime_s=int(time.monotonic() - self.begun),
            clock=Clock(moment.at, moment.trusted),
            readers=self.devices.now(),
            barrier=None if self.barrier is None else self.barrier.now()[0],
            flags=tuple(flag.value for flag in self.screen.flags),
            rules=self._rules(moment),
            trust=self._trust(moment),
            settings=None if self.settings is None else self.settings.told,
            key_tier=TIER,
        )

    def news(self) -> object:
        """Something that changes when there is something worth telling at once."""
        moment = self.clock.moment()
        rule_set = self.rules.at(moment)
        return (
            self.devices.gone,
            None if self.barrier is None else self.barrier.gone,
            self.screen.flags,
            None if rule_set is None else (rule_set.id, rule_set.version),
            self.trust.state.name,
            moment.trusted,
            None if self.settings is None else self.settings.told,
        )

    def with_disk(self, beat: Heartbeat) -> Heartbeat:
        """What takes a look at the disk as well; not on the loop's thread."""
        try:
            space = shutil.disk_usage(self.journal.parent)
            with closing(open_to_read(self.journal)) as db:
                counts = outbox.counts(db)
        except (OSError, sqlite3.Error):
            return beat  # that the journal fails is one of the flags
        oldest = None if counts.oldest_unsent is None else _seconds(beat.clock.at, counts.oldest_unsent)
        return msgspec.structs.replace(
            beat,
            journal=Journal(counts.unsent, counts.dead_letters, counts.watermark, oldest),
            disk=Disk(space.free, space.total),
        )

    def _rules(self, moment: Moment) -> Held | None:
        rule_set = self.rules.at(moment)
        if rule_set is None:
            return None
        name = f"{rule_set.id}@{rule_set.version}"
        if not moment.trusted:
            return Held(name)
        return Held(name, _seconds(moment.at, rule_set.issued_at), _seconds(rule_set.refresh_by, moment.at))

    def _trust(self, moment: Moment) -> Held | None:
        state = self.trust.state
        if state.name is None:
            return None
        known = moment.trusted
        return Held(
            state.name,
            _seconds(moment.at, state.checked_at) if known and state.checked_at is not None else None,
            _seconds(state.renew_by, moment.at) if known and state.renew_by is not None else None,
        )


def _seconds(later: datetime, earlier: datetime) -> int:
    return int((later - earlier).total_seconds())
