"""Pages of the documentation that runs write: each run its own section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vectors import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CONFORMANCE = ROOT / "docs" / "conformance.md"


def with_section(page: str, heading: str, body: str) -> str:
    """The page with what stands under a heading of the second level exchanged, or added at the end."""
    title = f"## {heading}\n"
    before, _, after = page.partition(title)
    _, mark, rest = after.partition("\n## ")
    return f"{before.rstrip()}\n\n{title}\n{body.strip()}\n" + (f"{mark}{rest}" if mark else "")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers stand on the right."""
    lines = [list(map(_cell, row)) for row in rows]
    numeric = [bool(lines) and all(line[column][:1].isdigit() for line in lines) for column in range(len(head))]
    rule = ["---:" if right else "---" for right in numeric]
    return "\n".join(f"| {' | '.join(line)} |" for line in [list(head), rule, *lines])


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")
