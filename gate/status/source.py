"""The interface of everything that knows records: a file now; cache and lookup behind the same two methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gate.model import Records


class StatusSource(Protocol):
    """Something that can be asked for a holder's records."""

    async def records(self, holder: bytes) -> Records | None:
        """What is known about the holder behind a pseudonym; None where the holder is not known at all.

        Raises:
            StatusUnavailable: the source can't answer now. The caller sets the deadline and cancels.
        """
        ...
