"""Takes the README's pictures from a real demonstration: ``python tests/browser/demo_pictures.py FOLDER``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conftest import ARGUMENTS, CHROMIUM
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

ROOT = Path(__file__).resolve().parents[2]
SIZE: ViewportSize = {"width": 1280, "height": 800}
SHIFT_MS = 180_000


def main(folder: Path) -> None:
    """Play the shift; save the first pass, refer and retry as they come, the idle screen and the panel at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    demo = subprocess.Popen([sys.executable, "-m", "gate", "demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        if demo.stdout is None or (found := re.search(r"http://[^ ]+", demo.stdout.readline())) is None:
            raise SystemExit("the demonstration did not start")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page(viewport=SIZE, reduced_motion="reduce")
            page.goto(found[0])
            take(page, folder)
            browser.close()
    finally:
        demo.terminate()
        demo.communicate()


def take(page: Page, folder: Path) -> None:
    """The pictures, in the order of the shift."""
    for kind in ("pass", "refer", "retry"):
        page.wait_for_selector(f'body[data-kind="{kind}"]', timeout=SHIFT_MS)
        page.screenshot(path=folder / f"{kind}.png")
    panel = page.frame_locator("iframe")
    page.locator("summary").first.click()
    panel.locator("button").first.wait_for()
    page.wait_for_selector('body[data-kind="pass"]', timeout=SHIFT_MS)
    page.screenshot(path=folder / "panel.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
