"""Keys of an object that are missing or misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.rules.review.fault import Fault, fault

if TYPE_CHECKING:
    from collections.abc import Iterator


def keys(where: str, found: dict[str, Any], required: frozenset[str], optional: frozenset[str]) -> Iterator[Fault]:
    """Every key that is missing, and every one that is none, with the one that may have been meant."""
    known = required | optional
    for key in sorted(found.keys() - known):
        may_be_meant = known - found.keys()
        listed = "" if not may_be_meant else f"; keys that are not used yet: {', '.join(sorted(may_be_meant))}"
        yield fault(where, "", key, f"is no key of it{listed}", may_be_meant)
    if missing := sorted(required - found.keys()):
        yield fault(where, "", None, f"lacks {', '.join(missing)}; add {'it' if len(missing) == 1 else 'them'}")
