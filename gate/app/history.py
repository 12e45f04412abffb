"""What a decision asks of this gate's own past, within the time that it has."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from gate.app.logs import line
from gate.errors import JournalError
from gate.model import Direction, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

    from gate.model import Checkpoint, OneTimeCode, Past

log = logging.getLogger("gate.passages")


class History(Protocol):
    """Something that remembers whom this gate let through."""

    def past(self, holder: bytes | None, zone: str, code: bytes | None) -> Future[Past]:
        """What is remembered of a holder (by pseudonym) in a zone, and of a dynamic code (by digest).

        The future may give ``JournalError``; the caller sets the deadline and cancels.
        """
        ...


async def remembered(
    history: History, holder: bytes | None, place: Checkpoint, code: OneTimeCode | None, deadline: float
) -> Past | None:
    """What is remembered; None where it can't be read by ``deadline``, a time of the loop's own clock."""
    digest = None if code is None else code.digest
    try:
        async with asyncio.timeout_at(deadline):
            return await asyncio.wrap_future(history.past(holder, place.zone, digest))
    except JournalError as fault:
        why = str(fault)
    except TimeoutError:
        why = "the disk is too slow"
    log.error(line("past-unknown", why=why))
    return None


def refusal(code: OneTimeCode | None, place: Checkpoint, pasts: Iterable[Past | None]) -> Reason | None:
    """Why nobody may come in on a dynamic code, whatever the rules say; None where it is good.

    A way out asks nothing of this kind: a code is used up by letting somebody in, and an exit holds nobody.
    """
    if code is None or place.direction is Direction.OUT:
        return None
    known = list(pasts)
    if None in known:
        return Reason.PRESENCE_UNKNOWN
    return Reason.CODE_USED if any(past is not None and past.code_used for past in known) else None
