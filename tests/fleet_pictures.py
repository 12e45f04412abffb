"""Draws docs/pictures/fleet.png: the list of gates in Chinese, with made-up sites.

``PYTHONPATH=. python tests/fleet_pictures.py``
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from fleet_rig import FleetServer, fleet_database, free_port
from playwright.sync_api import sync_playwright
from vectors import ROOT

from fleet.run import process
from gate.wire.heartbeat import Clock, Device, Disk, Heartbeat, Held, Journal, KeyTier
from gate.wire.message import encode

GOOD = Heartbeat(
    device="gate",
    software="0.5.0",
    uptime_s=60,
    clock=Clock(datetime.now(UTC), trusted=True),
    readers=(Device("id-reader"), Device("camera")),
    rules=Held("station-48h@1", due_s=3600),
    journal=Journal(0, 0, 0),
    disk=Disk(50, 100),
    key_tier=KeyTier.FILE,
)
GATES: tuple[tuple[str, str, str, dict[str, Any], int], ...] = (
    ("北区", "北站", "north-station-1", {}, 20),
    ("北区", "北站", "north-station-2", {"readers": (Device("id-reader"), Device("camera", 900))}, 31),
    ("北区", "北站", "north-station-3", {}, 45),
    ("南区", "市民中心", "civic-centre-1", {"clock": Clock(datetime.now(UTC), trusted=False)}, 12),
    ("南区", "市民中心", "civic-centre-2", {}, 7200),
    ("南区", "医院东门", "hospital-east-1", {"journal": Journal(7, 2, 0)}, 3),
)


def fill(server: FleetServer) -> None:
    for district, site, name, changes, ago in GATES:
        server.site(site, district)
        server.enrolled(name, site)
        beat = Heartbeat(**{**{key: getattr(GOOD, key) for key in GOOD.__struct_fields__}, **changes})
        server.sql(
            "INSERT INTO reports (device_id, seen_at, heartbeat) SELECT id, %s, %s FROM devices WHERE name = %s",
            datetime.now(UTC) - timedelta(seconds=ago),
            encode(beat),
            name,
        )


def main() -> None:
    with fleet_database() as ready:
        fill(FleetServer("", ready))
        from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up by now

        get_user_model().objects.create_superuser("admin", password="a password of a picture")  # noqa: S106 - nobody's
        port = free_port()
        with process("console", port, f"http://127.0.0.1:{port}", ready), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1200, "height": 640}, locale="zh-CN")
            page.goto(f"http://127.0.0.1:{port}/")
            page.fill("[name=username]", "admin")
            page.fill("[name=password]", "a password of a picture")
            page.click("button.main")
            page.wait_for_selector("table")
            page.screenshot(path=ROOT / "docs/pictures/fleet.png")
            browser.close()


if __name__ == "__main__":
    main()
