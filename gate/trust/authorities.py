"""Authorities behind seals (VDS-NC): ``authorities.json``, whose signers are believed and whom they have taken back.

::

    {"authorities": [{"certificate": "<base64 DER>", "country": "AUS", "crls": ["<base64 DER>", ...]}]}

``certificate`` is that of a country's signing authority (CSCA), one entry for each of its keys; ``country``, the three
letters that its seals name, may be left out where the certificate says it. ``crls`` are what it publishes, unchanged.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from gate.errors import CredentialFault, TrustError
from gate.model import Reason
from gate.trust import authority, seal_signer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.credentials.authorities import SealSigner, SerialList
    from gate.trust.authority import Authority

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
MAX_AUTHORITIES: Final = 5_000
"""The master lists of all countries together have some 600."""
MAX_REVOKED: Final = 200_000
"""Serial numbers on all lists together."""
_MOST_SIGNERS_KEPT: Final = 256
"""A country has a few signers at a time; only what an authority has signed is kept at all."""
_FAULTS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Entry(Struct, forbid_unknown_fields=True):
    certificate: str
    country: Annotated[str, Meta(pattern=r"^[A-Z]{1,3}\Z")] | None = None
    crls: Annotated[list[str], Meta(max_length=100)] = []


class _File(Struct, forbid_unknown_fields=True):
    authorities: Annotated[list[_Entry], Meta(min_length=1, max_length=MAX_AUTHORITIES)]


class SealAuthorities:
    """Believed authorities by country. Unchangeable once made."""

    def __init__(self, authorities: Iterable[Authority] = (), notes: Iterable[str] = ()) -> None:
        self._entries = tuple(authorities)
        self.notes = tuple(notes)
        """What was out of order while reading, one sentence each: authorities and lists left out."""
        self._by_country: dict[str, list[Authority]] = {}
        lists: dict[tuple[str, bytes], tuple[SerialList, ...]] = {}
        for entry in self._entries:
            named = (entry.country, entry.name)
            lists[named] = (*lists.get(named, ()), *entry.lists)
        for entry in self._entries:
            whole = replace(entry, lists=lists[entry.country, entry.name])
            self._by_country.setdefault(entry.country, []).append(whole)
        # The second person with the same signer waits for no look at its certificate. What is refused is not kept.
        self._signer = lru_cache(maxsize=_MOST_SIGNERS_KEPT)(self._read)

    def signer(self, country: str, certificate: bytes) -> SealSigner:
        """The signer whose certificate this is; see ``gate.credentials.authorities``."""
        return self._signer(country, certificate)

    def merged(self, other: SealAuthorities) -> SealAuthorities:
        """Both files together."""
        return SealAuthorities((*self._entries, *other._entries), (*self.notes, *other.notes))

    def __len__(self) -> int:
        return len(self._entries)

    @classmethod
    def load(cls, data: bytes) -> SealAuthorities:
        """Read a file of the form above.

        An authority that can't be used is left out and noted, so that no signer of its is believed; so is a list, and
        then nobody knows whom it has taken back. One bad entry must not close the gate to all others.

        Raises:
            TrustError: it is not of that form, or too large.
        """
        if len(data) > MAX_FILE_BYTES:
            raise TrustError(f"the file of authorities has more than {MAX_FILE_BYTES} bytes")
        try:
            entries = msgspec.json.decode(data, type=_File).authorities
        except _FAULTS as error:
            raise TrustError(f"the file of authorities is not of its form: {error}") from error
        found: list[Authority] = []
        notes: list[str] = []
        revoked = 0
        for number, entry in enumerate(entries, 1):
            try:
                one = authority.read(_base64(entry.certificate), entry.country)
            except TrustError as error:
                notes.append(f"authority {number} left out: {error}")
                continue
            lists = _lists(entry.crls, one, notes)
            revoked += sum(len(each.serials) for each in lists)
            if revoked > MAX_REVOKED:
                raise TrustError(f"the lists of authorities name more than {MAX_REVOKED} certificates")
            found.append(replace(one, lists=lists))
        return cls(found, notes)

    def _read(self, country: str, certificate: bytes) -> SealSigner:
        if country not in self._by_country:
            raise CredentialFault(Reason.CERTIFICATE_ISSUER_UNKNOWN, "vds-nc: no authority of its country is believed")
        return seal_signer.read(certificate, self._by_country[country])


def _lists(crls: Iterable[str], one: Authority, notes: list[str]) -> tuple[SerialList, ...]:
    found = []
    for number, text in enumerate(crls, 1):
        try:
            found.append(authority.read_list(_base64(text), one))
        except TrustError as error:
            notes.append(f"{one.country}: revocation list {number} left out: {error}")
    return tuple(found)


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TrustError("is no base64") from error
