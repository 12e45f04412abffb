"""The number of a holder's document, which no argument of a command may hold: other people can read those."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Final

from gate.credentials.id_number import document_number_kind
from gate.errors import ConfigError
from gate.files import read_bounded
from gate.model import Document, DocumentType

if TYPE_CHECKING:
    from pathlib import Path

_MOST_CHARACTERS: Final = 64


def read_number(file: Path | None, kind: DocumentType | None) -> Document:
    """Get the number from a file, from the input, or from whoever sits at the terminal.

    Args:
        file: holds the number in its first line; None: the input does, or somebody is asked.
        kind: of document; None: the number itself tells.

    Raises:
        ConfigError: no number, or none that could be right.
    """
    number = _first_line(file).strip().upper()
    if not 0 < len(number) <= _MOST_CHARACTERS or not number.isprintable():
        raise ConfigError("no document number: give one line with nothing else in it")
    told = document_number_kind(number)
    if kind is None and told is None:
        raise ConfigError(
            "the document number is none of an ID card (is a digit wrong?); of others give --document TYPE"
        )
    if kind is DocumentType.RESIDENT_ID and told is None:
        raise ConfigError("the document number can't be that of an ID card: is a digit wrong?")
    return Document(kind or told or DocumentType.RESIDENT_ID, number)


def _first_line(file: Path | None) -> str:
    try:
        if file is not None:
            return read_bounded(file).decode("utf-8").partition("\n")[0]
        if sys.stdin.isatty():
            return getpass.getpass("Number of the holder's document (not shown): ")
        return sys.stdin.readline(_MOST_CHARACTERS * 2)
    except OSError as fault:
        raise ConfigError(f"{file or 'input'}: can't be read ({fault.strerror})") from None
    except (UnicodeDecodeError, EOFError):
        raise ConfigError("no document number: give one line with nothing else in it") from None
