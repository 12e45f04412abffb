from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from gate.app import demo_panel
from gate.app.demo_panel import PICTURE_BYTES, PanelItem, build_panel
from gate.errors import ConfigError, DeviceLost
from gate.model import Outcome
from gate.webserver import listen, serve, url_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1:8766"
HERE = {"Origin": f"http://{HOST}"}


class Demo:
    """What the demo's process would do, written down."""

    def __init__(self) -> None:
        self.presented: list[str] = []
        self.pictures: list[bytes] = []
        self.fault: Exception | None = None
        self.app = build_panel(self.items, self.present, self.show_picture, "http://127.0.0.1:8765")

    def items(self) -> list[PanelItem]:
        names = {"zh-CN": "张三，绿码", "en": "Zhang San, green code"}
        return [PanelItem("green", names, "id-reader", Outcome.PASS, Outcome.PASS if self.presented else None)]

    async def present(self, item: str) -> None:
        if self.fault:
            raise self.fault
        self.presented.append(item)

    async def show_picture(self, picture: bytes) -> None:
        self.pictures.append(picture)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
        async def scenario() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                return await client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]

        return asyncio.run(scenario())


@pytest.fixture
def demo() -> Demo:
    return Demo()


def test_the_list_tells_what_can_be_presented_and_what_came_of_it(demo: Demo) -> None:
    before = demo.ask("GET", "/items").json()
    assert before == [
        {
            "id": "green",
            "names": [{"lang": "zh-CN", "text": "张三，绿码"}, {"lang": "en", "text": "Zhang San, green code"}],
            "reader": "id-reader",
            "expected": "pass",
            "last": None,
        }
    ]
    assert demo.ask("POST", "/present/green", HERE).status_code == 204
    assert demo.presented == ["green"]
    assert demo.ask("GET", "/items").json()[0]["last"] == "pass"


@pytest.mark.parametrize(
    "origin", [None, "null", "", "http://evil.example", "https://127.0.0.1:8766", "http://127.0.0.1:8765"]
)
@pytest.mark.parametrize("path", ["/present/green", "/picture"])
def test_another_pages_request_changes_nothing(demo: Demo, path: str, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    assert demo.ask("POST", path, headers, content=b"picture").status_code == 403
    assert (demo.presented, demo.pictures) == ([], [])


def test_a_host_from_elsewhere_is_refused(demo: Demo) -> None:
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    for method, path in (("GET", "/"), ("GET", "/items"), ("POST", "/present/green")):
        assert demo.ask(method, path, headers).status_code == 403
    assert demo.presented == []


def test_what_is_not_in_the_list_can_not_be_presented(demo: Demo) -> None:
    assert demo.ask("POST", "/present/..%2Fetc", HERE).status_code == 404
    assert demo.ask("POST", "/present/red", HERE).status_code == 404
    assert demo.ask("GET", "/present/green").status_code == 405
    assert demo.presented == []


def test_a_device_that_is_gone_is_told_to_the_person(demo: Demo) -> None:
    demo.fault = DeviceLost("id-reader: nobody listens")
    answer = demo.ask("POST", "/present/green", HERE)
    assert (answer.status_code, answer.text) == (409, "id-reader: nobody listens")


def test_a_picture_reaches_the_camera(demo: Demo) -> None:
    assert demo.ask("POST", "/picture", HERE, content=b"\x89PNG" * 100_000).status_code == 204
    assert demo.pictures == [b"\x89PNG" * 100_000]


def test_no_picture_and_one_that_is_too_large_are_refused(demo: Demo) -> None:
    assert demo.ask("POST", "/picture", HERE, content=b"").status_code == 400

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(PICTURE_BYTES // 100_000 + 1):
            yield bytes(100_000)

    assert demo.ask("POST", "/picture", HERE, content=chunks()).status_code == 413
    assert demo.pictures == []


def test_a_picture_that_never_arrives_gives_its_place_up(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_panel, "PICTURE_S", 0.05)

    async def scenario() -> None:
        listener = listen("127.0.0.1", 0, "panel")
        port = listener.getsockname()[1]
        server = asyncio.create_task(serve(demo.app, listener))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /picture HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Length: 9\r\n\r\n"
        writer.write(head.encode())
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 20)
        writer.close()
        server.cancel()
        with pytest.raises(asyncio.CancelledError):
            await server

    asyncio.run(scenario())


def test_only_the_kiosk_may_frame_the_panel(demo: Demo) -> None:
    answer = demo.ask("GET", "/")
    assert answer.status_code == 200
    assert "frame-ancestors http://127.0.0.1:8765" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert demo.ask("GET", "/panel.js").headers["content-type"].startswith("text/javascript")


def test_a_port_is_taken_on_this_machine_only() -> None:
    with listen("127.0.0.1", 0, "panel") as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}/"
        with pytest.raises(ConfigError, match=rf"panel\.port: {port}"):
            listen("127.0.0.1", port, "panel")
    with pytest.raises(ConfigError, match=r"panel\.host"):
        listen("0.0.0.0", 0, "panel")  # noqa: S104 - refused
    with pytest.raises(ConfigError, match=r"panel\.port: 70000"):
        listen("127.0.0.1", 70_000, "panel")
