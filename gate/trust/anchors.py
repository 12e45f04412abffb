"""Trust anchors: whose signatures on certificates are believed, and how lists of them are read.

Two lists are understood: our own, ``{"anchors": [{"certificate": "<base64 DER>", "country": "DE"}, ...]}``, and the
signer list of the German CovPass service (a first line with the base64 of a raw ECDSA signature over all bytes after
it, then ``{"certificates": [{"country", "kid", "rawData", ...}, ...]}``).

In our own list ``country`` may be left out. A signer of our own city has ``"signs": ["health_code", "permit"]``, or one
of them: it may sign these and nothing else, whatever its certificate says. A signer without ``signs`` may sign what
its certificate allows of the EU's certificates, and never what is our city's.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gate.errors import TrustError
from gate.trust import signer_certificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.credentials.signer import SignerKey
    from gate.trust.signer_certificate import SignerCertificate

_Form = TypeVar("_Form")

MAX_LIST_BYTES = 64 * 1024 * 1024


class Anchors:
    """Trusted signers by key id. Unchangeable once made."""

    def __init__(self, signers: Iterable[SignerCertificate] = (), notes: Iterable[str] = ()) -> None:
        self._entries = tuple(signers)
        self.notes = tuple(notes)
        """What was out of order while reading, one sentence each: signers left out or only usable in part."""
        self._by_key_id: dict[bytes, list[SignerKey]] = {}
        for entry in self._entries:
            self._by_key_id.setdefault(entry.key_id, []).append(entry.signer)

    def candidates(self, key_id: bytes) -> Sequence[SignerKey]:
        """Every trusted signer with this key id; none if it is unknown."""
        return self._by_key_id.get(key_id, ())

    def merged(self, other: Anchors) -> Anchors:
        """Both lists together."""
        return Anchors((*self._entries, *other._entries), (*self.notes, *other.notes))

    def __len__(self) -> int:
        return len(self._entries)

    @classmethod
    def from_certificates(cls, ders: Iterable[tuple[bytes, str | None]]) -> Anchors:
        """Collect signers from X.509 certificates in DER, each with its country where the list names one.

        A certificate that can't be used is left out and noted: one bad entry must not close the gate to all others.
        """
        return cls._collected((der, country, None) for der, country in ders)

    @classmethod
    def _collected(cls, listed: Iterable[tuple[bytes, str | None, frozenset[str] | None]]) -> Anchors:
        signers, notes = [], []
        for der, country, signs in listed:
            try:
                entry = signer_certificate.read(der, country, signs)
            except TrustError as error:
                notes.append(str(error))
                continue
            signers.append(entry)
            if entry.note:
                notes.append(entry.note)
        return cls(signers, notes)

    @classmethod
    def load(cls, data: bytes) -> Anchors:
        """Read a list of our own form.

        Raises:
            TrustError: it is not of that form; the message says where.
        """
        entries = _parse(data, _AnchorList).anchors
        if not entries:
            raise TrustError('the list of trust anchors is empty: put certificates in {"anchors": [...]}')
        return cls._collected(
            (
                _base64(entry.certificate, "certificate"),
                entry.country,
                None if entry.signs is None else frozenset[str](entry.signs),
            )
            for entry in entries
        )

    @classmethod
    def load_covpass(cls, data: bytes, list_signer_pem: bytes) -> Anchors:
        """Read a CovPass signer list after verifying its signature.

        Args:
            data: The whole file: a line with the signature, then the JSON that it covers.
            list_signer_pem: Public key (P-256, PEM) of whoever publishes the list.

        Raises:
            TrustError: the signature does not fit, or the list is not of the form above.
        """
        signature_line, separator, content = data.partition(b"\n")
        if not separator:
            raise TrustError("a signer list starts with a line that holds its signature: this one has a single line")
        _verify_list(content, _base64(signature_line.decode("ascii", "replace"), "the first line"), list_signer_pem)
        entries = _parse(content, _CovpassList).certificates
        return cls.from_certificates((_base64(entry.raw_data, "rawData"), entry.country) for entry in entries)


class _Anchor(msgspec.Struct, forbid_unknown_fields=True):
    certificate: str
    country: str | None = None
    signs: Annotated[list[Literal["health_code", "permit"]], msgspec.Meta(min_length=1)] | None = None
    """Of ``gate.credentials.signer.OUR_USAGES``."""


class _AnchorList(msgspec.Struct, forbid_unknown_fields=True):
    anchors: list[_Anchor]


class _CovpassSigner(msgspec.Struct):
    country: str
    kid: str
    raw_data: str = msgspec.field(name="rawData")


class _CovpassList(msgspec.Struct):
    certificates: list[_CovpassSigner]


def _verify_list(content: bytes, signature: bytes, list_signer_pem: bytes) -> None:
    try:
        key = load_pem_public_key(list_signer_pem)
    except ValueError as error:
        raise TrustError("the key of the list's publisher is no public key in PEM") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TrustError("the key of the list's publisher is no elliptic-curve key")
    half = len(signature) // 2
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    try:
        key.verify(encode_dss_signature(r, s), content, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise TrustError("the signature of the signer list does not fit: fetch the list and its key again") from error


def _parse(data: bytes, form: type[_Form]) -> _Form:
    if len(data) > MAX_LIST_BYTES:
        raise TrustError(f"the list of trust anchors has more than {MAX_LIST_BYTES} bytes")
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TrustError(f"the list of trust anchors is not of its form: {error}") from error


def _base64(text: str, where: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TrustError(f"{where}: no base64") from error
