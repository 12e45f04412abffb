"""Where a gate gets records about people from: what its configuration names, put together."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.app.logs import line
from gate.config_checks import HELD_MARGIN_MS
from gate.errors import ConfigError
from gate.kiosk.state import StatusFlag
from gate.net.client import Client
from gate.status import last_good
from gate.status.file import MissingStatus
from gate.status.gateway import NoGateway
from gate.status.lookup import Lookup
from gate.status.merged import MergedSources
from gate.status.online import OnlineFirst
from gate.status.permit_store import ListInfo
from gate.status.permits import PermitList

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from gate.config import StatusConfig
    from gate.kiosk.server import KioskServer
    from gate.pseudonym import PseudonymKey
    from gate.status.cache.source import CachedList
    from gate.status.source import CodeGateway, StatusSource

log = logging.getLogger("gate")


@dataclass(frozen=True, slots=True)
class Sources:
    """Everybody who is asked about people."""

    status: StatusSource
    gateway: CodeGateway
    lists: tuple[PermitList | CachedList, ...]
    """Held here; each is a file that is open."""
    clients: tuple[Client, ...]
    witness: tuple[str, Client] | None
    """The city's gateway as a witness of the time, over a connection of its own: nobody's question waits for that."""
    deadline_s: float
    """For everything that is asked about one presentation."""

    def close_held(self) -> None:
        """Let go of the lists that are held here."""
        for one in self.lists:
            one.close()

    def close(self) -> None:
        """Let go of all."""
        self.close_held()
        for client in self.clients:
            client.close()


def nobody(why: str, config: StatusConfig) -> Sources:
    """Those of a gate that may ask nobody.

    Args:
        why: for whoever looks after it.
        config: the section.
    """
    return Sources(MissingStatus(why), NoGateway(), (), (), None, config.deadline_ms / 1000)


def sources(
    config: StatusConfig,
    key: PseudonymKey,
    kiosk: KioskServer,
    heard: Callable[[str, datetime], None],
    lists: tuple[CachedList, ...],
    token: Callable[[], str | None] | None,
) -> Sources:
    """Open what the configuration names; what can't be opened is named in the log, and the rest goes to work.

    Args:
        config: the section.
        key: of the pseudonyms.
        kiosk: shows guards when the gateway does not answer.
        heard: told which server says what time it is, from a thread.
        lists: of people, that are held here.
        token: what is shown at the gateway, as in ``Lookup``.

    Raises:
        ConfigError: the gateway's address or trust can't be used.
    """
    deadline_s = config.deadline_ms / 1000
    permits = _permits(config, key)
    files = [] if config.file is None else [_file(config.file)]
    opened = (*lists, *(() if permits is None else (permits,)))
    here = MergedSources(*files, *opened) if files or opened else None
    if config.lookup is None:
        if here is None:
            raise ConfigError("[status] names no source of records; write file, exceptions or [status.lookup]")
        return Sources(here, NoGateway(), opened, (), None, deadline_s)
    name = config.lookup.url
    client, witness = (Client(name, config.lookup.trust()) for _ in range(2))

    def changed(why: str | None) -> None:
        kiosk.set_status(StatusFlag.STATUS_OFFLINE, on=why is not None)
        log.warning(line("lookup-lost", why=why)) if why is not None else log.info(line("lookup-back"))

    lookup = Lookup(client, deadline_s, lambda date: heard(name, date), changed, token)
    city = OnlineFirst(lookup, here, deadline_s)
    return Sources(city, city, opened, (client, witness), (name, witness), deadline_s + HELD_MARGIN_MS / 1000)


def _file(path: Path) -> StatusSource:
    try:
        found, why = last_good.opened(path)
    except ConfigError as fault:
        log.error(line("status-refused", why=str(fault)))
        return MissingStatus(str(fault))
    if why is not None:
        log.error(line("status-last-good", why=why))
    return found


def _permits(config: StatusConfig, key: PseudonymKey) -> PermitList | None:
    if config.permits is None:
        return None
    # The others must still be heard within the deadline when the list does not answer.
    found = PermitList(config.permits, key, config.deadline_ms / 2000, _tell_of_permits)
    found.open()
    return found


def _tell_of_permits(found: ListInfo | Exception) -> None:
    if isinstance(found, ListInfo):
        log.info(line("permits-in-force", permits=found.permits, imported_at=found.imported_at.isoformat()))
    else:
        log.error(line("permits-refused", why=str(found)))
