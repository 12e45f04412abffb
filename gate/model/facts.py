"""What rules may ask about: a state, a source, an age and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FactState(StrEnum):
    """How much is known about a fact."""

    KNOWN = "known"
    ABSENT = "absent"
    """A source that would know says that there is nothing."""
    UNKNOWN = "unknown"
    STALE = "stale"
    """It was known, but too long ago to rely on."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that rules may ask about: a state, where it came from, how old it is, and its values."""

    state: FactState
    source: str | None = None
    age: int | None = None
    """Seconds since the source knew it; None where the state is not ``known`` or ``stale``."""
    values: Mapping[str, int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """The payload of our own rules: fact name (``"code"``, ``"test"``, ...) to fact."""

    by_name: Mapping[str, Fact]

    def to_payload(self) -> dict[str, dict[str, int | str | bool | None]]:
        """The JSON that CertLogic sees as ``payload``: integers, enumerations and booleans only."""
        return {
            name: {"state": fact.state.value, "age": fact.age, **fact.values} for name, fact in self.by_name.items()
        }
