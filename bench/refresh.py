"""What a refresh of the bundle costs, against a web server of static files in a process of its own."""

from __future__ import annotations

import logging
import multiprocessing
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from tuf.ngclient import Updater

from gate import durable
from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.config import TrustConfig, TrustServerConfig
from gate.net.client import Client
from gate.trust import bundle, publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from gate.net.answer import Answer

CHANGED_BYTES: Final = 2_000_000
_UNTIL: Final = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
_KEYS: Final = publish.make_keys()
_ROOT: Final = publish.make_root(_KEYS, _UNTIL)


@dataclass(slots=True)
class Costs:
    """Of some refreshes of one kind; requests and bytes of answers are those of the last one."""

    ms: list[float] = field(default_factory=list)
    requests: int = 0
    answered_bytes: int = 0


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None: ...


class _Counting(Client):
    """Counts what goes over the wire."""

    requests = answered_bytes = 0

    def request(self, *args: Any, **kwargs: Any) -> Answer:
        answer = super().request(*args, **kwargs)
        _Counting.requests += 1
        _Counting.answered_bytes += len(answer.body)
        return answer


def measure(rounds: int) -> tuple[Costs, Costs, Costs]:
    """Refreshes with nothing new, the same by python-tuf alone, and such with a new file of 2 MB."""
    logging.getLogger("gate.trust").setLevel(logging.ERROR)
    nothing, alone, changed = Costs(), Costs(), Costs()
    with tempfile.TemporaryDirectory() as name, _serving(Path(name) / "site") as url:
        folder = Path(name)
        (folder / "root.json").write_bytes(_ROOT)
        config = TrustConfig(root=folder / "root.json", server=TrustServerConfig(url))
        with mock.patch("gate.app.trust_source.Client", _Counting):
            slot = TrustSlot(config, folder / "state", SystemClock())
        for version in range(1, rounds + 2):
            _publish(folder / "site", version)
            costs = _timed(slot)
            if version > 1:  # the first one has nothing to build on
                changed.ms += costs.ms
                changed.requests, changed.answered_bytes = costs.requests, costs.answered_bytes
                costs = _timed(slot)
                nothing.ms += costs.ms
                nothing.requests, nothing.answered_bytes = costs.requests, costs.answered_bytes
            alone.ms.append(_by_python_tuf(folder / "alone", url))
    return nothing, alone, changed


def _timed(slot: TrustSlot) -> Costs:
    _Counting.requests = _Counting.answered_bytes = 0
    begun = perf_counter()
    slot.refresh()
    took = (perf_counter() - begun) * 1000
    if slot.state.fault is not None:
        raise RuntimeError(slot.state.fault)
    return Costs([took], _Counting.requests, _Counting.answered_bytes)


def _by_python_tuf(folder: Path, url: str) -> float:
    """Milliseconds for metadata that is here already, over a new connection."""
    folder.mkdir(exist_ok=True)
    took = 0.0
    for _ in range(2):  # the first one fetches what is new
        begun = perf_counter()
        Updater(str(folder), url, bootstrap=_ROOT).refresh()
        took = (perf_counter() - begun) * 1000
    return took


def _publish(site: Path, version: int) -> None:
    others = {"software": {"package": os.urandom(CHANGED_BYTES)}}
    made = publish.make_bundle({"value-sets.json": b"{}"}, _KEYS, version, _UNTIL, others)
    for name, data in publish.site(bundle.verify(lambda name, _: made.get(name), _ROOT)).items():
        durable.write(site / name, data, 0o644)


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    folder.mkdir()
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(str(folder), its), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(folder: str, port: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    port.send(server.server_port)
    server.serve_forever()
