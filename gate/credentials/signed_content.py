"""What the two kinds of content that our own city signs have in common.

Both are maps with small integers as keys, so that a code for one person stays small: key ``n`` is the ``n``-th field of
the kind's form. Moments are whole seconds counted from the code's own date of issue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from gate.credentials import hcert, names
from gate.errors import ConfigError, CredentialFault
from gate.model import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_Form = TypeVar("_Form", bound=msgspec.Struct)

PSEUDONYM_BYTES: Final = 16
LONGEST_S: Final = 4_000_000_000
"""Seconds between a code's issue and anything that it speaks of: 126 years."""
MAX_TEXT: Final = 64
_MAX_NAME: Final = 24
_IDENTIFIER_BYTES: Final = range(8, 32 + 1)

Pseudonym = Annotated[bytes, Meta(min_length=PSEUDONYM_BYTES, max_length=PSEUDONYM_BYTES)]
Name = Annotated[str, Meta(min_length=1, max_length=_MAX_NAME)]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]


@dataclass(frozen=True, slots=True)
class Issue:
    """Who issues a code and how long it lives; whole seconds count."""

    issuer: str
    issued_at: datetime
    expires_at: datetime
    identifier: bytes | None = None
    """By which it can be revoked."""


def read(content: object, form: type[_Form]) -> _Form:
    """Check content against its form.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``.
    """
    if type(content) is not dict:
        raise unacceptable("content that is no map")
    names = dict(enumerate(form.__struct_fields__, 1))
    if not content.keys() <= names.keys():
        raise unacceptable("content with a field that is not known")
    try:
        return msgspec.convert({names[key]: value for key, value in content.items()}, form)
    except msgspec.ValidationError as error:
        # msgspec names the field and what was expected there, never the value.
        raise unacceptable(str(error)) from error


def claims(kind: int, content: _Form, issue: Issue, check: Callable[[_Form], object]) -> dict[int, Any]:
    """The claims of a code, to be signed; fields that are None are left out.

    Args:
        kind: Of the content.
        content: In its form.
        issue: Who issues it, and how long it lives.
        check: What else its reader asks of content; raises ``CredentialFault``.

    Raises:
        ConfigError: a reader would not take it.
    """
    if not 0 < len(issue.issuer) <= MAX_TEXT:
        raise ConfigError(f"an issuer has 1 to {MAX_TEXT} characters")
    named = msgspec.to_builtins(content, builtin_types=(bytes,))
    fields = {key: named[name] for key, name in enumerate(content.__struct_fields__, 1) if named[name] is not None}
    try:
        check(read(fields, type(content)))
    except CredentialFault as fault:
        raise ConfigError(f"this can't be said by such a code: {fault.detail}") from fault
    made: dict[int, Any] = {
        hcert.ISSUER: issue.issuer,
        hcert.EXPIRES_AT: int(issue.expires_at.timestamp()),
        hcert.ISSUED_AT: int(issue.issued_at.timestamp()),
    }
    if issue.identifier is not None:
        made[hcert.IDENTIFIER] = issue.identifier
    return made | {hcert.HCERT: {kind: fields}}


def source(code: hcert.Hcert) -> str:
    """Who says what the code says: its issuer.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``, it names none.
    """
    if not code.issuer or len(code.issuer) > MAX_TEXT:
        raise unacceptable("no issuer, or one with a long name")
    return code.issuer


def identifier(code: hcert.Hcert) -> bytes:
    """By which it can be revoked.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``, it has none.
    """
    found = code.identifier
    if not isinstance(found, bytes) or len(found) not in _IDENTIFIER_BYTES:
        raise unacceptable("no identifier by which it could be revoked")
    return found


def printable(text: str) -> str:
    """A text for a guard's eyes.

    Raises:
        CredentialFault: ``CERTIFICATE_UNACCEPTABLE``, it has characters that are not seen or turn others around.
    """
    if not text.isprintable():
        raise unacceptable("a text with invisible characters")
    return text


def masked(name: str) -> str:
    """What a guard needs of a name: ``张**``, ``G** M**``.

    Raises:
        ConfigError: there is no name.
    """
    text = names.masked(name.replace("·", " "))[:_MAX_NAME]
    if not text:
        raise ConfigError("a name is missing")
    return text


def seconds(later: datetime, earlier: datetime) -> int:
    """Whole seconds between two moments."""
    return int(later.timestamp()) - int(earlier.timestamp())


def unacceptable(what: str) -> CredentialFault:
    """A genuine code that is not of its kind's form."""
    return CredentialFault(Reason.CERTIFICATE_UNACCEPTABLE, f"signed code: {what}")
