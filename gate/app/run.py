"""``gate run``: the daemon. One event loop, one task a device; a task that ends by itself ends the process."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.app import personal
from gate.app.build import build
from gate.app.config_check import faults
from gate.app.logs import configure, line
from gate.app.settings.slot import SettingsSlot
from gate.app.settings.start import held, start
from gate.app.supervise import supervise
from gate.config_bind import Roots
from gate.errors import ConfigError, JournalError
from gate.health import Health

if TYPE_CHECKING:
    import argparse

    from gate.app.gate import Gate
    from gate.app.settings.start import Started
    from gate.config import GateConfig

log = logging.getLogger("gate")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "--config", type=Path, default=Path("/etc/gate/gate.toml"), metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=Path("/var/lib/gate"),
        metavar="FOLDER",
        help="where the journal and the keys are kept; relative paths of things that the gate writes, or that come "
        "and go, start here (default: %(default)s)",
    )
    parser.add_argument(
        "--check-config",
        action="store_true",
        help="try everything that the configuration names, say what is wrong, stop",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; 0 then, 1 where the gate can't start. SIGHUP reads rules and trust again."""
    configure()
    try:
        if arguments.check_config:
            roots = Roots(arguments.config.resolve().parent, arguments.state.resolve())
            return _check(arguments.config, held(arguments.config, arguments.state), roots)
        gate = _built(start(arguments.config, arguments.state))
    except (ConfigError, JournalError) as fault:
        log.critical(line("can-not-start", why=str(fault)))
        return 1
    try:
        asyncio.run(_serve(gate, Health.from_environment(os.environ, os.getpid())))
    except ExceptionGroup as group:
        refused, bugs = group.split(ConfigError)
        if bugs is not None or refused is None:
            raise
        log.critical(line("can-not-start", why="; ".join(map(str, refused.exceptions))))
        return 1
    finally:
        gate.close()
    return 0


def _built(started: Started) -> Gate:
    """The gate as it is set; where it can't be with what is new, with what held before."""
    roots = Roots(started.file.resolve().parent, started.state.resolve())
    try:
        slot = None if started.kept is None else SettingsSlot(started, started.kept)
        return build(started.config, roots, slot)
    except (ConfigError, JournalError) as fault:
        if (before := started.again(str(fault))) is None:
            raise
        return _built(before)


def _check(file: Path, config: GateConfig, roots: Roots) -> int:
    """Say everything that is wrong with a configuration; 0 where nothing is."""
    found = list(faults(config, roots))
    for fault in found:
        print(f"- {fault}")
    print(f"{file}: {len(found)} faults" if found else f"{file}: good, {len(config.readers)} readers")
    return 1 if found else 0


async def _serve(gate: Gate, health: Health) -> None:
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()
    bugs: list[BaseException] = []

    def fatal(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An exception inside a loop callback reaches no task; it must end the process all the same."""
        loop.default_exception_handler(context)
        bugs.append(context.get("exception") or RuntimeError(context["message"]))
        if main is not None:
            main.cancel()

    loop.set_exception_handler(fatal)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    loop.add_signal_handler(signal.SIGHUP, gate.read_again)
    try:
        await _work(gate, health, stopping)
    except asyncio.CancelledError:
        if bugs:
            raise bugs[0] from None
        raise


async def _work(gate: Gate, health: Health, stopping: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(gate.kiosk.run(), name="kiosk"),
            group.create_task(gate.speaker.run(), name="voice"),
            group.create_task(gate.service.run(), name="lane"),
            group.create_task(gate.trust.run(), name="trust"),
            *_barrier(gate, group),
            *([] if gate.clock_watch is None else [group.create_task(gate.clock_watch.run(), name="clock")]),
            group.create_task(health.watch(gate.service), name="health"),
            *_fleet(gate, group),
            *_lease(gate, group, stopping),
            *_settings(gate, group, stopping),
            *(
                group.create_task(supervise(driver, gate.vitals.devices.noting(gate.service.take)), name=driver.name)
                for driver in gate.drivers
            ),
        ]
        url = await gate.kiosk.started()
        log.info(line("ready", screen=url, readers=[driver.name for driver in gate.drivers]))
        health.ready()
        await stopping.wait()
        log.info(line("stopping"))
        health.stopping()
        for task in tasks:
            task.cancel()


def _barrier(gate: Gate, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
    if gate.barrier is None or gate.vitals.barrier is None:
        return []
    kept_open = supervise(gate.barrier, gate.vitals.barrier.noting(gate.service.releases.take), "barrier")
    return [group.create_task(kept_open, name=gate.barrier.name)]


def _lease(gate: Gate, group: asyncio.TaskGroup, stopping: asyncio.Event) -> list[asyncio.Task[None]]:
    if gate.lease is None:
        return []
    kept = personal.watch(gate.lease, gate.drop_people, gate.kiosk, stopping.set)  # systemd starts the gate again
    return [group.create_task(kept, name="lease")]


def _settings(gate: Gate, group: asyncio.TaskGroup, stopping: asyncio.Event) -> list[asyncio.Task[None]]:
    if gate.settings is None:
        return []
    return [group.create_task(gate.settings.run(gate, stopping.set), name="settings")]


def _fleet(gate: Gate, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
    return [] if gate.fleet is None else [group.create_task(gate.fleet.run(), name="fleet")]
