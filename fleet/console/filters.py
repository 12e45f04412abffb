"""Which gates a list shows: by the words that somebody looks for."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q

MOST_ASKED: Final = 100
"""Characters."""


def words(fields: Any) -> str:
    """What is looked for, of a form's fields."""
    return str(fields.get("q", "")).replace("\0", "").strip()[:MOST_ASKED]


def matching(devices: Any, asked: str) -> Any:
    """The gates whose name, or whose site's, has the words in it; all of them without any. By site and name."""
    found = devices.filter(Q(name__icontains=asked) | Q(site__name__icontains=asked)) if asked else devices
    return found.order_by("site__name", "name")
