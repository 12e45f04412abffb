"""Every field of a card in clear, for whoever installs a reader. Production packages leave this file out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.credentials.resident_id import ResidentCard


def revealed(card: ResidentCard) -> dict[str, str]:
    """Field name to what the card says; empty fields are left out."""
    fields = asdict(card) | {
        "layout": card.layout.name.lower(),
        "birth_date": card.birth_date.isoformat(),
        "validity": f"{card.validity.first_day} – {card.validity.last_day or '长期'}",
    }
    return {name: str(value) for name, value in fields.items() if value}
