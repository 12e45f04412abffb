"""Issuers of SMART Health Cards: ``smart-health-cards.json``, whose keys are believed and what they have revoked.

::

    {"card_issuers": [{"iss": "https://…", "name": "…", "keys": [<JWK>, …], "crls": [<card revocation list>, …]}]}

``keys`` and ``crls`` hold what the issuer publishes, unchanged (``iss`` + ``/.well-known/jwks.json`` and
``/.well-known/crl/<kid>.json``). Certificates in a key (``x5c``) are ignored: whoever put the issuer on this list
vouches for it. The format knows no end of a list; how old this file may be is decided by the bundle that it is in.
"""

from __future__ import annotations

import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from gate.credentials.card_issuers import CardKey
from gate.credentials.smart_health_card import Url  # noqa: TC001 - read by msgspec
from gate.errors import TrustError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_ISSUERS: Final = 10_000
MAX_REVOKED: Final = 500_000
"""Names on all lists together: 100 MB of memory."""
_MAX_KEYS: Final = 1_000
"""Of one issuer, and lists as well; a new key a year is asked for."""
_FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_KeyId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
_Coordinate = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
_Counter = Annotated[int, Meta(ge=0)]
_Rid = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,24}(\.[0-9]{1,15})?\Z")]


class _Issuer(Struct, forbid_unknown_fields=True):
    iss: Url
    keys: Annotated[list[Raw], Meta(min_length=1, max_length=_MAX_KEYS)]
    name: str = ""
    crls: Annotated[list[Raw], Meta(max_length=_MAX_KEYS)] = []


class _File(Struct, forbid_unknown_fields=True):
    card_issuers: Annotated[list[_Issuer], Meta(min_length=1, max_length=MAX_ISSUERS)]


class _Jwk(Struct, rename="camel"):
    """RFC 7517 and 7518 section 6.2, as narrow as "Determining keys associated with an issuer" wants it."""

    # Patterns, since what msgspec says about a Literal quotes the value.
    kty: Annotated[str, Meta(pattern=r"^EC\Z")]
    use: Annotated[str, Meta(pattern=r"^sig\Z")]
    alg: Annotated[str, Meta(pattern=r"^ES256\Z")]
    crv: Annotated[str, Meta(pattern=r"^P-256\Z")]
    kid: _KeyId
    x: _Coordinate
    y: _Coordinate
    d: Raw | UnsetType = UNSET
    crl_version: _Counter | UnsetType = UNSET


class _Crl(Struct):
    kid: _KeyId
    method: Annotated[str, Meta(pattern=r"^rid\Z")]
    ctr: _Counter
    rids: list[_Rid]


@dataclass(frozen=True, slots=True)
class _Key:
    public_key: ec.EllipticCurvePublicKey
    crl_version: int | None


@dataclass(frozen=True, slots=True)
class _List:
    counter: int
    revoked: Mapping[str, float] = field(repr=False)


_Name = tuple[str, str]
"""Issuer and key id."""


class HealthCardIssuers:
    """Trusted issuers by URL and key id. Unchangeable once made."""

    def __init__(
        self,
        keys: Iterable[tuple[_Name, _Key]] = (),
        lists: Iterable[tuple[_Name, _List]] = (),
        notes: Iterable[str] = (),
    ) -> None:
        self._entries, self._lists = tuple(keys), tuple(lists)
        self.notes = tuple(notes)
        """What was out of order while reading, one sentence each: keys and lists left out."""
        self._keys = {name: _with_list(key, newest) for name, key, newest in self._newest()}

    def key(self, issuer: str, key_id: str) -> CardKey | None:
        """The key of a trusted issuer; see ``gate.credentials.card_issuers``."""
        return self._keys.get((issuer, key_id))

    def merged(self, other: HealthCardIssuers) -> HealthCardIssuers:
        """Both files together; of two versions of a list the newer counts."""
        keys, lists = (*self._entries, *other._entries), (*self._lists, *other._lists)
        return HealthCardIssuers(keys, lists, (*self.notes, *other.notes))

    def __len__(self) -> int:
        return len(self._keys)

    @classmethod
    def load(cls, data: bytes) -> HealthCardIssuers:
        """Read a file of the form above.

        A key that can't be used is left out and noted, so that nothing it signed is believed; so is a list, and then
        nobody knows what was revoked under its key. One bad entry must not close the gate to all others.

        Raises:
            TrustError: it is not of that form, or too large.
        """
        if len(data) > MAX_FILE_BYTES:
            raise TrustError(f"the file of card issuers has more than {MAX_FILE_BYTES} bytes")
        try:
            issuers = msgspec.json.decode(data, type=_File).card_issuers
        except _FAULTS as error:
            raise TrustError(f"the file of card issuers is not of its form: {error}") from error
        reader = _Reader()
        for issuer in issuers:
            reader.read(issuer)
        return cls(reader.keys, reader.lists, reader.notes)

    def _newest(self) -> Iterator[tuple[_Name, _Key, _List | None]]:
        """Every key with its newest list. A key may stand there several times, once with each of its certificates."""
        keys: dict[_Name, _Key] = {}
        for name, key in self._entries:
            known = keys.get(name)
            if known is None or (known.crl_version or 0) < (key.crl_version or 0):
                keys[name] = key
        lists: dict[_Name, _List] = {}
        for name, one in self._lists:
            if name not in lists or lists[name].counter < one.counter:
                lists[name] = one
        return ((name, key, lists.get(name)) for name, key in keys.items())


class _Reader:
    """Takes issuers apart, one after the other."""

    def __init__(self) -> None:
        self.keys: list[tuple[_Name, _Key]] = []
        self.lists: list[tuple[_Name, _List]] = []
        self.notes: list[str] = []
        self._revoked = 0

    def read(self, issuer: _Issuer) -> None:
        for number, raw in enumerate(issuer.keys, 1):
            try:
                key_id, key = _key(raw)
                self.keys.append(((issuer.iss, key_id), key))
            except TrustError as error:
                self.notes.append(f"{issuer.iss}: key {number} left out: {error}")
        for number, raw in enumerate(issuer.crls, 1):
            try:
                key_id, one = _list(raw)
            except TrustError as error:
                self.notes.append(f"{issuer.iss}: revocation list {number} left out: {error}")
                continue
            self._revoked += len(one.revoked)
            if self._revoked > MAX_REVOKED:
                raise TrustError(f"the lists of card issuers revoke more than {MAX_REVOKED} cards")
            self.lists.append(((issuer.iss, key_id), one))


def _with_list(key: _Key, newest: _List | None) -> CardKey:
    """A list that is older than the key says it must be is no list."""
    in_date = newest if newest is not None and newest.counter >= (key.crl_version or 0) else None
    return CardKey(
        key.public_key,
        revokes=key.crl_version is not None or in_date is not None,
        revoked=None if in_date is None else in_date.revoked,
    )


def _key(raw: Raw) -> tuple[str, _Key]:
    try:
        jwk = msgspec.json.decode(raw, type=_Jwk)
        x, y = (int.from_bytes(urlsafe_b64decode(f"{part}="), "big") for part in (jwk.x, jwk.y))
        public_key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (*_FAULTS, ValueError) as error:
        raise TrustError(f"no public key for ES256: {error}") from error
    if jwk.d is not UNSET:
        raise TrustError("its private part is in the file: whoever has read it can sign; its issuer needs a new key")
    if jwk.kid != _thumbprint(jwk):
        raise TrustError("its kid is not its thumbprint")
    return jwk.kid, _Key(public_key, None if jwk.crl_version is UNSET else jwk.crl_version)


def _thumbprint(jwk: _Jwk) -> str:
    """SHA-256 of the key's required members in lexical order (RFC 7638), in base64url."""
    members = msgspec.json.encode({"crv": jwk.crv, "kty": jwk.kty, "x": jwk.x, "y": jwk.y})
    return urlsafe_b64encode(sha256(members).digest()).rstrip(b"=").decode()


def _list(raw: Raw) -> tuple[str, _List]:
    try:
        found = msgspec.json.decode(raw, type=_Crl)
    except _FAULTS as error:
        raise TrustError(f"not of its form: {error}") from error
    revoked: dict[str, float] = {}
    for entry in found.rids:
        rid, _, before = entry.partition(".")
        # A name that stands there twice is revoked by each of its entries.
        revoked[rid] = max(revoked.get(rid, 0), float(before) if before else math.inf)
    return found.kid, _List(found.ctr, revoked)
