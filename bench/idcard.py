"""How long reading a resident ID card takes, against the time that its bytes need on the wire.

Measured, per card: from the moment the driver hands the first byte of the successful FIND to the port, until it emits
the text block; with FIND, SELECT and READ that is 64 bytes out and in, and 1295 bytes of text and portrait. Divided by
what those bytes take at 115200 baud, ten bits a byte, one direction at a time (118 ms). What is above 1 is the driver's
own delay, the kernel's, and the simulated reader's, whose pace is real but which answers without the card's own time:
a real card adds one to two seconds that no gate can shorten. Not measured: how long a card lies there before the
next FIND (at most the poll interval of 250 ms).
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from drivers.idcard import IdCardReader
from drivers.simulated import id_cards
from drivers.simulated.id_reader import BITS_PER_BYTE, Exchange, PtyReader
from drivers.simulated.id_reader_model import FIND, READ, SELECT
from gate.model import ReaderEvent, Reading

BAUD = 115_200
DEADLINE = 30.0


def card_read_ratio(rounds: int = 20) -> list[float]:
    """Measure ``rounds`` cards: time of the read cycle ÷ time of its bytes on the wire."""
    return asyncio.run(_measure(rounds))


async def _measure(rounds: int) -> list[float]:
    emitted: asyncio.Queue[tuple[Reading, float]] = asyncio.Queue()

    def emit(event: ReaderEvent) -> None:
        if isinstance(event, Reading):
            emitted.put_nowait((event, time.monotonic()))

    ratios = []
    with tempfile.TemporaryDirectory() as folder, PtyReader(Path(folder) / "id-reader") as reader:
        driver = asyncio.create_task(IdCardReader("id-reader", IdCardReader.Settings(reader.port)).run(emit))
        for sequence in range(1, rounds + 1):
            reader.present(id_cards.citizen(sequence % 1000))
            async with asyncio.timeout(DEADLINE):
                _, at = await emitted.get()
                cycle = await _cycle(reader)
            reader.remove()
            ratios.append((at - cycle[0].requested) / _wire_time(cycle))
        driver.cancel()
        await asyncio.wait({driver})
    return ratios


async def _cycle(reader: PtyReader) -> list[Exchange]:
    """The three exchanges of the newest card, as soon as the simulated reader has noted the last of them."""
    while True:
        newest = [e for e in reader.exchanges if e.command in {FIND, SELECT, READ}][-3:]
        if [e.command for e in newest] == [FIND, SELECT, READ]:
            return newest
        await asyncio.sleep(0.01)


def _wire_time(cycle: list[Exchange]) -> float:
    return sum(e.bytes_in + e.bytes_out for e in cycle) * BITS_PER_BYTE / BAUD


def main() -> None:
    """Print the figures; the argument is the number of cards."""
    ratios = card_read_ratio(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    print(f"card read ÷ its bytes on the wire   median {statistics.median(ratios):.3f}   worst {max(ratios):.3f}")


if __name__ == "__main__":
    main()
