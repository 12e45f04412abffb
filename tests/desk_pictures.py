"""Draws docs/pictures/desk/*.png: rules and settings are changed at the console, in English and in Chinese.

``PYTHONPATH=.:tests python tests/desk_pictures.py``; about a minute.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from drafts_desk import Drafts, passed
from drafts_story import Story
from fleet_rig import FleetServer, fleet_database, free_port
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from vectors import ROOT

from fleet.run import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

FOLDER = ROOT / "docs" / "pictures" / "desk"
LANGUAGES = (("en", "en", "North district", "North station"), ("zh-hans", "zh-CN", "北区", "北站"))
USER, PASSWORD = "desk", "a password of a picture"
PASSAGES = 40
TALLEST = 1200
"""Pixels; what comes below is more of the same."""


def settings(page: Page, url: str, number: int, show: Callable[[str, Page], None]) -> None:
    """How often gates look for new rules is set for a district, and looked at."""
    page.goto(f"{url}/configuration/district/{number}/")
    row = page.locator("tr", has=page.locator("[value='trust.server.every_minutes']"))
    row.locator("[name=value]").fill("15")
    show("configuration", page)
    row.locator("button").first.click()
    expect(page.locator(".count")).to_have_text("3")
    show("configuration-preview", page)


def main(number: int) -> None:
    language, locale, district, site = LANGUAGES[number]
    with fleet_database() as ready:
        server = FleetServer("", ready)
        for gate in ("north-1", "north-2", "north-3"):
            server.site(site, district)
            server.enrolled(gate, site)
        desk = Drafts(server)
        server.sql("DELETE FROM devices WHERE name = %s", desk.gate)
        desk.id = int(server.sql("SELECT id FROM devices WHERE name = 'north-1'")[0][0])
        for minute in range(PASSAGES):
            passed(desk, datetime.now(UTC) - timedelta(minutes=30 * minute + 1))
        desk.users.create_superuser(USER, password=PASSWORD)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with process("console", port, url, ready), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1180, "height": 400}, locale=locale)

            def show(name: str, shown: Page) -> None:
                drawn = Image.open(io.BytesIO(shown.screenshot(full_page=True))).convert("RGB")
                drawn = drawn.crop((0, 0, drawn.width, min(drawn.height, TALLEST)))
                FOLDER.mkdir(parents=True, exist_ok=True)
                drawn.quantize(64, dither=Image.Dither.NONE).save(FOLDER / f"{name}.{locale}.png", optimize=True)

            page.goto(f"{url}/login/")
            page.fill("[name=username]", USER)
            page.fill("[name=password]", PASSWORD)
            page.click("button.main")
            page.click(f"button[value={language}]")
            with tempfile.TemporaryDirectory(prefix="desk-") as folder:
                Story(page, url, show).told(Path(folder))
            settings(page, url, int(server.sql("SELECT id FROM districts WHERE name = %s", district)[0][0]), show)
            browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(int(sys.argv[1]))
    else:  # a process knows one database
        for number in range(len(LANGUAGES)):
            subprocess.run([sys.executable, __file__, str(number)], check=True)
