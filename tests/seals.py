"""Seals (VDS-NC) of fictional people, for tests: messages, an authority of a made-up country, its signers and lists."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding

from gate.credentials.trusted import Trusted
from gate.model import Moment
from gate.trust.authorities import SealAuthorities
from gate.trust.authority import HEALTH_AUTHORITY
from gate.trust.seal_signer import DOCUMENT_TYPES, SEAL_SIGNER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

FOUNDED = datetime(2021, 1, 1, tzinfo=UTC)
ISSUED = datetime(2022, 3, 1, 8, tzinfo=UTC)
NOW = Moment(ISSUED + timedelta(days=30), trusted=True)
COUNTRY = "UTO"
"""Utopia, which Doc 9303 reserves for examples."""

DOSES = (
    {"dvc": "2021-03-01", "seq": 1, "ctr": COUNTRY, "adm": "Example clinic", "lot": "A1"},
    {"dvc": "2022-02-18", "seq": 2, "ctr": COUNTRY, "adm": "Example clinic", "lot": "B2"},
)


def vaccine(*doses: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One vaccine with its doses."""
    return {"des": "XM68M6", "nam": "Example vaccine", "dis": "RA01.0", "vd": list(doses or DOSES), **changes}


def vaccination(*vaccines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Message of a proof of vaccination; ``changes`` replace or add members."""
    person = {"n": "MUSTERFRAU  GRETE OEL", "dob": "1990-01-01", "sex": "F", "i": "P1234567"}
    return {"uvci": "U00000000001", "pid": person, "ve": list(vaccines or (vaccine(),)), **changes}


def lab_report(**changes: Any) -> dict[str, Any]:
    """Message of a proof of testing; ``changes`` replace or add members."""
    return {
        "utci": "U00000000002",
        "pid": {"n": "MUSTERFRAU  GRETE OEL", "dob": "1990-01-01", "dt": "P", "dn": "P1234567"},
        "sp": {
            "spn": "Example laboratory",
            "ctr": COUNTRY,
            "cd": {"p": "+0000000", "e": "a@example.org", "a": "Here 1"},
        },
        "dat": {"sc": "2022-03-30T08:00:00Z", "ri": "2022-03-30T20:00:00+08:00"},
        "tr": {"tc": "molecular(PCR)", "r": "negative", "m": "nasopharyngeal"},
        **changes,
    }


def data(message: dict[str, Any] | None = None, **header: Any) -> dict[str, Any]:
    """What is signed; ``header`` replaces or adds members of ``hdr``."""
    message = vaccination() if message is None else message
    kind = "icao.test" if "utci" in message else "icao.vacc"
    return {"hdr": {"t": kind, "v": 1, "is": COUNTRY} | header, "msg": message}


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()


@dataclass(frozen=True)
class Signer:
    """Signs seals."""

    private_key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def seal(self, of: dict[str, Any] | None = None, algorithm: str = "ES256") -> dict[str, Any]:
        """A seal; ``of`` is signed as given, right or wrong, where RFC 8785 has a form for it."""
        of = data() if of is None else of
        return {"data": of, "sig": {"alg": algorithm, "cer": base64url(self.der), "sigvl": self.sign(of, algorithm)}}

    def sign(self, of: Any, algorithm: str = "ES256") -> str:
        chosen = {"ES256": SHA256(), "ES384": SHA384(), "ES512": SHA512()}[algorithm]
        r, s = decode_dss_signature(self.private_key.sign(rfc8785.dumps(of), ec.ECDSA(chosen)))
        half = (self.private_key.key_size + 7) // 8
        return base64url(r.to_bytes(half, "big") + s.to_bytes(half, "big"))

    def code(self, of: dict[str, Any] | None = None, algorithm: str = "ES256") -> bytes:
        return as_text(self.seal(of, algorithm))


def as_text(seal: Any) -> bytes:
    """The text of a seal's code."""
    return json.dumps(seal, ensure_ascii=False, separators=(",", ":")).encode()


def name(country: str = "UT", common_name: str = "Example authority, not for real use") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
        ]
    )


def document_types(*types: str) -> x509.UnrecognizedExtension:
    """DocumentTypeList (Doc 9303-12, 7.1.1.6)."""
    names = b"".join(b"\x13" + bytes((len(one),)) + one.encode() for one in types)
    body = b"\x02\x01\x00\x31" + bytes((len(names),)) + names
    return x509.UnrecognizedExtension(DOCUMENT_TYPES, b"\x30" + bytes((len(body),)) + body)


SIGNER_EXTENSIONS: tuple[tuple[x509.ExtensionType, bool], ...] = (
    (x509.ExtendedKeyUsage([SEAL_SIGNER]), True),
    (document_types("NV", "NT"), False),
)
AUTHORITY_EXTENSIONS: tuple[tuple[x509.ExtensionType, bool], ...] = (
    (x509.BasicConstraints(ca=True, path_length=0), True),
    (x509.ExtendedKeyUsage([HEALTH_AUTHORITY]), False),
    (
        x509.SubjectAlternativeName(
            [x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.LOCALITY_NAME, COUNTRY)]))]
        ),
        False,
    ),
)


def new_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


@dataclass(frozen=True)
class Authority:
    """Issues certificates to signers, and lists of those it has taken back."""

    private_key: CertificateIssuerPrivateKeyTypes = field(default_factory=new_key)
    named: x509.Name = field(default_factory=name)
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = AUTHORITY_EXTENSIONS
    days: int = 5000

    @property
    def certificate(self) -> bytes:
        key = self.private_key.public_key()
        extensions = ((x509.SubjectKeyIdentifier.from_public_key(key), False), *self.extensions)
        return self._issued(key, self.named, 1, FOUNDED, self.days, extensions).public_bytes(Encoding.DER)

    def signer(
        self,
        key: ec.EllipticCurvePrivateKey | None = None,
        extensions: Iterable[tuple[x509.ExtensionType, bool]] = SIGNER_EXTENSIONS,
        *,
        serial: int = 77,
        since: datetime = FOUNDED,
        days: int = 4000,
        country: str = "UT",
    ) -> Signer:
        key = key or new_key()
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.private_key.public_key())
        named = name(country, "Example signer, not for real use")
        return Signer(key, self._issued(key.public_key(), named, serial, since, days, ((issuer, False), *extensions)))

    def revocation_list(
        self, *serials: int, since: datetime = ISSUED, days: int = 90
    ) -> x509.CertificateRevocationListBuilder:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.named).last_update(since)
        builder = builder.next_update(since + timedelta(days=days))
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            builder = builder.add_revoked_certificate(entry)
        return builder

    def signed(self, builder: x509.CertificateRevocationListBuilder) -> bytes:
        return builder.sign(self.private_key, SHA256()).public_bytes(Encoding.DER)

    def crl(self, *serials: int, since: datetime = ISSUED, days: int = 90) -> bytes:
        return self.signed(self.revocation_list(*serials, since=since, days=days))

    def entry(self, *crls: bytes, **more: Any) -> dict[str, Any]:
        """Its entry in ``authorities.json``."""
        return {
            "certificate": b64encode(self.certificate).decode(),
            "crls": [b64encode(crl).decode() for crl in crls],
        } | more

    def _issued(
        self,
        key: Any,
        named: x509.Name,
        serial: int,
        since: datetime,
        days: int,
        extensions: Iterable[tuple[x509.ExtensionType, bool]],
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(named)
            .issuer_name(self.named)
            .public_key(key)
            .serial_number(serial)
            .not_valid_before(since)
            .not_valid_after(since + timedelta(days=days))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.private_key, SHA256())


def authorities_file(*entries: dict[str, Any]) -> bytes:
    """The content of ``authorities.json``."""
    return json.dumps({"authorities": list(entries)}).encode()


def believing(*entries: dict[str, Any]) -> Trusted:
    """A gate that believes these authorities, and no others."""
    found = SealAuthorities.load(authorities_file(*entries))
    assert found.notes == ()
    return Trusted(authorities=found)


UTOPIA = Authority()
SIGNER = UTOPIA.signer()
TRUSTED = believing(UTOPIA.entry(UTOPIA.crl()))
