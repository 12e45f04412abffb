"""Draws docs/pictures/journey/*.png: a gate's life from the console, in English and in Chinese.

``PYTHONPATH=.:tests python tests/journey_pictures.py``; about three minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_rig import FleetServer, fleet_database, free_port, serving
from journey_gate import JourneyGate
from journey_story import PASSWORD, USER, City, Story, picture
from playwright.sync_api import sync_playwright
from static_site import served
from vectors import ROOT

from fleet.run import process

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from fleet.run import Ready

FOLDER = ROOT / "docs" / "pictures" / "journey"
STORIES = (("en", "en", "North district", "North station"), ("zh-hans", "zh-CN", "北区", "北站"))


def tell(ready: Ready, language: str, locale: str, place: str) -> None:
    """One telling, with a server and a browser of its own."""
    port = free_port()
    with (
        serving(ready) as server,
        process("console", port, server.url, ready),
        server.vouched(),
        tempfile.TemporaryDirectory(prefix="journey-") as folder,
        sync_playwright() as playwright,
    ):
        city = City(server, f"http://127.0.0.1:{port}", Path(folder), place)
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1180, "height": 560}, locale=locale)

        def show(name: str, shown: Page) -> None:
            picture(shown, FOLDER / f"{name}.{locale}.png")

        with served(city.site) as site, JourneyGate(city.folder / "gate", site) as gate:
            Story(page, city, gate, language, show).told()
        browser.close()


def main(number: int) -> None:
    language, locale, district, place = STORIES[number]
    with fleet_database() as ready:
        from django.contrib.auth import get_user_model  # noqa: PLC0415 - Django is set up by now

        FleetServer("", ready).site(place, district)
        get_user_model().objects.create_superuser(USER, password=PASSWORD)
        tell(ready, language, locale, place)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(int(sys.argv[1]))
    else:  # a process knows one database
        for number in range(len(STORIES)):
            subprocess.run([sys.executable, __file__, str(number)], check=True)
