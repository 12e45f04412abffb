"""nginx before several replicas: Debian's program, our configuration, a folder of its own."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError
from fleet.listening import await_listener
from fleet.postgres import DIES_WITH_US

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TEMPLATE: Final = Path(__file__).resolve().parents[1] / "config" / "fleet" / "nginx.conf"
LOG: Final = "nginx.log"
HERE: Final = "127.0.0.1"
STOP_S: Final = 15.0
_SHARED: Final = 0o711
"""Its workers are another user where it is started by root."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What the server proves itself with: PEM files."""

    certificate: Path
    key: Path


def program() -> str:
    """Debian's nginx.

    Raises:
        FleetError: there is none.
    """
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        raise FleetError("there is no nginx here; as root: apt-get install --no-install-recommends nginx-light")
    return found


@contextlib.contextmanager
def running(
    port: int, replicas: Sequence[int], site: Path, log: Path, tls: Tls | None = None, answers: Path | None = None
) -> Iterator[None]:
    """One on loopback, until the end of the ``with`` block.

    Args:
        port: where gates ask.
        replicas: ports of the replicas.
        site: the folder that gates fetch rules from.
        log: of nginx; added to.
        tls: None: plain HTTP.
        answers: a file that gets status, bytes and path of each; None: nobody counts them.

    Raises:
        FleetError: it does not start.
    """
    nginx = program()
    with tempfile.TemporaryDirectory(prefix="fleet-nginx-") as made:
        folder = Path(made)
        folder.chmod(_SHARED)
        file = folder / "nginx.conf"
        file.write_text(_filled_in(port, replicas, site, tls, _paths(folder, log, answers)), "utf-8")
        command = [*DIES_WITH_US, nginx, "-e", str(log), "-p", str(folder), "-c", str(file)]
        server = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - Debian's program, by its whole path
        try:
            await_listener(server, "nginx", port, f"; see {log}")
            yield
        finally:
            server.send_signal(signal.SIGQUIT)  # what is under way is answered first
            try:
                server.wait(STOP_S)
            except subprocess.TimeoutExpired:
                server.terminate()
                server.wait()


def _paths(folder: Path, log: Path, answers: Path | None) -> dict[str, str]:
    access = "off" if answers is None else f'"{answers}" sizes'
    return {"FOLDER": str(folder), "LOG": f'"{log}"', "ACCESS": access}


def _filled_in(port: int, replicas: Sequence[int], site: Path, tls: Tls | None, paths: Mapping[str, str]) -> str:
    """The file of ``config/fleet``, with nothing left open."""
    listen = f"listen {HERE}:{port} backlog=4096{'' if tls is None else ' ssl'};"
    if tls is not None:
        listen += f' ssl_certificate "{tls.certificate}"; ssl_certificate_key "{tls.key}";'
    servers = "\n".join(f"        server {HERE}:{one} max_conns=2000 max_fails=3 fail_timeout=2s;" for one in replicas)
    lines = TEMPLATE.read_text("utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("#"))
    for name, value in {"LISTEN": listen, "REPLICAS": servers, "SITE": f'"{site}"', **paths}.items():
        text = text.replace(f"@{name}@", value)
    return text
