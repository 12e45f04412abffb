"""A gate that records and uploads until it is killed, or all is sent: python upload_child.py FOLDER URL ROWS."""

from __future__ import annotations

import random
import sys
import threading
from contextlib import closing
from pathlib import Path

from passages import passage
from uploads import DEVICE, session

from gate.app.fleet.key import load_key
from gate.journal import outbox, uploader
from gate.journal.database import open_to_read
from gate.journal.store import Journal
from gate.model import Outcome, PassageResult

RESULTS = tuple(PassageResult)


def main(folder: Path, url: str, number: int) -> None:
    uploader.IDLE_S = 0.01  # type: ignore[misc]  # the moments of a kill are to be dense
    path = folder / "journal.sqlite"
    journal = Journal(path)
    journal.open()
    sends = uploader.Uploader(
        path,
        journal,
        device=DEVICE,
        fleet=session(url, load_key(folder / "device.key")),
        contact=lambda: None,
        tell=lambda _: None,
        draw=lambda: 0.0,
    )
    sends.start()
    draw = random.Random()
    with (folder / "promised").open("a", encoding="ascii") as promised:
        for _ in range(number):
            row = passage(draw.choice(list(Outcome)))
            journal.record(row).result(30)
            promised.write(f"{row.id}\n")  # whoever is told of a commit may rely on it
            promised.flush()
            if draw.random() < 0.5:
                journal.complete(row.id, draw.choice(RESULTS))
    while not sends.ended.done():
        with closing(open_to_read(path)) as db:
            if not outbox.counts(db).unsent:
                break
        threading.Event().wait(0.01)
    sends.stop()
    journal.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
