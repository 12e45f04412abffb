"""Why there is no answer: what an interface does instead, in words that a gate's log can carry."""

from __future__ import annotations

from enum import StrEnum

from gate.errors import StatusUnavailable


class Trouble(StrEnum):
    """Why an interface has no answer; none of them says anything about the person."""

    AGAIN = "wants to be asked again, and again"
    MAINTENANCE = "is in maintenance"
    ITS_QUOTA = "says that it was asked too often"
    CITY_QUOTA = "may not be asked more often by this city now"
    GATE_QUOTA = "may not be asked more often by this gate now"
    SLOW = "did not answer in time"
    AWAY = "can't be reached, or did not prove who it is"
    GARBLED = "answered something that is no answer of its own"
    CLOCK = "answered with a time that is not here yet"
    NO_ANSWER = "has no answer now"
    SOMEBODY_ELSE = "answered about somebody else"
    LEFT_ALONE = "failed just now and is left alone for a while"
    TOO_MUCH = "was told more than an answer may hold"
    BUSY = "is asked too much at once"
    NOBODY = "knows nobody to ask"


TOO_OFTEN = frozenset({Trouble.ITS_QUOTA, Trouble.CITY_QUOTA, Trouble.GATE_QUOTA})


class Unavailable(StatusUnavailable):
    """An interface has no answer; the message names it and nobody else."""

    def __init__(self, interface: str, trouble: Trouble) -> None:
        super().__init__(f"{interface} {trouble}")
        self.trouble = trouble
