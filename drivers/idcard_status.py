"""The status byte of a resident-ID reader's answers, and what each value asks for (PROTOCOLS 1.5)."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Advice(StrEnum):
    """What a status byte asks for."""

    GOOD = "good"
    RETRY = "retry now"
    NO_CARD = "no card"
    PRESENT_AGAIN = "ask to present again"
    SERVICE = "service"


class Status(IntEnum):
    """Status byte SW3."""

    DONE = 0x90
    NO_CONTENT = 0x91
    FOUND = 0x9F
    CHECKSUM_WRONG = 0x10
    LENGTH_WRONG = 0x11
    COMMAND_WRONG = 0x21
    NOT_AUTHORISED = 0x23
    UNKNOWN_ERROR = 0x24
    CARD_REFUSED_SAM = 0x31
    SAM_REFUSED_CARD = 0x32
    INFORMATION_CHECK = 0x33
    CARD_TYPE = 0x40
    READ_FAILED = 0x41
    RANDOM_NUMBER = 0x47
    SELF_TEST = 0x60
    SAM_NOT_AUTHORISED = 0x66
    NO_CARD = 0x80
    SELECT_FAILED = 0x81


_ADVICE = {
    Status.DONE: Advice.GOOD,
    Status.NO_CONTENT: Advice.GOOD,
    Status.FOUND: Advice.GOOD,
    Status.CHECKSUM_WRONG: Advice.RETRY,
    Status.LENGTH_WRONG: Advice.RETRY,
    Status.COMMAND_WRONG: Advice.SERVICE,
    Status.READ_FAILED: Advice.RETRY,
    Status.RANDOM_NUMBER: Advice.RETRY,
    Status.SELECT_FAILED: Advice.RETRY,
    Status.NO_CARD: Advice.NO_CARD,
    Status.CARD_REFUSED_SAM: Advice.PRESENT_AGAIN,
    Status.SAM_REFUSED_CARD: Advice.PRESENT_AGAIN,
    Status.INFORMATION_CHECK: Advice.PRESENT_AGAIN,
    Status.CARD_TYPE: Advice.PRESENT_AGAIN,
    Status.NOT_AUTHORISED: Advice.SERVICE,
    Status.UNKNOWN_ERROR: Advice.SERVICE,
    Status.SELF_TEST: Advice.SERVICE,
    Status.SAM_NOT_AUTHORISED: Advice.SERVICE,
}


def advice(status: int) -> Advice:
    """What status byte ``status`` asks for; one that no source describes asks for another try."""
    return _ADVICE.get(status, Advice.RETRY)  # type: ignore[call-overload, no-any-return]


def describe(status: int) -> str:
    """Status byte for people: hex, and its name where it has one."""
    known = next((s.name.lower().replace("_", " ") for s in Status if s == status), "unknown")
    return f"{status:02X} ({known})"
