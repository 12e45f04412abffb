"""Files that rule authors name: read whole, and refused with the file's name before the fault."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from gate.errors import ConfigError, RuleSetError
from gate.files import MAX_BYTES, read_bounded
from gate.rules import ruleset
from gate.rules.lint import lint

if TYPE_CHECKING:
    from pathlib import Path

    from gate.rules.ruleset import RuleSet

__all__ = ["MAX_BYTES", "RuleFile", "load", "read"]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule set and the JSON that it was read from."""

    path: Path
    rule_set: RuleSet
    found: dict[str, Any]

    @property
    def logics(self) -> dict[str, Any]:
        """CertLogic by the rule's identifier."""
        return {rule["Identifier"]: rule["Logic"] for rule in self.found["rules"]}


def read(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        ConfigError: it can't be read.
    """
    try:
        return read_bounded(path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}{_near(path)}") from error


def load(path: Path) -> RuleFile:
    """A rule set of sound form. That its examples prove it wrong is only noted: somebody wants to find out why.

    Raises:
        ConfigError: the file can't be read.
        RuleSetError: its form is faulty.
    """
    blob = read(path)
    try:
        rule_set = ruleset.read(blob)
    except RuleSetError as error:
        raise RuleSetError(f"{path}: {error}\n  To see all that is wrong with it: gate rules check {path}") from error
    if lint(rule_set):
        print(f"Note: a gate refuses this file as it is; why: gate rules check {path}", file=sys.stderr)
    return RuleFile(path, rule_set, json.loads(blob))


def _near(path: Path) -> str:
    """A file of the same folder that may have been meant."""
    try:
        names = [entry.name for entry in path.parent.iterdir()] if not path.exists() else []
    except OSError:
        return ""
    near = get_close_matches(path.name, names, 1)
    return f"; did you mean {path.with_name(near[0])}?" if near else ""
