"""A change of a draft: looked at with the gate's own eyes first, and carried out as it was looked at."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from fleet.drafts import text
from fleet.drafts.difference import Line, lines
from fleet.publishing.effect import Effect, decided_otherwise, judged_again, sample
from fleet.publishing.rejudge import Held
from gate.errors import RuleSetError
from gate.rules import fields, ruleset
from gate.rules.review.fault import Fault, fault
from gate.rules.review.review import review

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.registry.drafts import RuleDraft

MOST_ROWS: Final = 4_800
"""Passages of a preview: 200 of each hour of a day."""
ORDERS: Final = "orders"
"""The name of the file beside rule sets that is none."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a change comes to."""

    text: str
    """What would be saved."""
    version: int
    faults: list[Fault]
    examples: list[tuple[str, str, bool]]
    """Rule, example, whether the rule holds in it now; before it was the other way round."""
    lines: list[Line]
    """What differs from the draft as it is."""

    def digest(self, draft: RuleDraft) -> str:
        """The same for the same change of the same text, so that nobody saves what he has not seen."""
        return sha256(json.dumps([draft.id, draft.text, self.text]).encode()).hexdigest()


def seen(draft: RuleDraft) -> str:
    """Says which text of a draft somebody began to change."""
    return sha256(str(draft.text).encode()).hexdigest()


def faults_of(blob: bytes) -> list[Fault]:
    """Why it could not go to gates, in the words of ``gate rules check``; none: it could."""
    found = text.read(blob)
    wrong = review(blob)
    if found["id"].replace("/", "-") == ORDERS:
        wrong.append(fault("rule set", "id", ORDERS, "is the name that the file of orders has; give it another"))
    return wrong


def look(draft: RuleDraft, wanted: dict[str, Any]) -> Looked:
    """What would become of a draft.

    Args:
        draft: as it is.
        wanted: of ``fleet.drafts.text.read``, or made of one.

    Raises:
        RuleSetError: it is another rule set, or too large.
    """
    now = text.taken(draft.text)
    if wanted["id"] != now["id"]:
        fields.refuse("id", f"this draft is of {now['id']}; upload another rule set as a draft of its own")
    made = {**wanted, "version": _raised(wanted, text.taken(draft.before))}
    fields.integer(made["version"], "version", least=1)
    old, new = held(now), held(made)
    examples = [] if old is None or new is None else list(decided_otherwise([old], [new]))
    made = _as_they_come_out(made, examples)
    said = text.written(made)
    return Looked(said, made["version"], faults_of(said.encode()), examples, list(lines(now, made)))


def effect(draft: RuleDraft, looked: Looked, now: datetime) -> tuple[Effect, int]:
    """What would have become of the last 24 hours' passages, and of how many; some of each hour are judged."""
    before = [held(text.taken(one)) for one in (draft.begun, draft.taken) if one]
    after = held(text.taken(looked.text))
    rows, count = sample(now, MOST_ROWS)
    return judged_again([one for one in before if one is not None], [] if after is None else [after], rows), count


def held(found: dict[str, Any]) -> Held | None:
    """A set of sound form, whatever its examples prove; None for any other."""
    try:
        read = ruleset.read(json.dumps(found).encode())
    except RuleSetError:
        return None
    return Held(read, {rule["Identifier"]: rule for rule in found["rules"]})


def _raised(wanted: dict[str, Any], before: dict[str, Any]) -> int:
    """Its version: one above what it is compared with as soon as it says anything else; a higher one stays."""
    least = before["version"] + (_without_version(wanted) != _without_version(before))
    return int(max(wanted["version"], least))


def _without_version(found: dict[str, Any]) -> str:
    return json.dumps({**found, "version": 0}, sort_keys=True)


def _as_they_come_out(found: dict[str, Any], examples: list[tuple[str, str, bool]]) -> dict[str, Any]:
    """With examples that expect what they came to before expecting what they come to now."""
    if not examples:
        return found
    made, now = copy.deepcopy(found), {(rule, name): holds for rule, name, holds in examples}
    for example in made["examples"]:
        for rule in example["expect"]:
            if (rule, example["name"]) in now:
                example["expect"][rule] = now[rule, example["name"]]
    return made
