"""The only errors that cross a module's border. Anything else is a bug and ends the process.

Messages say what to do, name no person and quote nothing that a stranger sent.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gate.model import CredentialKind, Reason


class GateError(Exception):
    """Base of the declared errors."""


class ConfigError(GateError):
    """The configuration can't be used; the message names file, key, what was found and what to write."""


class RuleSetError(GateError):
    """A rule set was refused whole; the message names the rule and the fault."""


class TrustError(GateError):
    """A file of trust anchors can't be used."""


class DeviceLost(GateError):  # noqa: N818 - the field's word, DESIGN section 3
    """The device is gone (unplugged, port closed, permission withdrawn). Opening it again may help."""


class ProtocolFault(GateError):  # noqa: N818 - the field's word, DESIGN section 3
    """The device answered something that its protocol does not allow, or nothing in time."""


class CredentialFault(GateError):  # noqa: N818 - a fault of what was presented, not of the program
    """What was presented can't be accepted as a credential.

    ``reason`` decides what the person hears; ``detail`` is for engineers and holds no personal data; ``kind`` is what
    it is where that was proved, else None.
    """

    def __init__(self, reason: Reason, detail: str, kind: CredentialKind | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.kind = kind


class StatusUnavailable(GateError):  # noqa: N818 - says what is the case
    """No source of records could answer in time."""


class JournalError(GateError):
    """A passage could not be recorded."""


class WireFault(GateError):  # noqa: N818 - a fault of what the other end sent
    """What the other end of the fleet's contract said is not of the contract."""


class NetworkTrouble(StrEnum):
    """What is wrong between this machine and a server."""

    UNREACHABLE = "unreachable"
    """No such name, no way there, nobody listens, or the connection broke."""
    TIMEOUT = "timeout"
    """No whole answer by the deadline."""
    TLS = "tls"
    """Whoever answers is not who was meant, or can't prove it."""
    TOO_LARGE = "too_large"
    GARBLED = "garbled"
    """Not HTTP, or half of an answer."""
    BUSY = "busy"
    """Earlier calls still hang; nothing was tried."""


class NetworkFault(GateError):  # noqa: N818 - what is the case between here and there, no fault of the program
    """A server gave no answer that can be used; the message names it and says what a person can do."""

    def __init__(self, kind: NetworkTrouble, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class ClockFileFault(GateError):  # noqa: N818 - what is the case on the disk
    """What was kept about the clock can't be used."""
