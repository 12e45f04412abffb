"""Several sources as one: what each says about a person is put together, and one of them says who the person is."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from gate.model import Records
from gate.status.source import Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.status.source import StatusSource


class MergedSources:
    """A ``StatusSource`` over several.

    Args:
        first: knows under which pseudonym a person is kept; the others are asked under that one as well.
        others: asked after it.
    """

    def __init__(self, first: StatusSource, *others: StatusSource) -> None:
        self._first = first
        self._others = others

    async def find(self, holders: Sequence[bytes]) -> Found:
        found = await self._first.find(holders)
        known = tuple(dict.fromkeys((found.holder, *holders)))
        for source in self._others:
            found = together(found, await source.find(known))
        return found


def together(one: Found, other: Found) -> Found:
    """What both say about a person, under the pseudonym of the first."""
    return Found(
        one.holder,
        merged(one.records, other.records),
        permits_only=not (one.holder_known or other.holder_known) and (one.permits_only or other.permits_only),
        permits_known=one.permits_known and other.permits_known,
        offline=one.offline or other.offline,
        complete=one.complete or other.complete,
    )


def merged(one: Records | None, other: Records | None) -> Records | None:
    """Everything that both say; None where neither knows anything."""
    if one is None or other is None:
        return one if other is None else other
    return Records(**{kind.name: getattr(one, kind.name) + getattr(other, kind.name) for kind in fields(Records)})
