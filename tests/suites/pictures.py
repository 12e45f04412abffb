"""The pictures of the EU's DCC test data: which of them hold what their vectors say, byte for byte."""

from __future__ import annotations

import base64
import csv
import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

import pytest
from vectors import vectors_dir

from drivers.camera_worker import UnreadableError, decode
from suites.count import Count, count

DCC = vectors_dir("dcc") / "vectors"
pytest.importorskip("zxingcpp")


@dataclass(frozen=True)
class Picture:
    """One picture of a code."""

    name: str
    data: bytes = field(repr=False)
    text: bytes = field(repr=False)
    readable: bool
    issue: str | None
    """Where upstream has confirmed that this picture is a fault of the test data."""

    def holds(self) -> bool:
        """Whether the code is read as it is, or nothing at all from a picture that is not to be readable."""
        return _codes(self.data) == ([self.text] if self.readable else [])


@cache
def pictures() -> tuple[Picture, ...]:
    """Every picture about which its file expects something."""
    issues = _known_issues()
    found = []
    for path in sorted(DCC.glob("**/*.json")):
        name = "/".join(path.relative_to(DCC).with_suffix("").parts)
        vector = json.loads(path.read_text(encoding="utf-8-sig"))
        readable = vector.get("EXPECTEDRESULTS", {}).get("EXPECTEDPICTUREDECODE")
        if readable is not None and vector.get("2DCODE"):
            country = name.partition("/")[0]
            issue = issues.get((country, "")) or issues.get((country, path.stem))
            data = base64.b64decode(vector["2DCODE"])
            found.append(Picture(name, data, vector["PREFIX"].encode(), readable, issue))
    return tuple(found)


def counts() -> list[Count]:
    """All pictures."""
    faults = Counter(picture.issue for picture in pictures() if picture.issue)
    held_to = ((picture.name, picture.holds) for picture in pictures() if not picture.issue)
    return [count("EU DCC vectors: pictures of codes", held_to, faults)]


@cache
def _codes(data: bytes) -> list[bytes]:
    try:
        return decode(data)
    except UnreadableError:
        return []


def _known_issues() -> dict[tuple[str, str], str]:
    """Country and vector (empty: all of the country) -> where the fault of its picture was confirmed."""
    with (DCC.parent / "known_issues.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "picture" in row["test_name"]]
    return {(row["country"], row["test_set"]): row["reason"] for row in rows}
