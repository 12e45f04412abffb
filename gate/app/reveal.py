"""Every field of a card in clear, for whoever installs a reader. Production packages leave this file out.

The portrait on a card is compressed in a way (WLT) that only closed libraries undo, bound to the reader by a licence,
so none comes with the gate. One can be plugged in: an installed package that has an entry point of the group
``gate.portrait``, a function that takes the 1024 bytes from the chip and returns a picture as a BMP file's bytes.
"""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gate.credentials.resident_id import ResidentCard

PLUG_IN_GROUP = "gate.portrait"


def revealed(card: ResidentCard) -> dict[str, str]:
    """Field name to what the card says; empty fields are left out."""
    fields = asdict(card) | {
        "layout": card.layout.name.lower(),
        "birth_date": card.birth_date.isoformat(),
        "validity": f"{card.validity.first_day} – {card.validity.last_day or '长期'}",
    }
    return {name: str(value) for name, value in fields.items() if value}


def portraits_to(file: Path) -> Callable[[bytes], None]:
    """What writes each portrait to ``file``, readable by its owner only.

    Raises:
        ConfigError: no decoder is plugged in, or more than one.
    """
    found = sorted(entry_points(group=PLUG_IN_GROUP), key=lambda entry: entry.name)
    if len(found) != 1:
        named = ", ".join(entry.name for entry in found) or "none"
        raise ConfigError(
            f"portraits need one decoder, installed are: {named}. The head of gate/app/reveal.py says more"
        )
    decode: Any = found[0].load()

    def keep(portrait: bytes) -> None:
        picture: bytes = decode(portrait)
        file.touch(mode=0o600)
        file.write_bytes(picture)

    return keep
