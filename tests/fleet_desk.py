"""Somebody at the console's pages, and a district of their own with a site and a gate."""

from __future__ import annotations

import itertools
import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gate.wire.heartbeat import Clock, Device, Disk, Heartbeat, Held, Journal, KeyTier
from gate.wire.message import encode

if TYPE_CHECKING:
    from fleet_rig import FleetServer

NUMBERS = itertools.count()


class Person:
    """Somebody at a browser. Every form is sent with the token of the page before it."""

    def __init__(self, user: Any = None, language: str = "en") -> None:
        from django.test import Client  # noqa: PLC0415 - Django is set up by the fixture

        self.client = Client(enforce_csrf_checks=True, headers={"host": "localhost", "accept-language": language})
        if user is not None:
            self.client.force_login(user)

    def get(self, path: str, status: int = 200) -> str:
        found = self.client.get(path)
        assert found.status_code == status, path
        return str(found.content.decode())

    def post(self, path: str, **fields: str | list[str]) -> Any:
        token = self.client.cookies.get("csrftoken")
        if token is None:
            self.client.get("/login/")
            token = self.client.cookies["csrftoken"]
        return self.client.post(path, {**fields, "csrfmiddlewaretoken": token.value})


class Desk:
    """A district of its own, with a site, a gate and whoever is asked for."""

    def __init__(self, server: FleetServer) -> None:
        from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up by the fixture

        self.users = get_user_model().objects
        self.server = server
        number = next(NUMBERS)
        self.district, self.site, self.gate = f"district-{number}", f"console-site-{number}", f"console-gate-{number}"
        server.site(self.site, self.district)
        server.enrolled(self.gate, self.site)
        self.id = int(server.sql("SELECT id FROM devices WHERE name = %s", self.gate)[0][0])
        os.environ |= {"FLEET_URL": server.url, "FLEET_CLAIMS_KEY": str(server.ready.claims_key)}

    def user(self, *, may_change: bool) -> Any:
        from fleet.registry.models import District, Duty  # noqa: PLC0415 - Django is set up by the fixture

        user = self.users.create_user(f"user-{secrets.token_hex(4)}")
        Duty.objects.create(user=user, district=District.objects.get(name=self.district), may_change=may_change)
        return user

    def told(self, beat: Heartbeat, ago_s: float = 0) -> None:
        """As the plane writes it, which may be writing what the gate has told it itself."""
        self.server.sql(
            "INSERT INTO reports (device_id, seen_at, heartbeat) SELECT id, %s, %s FROM devices WHERE name = %s"
            " ON CONFLICT (device_id) DO UPDATE SET seen_at = excluded.seen_at, heartbeat = excluded.heartbeat",
            datetime.now(UTC) - timedelta(seconds=ago_s),
            encode(beat),
            self.gate,
        )

    def did(self, user: Any) -> list[tuple[Any, ...]]:
        """What the audit says of a user, log-ins apart."""
        return self.server.sql(
            "SELECT what, subject, detail FROM audit WHERE who = %s AND what <> 'logged in' ORDER BY id", user.username
        )

    def state(self) -> str:
        return str(self.server.sql("SELECT state FROM devices WHERE name = %s", self.gate)[0][0])


def beat(**changes: Any) -> Heartbeat:
    usual: dict[str, Any] = {
        "device": "gate",
        "software": "0.5.0",
        "uptime_s": 60,
        "clock": Clock(datetime.now(UTC), trusted=True),
        "readers": (Device("id-reader"),),
        "rules": Held("station-48h@1", due_s=3600),
        "journal": Journal(0, 0, 0),
        "disk": Disk(50, 100),
        "key_tier": KeyTier.FILE,
    }
    return Heartbeat(**{**usual, **changes})
