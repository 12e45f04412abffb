"""A barrier on a USB relay board of the LCUS kind, a serial port that takes four-byte commands.

Found by its configured path alone: the USB bridge's ids (1A86:7523) are those of a thousand other things. The board has
no inputs; sensors, lamps and buzzer, if any, are on GPIO lines. It keeps a relay as it was told for as long as it has
power, so everything is switched off at the start as well: a program that was killed could not do so at its end.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - the configuration resolves the annotation of Settings
from typing import TYPE_CHECKING, Any, Final

from drivers.barrier import BarrierSettings
from drivers.barrier_work import BarrierWork
from drivers.gpio_pins import Pins, lgpio_factory
from drivers.lcus_frames import CHANNELS, OFF, ON, Frame, Splitter, wire
from drivers.stream import SerialStream
from gate.errors import ConfigError, DeviceLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers import Emit
    from gate.model import Direction, Outcome, PassageResult

BAUD: Final = 9600
SETTLES_S: Final = 0.15
"""What a board says so soon after a command may still be about the one before."""
LAST_WORDS_S: Final = 0.3
"""For the last commands to get through, before the port is closed."""


class LcusBarrier:
    """Driver of one barrier on an LCUS board."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Settings(BarrierSettings):
        """What an installer sets; a way's ``relay`` is a channel of the board.

        Raises:
            ConfigError: no board has such a channel.
        """

        port: Path
        """The serial port, best one of ``/dev/serial/by-id``, whose names survive another socket."""

        def __post_init__(self) -> None:
            BarrierSettings.__post_init__(self)
            for way in self.ways.values():
                if not 1 <= way.relay <= CHANNELS:
                    raise ConfigError(f"[barrier]: there is no channel {way.relay}; write 1 to {CHANNELS}")

    def __init__(self, name: str, settings: Settings, open_factory: Callable[[], Any] = lgpio_factory) -> None:
        self._name = name
        self._settings = settings
        self._open_factory = open_factory
        self._work: BarrierWork | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def directions(self) -> frozenset[Direction]:
        return frozenset(self._settings.ways)

    def release(self, direction: Direction) -> asyncio.Future[PassageResult | None]:
        if self._work is None:
            raise DeviceLost("the barrier is not open")
        return self._work.release(direction)

    def signal(self, outcome: Outcome) -> None:
        if self._work is not None:
            self._work.signal(outcome)

    async def run(self, emit: Emit) -> None:
        """Serve the barrier until it is lost; see ``drivers.barrier.Barrier``.

        Raises:
            DeviceLost: the port can't be opened, is gone, the board does not do what it is told, or a line of the panel
                can't be used.
        """
        with ExitStack() as stack:
            stream = stack.enter_context(SerialStream(self._settings.port, BAUD))
            pins = stack.enter_context(Pins(self._open_factory)) if self._settings.panel.pins else None
            board = _Board(stream)
            work = BarrierWork(self._name, self._settings, board.energise, emit)
            try:
                await self._serve(board, work, pins)
            finally:
                await stream.drain(LAST_WORDS_S)

    async def _serve(self, board: _Board, work: BarrierWork, pins: Pins | None) -> None:
        listening = asyncio.create_task(board.listen())
        try:
            work.begin(pins)
            self._work = work
            await asyncio.wait({listening, work.lost}, return_when=asyncio.FIRST_COMPLETED)
            (listening if listening.done() else work.lost).result()
        finally:
            self._work = None
            work.close()
            listening.cancel()
            with suppress(DeviceLost, asyncio.CancelledError):
                await listening


class _Board:
    """The relays behind an open port."""

    def __init__(self, stream: SerialStream) -> None:
        self._stream = stream
        self._told: dict[int, tuple[int, float]] = {}

    def energise(self, relay: int, on: bool) -> None:  # noqa: FBT001 - a switch
        state = ON if on else OFF
        self._told[relay] = state, asyncio.get_running_loop().time()
        self._stream.write(wire(Frame(relay, state)))

    async def listen(self) -> None:
        """Hear out boards that answer, until the port is lost.

        Raises:
            DeviceLost: it is gone, or a relay is not as it was told to be.
        """
        splitter = Splitter()
        while True:
            for frame in splitter.feed(await self._stream.read()):
                state, at = self._told.get(frame.channel, (frame.state, 0.0))
                settled = asyncio.get_running_loop().time() - at > SETTLES_S
                if frame.state in (OFF, ON) and frame.state != state and settled:
                    raise DeviceLost(
                        f"relay {frame.channel} on {self._stream.port} does not do what it is told: replace the board"
                    )
