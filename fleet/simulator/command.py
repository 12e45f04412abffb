"""``fleet simulate``: many gates on one machine, to see what a server does with them before there are any."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.claims_export import CLAIM_FILE
from fleet.errors import FleetError
from fleet.simulator.crowd import rehearse
from fleet.simulator.device import Device, Where
from fleet.simulator.server import private
from gate.errors import WireFault
from gate.wire.claims import read_claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILES_OF_A_GATE: Final = 16
"""Its journal's, its connections."""
OTHER_FILES: Final = 500


def main(arguments: Sequence[str]) -> int:
    """Let simulated gates enrol, send heartbeats and passages and fetch rules, with the software of real ones.

    Without --claims they have a server of their own, of which nothing is left. With it they become gates of a server
    that is there; their passages are invented and stay in it, so take one whose data nobody needs.
    """
    parser = argparse.ArgumentParser("fleet simulate", description=main.__doc__)
    parser.add_argument("--devices", type=int, default=100, help="at most as many as there are claims (%(default)s)")
    parser.add_argument("--minutes", type=float, default=5, help="how long they are at work (%(default)s)")
    parser.add_argument("--passages", type=float, default=3, help="a minute, at each of them (%(default)s)")
    parser.add_argument("--rules-every", type=int, default=15, help="minutes between two looks (%(default)s)")
    parser.add_argument("--replicas", type=int, default=2, help="of a server of their own (%(default)s)")
    parser.add_argument("--claims", type=Path, help="a folder that `fleet claims export` made")
    parser.add_argument("--root", type=Path, help="with --claims: the root that is installed with that server's gates")
    parser.add_argument("--rules", help="with --claims: where these find rules; may have {ring} in it")
    asked = parser.parse_args(arguments)
    if asked.claims is not None and None in {asked.root, asked.rules}:
        raise FleetError("--claims needs --root and --rules")
    _more_files(asked.devices)
    with tempfile.TemporaryDirectory(prefix="fleet-gates-") as folder, _devices(asked, Path(folder)) as devices:
        seen = asyncio.run(rehearse(devices, asked.minutes * 60, asked.passages, _say))
    print(*seen.lines(), sep="\n")
    return 0 if seen.good else 1


@contextlib.contextmanager
def _devices(asked: argparse.Namespace, folder: Path) -> Iterator[list[Device]]:
    """The gates, and what they need as long as they are there."""
    if asked.claims is not None:
        where = Where(folder, asked.root, asked.rules, asked.rules_every)
        files = sorted(asked.claims.glob(f"*/{CLAIM_FILE}"))[: asked.devices]
        yield [device(file.read_text("utf-8").strip(), where) for file in files]
        return
    _say("a server of their own …")
    with private(asked.replicas) as server:
        where = Where(folder, server.publisher.root, server.rules_url, asked.rules_every)
        names = {f"simulated-{number}": f"simulated-{number}" for number in range(1, asked.devices + 1)}
        yield [device(text, where) for text in server.claims(names).values()]


def device(claim: str, where: Where) -> Device:
    """The device that a claim is for.

    Raises:
        FleetError: it is none.
    """
    try:
        said = read_claim(claim).claim
    except WireFault as fault:
        raise FleetError(f"no claim: {fault}") from None
    return Device(said.device, claim, said.serial, where)


def _more_files(devices: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = devices * FILES_OF_A_GATE + OTHER_FILES
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise FleetError(f"{devices} gates need {wanted} open files, and this user may have {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _say(text: str) -> None:
    print(text, flush=True)
