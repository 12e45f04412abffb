"""What several systems say about one person, as one: where their colours differ the worse one holds. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Final

from gate.model import Colour, Records

if TYPE_CHECKING:
    from collections.abc import Sequence

WORSE: Final = (Colour.GREEN, Colour.UNKNOWN, Colour.GREY, Colour.YELLOW, Colour.ORANGE, Colour.RED)
"""The later, the worse; as gates rank them."""
_SILENT: Final = frozenset({Colour.GREEN, Colour.UNKNOWN})


def together(said: Sequence[Records]) -> Records:
    """One person's records.

    Where systems differ about the colour, the worst of them is left, by its own source, and as of the newest: a gate
    takes the newest colour, and a green one that is held there must not win against what the city knows to be worse.
    """
    every = Records(
        **{
            field.name: tuple(record for one in said for record in getattr(one, field.name))
            for field in fields(Records)
        }
    )
    if len({code.colour for code in every.codes}) < 2:  # noqa: PLR2004 - nobody to differ from
        return every
    worst = max(every.codes, key=lambda code: (WORSE.index(code.colour), code.as_of))
    return replace(every, codes=(replace(worst, as_of=max(code.as_of for code in every.codes)),))


def is_adverse(records: Records) -> bool:
    """Whether a colour speaks against the person, whatever else may be known."""
    return any(code.colour not in _SILENT for code in records.codes)
