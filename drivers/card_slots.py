"""The thread that watches the card slots of PC/SC and talks to whatever card is put in.

Whoever presents a slow card is answered from the loop's side meanwhile: nothing here waits for anybody but pcscd.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from drivers.pcsc import CardError, Pcsc

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_COMMANDS: Final = 128
"""A dialogue that asks for more is cut off: no card that we know takes a quarter of them."""
ATTEMPTS: Final = 3
"""To wake a card that does not answer at all: contacts bounce while it slides in."""
_BOUNCE_S: Final = 0.2
_CLOSING_S: Final = 0.5
"""Whoever cancels a driver may wait a second in all."""
_LOOK_MS: Final = 1000
"""How long to wait for news before looking whether somebody wants to stop, or new readers have come."""


class Script(Protocol):
    """A dialogue with one card: what to say next, and what was said. ``gate.credentials.iso7816`` has it."""

    @property
    def command(self) -> bytes | None:
        """The next command APDU; None when the dialogue is over."""
        ...

    def take(self, data: bytes, sw: int) -> None:
        """The card's answer to it."""
        ...

    def recorded(self) -> bytes:
        """Everything that the card answered."""
        ...


@dataclass(frozen=True, slots=True)
class Watching:
    """The slots were found and are watched."""

    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A card was put into a slot; it is being read from now on."""

    at: float
    """``time.monotonic()``."""


@dataclass(frozen=True, slots=True)
class Read:
    """A whole dialogue with it."""

    recorded: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Unreadable:
    """It was taken away, lies the wrong way round, or another program has it."""

    why: str
    at: float


Report = Watching | Found | Read | Unreadable | BaseException


class CardSlots:
    """Watches in a daemon thread from construction until ``stop``.

    Args:
        wanted: part of the reader's name; empty: every reader.
        begin: makes the dialogue for a card that was put in.
        post: called in the thread with each report; the last one is the exception that ended it.
    """

    def __init__(self, wanted: str, begin: Callable[[], Script], post: Callable[[Report], None]) -> None:
        self._wanted = wanted
        self._begin = begin
        self._post = post
        self._stopping = threading.Event()
        self._pcsc: Pcsc | None = None
        self._thread = threading.Thread(target=self._run, name="card slots", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. Returns at once; only a card in the middle of an answer makes it wait, for ``_CLOSING_S``."""
        self._stopping.set()
        if self._pcsc is not None:
            self._pcsc.cancel()
        self._thread.join(_CLOSING_S)

    def _run(self) -> None:
        try:
            pcsc = self._pcsc = Pcsc()
            try:
                self._watch(pcsc)
            finally:
                pcsc.close()
        except BaseException as end:  # noqa: BLE001 - whoever waits for reports must hear of every end
            if not self._stopping.is_set():
                self._post(end)

    def _watch(self, pcsc: Pcsc) -> None:
        states: dict[str, int] = {}
        while not self._stopping.is_set():
            # Nothing tells of a reader that is plugged in later, e.g. one of two that was pulled out for a while.
            if new := set(pcsc.slots(self._wanted)) - states.keys():
                states |= dict.fromkeys(new, pcsc.unaware)
                self._post(Watching(tuple(states)))
            for slot, state in pcsc.news(states, _LOOK_MS):
                before, states[slot] = states[slot], state
                if pcsc.is_new_card(before, state):
                    self._serve(pcsc, slot)

    def _serve(self, pcsc: Pcsc, slot: str) -> None:
        self._post(Found(time.monotonic()))
        for attempt in range(ATTEMPTS):
            script = self._begin()
            try:
                self._talk(pcsc, slot, script)
            except CardError as fault:
                if script.recorded() or attempt + 1 == ATTEMPTS or self._stopping.wait(_BOUNCE_S):
                    self._post(Unreadable(str(fault), time.monotonic()))
                    return
            else:
                self._post(Read(script.recorded(), time.monotonic()))
                return

    def _talk(self, pcsc: Pcsc, slot: str, script: Script) -> None:
        with pcsc.card(slot) as card:
            for _ in range(MOST_COMMANDS):
                if script.command is None or self._stopping.is_set():
                    break
                script.take(*card.transmit(script.command))
