"""``gate demo``: prepares a state directory, plugs in simulated devices, starts the daemon, plays the shift."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gate.app.demo.certificates import certificates
from gate.app.demo.daemon import Daemon
from gate.app.demo.devices import Devices
from gate.app.demo.people import people
from gate.app.demo.play import Player
from gate.app.demo.shift import shift
from gate.app.demo_panel import build_panel
from gate.config import GateConfig, load
from gate.credentials import resident_id
from gate.errors import ConfigError, GateError
from gate.pseudonym import load_or_make_key
from gate.status.file import encode
from gate.webserver import listen, serve
from voice import phrases
from voice.simulated import SimulatedSoundCard

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from gate.app.demo.certificates import Certificates
    from gate.app.demo.people import Person

CONFIG: Final = Path(__file__).resolve().parents[3] / "config" / "demo.toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--once", action="store_true", help="end after the shift; exit status 0 only if every outcome was as expected"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play; 0 where all went as expected, 1 where not, 2 where it could not be played."""
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-demo-")))
        try:
            return asyncio.run(_demo(state, stack, once=arguments.once))
        except KeyboardInterrupt:
            return 0
        except GateError as fault:
            print(f"gate demo: {fault}", file=sys.stderr)
            return 2


async def _demo(state: Path, stack: ExitStack, *, once: bool) -> int:
    config = load(CONFIG, state)
    if config.demo is None or config.demo.panel is None:
        raise ConfigError(f"{CONFIG}: [demo] with clock and panel is missing; take the file as it was shipped")
    codes, everybody = certificates(config.demo.clock), people(config.demo.clock)
    _prepare(config, everybody, codes)
    sound = None if _has_sound_card() else stack.enter_context(SimulatedSoundCard(_folder(state / "sound")))
    daemon = Daemon()
    devices = Devices(state, everybody, daemon.offline, daemon.online)
    stack.callback(devices.close)
    player = Player(shift(codes), daemon, devices, sound, phrases.load(("zh-CN", "en")))
    try:
        screen = await daemon.start(CONFIG, state, os.environ if sound is None else sound.environment)
        player.introduce(screen, codes.source)
        if once:
            return 0 if await player.play() else 1
        async with asyncio.TaskGroup() as group:
            panel = group.create_task(_serve_panel(player, config.demo.panel, screen))
            await player.play()
            player.invite(screen)
            await panel
    finally:
        await daemon.stop()
    return 0


async def _serve_panel(player: Player, address: str, screen: str) -> None:
    place = urlsplit(address)
    listener = listen(place.hostname or "127.0.0.1", place.port or 0, "panel")
    app = build_panel(player.items, player.again, player.show_picture, screen.rstrip("/"))
    await serve(app, listener)


def _prepare(config: GateConfig, everybody: Mapping[str, Person], codes: Certificates) -> None:
    """Write what a city would have sent to a real gate: records under pseudonyms, and the signers to believe."""
    key = load_or_make_key(config.status.key)
    known = {}
    for person in everybody.values():
        holder = resident_id.parse(person.block).holder
        if person.records is not None and holder is not None and holder.document is not None:
            known[key.pseudonym(holder.document)] = person.records
    config.status.file.write_bytes(encode(known))
    anchors = [{"certificate": base64.b64encode(der).decode("ascii")} for der in codes.signers]
    config.rules.anchors.write_text(json.dumps({"anchors": anchors}), encoding="utf-8")


def _has_sound_card() -> bool:
    return any(Path("/proc/asound").glob("card[0-9]*"))


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
