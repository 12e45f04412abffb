"""A sound rule set into which one piece of another is put, to see whether the piece is sound."""

from __future__ import annotations

import json
from typing import Any, Final, TypeGuard

from gate.errors import RuleSetError
from gate.rules import fields, ruleset

_EVER: Final = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
RULE: Final[dict[str, Any]] = {
    "Identifier": "SOUND",
    "Type": "Acceptance",
    "Version": "1.0.0",
    "SchemaVersion": "1.0.0",
    "Engine": "CERTLOGIC",
    "EngineVersion": "1.3.3",
    "ValidFrom": _EVER[0],
    "ValidTo": _EVER[1],
    "AffectedFields": ["clock.trusted"],
    "Description": [{"lang": "zh-CN", "desc": "-"}, {"lang": "en", "desc": "-"}],
    "Logic": {"===": [{"var": "payload.clock.trusted"}, True]},
    "Reason": "clock_untrusted",
    "Outcome": "refer",
}
ADVICE: Final[dict[str, Any]] = {"Reason": "test_due", "Advisory": {"age": "test.since_report", "limit": "sound"}}
EXAMPLE: Final[dict[str, Any]] = {"name": "sound", "facts": {}, "expect": {}}
SET: Final[dict[str, Any]] = {
    "id": "sound",
    "version": 1,
    "valid_from": _EVER[0],
    "valid_to": _EVER[1],
    "issued_at": _EVER[0],
    "refresh_by": _EVER[1],
    "expires": _EVER[1],
    "when_expired": "refer",
    "parameters": {},
    "profiles": {"sound": {"rules": ["SOUND"], "parameters": {}}},
    "assignments": [{"profile": "sound", "when": {}}],
    "rules": [RULE],
    "examples": [EXAMPLE],
}


def refusal(changed: dict[str, Any]) -> str | None:
    """What ``ruleset.read`` has to say about a set, without the place; None where it takes it."""
    try:
        ruleset.read(blob(changed))
    except RuleSetError as error:
        return str(error).partition(": ")[2] or str(error)
    return None


def blob(found: dict[str, Any]) -> bytes:
    """A set as the file that it comes in."""
    return json.dumps(found).encode()


def only_rule(rule: Any) -> dict[str, Any]:
    """The members of a set that has this rule alone."""
    identifier = rule.get("Identifier") if isinstance(rule, dict) else None
    named = identifier if is_name(identifier) else "SOUND"
    return {"rules": [rule], "profiles": {"sound": {"rules": [named], "parameters": {}}}}


def stub(identifier: str) -> dict[str, Any]:
    """A sound rule in place of a faulty one, so that those who name it are not refused for that."""
    return {**RULE, "Identifier": identifier}


def is_name(value: Any) -> TypeGuard[str]:
    """Whether a rule or a profile may be called that."""
    try:
        fields.name(value, "")
    except RuleSetError:
        return False
    return True
