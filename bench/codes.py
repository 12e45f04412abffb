"""How long it takes to read a code from a picture: the chain that the camera uses, against zbar alone.

Pictures: the EU's DCC test data where it is at hand (``$GATE_VECTORS``, else ``../shared/vectors``), else pictures of
our own with as many characters.
"""

from __future__ import annotations

import base64
import io
import json
import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.code_decoders import zbar
from drivers.code_reader import flatten, read_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

_MOST_PICTURES = 50


def picture_times(rounds: int) -> dict[str, list[float]]:
    """Milliseconds for each picture, ``rounds`` times over: ``{"chain": [...], "zbar alone": [...]}``.

    A picture in which a way finds nothing is left out of that way's list.
    """
    from PIL import Image  # noqa: PLC0415 - only where pictures are decoded

    ways: dict[str, Callable[[Image.Image], object]] = {
        "chain": read_codes,
        "zbar alone": lambda picture: zbar(flatten(picture)),
    }
    pictures = [Image.open(io.BytesIO(data)) for data in _pictures()]
    times: dict[str, list[float]] = {way: [] for way in ways}
    for picture in pictures:
        picture.load()
    for _ in range(rounds):
        for way, read in ways.items():
            for picture in pictures:
                start = time.perf_counter()
                if read(picture):
                    times[way].append((time.perf_counter() - start) * 1000)
    return times


def _pictures() -> list[bytes]:
    root = Path(os.environ.get("GATE_VECTORS", Path(__file__).resolve().parents[2] / "shared" / "vectors"))
    found = []
    for path in sorted((root / "dcc" / "vectors").glob("*/2DCode/raw/*.json")):
        vector = json.loads(path.read_text(encoding="utf-8-sig"))
        if vector.get("EXPECTEDRESULTS", {}).get("EXPECTEDPICTUREDECODE") and vector.get("2DCODE"):
            found.append(base64.b64decode(vector["2DCODE"]))
    return found[:_MOST_PICTURES] or _own_pictures()


def _own_pictures() -> list[bytes]:
    from drivers.simulated.camera import picture_of  # noqa: PLC0415 - only where there is no test data

    return [picture_of(f"HC1:{number:03}" + "6BFOXN*TS0BI$ZD." * 37) for number in range(_MOST_PICTURES)]


if __name__ == "__main__":
    for name, values in picture_times(3).items():
        if values:
            cuts = statistics.quantiles(values, n=20)
            print(f"{name}: {len(values)} codes, median {statistics.median(values):.2f} ms, p95 {cuts[-1]:.2f} ms")
