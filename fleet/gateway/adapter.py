"""A provincial interface as data: how it is asked and signed, how often, and which of its codes are no answer.

One TOML file for each, see ``config/gateway``. Where an answer says what is told by the tables of ``gate.credentials``:
those of the code's issuer, or ``[answers]`` of the file itself. Nothing in a file can run. Pure.
"""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from fleet.errors import FleetError
from gate.credentials.code_answers import Answers, Path  # noqa: TC001 - annotations are the schema
from gate.credentials.code_issuers import CodeIssuer
from gate.model import DocumentType

MOST_FILE_BYTES: Final = 8 * 1024
PLACEHOLDERS: Final = frozenset({"asked", "app", "nonce", "s", "ms"})
"""``asked``: code, number or pseudonym; ``app``: the city's name there; ``s`` and ``ms``: time since 1970."""
SIGNED: Final = PLACEHOLDERS | {"key"}
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

Code = Annotated[str, Meta(min_length=1, max_length=64)]
Member = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]
Template = Annotated[str, Meta(max_length=512, pattern=r"\A[ -~]*\Z")]


class Says(Struct, frozen=True, forbid_unknown_fields=True):
    """Its codes that are no answer; any other that the tables do not hold is none either."""

    field: Path
    again: Annotated[tuple[Code, ...], Meta(max_length=32)] = ()
    """Ask once more, at once."""
    maintenance: Annotated[tuple[Code, ...], Meta(max_length=32)] = ()
    quota: Annotated[tuple[Code, ...], Meta(max_length=32)] = ()


class Sign(Struct, frozen=True, forbid_unknown_fields=True):
    """How a question is signed: a hexadecimal digest over a text of placeholders, as one more member."""

    member: Member
    by: Literal["hmac-sha256", "sha256", "md5"]
    """With the last two the key is part of the text."""
    over: Template


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """How it is asked: by POST."""

    path: Annotated[str, Meta(pattern=r"\A/[A-Za-z0-9._~/-]{0,200}\Z")]
    members: Annotated[dict[Member, Template], Meta(min_length=1, max_length=32)]
    form: Literal["json", "form"] = "json"
    headers: Annotated[dict[Member, Template], Meta(max_length=16)] = {}
    sign: Sign | None = None


class Quota(Struct, frozen=True, forbid_unknown_fields=True):
    """How often it may be asked."""

    a_second: Annotated[float, Meta(gt=0, le=100_000)]
    at_once: Annotated[int, Meta(ge=1, le=100_000)]
    gate_a_minute: Annotated[int, Meta(ge=1, le=6_000)]


class Adapter(Struct, frozen=True, forbid_unknown_fields=True):
    """One interface."""

    id: Annotated[str, Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]
    asked_by: Literal["code", "pseudonym", "number"]
    address: str
    key: str
    """File; relative to the adapter's own folder."""
    request: Request
    quota: Quota
    app: Annotated[str, Meta(max_length=200)] = ""
    issuer: str | None = None
    """Of the codes that it knows; its tables are in ``config/health-codes``."""
    answers: Answers | None = None
    time_zone: str | None = None
    says: Says | None = None
    documents: frozenset[DocumentType] = frozenset({DocumentType.RESIDENT_ID})
    """Which of them it knows people by, where it is asked by number."""
    pins: tuple[str, ...] = ()
    ca_file: str | None = None
    connections: Annotated[int, Meta(ge=1, le=256)] = 8

    def tables(self) -> CodeIssuer:
        """Its own tables, as ``gate.status.code_answer`` reads them."""
        zone = None if self.time_zone is None else ZoneInfo(self.time_zone)
        return CodeIssuer(self.id, (), zone=zone, answers=self.answers)


def load(data: bytes, name: str) -> Adapter:
    """Read an adapter's file.

    Raises:
        FleetError: it is none; the message names the key.
    """
    if len(data) > MOST_FILE_BYTES:
        raise FleetError(f"{name}: an adapter in more than {MOST_FILE_BYTES >> 10} KiB: this is no such file")
    try:
        content: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
        adapter = msgspec.convert(content, Adapter)
        adapter.tables()
    except (ZoneInfoNotFoundError, OSError):
        raise FleetError(f'{name}: time_zone is unknown; write e.g. "Asia/Shanghai"') from None
    except (ValueError, RecursionError) as fault:  # not UTF-8, not TOML, not of this form
        raise FleetError(f"{name}: {fault}") from None
    for wrong in _faults(adapter):
        raise FleetError(f"{name}: {wrong}")
    return adapter


def _faults(adapter: Adapter) -> list[str]:
    """What no single key says."""
    found = []
    if (adapter.asked_by == "code") != (adapter.issuer is not None):
        found.append('issuer belongs to asked_by = "code", and only there')
    if (adapter.issuer is None) != (adapter.answers is not None):
        found.append("[answers] says what answers mean, or the issuer's own file does: one of the two")
    request = adapter.request
    allowed = [(text, PLACEHOLDERS) for text in request.members.values()]
    allowed += [(text, SIGNED) for text in request.headers.values()]
    if request.sign is not None:
        allowed.append((request.sign.over, SIGNED))
        if request.sign.member in request.members:
            found.append(f"request: {request.sign.member} is the signature, and no member besides")
    for text, names in allowed:
        if unknown := sorted(set(PLACEHOLDER.findall(text)) - names):
            found.append(f"request: {{{unknown[0]}}} can't stand there; {', '.join(sorted(names))} can")
    if not any("asked" in PLACEHOLDER.findall(text) for text in request.members.values()):
        found.append("request: no member says {asked}, so it would answer about nobody")
    return found
