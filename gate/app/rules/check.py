"""``gate rules check``: everything that is wrong with rule set files, in one go."""

from __future__ import annotations

import json
import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gate.app.rules import files
from gate.errors import ConfigError, GateError, RuleSetError
from gate.rules import fields, orders, ruleset
from gate.rules.eu_rules import EuRules
from gate.rules.review.fault import Fault
from gate.rules.review.review import review
from voice import phrases
from voice.discretion import revealed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from gate.model import Reason
    from gate.rules.ruleset import RuleSet

GOOD, FAULTY, UNREADABLE = 0, 1, 2
LANGUAGES = ("zh-CN", "en")
WIDTH = 110


def run(args: argparse.Namespace) -> int:
    """Check every file, print what was found, and give the exit status."""
    return max(_check(path) for path in args.files)


def _check(path: Path) -> int:
    try:
        blob = files.read(path)
        if blob.lstrip().startswith(b"["):
            return _check_list(path, blob)
        faults = review(blob)
    except GateError as error:
        named = str(error) if isinstance(error, ConfigError) else f"{path}: {error}"
        print(f"{named}\n  Nothing else was checked: mend this first.")
        return UNREADABLE
    with suppress(RuleSetError):  # whose faults are found already
        faults += _texts(ruleset.read(blob))
    if not faults:
        print(_summary(path, ruleset.read(blob), json.loads(blob)))
        return GOOD
    print(f"{path}: {_counted(len(faults), 'fault')}\n")
    for number, one in enumerate(faults, 1):
        print(_told(number, one))
    return FAULTY


def _check_list(path: Path, blob: bytes) -> int:
    """A list is a file of orders, or of other countries' rules about certificates.

    Which rule sets an order fits only shows where they are held together.
    """
    found = fields.decode(blob, files.MAX_BYTES)
    if any(isinstance(item, dict) and "CertificateType" in item for item in found):
        EuRules.from_json(found)
        print(f"{path}: good\n  {_counted(len(found), 'rule')} about certificates")
    else:
        names = ", ".join(f"{one.id} ({one.kind})" for one in orders.load(blob))
        print(f"{path}: good\n  {_counted(len(found), 'order')}: {names or 'none'}")
    return GOOD


def _told(number: int, one: Fault) -> str:
    lines = [f"{number:3}. {one.where}{f', {one.field}' if one.field else ''}"]
    if one.found:
        lines.append(f"       found: {one.found}")
    wrapped = textwrap.wrap(one.fault, WIDTH - 14, break_long_words=False, break_on_hyphens=False)
    lines += [f"       {'wrong:' if not index else '      '} {line}" for index, line in enumerate(wrapped)]
    return "\n".join(lines)


def _summary(path: Path, rule_set: RuleSet, found: dict[str, Any]) -> str:
    profiles = ", ".join(
        f"{name} ({_counted(len(profile.rules), 'rule')})" for name, profile in rule_set.profiles.items()
    )
    rules, examples = _counted(len(rule_set.rules), "rule"), _counted(len(rule_set.examples), "example")
    return (
        f"{path}: good\n"
        f"  {rule_set.id}@{rule_set.version}, {rules}, {examples}\n"
        f"  profiles: {profiles}\n"
        f"  valid from {found['valid_from']} to {found['valid_to']}"
    )


def _texts(rule_set: RuleSet) -> Iterator[Fault]:
    """Reasons of the set that nobody could be told, or that would be told too loudly."""
    try:
        catalogue = phrases.load(LANGUAGES)
    except ConfigError as error:
        yield Fault("phrases", "", "", str(error))
        return
    for reason, users in _reasons(rule_set).items():
        for language, texts in catalogue.texts(reason).items():
            for text, word in revealed(texts).items():
                where = f"config/phrases/{language}.toml"
                words = f'says "{word}", which bystanders must not learn; {", ".join(users)} would have it said'
                yield Fault(where, f"reasons.{reason}.{text}", "", words)


def _reasons(rule_set: RuleSet) -> dict[Reason, list[str]]:
    """Every reason that the set can have announced, and who brings it up."""
    users: dict[Reason, list[str]] = {}
    for rule in rule_set.rules.values():
        users.setdefault(rule.reason, []).append(f"rule {rule.identifier}")
    for profile in rule_set.profiles.values():
        for reason in (profile.admitted, *profile.spoken.values()):
            users.setdefault(reason, []).append(f"profile {profile.name}")
    return users


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
