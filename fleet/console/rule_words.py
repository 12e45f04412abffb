"""A rule set in plain words: its rules, with an example that keeps each and one that does not; its numbers."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fleet.publishing.effect import NOT_READ
from fleet.publishing.rejudge import FOREIGN, NO_SUCCESSOR, NO_SUCH_SET, ORDERS_APPLIED, OTHER_PLACES
from gate.errors import GateError
from gate.rules.explain import explain
from gate.rules.parameters import MAX_AGE
from gate.rules.plain_words import span
from gate.rules.vocabulary import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet.drafts.difference import Line
    from fleet.drafts.parameters import Field
    from fleet.publishing.effect import Effect
    from fleet.publishing.rejudge import Held
    from gate.rules.rule import Rule
    from gate.rules.vocabulary import Language

MOST_RULES: Final = 100
"""Rules of a page that are told in words."""
MOST_NAMED: Final = 5
WORDS: Final[Mapping[str, Any]] = {
    "test_max_age_s": gettext_lazy("For how long a negative test is good"),
    "exempt_test_max_age_s": gettext_lazy("For how long a negative test is good where somebody is exempt"),
    "printed_max_age_s": gettext_lazy("For how long a printed code is good"),
    "sample_max_age_s": gettext_lazy("For how long a sample without a result yet is good"),
    "test_max_days": gettext_lazy("For how many calendar days a negative test is good"),
    "remind_after_s": gettext_lazy("After how long somebody is reminded of the next test"),
    "first_within_s": gettext_lazy("Within how long the first test has to be taken"),
    "both_within_s": gettext_lazy("Within how long both tests have to be taken"),
    "tests_wanted": gettext_lazy("How many tests are wanted"),
    "watch_s": gettext_lazy("How long somebody who arrived is watched"),
    "isolation_s": gettext_lazy("How long somebody stays isolated"),
    "inside_s": gettext_lazy("How long somebody counts as inside"),
    "lifted_after_days": gettext_lazy("After how many days a pop-up is lifted"),
    "min_doses": gettext_lazy("How many doses of vaccine are wanted"),
    "adult_doses": gettext_lazy("How many doses of vaccine adults need"),
    "child_doses": gettext_lazy("How many doses of vaccine children need"),
    "adult_years": gettext_lazy("From which age somebody is an adult"),
    "exempt_below_years": gettext_lazy("Below which age no test is needed"),
    "low_tenths": gettext_lazy("Lowest temperature"),
    "high_tenths": gettext_lazy("Highest temperature"),
    "retry_limit": gettext_lazy("How often somebody may try again"),
    "retired_sources": gettext_lazy("Sources whose records are ignored"),
}
"""What the parameters of the sets that come with the program are; a city may have others."""
_UNITS: Final[Mapping[str, Any]] = {
    "_days": gettext_lazy("days"),
    "_years": gettext_lazy("years"),
    "_tenths": gettext_lazy("tenths of a degree: 373 is 37.3 °C"),
    "_doses": gettext_lazy("doses"),
}

_UNSAID: Final[Mapping[str, Any]] = {
    NO_SUCH_SET: gettext_lazy("judged by another rule set, or by a version that the draft does not come from"),
    NO_SUCCESSOR: gettext_lazy("judged by another rule set"),
    ORDERS_APPLIED: gettext_lazy("an order was in force"),
    OTHER_PLACES: gettext_lazy("profiles are assigned otherwise"),
    FOREIGN: gettext_lazy("judged by a certificate's own rules"),
    NOT_READ[1]: gettext_lazy("the record can't be read"),
}
_OUTCOMES: Final[Mapping[str, Any]] = {
    "pass": gettext_lazy("let in"),
    "retry": gettext_lazy("asked to try again"),
    "refer": gettext_lazy("sent to staff"),
}


def language() -> Language:
    """The page's, as rules name it."""
    return "zh-CN" if str(get_language()).startswith("zh") else "en"


def rules(held: Held) -> list[dict[str, Any]]:
    """The first rules of a set, with what each asks of somebody who keeps it and of somebody who doesn't."""
    found = []
    listed = {name: {rule.identifier for rule in profile.rules} for name, profile in held.rule_set.profiles.items()}
    for rule in islice(held.rule_set.rules.values(), MOST_RULES):
        words = rule.description.get(language()) or next(iter(rule.description.values()))
        profiles = [name for name, rules_ in listed.items() if rule.identifier in rules_]
        found.append(
            {
                "rule": rule,
                "words": words,
                "outcome": str(held.written[rule.identifier].get("Outcome", "")),
                "profiles": profiles,
                "told": list(_told(held, rule)),
            }
        )
    return found


def rows(fields: list[Field], held: Held) -> list[dict[str, Any]]:
    """A row for each parameter, with a cell for the set and for each profile; None: it has none to be typed there."""
    places, found = ["", *held.rule_set.profiles], list[dict[str, Any]]()
    by_parameter: dict[tuple[str, str], dict[str, Field]] = {}
    for field in fields:
        by_parameter.setdefault((field.parameter, field.member), {})[field.profile] = field
    for (name, member), cells in by_parameter.items():
        found.append(
            {
                "name": name,
                "word": _word(name, member),
                "hint": _hint(name),
                "used": [rule.identifier for rule in held.rule_set.rules.values() if _uses(rule, name)][:MOST_NAMED],
                "cells": [cells.get(place) for place in places],
            }
        )
    return found


def difference(line: Line) -> dict[str, Any]:
    """One difference; of a span of time with how long it is."""
    is_span = line.where[-1].endswith("_s") or MAX_AGE in line.where
    said = [_with_span(text) if is_span else text for text in (line.old, line.new)]
    return {"where": " › ".join(line.where), "old": said[0], "new": said[1]}


def outcomes(effect: Effect) -> dict[str, Any]:
    """What would have changed, the largest first, in words."""
    table = effect.table()
    return {
        "rows": effect.rows,
        "same": effect.same,
        "changed": [
            (count, _OUTCOMES.get(before, before), _OUTCOMES.get(after, after), why)
            for before, after, why, count in table["changed"]
        ],
        "unsaid": [
            (count, _OUTCOMES.get(before, before), _UNSAID.get(why, why)) for before, why, count in table["unsaid"]
        ],
    }


def _word(name: str, member: str) -> str:
    if name == MAX_AGE:
        fact = FACTS[member].words.of(language()) if member in FACTS else member
        return str(_("After how long this is too old: %(fact)s") % {"fact": fact})
    return str(WORDS.get(name, name)) + (f" · {member}" if member else "")


def _hint(name: str) -> str:
    return next((str(words) for ending, words in _UNITS.items() if name.endswith(ending)), "")


def _uses(rule: Rule, name: str) -> bool:
    path = f"external.parameters.{name}"
    return path in rule.paths or (rule.advice is not None and rule.advice.limit == name)


def _told(held: Held, rule: Rule) -> Iterator[tuple[str, str]]:
    """An example in which it holds and one in which it does not: its name, and what was asked."""
    logic, left = held.written[rule.identifier]["Logic"], {True, False}
    for example in held.rule_set.examples:
        if not left:
            return
        data = {
            "payload": dict(example.facts),
            "external": {
                "parameters": dict(held.rule_set.parameters),
                "validationClock": held.rule_set.issued_at.isoformat(),
            },
        }
        try:
            holds = rule.holds(data)
        except GateError:
            holds = False
        if example.expect.get(rule.identifier) is holds and holds in left:
            left.remove(holds)
            yield example.name, "\n".join(explain(logic, data, language()).lines())


def _with_span(text: str) -> str:
    try:
        seconds = json.loads(text)
    except ValueError:
        return text
    return f"{text} ({span(seconds, language())})" if type(seconds) is int else text
