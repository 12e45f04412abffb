"""Somebody who sets something for gates at the console."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fleet_desk import Desk, Person

from gate.wire.heartbeat import KeyTier
from gate.wire.inventory import Inventory, Place
from gate.wire.message import encode

if TYPE_CHECKING:
    from fleet_rig import FleetServer


class Office(Desk):
    """With somebody who steers its district, and a second gate."""

    def __init__(self, server: FleetServer) -> None:
        super().__init__(server)
        self.second = f"{self.gate}-b"
        server.enrolled(self.second, self.site)
        self.user_ = self.user(may_change=True)
        self.person = Person(self.user_)

    def number(self, table: str, name: str) -> int:
        return int(self.server.sql(f"SELECT id FROM {table} WHERE name = %s", name)[0][0])  # noqa: S608

    def level(self, kind: str) -> str:
        table, name = {
            "district": ("districts", self.district),
            "site": ("sites", self.site),
            "device": ("devices", self.gate),
        }[kind]
        return f"/configuration/{kind}/{self.number(table, name)}/"

    def set(self, kind: str, name: str, value: str, person: Person | None = None, **more: str) -> str:
        """Look, and do it; gives the page that was looked at."""
        who = person or self.person
        page = str(who.post(f"{self.level(kind)}preview", name=name, value=value, **more).content.decode())
        fields = dict(re.findall(r'type="hidden" name="(name|value|remove|digest)" value="([^"]*)"', page))
        if "digest" in fields:
            assert who.post(f"{self.level(kind)}do", **fields).status_code == 302
        return page

    def rows(self) -> list[tuple[Any, ...]]:
        return self.server.sql("SELECT name, value FROM settings ORDER BY id")

    def tells(self, device: str, base: str) -> None:
        inventory = Inventory(
            device=device,
            software="1",
            python="3",
            system="s",
            kernel="k",
            machine="m",
            processors=1,
            memory_bytes=1,
            place=Place("c", "station", "public", "1"),
            parts=(),
            key_tier=KeyTier.FILE,
            base=base,
        )
        self.server.sql(
            "INSERT INTO reports (device_id, inventory_at, inventory) SELECT id, now(), %s FROM devices WHERE name = %s"
            " ON CONFLICT (device_id) DO UPDATE SET inventory = excluded.inventory",
            encode(inventory),
            device,
        )
