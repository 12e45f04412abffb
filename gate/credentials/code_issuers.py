"""Health codes that say nothing by themselves, as data: how each issuer's look, and what its answers mean.

One TOML file for each issuer, see ``config/health-codes``. The files come with what is signed; still nothing in them
can run: texts are described by alphabets and lengths, times by a closed list of forms, answers by tables. A colour or a
state that is in no table is not known, and what is not known is not green.
"""

from __future__ import annotations

import string
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct, ValidationError, convert

from gate.credentials.code_answers import Answers, Name, Time
from gate.errors import TrustError
from gate.model import Assurance

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILE_BYTES: Final = 8 * 1024
"""Reading TOML takes 4 µs a byte; the files that come with the gate have 2,000."""
LEAST_WITHOUT_PREFIX: Final = 20
"""Characters of a text that is known by nothing but its alphabet: numbers of documents and of goods are shorter."""
_MOST_CHARACTERS: Final = 4296
"""Of the largest QR code (ISO/IEC 18004)."""


class Alphabet(StrEnum):
    """Which characters a text is made of."""

    DIGITS = "digits"
    HEX = "hex"
    """In either case; the token has small letters, since it is one number however it is written."""
    ALPHANUMERIC = "alphanumeric"
    BASE64 = "base64"
    """Either alphabet of RFC 4648, with padding."""
    URL = "url"
    """Whatever may stand in a URL (RFC 3986)."""


_CHARACTERS: Final = {
    Alphabet.DIGITS: frozenset(string.digits),
    Alphabet.HEX: frozenset(string.hexdigits),
    Alphabet.ALPHANUMERIC: frozenset(string.ascii_letters + string.digits),
    Alphabet.BASE64: frozenset(string.ascii_letters + string.digits + "+/-_="),
    Alphabet.URL: frozenset(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%"),
}


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """What a piece of text looks like."""

    alphabet: Alphabet
    length: int | tuple[int, int]
    """So many characters, or from so many to so many."""

    @property
    def lengths(self) -> range:
        least, most = (self.length, self.length) if isinstance(self.length, int) else self.length
        return range(least, most + 1)

    def read(self, text: str) -> str | None:
        """The text as it counts; None where it has not this shape."""
        if len(text) not in self.lengths or not _CHARACTERS[self.alphabet].issuperset(text):
            return None
        return text.lower() if self.alphabet is Alphabet.HEX else text


class JsonForm(Struct, frozen=True, forbid_unknown_fields=True, tag="json", tag_field="kind"):
    """A JSON object with these members; others don't count."""

    fields: Annotated[dict[Name, Shape], Meta(min_length=1, max_length=16)]
    token: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=16)]
    """Members by which the issuer knows the code; the token has a dot between several."""
    made: Time | None = None


class UrlForm(Struct, frozen=True, forbid_unknown_fields=True, tag="url", tag_field="kind"):
    """An address of one of these hosts. Nobody goes there: the host says whose code it is."""

    hosts: Annotated[tuple[Annotated[str, Meta(pattern=r"\A[a-z0-9.-]{1,253}\Z")], ...], Meta(min_length=1)]
    path: Annotated[str, Meta(pattern=r"\A/[A-Za-z0-9._/-]{0,200}\Z")]
    """The whole path, or all of it up to the token."""
    place: Literal["query", "path", "fragment", "all"]
    """Where the token is; ``all``: the issuer is asked with the address as it stands."""
    token: Shape
    """With ``all`` the shape of what follows ``path``."""
    parameter: Name | None = None
    """Name of the token in the query."""
    made: Time | None = None
    """``field`` is another parameter of the query."""


class TextForm(Struct, frozen=True, forbid_unknown_fields=True, tag="text", tag_field="kind"):
    """A text that is all token, less the characters by which it is known."""

    token: Shape
    prefix: Annotated[str, Meta(pattern=r"\A[!-~]{0,64}\Z")] = ""


Form = JsonForm | UrlForm | TextForm


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]
    assurance: Literal["dynamic", "static"]
    forms: Annotated[tuple[Form, ...], Meta(min_length=1, max_length=16)]
    life_s: Annotated[int, Meta(ge=1, le=7 * 24 * 3600)] | None = None
    time_zone: str | None = None
    answers: Answers | None = None


@dataclass(frozen=True, slots=True)
class CodeIssuer:
    """One issuer of health codes."""

    id: str
    """e.g. ``"gd-yuekang"``."""
    forms: tuple[Form, ...]
    """How its codes look, in the order in which they are tried."""
    life: timedelta | None = None
    """How long a code is good for; None for one that does not change, and that anybody can copy."""
    zone: ZoneInfo | None = None
    """Of its times; None: only times that say their own are believed."""
    answers: Answers | None = None
    """None where nobody knows what its answers look like: then it has none."""

    @property
    def assurance(self) -> Assurance:
        return Assurance.STATIC_CODE if self.life is None else Assurance.DYNAMIC_CODE


def load(data: bytes) -> CodeIssuer:
    """Read an issuer's file.

    Raises:
        TrustError: it is no such file; the message names the key.
    """
    if len(data) > MAX_FILE_BYTES:
        raise TrustError(f"an issuer of health codes in more than {MAX_FILE_BYTES >> 10} KiB: this is no such file")
    try:
        content: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
        file = convert(content, _File)
        zone = None if file.time_zone is None else ZoneInfo(file.time_zone)
    except UnicodeDecodeError:
        raise TrustError("an issuer of health codes: is not UTF-8 text; save it as UTF-8") from None
    except ValidationError as error:
        raise TrustError(f"an issuer of health codes: {error}") from None
    except (ZoneInfoNotFoundError, OSError):
        raise TrustError('an issuer of health codes: time_zone is unknown; write e.g. "Asia/Shanghai"') from None
    except (ValueError, RecursionError) as error:  # not TOML; ZoneInfo says so too of names that are none
        raise TrustError(f"an issuer of health codes: is not TOML, or its time_zone is no name: {error}") from None
    _check(file)
    life = None if file.life_s is None else timedelta(seconds=file.life_s)
    return CodeIssuer(file.id, file.forms, life, zone, file.answers)


def _check(file: _File) -> None:
    """What no single key says."""
    where = f"issuer {file.id}"
    if (file.assurance == "dynamic") != (file.life_s is not None):
        raise TrustError(f"{where}: life_s says how many seconds a dynamic code is good for; a static one has none")
    for number, form in enumerate(file.forms):
        for fault in _faults(form, dynamic=file.assurance == "dynamic"):
            raise TrustError(f"{where}: forms[{number}].{fault}")
    answers = file.answers
    if answers is not None and (answers.document_type is None) != (not answers.document_types):
        raise TrustError(f"{where}: answers: document_type and document_types belong together")


def _faults(form: Form, *, dynamic: bool) -> Iterator[str]:
    shapes = form.fields.values() if isinstance(form, JsonForm) else (form.token,)
    for shape in shapes:
        if not shape.lengths or not 1 <= shape.lengths[0] <= shape.lengths[-1] <= _MOST_CHARACTERS:
            yield f"length must be 1 to {_MOST_CHARACTERS}, the smaller one first"
    match form:
        case JsonForm(fields=fields, token=token) if unknown := [name for name in token if name not in fields]:
            yield f'token: "{unknown[0]}" is none of the fields'
        case UrlForm(place=place, parameter=parameter) if (place == "query") != (parameter is not None):
            yield 'parameter is the token\'s name where place is "query", and only there'
        case UrlForm(place="path" | "all", path=path) if not path.endswith("/"):
            yield 'path must end in "/": the token follows'
        case TextForm(prefix="", token=token_shape) if token_shape.lengths[0] < LEAST_WITHOUT_PREFIX:
            yield f"length must be {LEAST_WITHOUT_PREFIX} or more without a prefix: numbers of documents are shorter"
        case JsonForm(made=Time()) | UrlForm(made=Time()) if not dynamic:
            yield "made: a static code has no life that it could begin"
