"""Where a gate's signed bundle comes from: a folder that somebody fills, or a server that is asked now and then."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, Protocol

from gate.errors import ConfigError
from gate.net.client import Client
from gate.trust import bundle, refresh, settings
from gate.trust.metadata import MAX_BYTES
from gate.trust.ring import PLACEHOLDER, own_name, ring_name, ring_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from pathlib import Path

    from gate.clock import Clock
    from gate.config import TrustConfig, TrustServerConfig
    from gate.trust.bundle import Bundle

STAGING: Final = "trust-staging"
"""Folder of the state directory for what is being fetched."""
MINUTE_S: Final = 60.0
START_SPREAD_S: Final = 60.0
"""Gates of a city that come back from one power cut do not ask within one second."""
SPREAD: Final = 0.25
"""Of the time between two refreshes, to either side."""
NOTHING_THERE: Final = (403, 404)
"""The first one is what some stores of files say in place of the second."""


class Source(Protocol):
    """Something that gives bundles."""

    def newest(self, pinned_root: bytes, held: Path | None) -> Bundle:
        """The newest one, verified; ``held`` is the folder of one that the gate has already.

        Raises:
            TrustError, NetworkFault, OSError: there is none, or it is refused.
        """
        ...

    def first_wait_s(self, *, empty_handed: bool) -> float | None:
        """How long after the start it wants to be asked; None: not by itself."""
        ...

    def wait_s(self) -> float | None:
        """How long after it was asked it wants to be asked again; None: not by itself."""
        ...


class FromFolder:
    """Somebody copies a bundle there and says so."""

    def __init__(self, folder: Path, wanted: Collection[str]) -> None:
        self._folder = folder
        self._wanted = wanted

    def newest(self, pinned_root: bytes, held: Path | None) -> Bundle:
        del held
        return bundle.open_folder(self._folder, pinned_root, self._wanted)

    def first_wait_s(self, *, empty_handed: bool) -> float | None:
        del empty_handed
        return None

    def wait_s(self) -> float | None:
        return None


class FromServer:
    """A server of static files.

    Raises:
        ConfigError: its address, CA file or pins can't be used, or it has rings and the gate has no name.
    """

    def __init__(self, config: TrustServerConfig, state: Path, clock: Clock, device: str | None) -> None:
        names = [""]
        if PLACEHOLDER in config.url:
            if device is None:
                raise ConfigError(f"[trust.server] url: {PLACEHOLDER} needs [fleet] device, the gate's name")
            names = [own_name(device), ring_name(ring_of(device))]
        trust = config.trust()
        *self._first, self._client = (Client(config.url.replace(PLACEHOLDER, name), trust) for name in names)
        self._url = config.url
        self._clock = clock
        self._every_s = config.every_minutes * MINUTE_S
        self._staging = state / STAGING
        self._wanted = settings.wanted(device)

    def newest(self, pinned_root: bytes, held: Path | None) -> Bundle:
        own = next((client for client in self._first if _has_any(client)), self._client)
        return refresh.fetch(own, pinned_root, self._staging, held, self._heard, self._wanted)

    def first_wait_s(self, *, empty_handed: bool) -> float | None:
        return 0.0 if empty_handed else random.uniform(0, START_SPREAD_S)  # noqa: S311 - no secret

    def wait_s(self) -> float | None:
        return self._every_s * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - no secret

    def _heard(self, date: datetime) -> None:
        self._clock.heard(self._url, date)


def _has_any(client: Client) -> bool:
    """Whether there is a bundle at all where this one looks.

    Raises:
        NetworkFault: nobody knows.
    """
    answer = client.request("GET", "/timestamp.json", deadline_s=refresh.ANSWER_S, most_bytes=MAX_BYTES)
    return answer.status not in NOTHING_THERE


def source_of(config: TrustConfig, state: Path, clock: Clock, device: str | None = None) -> Source:
    """Where the configuration says that the bundle comes from.

    Args:
        config: that of the bundle.
        state: the gate's folder for what it writes.
        clock: told what servers show.
        device: the gate's name in its fleet.

    Raises:
        ConfigError: the server's address, CA file or pins can't be used, or it has rings and there is no name.
    """
    if config.server is not None:
        return FromServer(config.server, state, clock, device)
    if config.bundle is None:
        raise ConfigError("[trust]: write bundle = … or a table [trust.server]")
    return FromFolder(config.bundle, settings.wanted(device))
