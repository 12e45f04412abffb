"""72 hours become 48 in a browser: a rule set is uploaded, changed, looked at, saved and taken away to be signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drafts_desk import MALL
from playwright.sync_api import FilePayload, expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

HOURS = "parameters:test_max_age_s"


@dataclass(frozen=True)
class Story:
    """One telling, in one language, by somebody who is logged in."""

    page: Page
    url: str
    show: Callable[[str, Page], None]
    """Takes a picture of what is on the screen by now, under a name."""

    def told(self, folder: Path) -> Path:
        """All of it; gives the file that was taken away."""
        page = self.page
        page.goto(f"{self.url}/rules/")
        page.set_input_files("[name=file]", FilePayload(name="rules.json", mimeType="application/json", buffer=MALL))
        page.click("main button.main")
        expect(page.locator("h1")).to_contain_text("sampling-72h")
        expect(page.locator(f"[name='{HOURS}']")).to_have_value("72")
        expect(page.locator(f"[name='{HOURS}.unit']")).to_have_value("h")
        self.show("rules", page)
        page.fill(f"[name='{HOURS}']", "48")
        page.click("#numbers button.main")
        expect(page.locator(".lines-of").first).to_contain_text("172800")
        self.show("rules-preview", page)
        page.check("[name=meant]")
        page.click("#save button.main")
        expect(page.locator(f"[name='{HOURS}']")).to_have_value("48")
        with page.expect_download() as download:
            page.click("form[action$=take] button")
        file = folder / download.value.suggested_filename
        download.value.save_as(file)
        return file
