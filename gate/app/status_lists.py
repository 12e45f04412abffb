"""The lists of people that a gate is configured to keep, and what the log says of them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate.app.logs import line
from gate.keys import require_hardware
from gate.status.cache.crypto import ListKey
from gate.status.cache.source import CachedList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gate.clock import Clock
    from gate.config import StatusConfig
    from gate.pseudonym import PseudonymKey
    from gate.status.cache.layout import Kind
    from gate.status.cache.source import News

log = logging.getLogger("gate.status")

_SHARE: Final = 8
"""Of the deadline of all sources; a list answers in a millisecond or is not waited for."""


def check(config: StatusConfig) -> None:
    """Raise ConfigError where a list is configured that this gate must not keep."""
    if config.city is not None:
        require_hardware("[status] city")


def fit(
    config: StatusConfig, key: PseudonymKey, signers: Callable[[], frozenset[bytes]], clock: Clock
) -> tuple[CachedList, ...]:
    """Open every list that is configured.

    Raises:
        ConfigError: as ``check``.
    """
    check(config)
    lists = tuple(
        CachedList(
            folder,
            kind,
            ListKey.of(key),
            signers=signers,
            moment=clock.moment,
            limit_s=config.deadline_ms / 1000 / _SHARE,
            on_change=tell,
        )
        for kind, folder in _configured(config)
    )
    for one in lists:
        one.open()
    return lists


def tell(news: News) -> None:
    """Log what serves from now on, how old it is, and what was passed over."""
    for note in news.notes:
        log.warning(line("status-list-note", kind=news.kind, note=note))
    if (header := news.header) is None:
        log.error(line("status-list-missing", kind=news.kind))
        return
    log.log(
        logging.INFO if news.fresh else logging.WARNING,
        line(
            "status-list-in-force" if news.fresh else "status-list-stale",
            kind=news.kind,
            generation=header.number,
            change=header.change,
            as_of=datetime.fromtimestamp(header.as_of, UTC).isoformat(),
            until=datetime.fromtimestamp(header.until, UTC).isoformat(),
        ),
    )


def _configured(config: StatusConfig) -> Iterator[tuple[Kind, Path]]:
    if config.exceptions is not None:
        yield "exceptions", config.exceptions
    if config.city is not None:
        yield "city", config.city
