"""``gate rules``: what the people who write a city's rules need: check, test, explain, compare."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gate.app.rules import check, diff, explain, trial
from gate.errors import GateError
from gate.rules.vocabulary import LANGUAGES

if TYPE_CHECKING:
    import argparse

UNUSABLE = 2
_TOOLS = {"check": check.run, "test": trial.run, "explain": explain.run, "diff": diff.run}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = "docs/rules.md is a tutorial. Exit status: 0 good, 1 faults, failures or changes, 2 unusable files."
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True)

    one = tools.add_parser("check", help="show everything that is wrong with rule sets")
    one.add_argument("files", nargs="+", type=Path, metavar="FILE", help="rule sets, or files of orders, JSON")

    one = tools.add_parser("test", help="try a rule set on cases and show what was decided otherwise than expected")
    one.add_argument("file", type=Path, metavar="FILE", help="a rule set, JSON")
    one.add_argument("--cases", type=Path, metavar="CASES.jsonl", help="cases (NAME.cases.jsonl beside NAME.json)")
    one.add_argument("--verbose", action="store_true", help="list the cases that are as expected too")
    _add_language(one)

    one = tools.add_parser("explain", help="tell in plain words what a rule set decides about somebody, and why")
    one.add_argument("file", type=Path, metavar="FILE", help="a rule set, JSON")
    one.add_argument("--facts", type=Path, required=True, metavar="P.json", help="facts as JSON, or a file of cases")
    one.add_argument("--line", type=int, metavar="N", help="which line of the facts or cases, where there are several")
    one.add_argument("--profile", metavar="NAME", help="judge by this profile, whatever the assignments say")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    _add_language(one)

    one = tools.add_parser("diff", help="show who would be decided about differently under another rule set")
    one.add_argument("before", type=Path, metavar="A", help="a rule set, JSON")
    one.add_argument("after", type=Path, metavar="B", help="another one")
    one.add_argument("--on", type=Path, required=True, metavar="CASES.jsonl", help="cases, or facts one a line")


def _add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the explanations (en)")


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit status."""
    try:
        return _TOOLS[args.tool](args)
    except GateError as error:
        print(f"gate rules {args.tool}: {error}", file=sys.stderr)
        return UNUSABLE
