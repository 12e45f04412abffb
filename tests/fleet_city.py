"""A city's gates and a site's folder, in which bundles go from ring to ring."""

from __future__ import annotations

import io
import itertools
import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from static_site import RingGate, named
from trust_bundles import FILES, contents, root, write

from fleet.publishing.command import main
from fleet.publishing.site import Site
from fleet.publishing.worker import step
from gate.wire.heartbeat import Clock, Device, Heartbeat, Held, Journal, KeyTier
from gate.wire.message import encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_rig import FleetServer

PASSWORD = "long enough for anybody"  # noqa: S105 - of nobody


NUMBERS = itertools.count()


class City:
    """Five gates: two of one site, and one in a low, a middle and a high ring; a site's folder, a clock of its own."""

    def __init__(self, server: FleetServer, base: str, folder: Path) -> None:
        self.server, self.folder, self.site = server, folder, folder / "site"
        self.now = datetime.now(UTC)
        self.audited = server.sql("SELECT coalesce(max(id), 0) FROM audit")[0][0]
        run = f"p{next(NUMBERS)}"
        names = [
            *(named(25, 100, f"{run}-{which}") for which in ("pilot", "beside")),
            *(named(low, high, f"{run}-ring") for low, high in ((0, 5), (5, 25), (25, 100))),
        ]
        self.pilot = names[0]
        self.gates = {name: RingGate(name, base, folder / name) for name in names}
        for number, name in enumerate(names):
            server.enrolled(name, f"{run}-site" if number < 2 else f"{run}-elsewhere-{number}")

    def bundle(self, version: int, says: str, **changes: Any) -> Path:
        """A signed bundle in a folder."""
        files = {**FILES, "value-sets.json": b'{"%s": []}' % says.encode()}
        return write(self.folder / f"bundle-{next(NUMBERS)}", contents(version, files, **changes))

    def publish(self, release: Path, back: Path | None, *more: str) -> None:
        (self.folder / "root.json").write_bytes(root())
        way = [] if back is None else ["--back", str(back)]
        main([str(release), *way, "--site", str(self.site), "--root", str(self.folder / "root.json"), *more])
        self.server.sql("UPDATE rollouts SET began_at = %s WHERE state = 'running'", self.now)

    def published(self) -> None:
        """Version 1 is with everybody who asks."""
        self.publish(self.bundle(1, "old"), None, "--at-once")
        self.work()
        self.server.sql("UPDATE rollouts SET state = 'done'")

    def begin(self) -> None:
        """Everybody has version 1; version 2 and its way back are on their way."""
        self.publish(self.bundle(1, "old"), None, "--at-once")
        self.settle()
        assert self.state() == ("all", "done", "")
        self.publish(self.bundle(2, "new"), self.bundle(3, "old"), "--pilot", self.pilot)

    def publisher(self) -> Any:
        """Somebody who may publish, with a password."""
        from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up by the fixture

        return get_user_model().objects.create_superuser(f"publisher-{secrets.token_hex(4)}", password=PASSWORD)

    def ask(self, release: Path, back: Path | None, who: str, password: str = PASSWORD) -> None:
        """For an emergency, at the command line."""
        with patch.object(sys, "stdin", io.StringIO(f"{password}\n")):
            self.publish(release, back, "--at-once", "--as", who)

    def press(self, person: Any, move: str) -> str:
        """A button beside the newest rollout; gives what the page says then."""
        from django.test import Client  # noqa: PLC0415 - Django is set up by the fixture

        client = Client(headers={"host": "localhost", "accept-language": "en"})
        client.force_login(person)
        ((id_,),) = self.server.sql("SELECT max(id) FROM rollouts")
        client.post(f"/rollouts/{id_}/move", {"move": move})
        return str(client.get("/rollouts/").content.decode())

    def emergency(self, release: Path, back: Path | None) -> None:
        """Asked for by one and confirmed by another."""
        self.ask(release, back, self.publisher().username)
        self.press(self.publisher(), "confirm")
        self.server.sql("UPDATE rollouts SET began_at = %s WHERE state = 'running'", self.now)

    def fetch(self) -> list[str | None]:
        return [gate.fetch() for gate in self.gates.values()]

    def beats(self, **sick: Mapping[str, Any]) -> None:
        """Each gate tells what it holds; those that are named are changed, or say nothing."""
        for name, gate in self.gates.items():
            if (changes := sick.get(name.split("-")[1], {})) is not None:
                self.told(name, {"trust": Held(gate.fetch() or "none@0"), **changes})

    def told(self, name: str, changes: Mapping[str, Any]) -> None:
        beat = {
            "device": name,
            "software": "0.5.0",
            "uptime_s": 60,
            "clock": Clock(self.now, trusted=True),
            "readers": (Device("id-reader"),),
            "rules": Held("station-48h@1", due_s=3600),
            "journal": Journal(0, 0, 0),
            "key_tier": KeyTier.FILE,
        }
        self.server.sql(
            "INSERT INTO reports (device_id, seen_at, heartbeat) SELECT id, %s, %s FROM devices WHERE name = %s"
            " ON CONFLICT (device_id) DO UPDATE SET seen_at = excluded.seen_at, heartbeat = excluded.heartbeat",
            self.now,
            encode(Heartbeat(**{**beat, **changes})),
            name,
        )

    def settle(self, lasted: timedelta = timedelta(seconds=10), **sick: Any) -> None:
        """Time goes by; the gates fetch and tell, and the worker looks."""
        self.work()
        self.now += lasted
        self.beats(**sick)
        self.work()

    def work(self) -> None:
        while step(Site(self.site), self.now):
            pass

    def work_apart(self) -> None:
        """The same in another thread, with a connection of its own."""
        from django.db import connection  # noqa: PLC0415 - Django is set up by the fixture

        self.work()
        connection.close()

    def state(self) -> tuple[Any, ...]:
        return self.server.sql("SELECT stage, state, why FROM rollouts ORDER BY id DESC LIMIT 1")[0]

    def audit(self) -> list[str]:
        """What became of version 2, in this test."""
        found = self.server.sql(
            "SELECT what FROM audit WHERE subject = 'trust@2' AND id > %s ORDER BY id", self.audited
        )
        return [what.removeprefix("rollout ") for (what,) in found]
