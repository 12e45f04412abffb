"""A journal with everything that happens to one, for somebody who cuts the power: ``python busy_journal.py FOLDER``.

What the journal has promised stands in the file ``promised``, line by line, written after the promise.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from passages import AT, dynamic, limited, passage

from gate.journal import retention
from gate.journal.retention import Keep, Retention
from gate.journal.store import Journal
from gate.model import Moment, Outcome, PassageResult

ROWS = 400
WAIT_S = 60
LATER = Moment(AT + timedelta(days=60), trusted=True)


def main(folder: Path) -> None:
    """Rows, what the barrier saw, withdrawals, acknowledgements, retention, a restart in the middle."""
    promised = os.open(folder / "promised", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def promise(text: str) -> None:
        os.write(promised, f"{text}\n".encode())

    retention.PAUSE_S = retention.ROUND_S = 0.0  # type: ignore[misc]  # whenever nothing else is to be done
    for half in range(2):
        journal = Journal(folder / "journal.sqlite", Retention(Keep(), lambda: LATER))
        journal.open()
        for number in range(ROWS // 2):
            outcome = Outcome.REFER if number % 10 == 9 else Outcome.PASS
            row = passage(outcome, code=dynamic(number % 200), permit=limited(), sealed=bytes(176), sealed_to="1")
            seq = journal.record(row).result(WAIT_S)
            promise(f"row {row.id} {seq}")
            if number % 3 == 0:
                journal.complete(row.id, PassageResult.PASSED).result(WAIT_S)
                promise(f"passed {row.id} {seq}")
            elif number % 7 == 0:
                journal.withdraw(row.id, "late").result(WAIT_S)
                promise(f"withdrawn {row.id} {seq}")
            if number % 20 == 19:
                journal.change(lambda db: db.execute("UPDATE passages SET acked = revision").rowcount).result(WAIT_S)
                promise(f"acked all {seq}")
        if half == 0:
            journal.close()
    os._exit(0)  # as abruptly as a cut


if __name__ == "__main__":
    main(Path(sys.argv[1]))
