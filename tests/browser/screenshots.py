"""Takes the pictures of the screen for the README: ``python tests/browser/screenshots.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from conftest import ARGUMENTS, CHROMIUM
from kiosk_rig import LONG, Rig, announcement
from playwright.sync_api import Page, sync_playwright

from gate.model import Outcome, Reason

SIZES = {"portrait": (800, 1280), "landscape": (1280, 800)}
DECISIONS = {
    "pass": (Outcome.PASS, Reason.GREEN_CODE),
    "refer": (Outcome.REFER, Reason.CODE_NOT_GREEN),
    "retry": (Outcome.RETRY, Reason.PRESENT_AGAIN),
}


def take(page: Page, kiosk: Rig, kind: str, file: Path) -> None:
    """Bring the screen into ``kind`` and save what is seen."""
    if kind in DECISIONS:
        kiosk.show(announcement(*DECISIONS[kind]))
    elif kind == "deciding":
        kiosk.call(kiosk.server.deciding)
    page.wait_for_selector(f'body[data-kind="{kind}"]')
    page.screenshot(path=file)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(reduced_motion="reduce")
        for name, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            with Rig(LONG) as kiosk:
                page.goto(kiosk.url)
                for kind in ("idle", "deciding", *DECISIONS):
                    take(page, kiosk, kind, folder / f"{kind}-{name}.png")
            take(page, kiosk, "lost", folder / f"lost-{name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
