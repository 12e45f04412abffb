"""``python -m bench.verifiers``: correctness and time of every verifier in one run; ``--write`` puts it on the page."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from bench.batch import LOGIC
from bench.hcert import CONTENT
from bench.verifiers.certificates import Cases, as_question, make
from bench.verifiers.machines import ENGINES, VERIFIERS, NotRunError, ask

if TYPE_CHECKING:
    from bench.verifiers.machines import Verifier

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "verifiers.md"
RULES: Final = 10
_CONTENTS: Final = 500
_DOSE: Final[dict[str, Any]] = CONTENT["v"][0]


def main() -> int:
    """Measure, print, and write where that was asked for; 1 where this project judges a case wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.verifiers", description=__doc__)
    parser.add_argument(
        "--into",
        type=Path,
        default=Path.home() / ".cache" / "gate-verifiers",
        metavar="FOLDER",
        help="where the other verifiers are installed, once (default: %(default)s)",
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    arguments = parser.parse_args()
    cases = make()
    rows = [_verifier_row(verifier, cases, arguments.into) for verifier in VERIFIERS]
    engines = _engine_rows(arguments.into)
    page = _page(cases, _relative(rows), _relative(engines))
    print(page)
    if arguments.write:
        PAGE.write_text(page, encoding="utf-8")
    return 0 if rows[0]["wrong"] == "none" else 1


def _verifier_row(verifier: Verifier, cases: Cases, into: Path) -> dict[str, Any]:
    def judge(answer: dict[str, Any]) -> tuple[int, str]:
        pairs = list(zip(cases.cases, answer["accepted"], strict=True))
        wrong = Counter(case.kind for case, accepted in pairs if accepted is not case.genuine)
        return len(pairs) - wrong.total(), "; ".join(f"{count} × {kind}" for kind, count in wrong.items())

    return _row(verifier, as_question(cases), into, judge)


def _engine_rows(into: Path) -> list[dict[str, Any]]:
    at = datetime.now(UTC)
    contents = [
        CONTENT | {"v": [_DOSE | {"dt": (at - timedelta(days=number)).date().isoformat(), "dn": number % 3}]}
        for number in range(_CONTENTS)
    ]
    question = {
        "rules": [LOGIC[number % len(LOGIC)] for number in range(RULES)],
        "payloads": contents,
        "external": {"validationClock": at.isoformat(timespec="seconds")},
    }
    expected: list[Any] = []

    def judge(answer: dict[str, Any]) -> tuple[int, str]:
        if not expected:
            expected.extend(answer["accepted"])
        same = sum(ours == theirs for ours, theirs in zip(expected, answer["accepted"], strict=True))
        return same, "" if same == len(expected) else f"{len(expected) - same} answers differ"

    return [_row(engine, question, into, judge) for engine in ENGINES]


def _row(verifier: Verifier, question: dict[str, Any], into: Path, judge: Any) -> dict[str, Any]:
    try:
        answer = ask(verifier, question, into, lambda line: print(line, file=sys.stderr, flush=True))
    except NotRunError as error:
        return {
            "name": verifier.name,
            "right": "–",
            "wrong": f"did not run: {error}",
            "us": None,
            "note": verifier.note,
        }
    right, wrong = judge(answer)
    return _cells(verifier, str(right), wrong or "none", median(answer["microseconds"]))


def _cells(verifier: Verifier, right: str, wrong: str, microseconds: float | None) -> dict[str, Any]:
    return {"name": verifier.name, "right": right, "wrong": wrong, "us": microseconds, "note": verifier.note}


def _relative(rows: list[dict[str, Any]]) -> str:
    """The rows as a table, times beside the first row's."""
    base = rows[0]["us"]
    lines = ["| program | right | wrong | median | beside | |", "| --- | ---: | --- | ---: | ---: | --- |"]
    for row in rows:
        time = "–" if row["us"] is None else f"{row['us']:.0f} µs"
        beside = "–" if row["us"] is None or base is None else f"{row['us'] / base:.1f} ×"
        lines.append(f"| {row['name']} | {row['right']} | {row['wrong']} | {time} | {beside} | {row['note']} |")
    return "\n".join(lines)


def _page(cases: Cases, verifiers: str, engines: str) -> str:
    kinds = Counter((case.kind, case.genuine) for case in cases.cases)
    mixture = "\n".join(f"| {kind} | {count} | {'yes' if good else 'no'} |" for (kind, good), count in kinds.items())
    return f"""\
# Beside other verifiers

Written by `.venv/bin/python -m bench.verifiers --write` on {datetime.now(UTC):%Y-%m-%d}: the same {len(cases.cases)}
certificates through this project and through every other verifier found on PyPI and npm, each in an environment of its
own, one after the other in one run. Times are for one certificate, from its text to the answer, measured inside each
program after fifty certificates of warming up; revocation is not asked. A building block that checks only signatures
can't know the rest: its wrong answers are what is left to whoever uses it.

{verifiers}

| of the {len(cases.cases)} | | to be accepted |
| --- | ---: | --- |
{mixture}

## Rules

{RULES} rules in CertLogic over {_CONTENTS} contents: same answers, and the time for all {RULES} rules on one content.

{engines}
"""


if __name__ == "__main__":
    sys.exit(main())
