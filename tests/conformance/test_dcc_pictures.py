"""The pictures of the EU's DCC test data hold what their vectors say, byte for byte."""

from __future__ import annotations

import base64
import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from vectors import vectors_dir

from drivers.camera_worker import UnreadableError, decode

if TYPE_CHECKING:
    from pathlib import Path

DCC = vectors_dir("dcc") / "vectors"
pytest.importorskip("zxingcpp")


def known_issues() -> set[tuple[str, str]]:
    """Country and vector (empty: all of the country) whose picture is a fault of the test data."""
    with (DCC.parent / "known_issues.csv").open(encoding="utf-8") as file:
        return {(row["country"], row["test_set"]) for row in csv.DictReader(file) if "picture" in row["test_name"]}


def vectors() -> list[Any]:
    issues = known_issues()
    found = []
    for path in sorted(DCC.glob("**/*.json")):
        country = path.relative_to(DCC).parts[0]
        vector = json.loads(path.read_text(encoding="utf-8-sig"))
        expected = vector.get("EXPECTEDRESULTS", {}).get("EXPECTEDPICTUREDECODE")
        if expected is not None and not issues & {(country, ""), (country, path.stem)} and vector.get("2DCODE"):
            found.append(pytest.param(vector, expected, id=_name(path)))
    return found


def _name(path: Path) -> str:
    return "/".join(path.relative_to(DCC).with_suffix("").parts)


@pytest.mark.parametrize(("vector", "expected"), vectors())
def test_picture(vector: dict[str, Any], *, expected: bool) -> None:
    data = base64.b64decode(vector["2DCODE"])
    if expected:
        assert decode(data) == [vector["PREFIX"].encode()]
    else:
        with pytest.raises(UnreadableError):
            decode(data)


def test_there_are_as_many_as_the_data_set_has() -> None:
    assert sum(param.values[1] for param in vectors()) == 274
