"""Headless Chromium for the tests of pages: one per module; a page must end without a complaint."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Dialog, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DEADLINE_MS = 20_000


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    # Not for the whole session: while it lives, the main thread has a running loop, which others' tests can't have.
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(reduced_motion="reduce")
        context.set_default_timeout(DEADLINE_MS)
        expect.set_options(timeout=DEADLINE_MS)
        yield context
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the page's console and its errors said; a test that expects some removes them."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    def dismiss(dialog: Dialog) -> None:
        complaints.append("dialog")
        dialog.dismiss()

    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", dismiss)
    yield page
    page.close()
    assert complaints == []
