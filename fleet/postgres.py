"""A PostgreSQL of our own: Debian's programs, a folder of ours, a Unix socket that only we reach, no port.

PostgreSQL refuses to run as root; started by root it runs as Debian's ``postgres``. Whoever may enter the socket's
folder is let in without a password, and nobody but that user and root may.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from fleet.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterator

USER: Final = "postgres"
DATABASE: Final = "fleet"
DIES_WITH_US: Final = ("setpriv", "--pdeathsig", "INT")
"""Before a command: it is told to stop when its parent is killed."""
START_S: Final = 60.0
"""Recovery after a power cut may take a while."""
STOP_S: Final = 30.0
_POLL_S: Final = 0.05
_SHARED: Final = 0o711
_PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Account:
    """Whom PostgreSQL runs as; None: as ourselves."""

    uid: int | None
    gid: int | None

    def take(self, folder: Path, mode: int) -> None:
        """Make a folder theirs."""
        folder.mkdir(exist_ok=True)
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(mode)


def programs() -> Path:
    """The folder of Debian's newest PostgreSQL.

    Raises:
        FleetError: there is none.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if found:
        return found[-1].parent
    if elsewhere := shutil.which("initdb"):
        return Path(elsewhere).resolve().parent
    raise FleetError("there is no PostgreSQL here; as root: apt-get install --no-install-recommends postgresql")


def _version(path: Path) -> int:
    name = path.parent.parent.name
    return int(name) if name.isdecimal() else 0


def account() -> Account:
    """Whom it has to run as.

    Raises:
        FleetError: we are root, and there is nobody else.
    """
    if os.geteuid() != 0:
        return Account(None, None)
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        raise FleetError(f"PostgreSQL does not run as root, and there is no user {USER} here") from None
    return Account(entry.pw_uid, entry.pw_gid)


@contextlib.contextmanager
def running(data: Path) -> Iterator[str]:
    """PostgreSQL over a folder, until the end of the ``with`` block; gives how to connect.

    Args:
        data: made where it is missing; one server at a time may have it.

    Raises:
        FleetError: it does not start; the message says why.
    """
    bin_, who = programs(), account()
    data.mkdir(parents=True, exist_ok=True)
    # Not below the data: the path of a socket has 107 characters at most.
    with _alone(data), tempfile.TemporaryDirectory(prefix="fleet-", dir="/tmp") as short:
        socket = Path(short)
        who.take(socket, _PRIVATE)
        data.chmod(_SHARED)
        _initialised(bin_, data, who)
        server = _started(bin_, data, socket, who)
        try:
            dsn = f"host={socket} user={USER} dbname={DATABASE}"
            _ready(server, socket, data)
            yield dsn
        finally:
            _stopped(server)


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    with (data / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FleetError(f"another fleet runs from {data}; stop it, or name another folder with --data") from None
        yield


def _run(command: list[str], who: Account) -> None:
    groups: list[int] | None = None if who.uid is None else []
    done = subprocess.run(  # noqa: S603 - Debian's programs, by their whole path
        command, user=who.uid, group=who.gid, extra_groups=groups, cwd="/", capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise FleetError(f"{Path(command[0]).name}: {said[-1] if said else done.returncode}")


def _initialised(bin_: Path, data: Path, who: Account) -> None:
    cluster = data / "postgresql"
    if (cluster / "PG_VERSION").exists():
        return
    who.take(cluster, _PRIVATE)
    making = [f"--pgdata={cluster}", f"--username={USER}", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    try:
        _run([str(bin_ / "initdb"), *making], who)
    except FleetError as fault:
        raise FleetError(f"{fault} (may the user {USER} enter the folders above {cluster}?)") from None


def _started(bin_: Path, data: Path, socket: Path, who: Account) -> subprocess.Popen[bytes]:
    cluster = data / "postgresql"
    pid = cluster / "postmaster.pid"
    if pid.exists():  # its owner was killed and it was not; we hold the lock, so nobody needs it
        with contextlib.suppress(FleetError):
            _run([str(bin_ / "pg_ctl"), "stop", f"--pgdata={cluster}", "--mode=fast", "--wait"], who)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "256MB",
        "timezone": "UTC",
    }
    command = [*DIES_WITH_US, str(bin_ / "postgres"), "-D", str(cluster)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    groups: list[int] | None = None if who.uid is None else []
    with (data / "postgresql.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - as above
            command,
            user=who.uid,
            group=who.gid,
            extra_groups=groups,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us: PostgreSQL stops last
        )


def _ready(server: subprocess.Popen[bytes], socket: Path, data: Path) -> None:
    ends = time.monotonic() + START_S
    while True:
        try:
            with psycopg.connect(f"host={socket} user={USER} dbname=postgres", autocommit=True) as link:
                there = link.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
                if there is None:
                    link.execute(f"CREATE DATABASE {DATABASE}")
                return
        except psycopg.OperationalError as fault:
            if server.poll() is not None or time.monotonic() > ends:
                raise FleetError(f"PostgreSQL does not start ({fault}); {data / 'postgresql.log'} says why") from None
        time.sleep(_POLL_S)


def _stopped(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGINT)  # "fast": connections are cut, what is committed is on the disk
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # "immediate": the next start recovers
        server.wait(STOP_S)
