"""The demo's panel as a person uses it: in the drawer of the kiosk's page."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from kiosk_rig import DEADLINE_S, LONG, Rig

from gate.app.demo_panel import PanelItem, build_panel
from gate.model import Outcome
from gate.webserver import listen, serve, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


class Demo:
    """A panel that runs, and notes what was asked of it."""

    def __init__(self) -> None:
        self.results: dict[str, Outcome] = {}
        self.picture: Future[bytes] = Future()

    def items(self) -> list[PanelItem]:
        return [
            PanelItem(
                "green",
                {"zh-CN": "张三，绿码", "en": "Zhang San, green code"},
                "id-reader",
                Outcome.PASS,
                self.results.get("green"),
            ),
            PanelItem(
                "stale", {"zh-CN": "李四 <b>", "en": "Li Si <b>"}, "scanner", Outcome.REFER, self.results.get("stale")
            ),
        ]

    async def present(self, item: str) -> None:
        self.results[item] = Outcome.REFER

    async def show_picture(self, picture: bytes) -> None:
        self.picture.set_result(picture)


@pytest.fixture
def demo() -> Demo:
    return Demo()


@pytest.fixture
def kiosk(demo: Demo) -> Iterator[Rig]:
    listener = listen("127.0.0.1", 0, "panel")
    with Rig(replace(LONG, demo=True, panel_url=url_of(listener))) as rig:
        app = build_panel(demo.items, demo.present, demo.show_picture, rig.url.rstrip("/"))
        loop = asyncio.new_event_loop()
        task = loop.create_task(serve(app, listener))
        task.add_done_callback(lambda _: loop.stop())
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        yield rig
        loop.call_soon_threadsafe(task.cancel)
        thread.join(DEADLINE_S)
        loop.close()


def test_the_drawer_presents_again_and_shows_what_came_of_it(page: Page, kiosk: Rig, demo: Demo) -> None:
    page.goto(kiosk.url)
    page.locator("#drawer summary").click()
    panel = page.frame_locator("#panel")
    row = panel.locator("li", has_text="张三，绿码")
    assert row.locator(".expected").inner_text() == "✓ 通行 pass"
    assert row.locator(".last").inner_text() == "—"
    row.get_by_role("button").click()
    panel.locator("li", has_text="张三，绿码").locator('.last[data-outcome="refer"]').wait_for()
    assert demo.results == {"green": Outcome.REFER}
    assert panel.locator("li", has_text="Li Si <b>").locator(".names b").count() == 0


def test_a_picture_of_ones_own_is_held_to_the_camera(page: Page, kiosk: Rig, demo: Demo) -> None:
    page.goto(kiosk.url)
    page.locator("#drawer summary").click()
    panel = page.frame_locator("#panel")
    panel.locator("#file").set_input_files({"name": "code.png", "mimeType": "image/png", "buffer": b"\x89PNG picture"})
    panel.get_by_role("button", name="给摄像头看").click()
    assert demo.picture.result(DEADLINE_S) == b"\x89PNG picture"
