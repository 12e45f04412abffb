"""Small rule sets for tests: a sound one, and ways to change it."""

from __future__ import annotations

import json
from typing import Any

KNOWN_GREEN: dict[str, Any] = {
    "and": [
        {"===": [{"var": "payload.code.state"}, "known"]},
        {"===": [{"var": "payload.code.colour"}, "green"]},
    ]
}


def rule(identifier: str = "CN-TEST-0001", logic: Any = KNOWN_GREEN, **changes: Any) -> dict[str, Any]:
    """A rule about the colour of the code unless it is changed."""
    return {
        "Identifier": identifier,
        "Type": "Acceptance",
        "Version": "1.0.0",
        "SchemaVersion": "1.0.0",
        "Engine": "CERTLOGIC",
        "EngineVersion": "1.3.3",
        "ValidFrom": "2022-04-01T00:00:00+08:00",
        "ValidTo": "2030-01-01T00:00:00+08:00",
        "AffectedFields": ["code.colour"],
        "Description": [{"lang": "zh-CN", "desc": "须为绿码。"}, {"lang": "en", "desc": "The code must be green."}],
        "Logic": logic,
        "Reason": "code_not_green",
        "Outcome": "refer",
        **changes,
    }


def known(**values: Any) -> dict[str, Any]:
    """A fact that is known."""
    return {"state": "known", "age": 60, **values}


def example(name: str, facts: dict[str, Any], **expect: bool) -> dict[str, Any]:
    """An example; ``expect`` names rules by the last four digits, e.g. ``r0001=True``."""
    return {
        "name": name,
        "facts": facts,
        "expect": {f"CN-TEST-{key.removeprefix('r')}": holds for key, holds in expect.items()},
    }


GREEN = example("green", {"code": known(colour="green")}, r0001=True)
YELLOW = example("yellow", {"code": known(colour="yellow")}, r0001=False)


def assigned(profile: str, **when: Any) -> dict[str, Any]:
    """An assignment; without ``when`` to everybody."""
    return {"profile": profile, "when": when}


def rule_set(**changes: Any) -> dict[str, Any]:
    """A sound rule set with one rule and one profile unless it is changed."""
    return {
        "id": "test-set",
        "version": 3,
        "valid_from": "2022-04-01T00:00:00+08:00",
        "valid_to": "2030-01-01T00:00:00+08:00",
        "issued_at": "2022-03-31T12:00:00+08:00",
        "refresh_by": "2022-04-08T00:00:00+08:00",
        "expires": "2022-05-01T00:00:00+08:00",
        "when_expired": "refer",
        "parameters": {"min_doses": 2, "max_age_s": {"code": 86400}},
        "profiles": {"station": {"rules": ["CN-TEST-0001"], "parameters": {}}},
        "assignments": [assigned("station")],
        "rules": [rule()],
        "examples": [GREEN, YELLOW],
        **changes,
    }


def blob(found: Any) -> bytes:
    """A rule set as the file that it comes in."""
    return json.dumps(found, ensure_ascii=False).encode()
