"""``fleet rules``: a rule set that was edited at the console, as the file that two people sign."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.errors import FleetError
from fleet.prepare import use_django
from gate import durable
from gate.errors import RuleSetError
from gate.rules import ruleset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.registry.drafts import RuleDraft


def main(arguments: Sequence[str]) -> int:
    """Take a draft away, checked once more; ``fleet sign make --rules FOLDER`` makes the proposal."""
    parser = argparse.ArgumentParser("fleet rules", description=main.__doc__)
    tools = parser.add_subparsers(metavar="TOOL", required=True)
    one = tools.add_parser("export", help="write NAME.json, in the place of an older version of the same rule set")
    one.add_argument("name", metavar="NAME", help="the rule set's id")
    one.add_argument("folder", type=Path, metavar="FOLDER", help="of the rule sets that are signed together")
    asked = parser.parse_args(arguments)
    use_django(os.environ["FLEET_DSN"])
    try:
        print(_exported(asked.name, asked.folder))
    except OSError as fault:
        raise FleetError(f"{fault.filename}: {fault.strerror}") from None
    return 0


def _exported(name: str, folder: Path) -> str:
    from fleet.drafts import taking  # noqa: PLC0415 - Django is set up by now

    def keep(draft: RuleDraft) -> str:
        path = folder / taking.file_name(draft)
        _check_older(path, name, draft.version)
        folder.mkdir(parents=True, exist_ok=True)
        durable.write(path, draft.text.encode(), 0o644)
        return str(path)

    draft = taking.take(name, None, keep)
    return f"{folder / taking.file_name(draft)}: {draft}; sign it: fleet sign make … --rules {folder}"


def _check_older(path: Path, name: str, version: int) -> None:
    """Only an older version of the same set is written over, or the same one.

    Raises:
        FleetError: something else is there.
    """
    if not path.exists():
        return
    try:
        there = ruleset.read(path.read_bytes())
    except RuleSetError as fault:
        raise FleetError(f"{path}: is there, and is no rule set: {fault}") from None
    if there.id != name or there.version > version:
        raise FleetError(f"{path}: is there, and is {there.id}@{there.version}; name another folder")
