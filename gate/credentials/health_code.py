"""Health codes that only their issuer can resolve: whose a text is, what its issuer knows it by, and whether it lives.

Nothing is proven here. Whoever makes up a text of the right shape gets his made-up token to the issuer, no further.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from gate.credentials.code_issuers import JsonForm, TextForm, UrlForm
from gate.credentials.code_times import read_time
from gate.credentials.id_number import document_number_kind
from gate.errors import CredentialFault, RuleSetError
from gate.model import CodeReference, Credential, CredentialKind, OneTimeCode, Reason
from gate.rules.fields import decode

if TYPE_CHECKING:
    from gate.credentials.code_answers import Time
    from gate.credentials.code_issuers import CodeIssuer, Form
    from gate.credentials.trusted import Trusted
    from gate.model import Moment

LEEWAY: Final = timedelta(minutes=5)
"""How far an issuer's clock may run ahead of ours (DESIGN section 5)."""
_MOST_BYTES: Final = 8192
_MOST_PARAMETERS: Final = 32
_AROUND: Final = " \t\r\n\v\f\0\ufeff\u200b\u3000"
"""What guns, text files and input methods put before or after a code."""
_FULL_WIDTH: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | str.maketrans("\u3000“”‘’。", " \"\"''.")
"""What a Chinese input method makes of what a gun types."""
_DOT: Final = "."


@dataclass(frozen=True, slots=True)
class Recognised:
    """A code whose issuer is known."""

    issuer: CodeIssuer
    token: str = field(repr=False)
    made: datetime | None
    """None where the code does not say it."""


def recognises(code: bytes, trusted: Trusted) -> bool:
    """Whether it is a whole code of one of the issuers; of several the first in order counts."""
    return recognise(code, trusted) is not None


def parse(code: bytes, trusted: Trusted, moment: Moment) -> Credential:
    """What the code is a reference to.

    Args:
        code: Its exact bytes.
        trusted: The issuers.
        moment: The one ``now``.

    Raises:
        CredentialFault: ``CODE_UNRECOGNISED``; where the code says when it was made ``CLOCK_UNTRUSTED`` (nobody knows
            how old it is), ``CODE_TOO_OLD``, or ``DOCUMENT_INVALID`` (it was made in the future).
    """
    found = recognise(code, trusted)
    if found is None:
        raise CredentialFault(Reason.CODE_UNRECOGNISED, "a health code of no issuer that this gate knows")
    return Credential(
        kind=CredentialKind.HEALTH_CODE,
        assurance=found.issuer.assurance,
        reference=CodeReference(found.issuer.id, found.token),
        one_time=None if found.issuer.life is None else _one_time(found, found.issuer.life, moment),
    )


def recognise(code: bytes, trusted: Trusted) -> Recognised | None:
    """Whose code it is; None where it is nobody's, and where it is a document's number, which anybody can print."""
    if len(code) > _MOST_BYTES:
        return None
    try:
        text, content = _read(code)
    except UnicodeDecodeError:
        return None
    if document_number_kind(text) is not None:
        return None
    url = _address(text)
    for issuer in trusted.code_issuers:
        for form in issuer.forms:
            if (token := _token(form, text, content, url)) is None:
                continue
            if (at := _when(form, content, url)) is None:
                return Recognised(issuer, token, None)
            value, time = at
            if (made := read_time(value, time.form, issuer.zone)) is not None:
                return Recognised(issuer, token, made)
    return None


def _one_time(found: Recognised, life: timedelta, moment: Moment) -> OneTimeCode:
    """What the code is remembered by; one that is not alive is a fault.

    The time inside is not signed, so far as a gate can tell: it saves asking the issuer, and proves nothing.
    """
    begun = moment.at
    if found.made is not None:
        if not moment.trusted:
            raise CredentialFault(Reason.CLOCK_UNTRUSTED, "health code: it may be past its life")
        if moment.at - found.made > life:
            raise CredentialFault(Reason.CODE_TOO_OLD, "health code: past its life")
        if found.made - moment.at > LEEWAY:
            raise CredentialFault(Reason.DOCUMENT_INVALID, "health code: made in the future")
        begun = found.made
    name = f"{found.issuer.id}\0{found.token}".encode()
    digest = blake2b(name, digest_size=16, person=b"gate-health-code").digest()
    try:
        return OneTimeCode(digest, begun + life)
    except OverflowError:  # a clock in the last hours of the calendar
        return OneTimeCode(digest, datetime.max.replace(tzinfo=UTC))


def _read(code: bytes) -> tuple[str, dict[str, Any] | None]:
    """The text without what scanners put around it and in it, and its members where it is a JSON object.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    raw = code.decode("utf-8").strip(_AROUND)
    text = raw.translate(_FULL_WIDTH).strip(_AROUND)
    return text, _members(raw) or _members(text)  # in a text of JSON wide quotes may be meant


def _token(form: Form, text: str, content: dict[str, Any] | None, url: SplitResult | None) -> str | None:
    match form:
        case JsonForm() if content is not None:
            return _json_token(form, content)
        case UrlForm() if url is not None:
            return _url_token(form, text, url)
        case TextForm() if text.startswith(form.prefix):
            return form.token.read(text[len(form.prefix) :])
        case _:
            return None


def _json_token(form: JsonForm, content: dict[str, Any]) -> str | None:
    found: dict[str, str] = {}
    for name, shape in form.fields.items():
        value = content.get(name)
        if type(value) is int:  # six digits of an area may be written as a number
            value = str(value)
        read = shape.read(value.translate(_FULL_WIDTH)) if isinstance(value, str) else None
        if read is None:
            return None
        found[name] = read
    return _DOT.join(found[name] for name in form.token)


def _url_token(form: UrlForm, text: str, url: SplitResult) -> str | None:
    # The authority is compared whole: with a user before it, a port or a dot behind it, or letters that only look
    # alike, it is another one. The path is compared as it is written, since nobody may hide a slash in it.
    host = url.netloc.lower()
    if url.scheme not in {"http", "https"} or host not in form.hosts:
        return None
    exact = form.place in {"query", "fragment"}
    if not (url.path == form.path if exact else url.path.startswith(form.path)):
        return None
    match form.place:
        case "query":
            return form.token.read(_parameter(url, form.parameter or "") or "")
        case "fragment":
            return form.token.read(url.fragment)
        case "path":
            last = url.path.removeprefix(form.path)
            return None if "/" in last else form.token.read(last)
        case "all":
            rest = text.partition("://")[2][len(host) + len(form.path) :]
            return None if form.token.read(rest) is None else f"{url.scheme}://{host}{form.path}{rest}"


def _parameter(url: SplitResult, name: str) -> str | None:
    """Its one value; None where it is not there, or there twice and nobody knows which counts."""
    try:
        pairs = parse_qsl(url.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return None
    values = [value for key, value in pairs if key == name]
    return values[0] if len(values) == 1 else None


def _when(form: Form, content: dict[str, Any] | None, url: SplitResult | None) -> tuple[object, Time] | None:
    """What stands where the form says when it was made; None where the form does not say it."""
    match form:
        case JsonForm(made=made) if made is not None and content is not None:
            return content.get(made.field), made
        case UrlForm(made=made) if made is not None and url is not None:
            return _parameter(url, made.field), made
        case _:
            return None


def _members(text: str) -> dict[str, Any] | None:
    """The members of a text that is one JSON object, none of them twice."""
    if not text.startswith("{"):
        return None
    try:
        found = decode(text.encode("utf-8"), _MOST_BYTES)
    except RuleSetError:
        return None
    return found if isinstance(found, dict) else None


def _address(text: str) -> SplitResult | None:
    """The parts of a text that is a URL of plain visible ASCII; what others drop or bend silently is refused first."""
    if not (text.isascii() and text.isprintable()) or " " in text or "\\" in text:
        return None
    try:
        return urlsplit(text)
    except ValueError:
        return None
