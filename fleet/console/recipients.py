"""Who is told of alarms, and how: one TOML file, named by ``FLEET_ALARMS``."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fleet.errors import FleetError

if TYPE_CHECKING:
    from pathlib import Path

MOST: Final = 50
"""Recipients."""
_MOST_BYTES: Final = 64 * 1024
_MOST_SECRET: Final = 1024

Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A[!-~]+\Z")]
"""In one line, so that no header gets a second one."""


class MailServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What mail goes out by."""

    host: Text
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    sender: Text
    user: str = ""
    password_file: str = ""


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One address; mail or a webhook."""

    mail: Text | None = None
    webhook: Annotated[str, Meta(pattern=r"\Ahttps?://[!-~]{1,190}\Z")] | None = None
    token_file: str = ""
    """Of a webhook: what is in it goes along as ``Authorization: Bearer``."""
    districts: tuple[str, ...] = ()
    """None: all of them."""

    @property
    def name(self) -> str:
        """How it is written down."""
        return self.mail or self.webhook or ""


class Recipients(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    to: Annotated[tuple[Recipient, ...], Meta(max_length=MOST)] = ()
    mail: MailServer | None = None
    console: Annotated[str, Meta(max_length=200)] = ""
    """The console's address, for a link."""


NOBODY: Final = Recipients()


def load(path: Path) -> Recipients:
    """Read the file.

    Raises:
        FleetError: it can't be used; the message says why.
    """
    try:
        with path.open("rb") as file:
            table = tomllib.loads(file.read(_MOST_BYTES).decode())
        found = msgspec.convert(table, Recipients)
    except (OSError, ValueError, RecursionError) as fault:  # msgspec's and tomllib's errors are ValueErrors
        raise FleetError(f"{path}: {fault}") from None
    for one in found.to:
        if (one.mail is None) == (one.webhook is None):
            raise FleetError(f"{path}: each [[to]] has mail or webhook, one of the two")
        if one.mail is not None and found.mail is None:
            raise FleetError(f"{path}: {one.mail}: write a table [mail] with host and sender")
    if len({one.name for one in found.to}) < len(found.to):
        raise FleetError(f"{path}: an address stands there twice")
    return found


def secret(path: str) -> str:
    """What a file holds, without the line's end.

    Raises:
        OSError, UnicodeDecodeError: it can't be read.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - a path from the file of recipients, as it is written there
        return file.read(_MOST_SECRET).decode("ascii").strip()
