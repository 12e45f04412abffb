"""The reason for a fact that is not known, so that nobody hears "not green" when the truth is "not known"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.model import Facts, FactState, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNKNOWN: Final[Mapping[str, Reason]] = {
    "clock": Reason.CLOCK_UNTRUSTED,
    "document": Reason.CLOCK_UNTRUSTED,  # its dates are known, today's is not
    "person": Reason.AGE_UNKNOWN,
    "holder": Reason.HOLDER_UNKNOWN,
    "code": Reason.CODE_UNKNOWN,
    "pop_up": Reason.POP_UP_UNKNOWN,
    "test": Reason.TEST_UNKNOWN,
    "sample": Reason.TEST_UNKNOWN,
    "vaccination": Reason.VACCINATION_UNKNOWN,
    "travel": Reason.TRAVEL_UNKNOWN,
    "arrival": Reason.ARRIVAL_UNKNOWN,
    "exemption": Reason.EXEMPTION_UNKNOWN,
    "permit": Reason.PERMIT_UNKNOWN,
    "presence": Reason.PRESENCE_UNKNOWN,
    "companion_code": Reason.CODE_UNKNOWN,
    "companion_test": Reason.COMPANION_TEST,
    "temperature": Reason.TEMPERATURE_UNKNOWN,
}

_ABSENT: Final[Mapping[str, Reason]] = {
    "document": Reason.CARD_REQUIRED,
    "person": Reason.AGE_UNKNOWN,
    "holder": Reason.HOLDER_UNKNOWN,
    "code": Reason.CODE_UNKNOWN,
    "pop_up": Reason.POP_UP_UNKNOWN,
    "test": Reason.TEST_NONE,
    "sample": Reason.TEST_NONE,
    "vaccination": Reason.VACCINATION_INCOMPLETE,
    "travel": Reason.TRAVEL_UNKNOWN,
    "arrival": Reason.ARRIVAL_UNKNOWN,
    "exemption": Reason.EXEMPTION_UNKNOWN,
    "permit": Reason.PERMIT_NONE,
    "companion": Reason.COMPANION_NEEDED,
    "companion_code": Reason.CODE_UNKNOWN,
    "companion_test": Reason.COMPANION_TEST,
    "temperature": Reason.TEMPERATURE_UNKNOWN,
}

_OF_THE_COMPANION: Final = frozenset({"companion_code", "companion_test"})


def reason_for(name: str, facts: Facts) -> Reason | None:
    """What is the matter with a fact itself; None where it is known, or where the rule says it better."""
    if name in _OF_THE_COMPANION and _state("companion", facts) is FactState.ABSENT:
        return Reason.COMPANION_NEEDED  # nothing can be known of whom has not presented yet
    match _state(name, facts):
        case FactState.STALE:
            return Reason.DATA_STALE
        case FactState.UNKNOWN:
            return _UNKNOWN.get(name)
        case FactState.ABSENT:
            return _ABSENT.get(name)
    return None


def _state(name: str, facts: Facts) -> FactState:
    return facts.by_name[name].state if name in facts.by_name else FactState.UNKNOWN
