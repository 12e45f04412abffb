"""Health codes that say nothing by themselves, as data: how each issuer's look, and what its answers mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeIssuer:
    """One issuer of health codes."""

    id: str
    """e.g. ``"gd-yuekang"``."""
