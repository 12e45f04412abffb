"""The thread that empties the outbox: reads rows, sends them, notes what became of them.

It reads over a connection of its own and never writes: what it learns goes through the journal's one writer, so that
nobody's record waits for a lock.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from concurrent.futures import Future
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final, Protocol

from gate.errors import JournalError, NetworkFault, WireFault
from gate.journal import outbox
from gate.journal.database import mended, open_to_read
from gate.journal.upload import MOST_BYTES, Upload, Verdict
from gate.wire.message import encode
from gate.wire.pace import Pace
from gate.wire.passages import PATH, Batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gate.journal.store import Journal
    from gate.net.answer import Answer
    from gate.wire.passages import Passage

IDLE_S: Final = 5.0
"""From one look at an empty outbox to the next; rows of these seconds go together."""
SEND_AGAIN_S: Final = 3600.0
"""How often rows are sent again that the server says it has lost: one that never finds them must not ask for ever."""
STOP_S: Final = 0.9
"""What a call under way gets to come back; afterwards it is left, and its rows are sent again another time."""


class Posts(Protocol):
    """The way to the fleet."""

    def post(self, path: str, body: bytes) -> Answer:
        """Send a message.

        Raises:
            NetworkFault, WireFault: there is no answer, or the fleet gives no token.
        """
        ...


class Uploader:
    """Keeps the outbox empty for as long as there is a way to the fleet.

    Args:
        path: of the journal.
        journal: opened.
        device: who this is.
        fleet: the way there; used by this thread alone.
        contact: called, in this thread, whenever the fleet has acknowledged something.
        tell: called, in this thread, when nothing can be sent any more, with the reason; with None once it can again.
        draw: as for ``Pace``.
    """

    def __init__(  # noqa: PLR0913 - its surroundings, given in one place
        self,
        path: Path,
        journal: Journal,
        *,
        device: str,
        fleet: Posts,
        contact: Callable[[], None],
        tell: Callable[[str | None], None],
        draw: Callable[[], float],
    ) -> None:
        self._path = path
        self._journal = journal
        self._device = device
        self._fleet = fleet
        self._contact = contact
        self._tell = tell
        self._upload = Upload()
        self._pace = Pace(draw)
        self._stopping = threading.Event()
        self._series: int | None = None
        self._in_trouble = False
        self._sent_again = float("-inf")
        self.ended: Future[None] = Future()
        """Done when the thread is over; with what ended it, where that is a bug."""
        self._thread = threading.Thread(target=self._run, name="upload", daemon=True)

    def start(self) -> None:
        """Go to work."""
        self.ended.set_running_or_notify_cancel()  # who waits may give up; the thread goes on all the same
        self._thread.start()

    def stop(self) -> None:
        """Come to an end within a second, whatever the network does."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._stopping.wait(self._turn())
        except BaseException as bug:  # noqa: BLE001 - nothing may die unseen in a thread: whoever waits gets it
            self.ended.set_exception(bug)
        else:
            self.ended.set_result(None)

    def _turn(self) -> float:
        """Send one batch; gives the seconds to wait before the next one."""
        try:
            verdict = self._settle()
        except WireFault as fault:
            verdict = Verdict(trouble=str(fault), asked_s=fault.asked_s)
        except (NetworkFault, JournalError) as fault:
            verdict = Verdict(trouble=str(fault))
        except sqlite3.Error as fault:
            verdict = Verdict(trouble=self._unreadable(fault))
        if verdict is None:
            return IDLE_S
        if verdict.trouble is not None:
            self._report(verdict.trouble)
            return self._pace.failed(verdict.asked_s)
        if verdict.acknowledged:
            self._pace.worked()
            self._report(None)
        return 0.0

    def _unreadable(self, fault: sqlite3.Error) -> str:
        """Why nothing can be read; the next turn may be able to."""
        with suppress(JournalError):
            self._change(lambda db: int(mended(db, fault)))
        return f"the journal can't be read: {fault}"

    def _settle(self) -> Verdict | None:
        """Send what is next and note what became of it; None where nothing waits."""
        upload = self._upload
        with closing(open_to_read(self._path)) as db:
            db.text_factory = outbox.as_it_is
            found = outbox.unsent(db, upload.after, upload.most_rows, MOST_BYTES)
        if found.spoiled:
            self._change(lambda db: outbox.refuse(db, ((row.seq, row.revision, row.why) for row in found.spoiled)))
        if not found.rows:
            if (last := found.last) is not None:
                upload.unreadable(last)
                return Verdict()
            trouble = upload.over()
            return None if trouble is None else Verdict(trouble=trouble)
        verdict = self._send(found.rows)
        if not self._stopping.is_set():
            self._note(verdict)
        return verdict

    def _send(self, rows: tuple[Passage, ...]) -> Verdict:
        batch = secrets.token_hex(8)
        if self._series is None:
            self._series = self._change(outbox.series)
        message = Batch(batch, self._device, self._series, rows)
        return self._upload.answered(batch, rows, self._fleet.post(PATH, encode(message)))

    def _note(self, verdict: Verdict) -> None:
        gaps = verdict.gaps if time.monotonic() - self._sent_again >= SEND_AGAIN_S else ()
        if verdict.taken or verdict.refused or gaps:
            self._change(lambda db: _apply(db, verdict, gaps))
        if gaps:
            self._sent_again = time.monotonic()
        if verdict.acknowledged:
            self._contact()

    def _change(self, work: Callable[[sqlite3.Connection], int]) -> int:
        return self._journal.change(work).result()

    def _report(self, trouble: str | None) -> None:
        """Tell once of each change."""
        if (trouble is not None) != self._in_trouble:
            self._in_trouble = trouble is not None
            self._tell(trouble)


def _apply(db: sqlite3.Connection, verdict: Verdict, gaps: tuple[tuple[int, int], ...]) -> int:
    outbox.send_again(db, gaps)
    outbox.refuse(db, verdict.refused)
    return outbox.acknowledge(db, verdict.taken)
