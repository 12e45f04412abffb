"""Fictional people, all of region 999999, which does not exist. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gate.credentials.id_number import check_character
from gate.model import Colour, Document, DocumentType

if TYPE_CHECKING:
    from gate.pseudonym import PseudonymKey

EVERYBODY: Final = range(1, 1000)
_TOKEN: Final = "Kx7Qp2Lm9Rt4Vb6Nc1Z"  # noqa: S105 - the simulated codes' beginning
_COLOURS: Final = {3: Colour.YELLOW, 4: Colour.RED}


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody who does not exist, by a number of three digits."""

    sequence: int

    @property
    def number(self) -> str:
        body = f"99999919900101{self.sequence:03}"
        return body + check_character(body)

    @property
    def token(self) -> str:
        """What the person's health code says."""
        return f"{_TOKEN}{self.sequence:03}"

    @property
    def colour(self) -> Colour:
        """Of five people one is yellow and one is red."""
        return _COLOURS.get(self.sequence % 5, Colour.GREEN)

    @property
    def next(self) -> Citizen:
        """Somebody else."""
        return Citizen(self.sequence % (len(EVERYBODY)) + 1)


def by_token(token: str) -> Citizen | None:
    """Whose code it is."""
    sequence = token.removeprefix(_TOKEN)
    known = len(token) == len(_TOKEN) + 3 and sequence.isascii() and sequence.isdigit() and int(sequence) in EVERYBODY
    return Citizen(int(sequence)) if known and token.startswith(_TOKEN) else None


def by_number() -> dict[str, Citizen]:
    """Everybody by the number of the identity card."""
    return {Citizen(sequence).number: Citizen(sequence) for sequence in EVERYBODY}


def by_pseudonym(key: PseudonymKey) -> dict[str, Citizen]:
    """Everybody by the pseudonym of the identity card, in hexadecimal."""
    people = by_number()
    return {key.pseudonym(Document(DocumentType.RESIDENT_ID, number)).hex(): one for number, one in people.items()}
