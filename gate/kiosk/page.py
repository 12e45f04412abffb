"""The page's files, with the words of the catalogue set into them once at the start.

The words are in the page itself, so that it can still say "ask staff" when the gate is gone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gate.errors import ConfigError
from gate.kiosk.state import StatusFlag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER: Final = Path(__file__).parent / "page"
UI_KEYS: Final = (
    "page_title",
    "idle_title",
    "idle_hint",
    "deciding",
    "pass",
    "refer",
    "retry",
    "staff",
    "receipt",
    "demo",
    "panel",
    "connection_lost",
    *StatusFlag,
)
"""Keys of the ``[screen]`` table of the phrases that the page needs, in every language."""

_PLACE: Final = re.compile(r"\{\{(words|label|value) (\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Page:
    """What is served, by path, and what tells this page from another version of it."""

    files: Mapping[str, tuple[bytes, str]]
    """Path to body and media type."""
    version: str


def build_page(ui: Mapping[str, Mapping[str, str]], languages: Sequence[str], values: Mapping[str, str]) -> Page:
    """Set words and values into the page.

    Args:
        ui: by language, the ``[screen]`` table.
        languages: the first is set large, the others under it.
        values: what else the page is told, e.g. ``{"demo": "true"}``.

    Raises:
        ConfigError: a language or a key is missing.
    """
    if not languages:
        raise ConfigError("kiosk.languages: is empty; write at least one, e.g. ['zh-CN', 'en']")
    missing = [f"{lang}: {key}" for lang in languages for key in UI_KEYS if not ui.get(lang, {}).get(key)]
    if missing:
        raise ConfigError(f"phrases [screen]: words are missing for {', '.join(missing)}; add them to the phrases")

    def fill(place: re.Match[str]) -> str:
        what, key = place.groups()
        if what == "words":
            return "".join(
                f'<span lang="{escape(lang)}" dir="auto">{escape(ui[lang][key])}</span>' for lang in languages
            )
        if what == "label":
            return escape(" / ".join(ui[lang][key] for lang in languages))
        return escape(values[key])

    css, js, icon = (FOLDER.joinpath(name).read_bytes() for name in ("kiosk.css", "kiosk.js", "icon.svg"))
    template = FOLDER.joinpath("index.html").read_text(encoding="utf-8")
    values = {**values, "first_language": languages[0], "version": ""}
    version = hashlib.sha256(b"\0".join((_PLACE.sub(fill, template).encode(), css, js))).hexdigest()[:16]
    values["version"] = version
    files = {
        "/": (_PLACE.sub(fill, template).encode(), "text/html; charset=utf-8"),
        "/kiosk.css": (css, "text/css; charset=utf-8"),
        "/kiosk.js": (js, "text/javascript; charset=utf-8"),
        "/icon.svg": (icon, "image/svg+xml"),
    }
    return Page(files, version)
