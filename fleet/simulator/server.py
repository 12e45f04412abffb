"""A whole server to rehearse with, where no other is named: nothing of it is left afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet import nginx
from fleet.listening import free_ports
from fleet.prepare import claims_key, vouchers_file
from fleet.publishing.site import Site
from fleet.run import HOST, database, process
from gate.trust import bundle, publish
from gate.trust.ring import RINGS, ring_name
from gate.wire.claims import to_vouch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gate.trust.bundle import Bundle
    from gate.trust.publish import Keys

PLACE: Final = "rehearsal"
RULES: Final = Path(__file__).resolve().parents[2] / "config" / "rules" / "station-48h.json"
RULES_PATH: Final = "/rings/{ring}"
DAYS: Final = 30
_EVERY_RING: Final = [ring_name(number) for number in range(RINGS)]


class Publisher:
    """Whoever has all of a fleet's keys, and the folder that gates fetch from.

    Args:
        folder: gets a pinned root, and a site.
    """

    def __init__(self, folder: Path) -> None:
        self.keys = publish.make_keys()
        self.root = folder / "root.json"
        """The pinned root's file."""
        self.root.write_bytes(publish.make_root(self.keys, _later()))
        self.folder = folder / "site"
        self._site = Site(self.folder)

    def sign(self, version: int) -> Bundle:
        """A bundle with a rule set in it, and little else."""
        rules = json.dumps(json.loads(RULES.read_bytes()) | {"version": version}).encode()
        files = {"value-sets.json": b"{}"}
        made = publish.make_bundle(files, self.keys, version, _later(), {"rules": {RULES.name: rules}})
        return bundle.verify(lambda name, _: made.get(name), self.root.read_bytes())

    def publish(self, signed: Bundle) -> None:
        """To every gate now."""
        self._site.put(signed)
        self._site.switch(_EVERY_RING, signed.version)


@dataclass(frozen=True, slots=True)
class Private:
    """The server, and everything that only its owners have."""

    url: str
    publisher: Publisher

    @property
    def rules_url(self) -> str:
        """Where gates find rules."""
        return f"{self.url}{RULES_PATH}"

    def claims(self, names: Mapping[str, str]) -> dict[str, str]:
        """Claims for gates: name -> text.

        Args:
            names: of the gates, with their serial numbers.
        """
        from fleet.console.claims import Drawn, Wanted, draw_up, keep  # noqa: PLC0415 - Django is set up by now
        from fleet.registry import models  # noqa: PLC0415 - the same

        district, _ = models.District.objects.get_or_create(name=PLACE)
        place, _ = models.Site.objects.get_or_create(name=PLACE, district=district)
        found = draw_up([(place, Wanted(*one, DAYS)) for one in names.items()])
        drawn = [one for one in found if isinstance(one, Drawn)]
        keep(drawn, None)
        return {one.made.device: one.made.text for one in drawn}


@contextlib.contextmanager
def private(replicas: int) -> Iterator[Private]:
    """A server with replicas behind nginx, until the end of the ``with`` block.

    Raises:
        FleetError: PostgreSQL or nginx can't be had.
    """
    nginx.program()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-simulate-", dir="/tmp")))
        ready = stack.enter_context(database(folder))
        port, *ports = free_ports(1 + replicas)
        url = f"http://{HOST}:{port}"
        for one in ports:
            stack.enter_context(process("plane", one, url, ready))
        publisher = Publisher(folder)
        publisher.publish(publisher.sign(1))
        stack.enter_context(nginx.running(port, ports, publisher.folder, folder / nginx.LOG))
        os.environ |= {"FLEET_URL": url, "FLEET_CLAIMS_KEY": str(ready.claims_key)}
        _vouch(ready.claims_key, publisher.keys)
        yield Private(url, publisher)


def _vouch(key: Path, keys: Keys) -> None:
    """As ``gate trust vouch``."""
    said = to_vouch(claims_key(key).public_key().public_bytes_raw())
    words = [bytes.fromhex(root.sign(said).signature) for root in keys.root]
    found = [urlsafe_b64encode(word).rstrip(b"=").decode() for word in words]
    vouchers_file(key).write_text(json.dumps({"vouchers": found}), "utf-8")


def _later() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=DAYS)
