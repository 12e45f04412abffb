"""Somebody who edits rule sets at the console."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from fleet_desk import Desk, Person
from vectors import ROOT

if TYPE_CHECKING:
    from datetime import datetime

    from fleet_rig import FleetServer

RULES = ROOT / "config" / "rules"
MALL = (RULES / "sampling-72h.json").read_bytes()


class Drafts(Desk):
    """With somebody who may publish."""

    def __init__(self, server: FleetServer) -> None:
        super().__init__(server)
        self.chief = self.users.create_user(f"chief-{self.gate}", is_superuser=True)
        self.person = Person(self.chief)

    def upload(self, blob: bytes, person: Person | None = None) -> Any:
        from django.core.files.uploadedfile import (  # noqa: PLC0415 - Django is set up by the fixture
            SimpleUploadedFile,
        )

        return (person or self.person).post("/rules/", file=SimpleUploadedFile("rules.json", blob))

    def started(self, blob: bytes = MALL) -> str:
        """The page of a new draft."""
        answer = self.upload(blob)
        assert answer.status_code == 302, answer.content.decode()
        return str(answer.headers["Location"])

    def text(self, page: str) -> str:
        (found,) = self.server.sql("SELECT text FROM rule_drafts WHERE id = %s", int(page.split("/")[2]))
        return str(found[0])

    def set(self, page: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text(page))
        return found

    def look(self, page: str, typed: dict[str, str], person: Person | None = None) -> str:
        """A preview."""
        who = person or self.person
        fields: Any = {"seen": hidden(who.get(page), "seen"), **typed}
        return str(who.post(f"{page}preview", **fields).content.decode())

    def save(self, page: str, shown: str, person: Person | None = None, **more: str) -> Any:
        """What a preview offers to save."""
        fields = {name: hidden(shown, name) for name in ("seen", "digest")}
        return (person or self.person).post(f"{page}save", **{"text": offered(shown), **fields, **more})


def hidden(page: str, name: str) -> str:
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def offered(page: str) -> str:
    """The text of the first field for it, as a browser sends it."""
    found = re.search(r'<textarea name="text"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1]).replace("\n", "\r\n")


def passed(desk: Desk, at: datetime, rule_set: str = "sampling-72h@1") -> None:
    """A row of somebody who was let in, as the device plane puts it there."""
    body = {
        "at": at.isoformat(),
        "clock_trusted": True,
        "outcome": "pass",
        "reasons": ["green_code"],
        "rule_set": rule_set,
        "profile": "public_place",
        "facts": [{"name": "test", "state": "known", "source": "city", "age": 3600}],
    }
    desk.server.sql("SELECT make_day(%s::date)", at)
    desk.server.sql(
        "INSERT INTO passages (id, device_id, series, seq, revision, at, outcome, reasons, body, received_at)"
        " VALUES (%s, %s, 1, 1, 1, %s, 'pass', '{green_code}', %s, now())",
        UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | uuid4().int & (1 << 62) - 1),
        desk.id,
        at,
        json.dumps(body).encode(),
    )
