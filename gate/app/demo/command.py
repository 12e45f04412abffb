"""``gate demo``: the real daemon on simulated devices, through a shift; then open for whoever wants to try."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gate.app.demo.play import Player
from gate.app.demo.shift import shift
from gate.app.demo.stage import set_stage
from gate.app.demo_panel import build_panel
from gate.errors import GateError
from gate.webserver import listen, serve
from voice import phrases

if TYPE_CHECKING:
    import argparse

    from gate.app.demo.stage import Stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--once", action="store_true", help="end after the shift; exit status 0 only if every outcome was as expected"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play; 0 where all went as expected, 1 where not, 2 where it could not be played."""
    with tempfile.TemporaryDirectory(prefix="gate-demo-") as state:
        try:
            return asyncio.run(_demo(Path(state), once=arguments.once))
        except (KeyboardInterrupt, asyncio.CancelledError):
            return 0
        except GateError as fault:
            print(f"gate demo: {fault}", file=sys.stderr)
            return 2


async def _demo(state: Path, *, once: bool) -> int:
    main = asyncio.current_task()
    if main is not None:  # a supervisor's SIGTERM takes the daemon and the devices down with it, as Ctrl-C does
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, main.cancel)
    async with set_stage(state) as stage:
        player = Player(shift(stage.certificates), stage, phrases.load(("zh-CN", "en")))
        player.introduce()
        if once:
            return 0 if await player.play() else 1
        panel = asyncio.create_task(_serve_panel(player, stage))
        try:
            await player.play()
            player.invite()
            await panel
        finally:
            panel.cancel()
    return 0


async def _serve_panel(player: Player, stage: Stage) -> None:
    place = urlsplit(stage.panel)
    listener = listen(place.hostname or "127.0.0.1", place.port or 0, "panel")
    app = build_panel(player.items, player.again, player.show_picture, stage.screen.rstrip("/"))
    await serve(app, listener)
