"""What ``gate check`` is given: whom to believe, what was revoked, rules that must hold, pictures, a moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gate.credentials import code_issuers
from gate.credentials.hcert import MAX_TEXT_BYTES
from gate.credentials.trusted import Trusted
from gate.errors import ConfigError, TrustError
from gate.files import TooLargeError, read_bounded
from gate.model import Moment
from gate.rules.eu_rules import EuRules
from gate.trust.anchors import MAX_LIST_BYTES, Anchors
from gate.trust.authorities import SealAuthorities
from gate.trust.card_issuers import HealthCardIssuers
from gate.trust.revocation import RevocationIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gate.credentials.code_issuers import CodeIssuer
    from gate.rules.fields import Version
    from gate.rules.rule import EuRule

HEALTH_CODES = Path(__file__).resolve().parents[2] / "config" / "health-codes"
"""The issuers of health codes that come with the program."""
_MOST_ISSUERS = 100
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff")
_MOST_FILES = 4096
"""Lists and their changes in one folder."""
_PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----"
_CARD_ISSUERS = b'"card_issuers"'
_AUTHORITIES = b'"authorities"'
"""Neither is in a list of signers: those have nothing but certificates and countries."""


@dataclass(frozen=True, slots=True)
class CertificateRules:
    """Rules over a certificate's content, and what they ask for."""

    rules: EuRules
    countries: tuple[str, ...]
    """Whose rules they are: those of each must hold."""
    value_sets: Mapping[str, Sequence[str]] = field(repr=False)
    about: Mapping[tuple[str, Version], dict[str, Any]] = field(repr=False)
    """What an answer says about each rule, by identifier and version."""


@dataclass(frozen=True, slots=True)
class Believed:
    """Whom to believe, and what was out of order in the files that said so, one sentence each."""

    trusted: Trusted
    notes: tuple[str, ...] = ()


def load_trusted(paths: Iterable[Path]) -> Believed:
    """Everybody in all files together.

    A file is a signer list of our own, issuers of SMART Health Cards, authorities behind seals (VDS-NC), or a signed
    CovPass list, beside which there must be the PEM file of its key.

    What signers of HC1 codes have revoked comes apart; lists of cards and of signers of seals are part of the entry of
    their issuer or authority.

    Raises:
        ConfigError: a file can't be read.
        TrustError: a file is no such list, or the signature of one does not fit.
    """
    files = {path: _read(path, MAX_LIST_BYTES) for path in paths}
    keys = [data for data in files.values() if data.startswith(_PUBLIC_KEY)]
    anchors, issuers, authorities = Anchors(), HealthCardIssuers(), SealAuthorities()
    for path, data in files.items():
        if data.startswith(_PUBLIC_KEY):
            continue
        try:
            if _CARD_ISSUERS in data:
                issuers = issuers.merged(HealthCardIssuers.load(data))
            elif _AUTHORITIES in data:
                authorities = authorities.merged(SealAuthorities.load(data))
            else:
                anchors = anchors.merged(_anchors_in(data, keys))
        except TrustError as error:
            raise TrustError(f"{path}: {error}") from error
    trusted = Trusted(signers=anchors, card_issuers=issuers, authorities=authorities)
    return Believed(trusted, (*anchors.notes, *issuers.notes, *authorities.notes))


def load_issuers(folder: Path) -> tuple[CodeIssuer, ...]:
    """The issuers of health codes in a folder's TOML files, in the order of their names.

    Raises:
        ConfigError: a file can't be read, or there is none.
        TrustError: a file is none of an issuer.
    """
    paths = sorted(folder.glob("*.toml"))[:_MOST_ISSUERS]
    if not paths:
        raise ConfigError(f"{folder}: no issuers of health codes there: give a folder with one TOML file for each")
    issuers = []
    for path in paths:
        try:
            issuers.append(code_issuers.load(_read(path, MAX_LIST_BYTES)))
        except TrustError as error:
            raise TrustError(f"{path}: {error}") from error
    return tuple(issuers)


def load_rules(paths: Iterable[Path]) -> CertificateRules:
    """Rules of all files together: each file a list of EU rules, one rule, or value sets as name -> list of codes.

    Raises:
        ConfigError: a file can't be read or is none of the three.
        RuleSetError: a rule is wrong.
    """
    rules: list[Any] = []
    value_sets: dict[str, list[str]] = {}
    for path in paths:
        try:
            found = msgspec.json.decode(_read(path, MAX_LIST_BYTES))
            if isinstance(found, list):
                rules.extend(found)
            elif isinstance(found, dict) and "Identifier" in found:
                rules.append(found)
            else:
                value_sets |= msgspec.convert(found, dict[str, list[str]])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ConfigError(f"{path}: neither EU rules nor value sets in JSON: {error}") from error
    countries = dict.fromkeys(str(rule.get("Country")).upper() for rule in rules if isinstance(rule, dict))
    read = EuRules.from_json(rules)
    return CertificateRules(read, tuple(countries), value_sets, {(r.identifier, r.version): _about(r) for r in read})


def _about(rule: EuRule) -> dict[str, Any]:
    return {
        "rule": rule.identifier,
        "version": ".".join(map(str, rule.version)),
        "description": rule.description.get("en", next(iter(rule.description.values()), "")),
    }


def load_revocations(folder: Path) -> RevocationIndex:
    """The index and the lists of a folder.

    Raises:
        ConfigError: it can't be read, or has far more files than lists.
        TrustError: it holds no index, or a file is not of its form.
    """
    try:
        paths = [path for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}") from error
    if len(paths) > _MOST_FILES:
        raise ConfigError(f"{folder}: {len(paths)} files: give the folder that holds revocation lists and nothing else")
    try:
        return RevocationIndex.load({path.name: _read(path, MAX_LIST_BYTES) for path in paths})
    except TrustError as error:
        raise TrustError(f"{folder}: {error}") from error


def read_code(argument: str) -> bytes:
    """The bytes of the one code in ``argument``: a picture's file name, a text file's, or the text itself.

    Raises:
        ConfigError: the file can't be read, or its picture does not hold exactly one code.
    """
    path = Path(argument)
    if not is_file(path):
        if path.suffix.lower() in {".png", ".jpg", ".jpeg"}:
            raise ConfigError(f"{path}: no such picture")
        return argument.encode("utf-8", "surrogateescape")
    data = _read(path, MAX_LIST_BYTES)
    if not data.startswith(_PICTURES):
        return data[: MAX_TEXT_BYTES + 1]
    from drivers.camera_worker import UnreadableError, decode  # noqa: PLC0415 - only where there is a picture

    try:
        codes = decode(data)
    except UnreadableError as error:
        raise ConfigError(f"{path}: {error}") from error
    if len(codes) != 1:
        raise ConfigError(f"{path}: {len(codes)} codes in the picture: cut out the one to check")
    return codes[0]


def read_picture(path: Path) -> bytes:
    """The content of a picture's file.

    Raises:
        ConfigError: there is no such file, or it is no PNG or JPEG, or larger than any that is decoded.
    """
    if not is_file(path):
        raise ConfigError("no such picture: give a file's name, or the base64 of a PNG or JPEG")
    data = _read(path, MAX_LIST_BYTES)
    if not data.startswith(_PICTURES):
        raise ConfigError(f"{path}: neither PNG nor JPEG")
    return data


def now() -> Moment:
    """The present, by this machine's clock, which is believed at a desk."""
    return Moment(datetime.now(UTC), trusted=True)


def read_moment(text: str, where: str) -> Moment:
    """The moment that somebody wants a code to be judged at.

    Raises:
        ConfigError: it is no time, or has no zone.
    """
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            at.astimezone(UTC)  # the first and the last hours of the calendar have no time in UTC
            return Moment(at, trusted=True)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{where} is no time: write it like 2021-06-01T12:00:00+08:00") from error
    raise ConfigError(f"{where} has no time zone: add it, like 2021-06-01T12:00:00+08:00 or ...T04:00:00Z")


def _anchors_in(data: bytes, keys: Sequence[bytes]) -> Anchors:
    if data.lstrip().startswith(b"{"):
        return Anchors.load(data)
    if len(keys) != 1:
        raise TrustError("a signed list: give the PEM file of its publisher's public key as well, and only that one")
    return Anchors.load_covpass(data, keys[0])


def is_file(path: Path) -> bool:
    """Whether it names a file with content of its own: no device, no pipe."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a certificate's text is longer than any name
        return False


def _read(path: Path, limit: int) -> bytes:
    try:
        return read_bounded(path, limit)
    except TooLargeError:
        raise ConfigError(f"{path}: larger than {limit >> 20} MB") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
