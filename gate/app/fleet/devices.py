"""Which of the configured devices work, as they themselves say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gate.model import Notice, NoticeKind
from gate.wire.heartbeat import Device

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drivers import Emit
    from gate.model import ReaderEvent

_WORKS = NoticeKind.ONLINE
_GONE = (NoticeKind.OFFLINE, NoticeKind.READER_UNSERVICEABLE)


class Devices:
    """Listens to devices on their way to whoever uses them; each counts as gone until it has shown that it works."""

    def __init__(self, names: Iterable[str]) -> None:
        begun = time.monotonic()
        self._gone: dict[str, float | None] = dict.fromkeys(names, begun)
        """Name -> since when, None where it works."""

    def noting(self, emit: Emit) -> Emit:
        """``emit``, with a ear for a device's own news."""

        def pass_on(event: ReaderEvent) -> None:
            if isinstance(event, Notice):
                self._note(event)
            emit(event)

        return pass_on

    def now(self) -> tuple[Device, ...]:
        """How each of them is."""
        now = time.monotonic()
        return tuple(Device(name, None if gone is None else int(now - gone)) for name, gone in self._gone.items())

    @property
    def gone(self) -> frozenset[str]:
        """The names of those that don't work."""
        return frozenset(name for name, gone in self._gone.items() if gone is not None)

    def _note(self, notice: Notice) -> None:
        if notice.kind is _WORKS:
            self._gone[notice.reader] = None
        elif notice.kind in _GONE and self._gone.get(notice.reader) is None:
            self._gone[notice.reader] = notice.at_monotonic
