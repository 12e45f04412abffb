"""What the fleet may tell a gate to do: a closed list, handed over with the answer to a heartbeat.

The fleet hands a command over until the gate has said what became of it, and the gate carries out each id once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gate.wire.message import Sentence

MOST_LINES: Final = 100
"""Of one answer."""
MOST_ANSWERED: Final = 16 * 1024
"""Bytes of one answer's lines together; a gate answers no more."""

CommandId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{8,64}$")]


MOST_LINE: Final = 400
"""Characters."""

Line = Annotated[str, Meta(max_length=MOST_LINE)]


class CommandKind(StrEnum):
    """Everything that a gate can be told; there is no other way in."""

    REFRESH = "refresh"
    """Look for new rules and trust now."""
    REPORT = "report"
    """Send the inventory and a heartbeat now."""
    CHECK = "check"
    """Test yourself and say what is wrong."""
    LOG = "log"
    """Tell the last lines of the log, none of them about a person."""
    WIPE = "wipe"
    """Erase personal caches and drop the keys; the journal stays, sealed."""
    REBOOT = "reboot"


class Command(msgspec.Struct, frozen=True):
    """One order."""

    id: CommandId
    kind: Annotated[str, Meta(max_length=64, description=f"one of {', '.join(CommandKind)}")]
    """A word, so that one that is too new for a gate spoils none of the others."""
    valid_s: Annotated[int, Meta(ge=0, le=30 * 86_400)]
    """Seconds from this answer on; afterwards it is not carried out any more."""


class CommandResult(StrEnum):
    """What became of one."""

    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    NOT_SUPPORTED = "not supported"
    """This software can't do it, or does not know it."""


class CommandOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tells the fleet of one command; told until an answer comes."""

    id: CommandId
    result: CommandResult
    detail: Sentence = ""
    lines: Annotated[tuple[Line, ...], Meta(max_length=MOST_LINES)] = ()
    """What was asked for, by ``check`` a sentence each, by ``log`` the newest first."""
