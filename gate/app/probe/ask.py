"""Asks whoever is behind a port whether it is an ID reader, in the driver's own words; no card is ever asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from drivers.idcard import IdCardReader
from gate.app.probe.known import Kind, Sure
from gate.config_bind import Roots, bind
from gate.errors import ConfigError, DeviceLost

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from gate.app.probe.find import Finding
    from gate.model import ReaderEvent


def asked(finding: Finding, settings: dict[str, Any], root: Path) -> Finding:
    """The finding, and what came of asking; takes up to eight seconds where nobody answers.

    Args:
        finding: a port, or a device that may be an ID reader.
        settings: of the driver ``idcard``, as its stanza has them.
        root: where relative paths start.
    """
    try:
        bound = bind(IdCardReader.Settings, settings, Roots(root, root), "[[readers]]")
        sam = asyncio.run(_ask(bound))
    except (DeviceLost, ConfigError) as fault:
        return replace(finding, traps=(*finding.traps, f"asked whether it is an ID reader: {fault}"))
    only = tuple(stanza for stanza in finding.stanzas if 'driver = "idcard"' in stanza.toml)
    return replace(
        finding,
        kind=Kind.ID_READER,
        what="resident-ID reader",
        sure=Sure.SURE,
        why=f"answered: SAM {sam}",
        stanzas=only,
    )


async def _ask(settings: IdCardReader.Settings) -> str:
    """The SAM number of the reader, or what stands in its way.

    Raises:
        DeviceLost: nothing answers there as an ID reader does.
    """
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def objection(sam: str, _: str) -> str:
        """Who objects is asked for no card."""
        if not answered.done():
            answered.set_result(sam or "(not told)")
        return "only asked who it is"

    def ignore(_: ReaderEvent) -> None:
        return

    serving = asyncio.create_task(IdCardReader("probe", settings, approval=objection).run(ignore))
    serving.add_done_callback(lambda _: answered.done() or answered.cancel())
    await asyncio.wait({answered})
    if answered.cancelled():
        serving.result()  # raises: nothing else ends it
    serving.cancel()
    await asyncio.wait({serving})
    return answered.result()
