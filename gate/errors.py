"""The only errors that cross a module's border. Anything else is a bug and ends the process.

Messages say what to do, name no person and quote nothing that a stranger sent.
"""

from __future__ import annotations

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


class JournalFull(JournalError):  # noqa: N818 - says what is the case
    """A passage could not be recorded, since there is no room on the disk for it."""
