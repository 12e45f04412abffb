"""Writes what was measured into a page, each command its own section."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def write(page: Path, title: str, command: str, lines: Iterable[str]) -> None:
    """Put a section into a page, in the place of the one of the same title.

    Args:
        page: made where it is missing.
        title: of the section.
        command: what measured it.
        lines: Markdown.
    """
    text = page.read_text("utf-8") if page.exists() else "# What a fleet's server bears\n"
    now, _, before = os.getloadavg()
    written = (
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {os.cpu_count()} × "
        f"{platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}. When it was over the "
        f"machine's load was {now:.1f} in the last minute and {before:.1f} in the last fifteen."
    )
    section = "\n".join([f"## {title}", "", written, "", *lines, ""])
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        text = f"{text.rstrip()}\n\n{section}"
    else:
        text = f"{text[: found.start()]}{section}\n{text[found.end() :]}".rstrip() + "\n"
    page.write_text(text, "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown."""
    every = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(row)} |" for row in every]
