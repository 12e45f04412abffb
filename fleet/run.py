"""``fleet run``: a whole server on this machine alone, with a database of its own, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet import nginx, postgres, prepare
from fleet.days import keyfiles, worker
from fleet.days.command import add_keeping
from fleet.days.retention import Keeping
from fleet.errors import FleetError
from fleet.listening import await_listener
from fleet.prepare import vouchers_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOST: Final = "127.0.0.1"
PORT: Final = 8770
STOP_S: Final = 15.0
CLAIMS_KEY_FILE: Final = "claims.key.pem"
"""As ``gate trust vouch`` makes it, with its vouchers beside it."""

SITE: Final = "site"
"""What gates fetch, in the same folder."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A database that can be served from."""

    dsn: str
    console_secret: str
    claims_key: Path


@contextlib.contextmanager
def database(data: Path) -> Iterator[Ready]:
    """PostgreSQL over a folder, with everything in it that a server needs, until the end of the ``with`` block.

    Raises:
        FleetError: it can't be had.
    """
    with postgres.running(data) as dsn:
        prepare.use_django(dsn)
        prepare.migrate()
        file = data / CLAIMS_KEY_FILE
        key = prepare.claims_key(file)
        yield Ready(dsn, prepare.make_secrets(dsn, key.public_key().public_bytes_raw()), file)


@contextlib.contextmanager
def process(part: str, port: int, url: str, ready: Ready, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """One of the server's processes, listening when the block begins and stopped when it is over.

    Raises:
        FleetError: it does not start.
    """
    with _started((part, "--port", str(port), *options), url, ready) as running:
        await_listener(running, part, port)
        yield running


@contextlib.contextmanager
def _started(part: tuple[str, ...], url: str, ready: Ready) -> Iterator[subprocess.Popen[bytes]]:
    command = [*postgres.DIES_WITH_US, sys.executable, "-P", "-m", "fleet", *part]
    environment = {
        **os.environ,
        "FLEET_DSN": ready.dsn,
        "FLEET_SECRET": ready.console_secret,
        "FLEET_CLAIMS_KEY": str(ready.claims_key),
        "FLEET_URL": url,
    }
    running = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - ourselves
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(STOP_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def main(arguments: Sequence[str]) -> int:
    """Run a server on this machine: PostgreSQL, the device plane and the console. Ctrl-C stops all of it."""
    parser = argparse.ArgumentParser("fleet run", description=main.__doc__)
    parser.add_argument("--data", type=Path, default=Path(".fleet"), help="where everything is kept (%(default)s)")
    parser.add_argument(
        "--port",
        type=int,
        default=PORT,
        help="for gates; the next ones are the console's and Prometheus' (%(default)s)",
    )
    parser.add_argument(
        "--replicas", type=int, default=1, help="of the device plane; with more than one nginx stands before them"
    )
    parser.add_argument("--url", help="the server's address as gates have it, where a proxy stands before it")
    add_keeping(parser)
    asked = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job would ignore the second one
        signal.signal(number, _interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        _serve(asked, asked.data.resolve(), asked.url or f"http://{HOST}:{asked.port}")
    return 0


def _serve(asked: argparse.Namespace, data: Path, url: str) -> None:
    port, replicas = asked.port, asked.replicas
    print("PostgreSQL …", flush=True)
    with contextlib.ExitStack() as stack:
        ready = stack.enter_context(database(data))
        password = prepare.first_password()
        metrics = [port + 2 + number for number in range(max(1, replicas))]
        planes = [port] if replicas <= 1 else [one + replicas for one in metrics]
        for plane, counts in zip(planes, metrics, strict=True):
            stack.enter_context(process("plane", plane, url, ready, "--metrics-port", str(counts)))
        if replicas > 1:
            stack.enter_context(nginx.running(port, planes, data / SITE, data / nginx.LOG))
        stack.enter_context(process("console", port + 1, url, ready))
        stack.enter_context(_started(("rollouts", "--site", str(data / SITE)), url, ready))
        worker.start(Keeping(ready.dsn, data / keyfiles.FOLDER, asked.keep_days))
        print(
            f"gates:    {url}\nconsole:  http://{HOST}:{port + 1}/",
            *(f"metrics:  http://{HOST}:{one}/metrics" for one in metrics),
            f"site:     {data / SITE}, " + ("for a web server" if replicas <= 1 else f"served at {url}/rings/"),
            sep="\n",
            flush=True,
        )
        settings = {"FLEET_DSN": ready.dsn, "FLEET_URL": url, "FLEET_CLAIMS_KEY": str(ready.claims_key)}
        print("commands:", *(f"{name}={shlex.quote(value)}" for name, value in settings.items()), "./run fleet …")
        if password is not None:
            print(f"user:     {prepare.FIRST_USER}\npassword: {password}   (good once: it has to be changed)")
        if not vouchers_file(ready.claims_key).exists():
            print(f"claims:   nobody vouches for {ready.claims_key}, so no device believes them; see docs/fleet.md")
        print("Ctrl-C stops everything.", flush=True)
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        raise FleetError(f"a part of the server has ended; see {data / 'postgresql.log'} and what stands above")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
