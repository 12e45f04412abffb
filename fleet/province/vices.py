"""What real interfaces do besides answering."""

from __future__ import annotations

from enum import StrEnum

from fleet.errors import FleetError


class System(StrEnum):
    """The three that are simulated."""

    CODE = "code"
    REGISTER = "register"
    COLOUR = "colour"


class Vice(StrEnum):
    """One of them."""

    SLOW = "slow"
    """Answers after 5 s."""
    AGAIN = "again"
    """40017 to each question that is new, an answer to its repetition."""
    STUCK = "stuck"
    """40017, always."""
    MAINTENANCE = "maintenance"
    """40019."""
    CONFLICT = "conflict"
    """Its colour is the contrary of what the other system says."""
    HTML = "html"
    """A login page, with status 200."""
    HALF = "half"
    """Half of the answer, then the connection breaks."""
    QUOTA = "quota"
    """Status 429."""
    CLOCK = "clock"
    """Its times are a day ahead."""
    ENDLESS = "endless"
    """An answer that does not end."""
    OTHER = "other"
    """Answers about somebody else."""
    HIDDEN = "hidden"
    """Hides the middle of the number."""
    STRANGE = "strange"
    """A colour that no table holds."""


Vices = frozenset[tuple[System, Vice]]


def parsed(text: str) -> Vices:
    """``slow,colour:maintenance``: everywhere, or at one of the systems.

    Raises:
        FleetError: there is no such vice or system.
    """
    found = set()
    for item in filter(None, text.split(",")):
        where, _, name = item.rpartition(":")
        try:
            vice = Vice(name)
            found |= {(system, vice) for system in ([System(where)] if where else System)}
        except ValueError:
            raise FleetError(
                f"{item!r} is no vice; there are {', '.join(Vice)}, each with a system before it or not"
            ) from None
    return frozenset(found)
