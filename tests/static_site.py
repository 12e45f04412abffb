"""A plain web server over a folder, and gates that fetch from the rings in it."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from trust_bundles import root
from trust_site import held

from gate.app.trust_slot import TrustSlot
from gate.clock import SystemClock
from gate.config import TrustConfig, TrustServerConfig
from gate.trust.ring import ring_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    after: Callable[[str], object] = staticmethod(lambda _: None)

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        super().do_GET()
        self.after(self.path)


@contextlib.contextmanager
def served(folder: Path, after: Callable[[str], object] = lambda _: None) -> Iterator[str]:
    """Serve a folder; gives its address. ``after`` is told of each path that was answered."""
    folder.mkdir(exist_ok=True)
    handler = type("Handler", (_Quiet,), {"after": staticmethod(after)})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class RingGate:
    """A gate's updater, which fetches from its ring."""

    def __init__(self, name: str, base: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "root.json").write_bytes(root())
        config = TrustConfig(root=folder / "root.json", server=TrustServerConfig(f"{base}/rings/{{ring}}"))
        self.name = name
        self._slot = TrustSlot(config, folder / "state", SystemClock(), device=name)

    def fetch(self) -> str | None:
        """Fetch; gives what is believed afterwards, e.g. ``trust@7``."""
        self._slot.refresh()
        return self._slot.state.name

    @property
    def content(self) -> str | None:
        """What is in it."""
        return held(self._slot)

    @property
    def fault(self) -> str | None:
        return self._slot.state.fault


def named(low: int, high: int, prefix: str) -> str:
    """The name of a gate that is in a ring from ``low`` to below ``high``."""
    return next(name for name in (f"{prefix}-{number}" for number in range(10_000)) if low <= ring_of(name) < high)
