"""The screen's web server: one page, one stream of snapshots, for a browser on this machine only."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gate.errors import ConfigError
from gate.kiosk.feed import Feed
from gate.kiosk.page import build_page
from gate.kiosk.state import Screen
from gate.model import Announcement, Outcome
from gate.webserver import LocalOnly, listen, require_loopback, serve, url_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from gate.kiosk.state import StatusFlag

BEAT_S: Final = 2.0
SILENT_BEATS: Final = 3
"""The page calls the gate lost after so many beats without a word."""
_PANEL: Final = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]|localhost):\d{1,5})/")


@dataclass(frozen=True, slots=True)
class KioskSettings:
    """Where the screen is served and what it offers; times in seconds."""

    host: str = "127.0.0.1"
    port: int = 8765
    languages: tuple[str, ...] = ("zh-CN", "en")
    """The first is set large."""
    demo: bool = False
    """Shows the demo band."""
    panel_url: str | None = None
    """Address of the demo's panel, e.g. ``http://127.0.0.1:8766/``; only together with ``demo``."""
    pass_hold_s: float = 4.0
    refer_hold_s: float = 8.0
    """Also for a retry, and for a pass with advice: there is more to read than on a bare pass."""


class KioskServer:
    """Serves the screen inside the running loop; all methods are called on the loop's thread.

    Args:
        settings: where to listen and what to offer.
        ui: by language, the words of the ``[screen]`` table of the phrases.

    Raises:
        ConfigError: the host is not loopback, words are missing, or the panel's address can't be used.
    """

    def __init__(self, settings: KioskSettings, ui: Mapping[str, Mapping[str, str]]) -> None:
        require_loopback(settings.host, "kiosk")
        panel = _panel_origin(settings)
        holds = {
            Outcome.PASS: settings.pass_hold_s,
            Outcome.REFER: settings.refer_hold_s,
            Outcome.RETRY: settings.refer_hold_s,
        }
        values = {
            "demo": json.dumps(settings.demo),
            "panel_url": settings.panel_url or "",
            "silence_ms": str(int(BEAT_S * SILENT_BEATS * 1000)),
        }
        self._settings = settings
        self._screen = Screen(settings.languages, holds)
        self._page = build_page(ui, settings.languages, values)
        self._feed = Feed(lambda: (self._screen.revision, json.dumps(self._snapshot())), BEAT_S)
        self._app = self._build(panel)
        self._timer: asyncio.TimerHandle | None = None
        self._url: asyncio.Future[str] | None = None

    async def run(self) -> None:
        """Serve until cancelled; closes within a second, whatever the clients do.

        Raises:
            ConfigError: the port can't be had.
        """
        listener = listen(self._settings.host, self._settings.port, "kiosk")
        self._address().set_result(url_of(listener))
        try:
            await serve(self._app, listener, on_stop=self._feed.close)
        finally:
            self._disarm()

    async def started(self) -> str:
        """Wait until the port is open; returns the page's address."""
        return await asyncio.shield(self._address())

    def show(self, announcement: Announcement) -> None:
        """Show a decision at once, whatever was shown before; it goes by itself."""
        self._screen.show(announcement)
        self._update()

    def deciding(self) -> None:
        """Say that something was presented and is being judged."""
        self._screen.deciding()
        self._update()

    @property
    def flags(self) -> tuple[StatusFlag, ...]:
        """The signs for guards that are up."""
        return self._screen.state.flags

    def set_status(self, flag: StatusFlag, *, on: bool) -> None:
        """Raise or lower one of the signs for guards; what is being shown stays."""
        if self._screen.set_status(flag, on=on):
            self._feed.changed()

    def _update(self) -> None:
        self._disarm()
        hold_s = self._screen.state.hold_s
        if hold_s is not None:
            self._timer = asyncio.get_running_loop().call_later(hold_s, self._clear)
        self._feed.changed()

    def _clear(self) -> None:
        self._screen.clear()
        self._update()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _address(self) -> asyncio.Future[str]:
        if self._url is None:
            self._url = asyncio.get_running_loop().create_future()
        return self._url

    def _snapshot(self) -> dict[str, object]:
        # The page reloads itself when it is not the one that this gate serves, e.g. after an update.
        return {**self._screen.snapshot(), "page": self._page.version}

    def _build(self, panel: str) -> ASGIApp:
        async def file(request: Request) -> Response:
            body, media_type = self._page.files[request.url.path]
            return Response(body, media_type=media_type)

        async def state(_request: Request) -> Response:
            return JSONResponse(self._snapshot())

        routes = [Route(path, file) for path in self._page.files]
        routes += [Route("/events", self._feed), Route("/state", state)]
        csp = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            f"frame-src {panel}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return LocalOnly(Starlette(routes=routes), {"GET"}, {"Content-Security-Policy": csp})


def _panel_origin(settings: KioskSettings) -> str:
    """What the page may frame, as a source of a Content-Security-Policy."""
    if settings.panel_url is None:
        return "'none'"
    match = _PANEL.fullmatch(settings.panel_url)
    if match is None or not settings.demo:
        raise ConfigError(
            f"kiosk.panel_url: {settings.panel_url!r} can't be used; it needs kiosk.demo and the form http://127.0.0.1:8766/"
        )
    return match[1]
