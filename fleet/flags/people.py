"""People as they are typed in become 16 bytes under the fleet's key, before anything is kept of them."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from fleet.console.lines import WrongLines, read
from fleet.errors import FleetError
from fleet.gateway.keys import guarded
from gate.credentials import document_number
from gate.errors import ConfigError
from gate.model import DocumentType
from gate.pseudonym import KEY_BYTES, PseudonymKey

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS: Final = ("document", "number")
MOST: Final = 5000
"""Rows of one file."""
MOST_NAMED: Final = 1000
"""Wrong lines."""
MOST_NUMBER: Final = 64
"""Characters that somebody may type."""


def key() -> PseudonymKey:
    """The fleet's key, which gates have as well; ``FLEET_PSEUDONYM_KEY`` names its file.

    Raises:
        FleetError: there is none, or others could read it.
    """
    file = os.environ.get("FLEET_PSEUDONYM_KEY")
    if not file:
        raise FleetError(_("This console does not have the fleet's key (FLEET_PSEUDONYM_KEY): it can flag nobody."))
    try:
        return PseudonymKey(guarded(Path(file), KEY_BYTES))
    except ConfigError as fault:
        raise FleetError(f"{file}: {fault}") from None


def holder(ours: PseudonymKey, document: str, number: str) -> bytes:
    """Whom a document's number stands for.

    Args:
        ours: the fleet's key.
        document: a ``DocumentType``.
        number: as it was typed.

    Raises:
        ValueError: it is no number of such a document; the message does not hold it.
    """
    try:
        kind = DocumentType(document)
    except ValueError:
        raise ValueError(_("no document of these: %(all)s") % {"all": ", ".join(DocumentType)}) from None
    return ours.pseudonym(document_number.read(kind, number[:MOST_NUMBER]))


def holders(file: IO[bytes], ours: PseudonymKey) -> tuple[bytes, ...]:
    """Everybody in a file with a row for each.

    Raises:
        WrongLines: a line is wrong, or somebody stands there twice; no line's content is told.
    """
    found: dict[bytes, int] = {}
    if wrong := list(islice(_taken(file, ours, found), MOST_NAMED)):
        raise WrongLines(wrong)
    return tuple(found)


def _taken(file: IO[bytes], ours: PseudonymKey, found: dict[bytes, int]) -> Iterator[tuple[int, str]]:
    for line in read(file, COLUMNS, MOST):
        if line.wrong:
            yield line.number, line.wrong
            continue
        try:
            person = holder(ours, *line.cells)
        except ValueError as fault:
            yield line.number, str(fault)
            continue
        if (first := found.setdefault(person, line.number)) != line.number:
            yield line.number, _("the same person as on line %(line)d") % {"line": first}
