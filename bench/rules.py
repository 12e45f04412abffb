"""How long a certificate's rules take: rules from production over the test certificates of their authors."""

from __future__ import annotations

import json
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

from gate.rules.certlogic import CertLogicError
from gate.rules.eu_rules import EuRules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.rules.rule import EuRule

RULES_PER_SET: Final = 10
TARGET_US: Final = 25.0
"""Median for one set of ``RULES_PER_SET`` rules."""

_VECTORS: Final = Path(os.environ.get("GATE_VECTORS", Path(__file__).parents[2] / "shared" / "vectors"))
_AT: Final = datetime(2022, 10, 1, 8, tzinfo=UTC)


def production_set_times(rounds: int) -> list[float]:
    """Microseconds for each of so many evaluations of ten rules that concern one certificate.

    The rules are those of all countries that were valid on one day and concern the certificate, ten drawn at random.
    """
    rules = EuRules.from_json([rule for file in _files("production-gateway-*/*/*.json") for rule in file])
    countries = sorted({path.parent.name for path in (_VECTORS / "rules").glob("production-gateway-*/*/*.json")})
    draw = random.Random(1)
    cases = [
        (case, concerned) for case in _cases() if len(concerned := _concerned(rules, countries, case)) > RULES_PER_SET
    ]
    return [_time(draw.sample(concerned, RULES_PER_SET), case) for case, concerned in draw.choices(cases, k=rounds)]


def _files(pattern: str) -> Iterator[Any]:
    for path in sorted((_VECTORS / "rules").glob(pattern)):
        yield json.loads(path.read_text(encoding="utf-8"))


def _cases() -> list[dict[str, Any]]:
    external = {"validationClock": _AT.isoformat()}
    tests = list(_files("with-tests/*/*/tests/*.json"))
    return [
        {"payload": test["payload"], "external": test["external"] | external} for test in tests if test.get("payload")
    ]


def _concerned(rules: EuRules, countries: Sequence[str], case: dict[str, Any]) -> list[EuRule]:
    return [rule for country in countries for rule in rules.select(country, _AT, case["payload"])]


def _time(rules: Sequence[EuRule], case: dict[str, Any]) -> float:
    begun = time.perf_counter()
    for rule in rules:
        try:  # noqa: SIM105 - suppress() would cost as much as a small rule
            rule.holds(case)
        except CertLogicError:
            pass
    return (time.perf_counter() - begun) * 1e6


if __name__ == "__main__":
    times = production_set_times(20_000)
    print(f"10 production rules: median {median(times):.1f} us, p99 {quantiles(times, n=100)[98]:.1f} us")
    print(f"target: median {TARGET_US} us")
