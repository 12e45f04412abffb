"""Targets: seals (VDS-NC) as strangers write them and as their signers do, and the file of authorities."""

from __future__ import annotations

import json
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from seals import COUNTRY, NOW, SIGNER_EXTENSIONS, Authority, as_text, authorities_file, data, lab_report, vaccination

from fuzz.documents import JSON_TOKENS, read_json
from fuzz.engine import Target
from fuzz.mutate import mutate_json
from gate.credentials import vds_nc
from gate.credentials.identify import parse_code
from gate.credentials.trusted import Trusted
from gate.trust.authorities import SealAuthorities
from gate.trust.seal_signer import DOCUMENT_TYPES

KEYS: Final = tuple(ec.derive_private_key(0x6A7E_F1C7_1006 + number, ec.SECP256R1()) for number in range(2))
AUTHORITY: Final = Authority(KEYS[0])
"""Nobody but these targets believes it. Its certificate is made anew each time; what it signed before still fits."""
SIGNER: Final = AUTHORITY.signer(KEYS[1])
REVOKED: Final = AUTHORITY.signer(KEYS[1], serial=5)
CONTENTS: Final = {"vaccination": data(), "test": data(lab_report()), "more": data(vaccination(x=[0.5, {"ö": None}]))}
FILE: Final = authorities_file(AUTHORITY.entry(AUTHORITY.crl(5)))
TRUSTED: Final = Trusted(authorities=SealAuthorities.load(FILE))
_SIG: Final = SIGNER.seal()["sig"]


def _text(text: bytes) -> None:
    """Whatever becomes a credential says what was signed."""
    certificate = parse_code(text, TRUSTED, NOW).certificate
    assert certificate is not None
    assert certificate.payload in CONTENTS.values(), "a seal that nobody signed"


def _signed(text: bytes) -> None:
    """Data that a believed signer did sign, whatever it is."""
    content = read_json(text)
    try:
        code = as_text({"data": content, "sig": {**_SIG, "sigvl": SIGNER.sign(content)}})
    except (ValueError, RecursionError):  # there is nothing to sign
        return
    vds_nc.verify(vds_nc.decode(code), TRUSTED, NOW)


def _certificate(der: bytes) -> str:
    signer = TRUSTED.authorities.signer(COUNTRY, der)
    assert not signer.document_types or signer.public_key == SIGNER.private_key.public_key()
    return " ".join(sorted(signer.document_types))


def _document_types(value: bytes) -> str:
    """A list of document types in a certificate that its authority did sign."""
    listed = x509.UnrecognizedExtension(DOCUMENT_TYPES, value)
    signer = AUTHORITY.signer(KEYS[1], [SIGNER_EXTENSIONS[0], (listed, False)])
    return str(len(TRUSTED.authorities.signer(COUNTRY, signer.der).document_types))


def _authorities(text: bytes) -> str:
    return " ".join(SealAuthorities.load(text).notes)[-60:]


def seeds() -> dict[str, dict[str, bytes]]:
    """Saved inputs by target and name."""
    codes = {name: SIGNER.code(content) for name, content in CONTENTS.items()}
    return {
        "seal text": {
            **{f"{name}.json": code for name, code in codes.items()},
            "blanks.json": json.dumps(SIGNER.seal(), indent=1, sort_keys=True).encode(),
            "revoked.json": REVOKED.code(),
            "other-country.json": SIGNER.code(data(None, **{"is": "XXX"})),
        },
        "seal data": {f"{name}.json": as_text(content) for name, content in CONTENTS.items()},
        "seal certificate": {
            "good.der": SIGNER.der,
            "revoked.der": REVOKED.der,
            "authority.der": AUTHORITY.certificate,
        },
        "seal document types": {
            "both": SIGNER_EXTENSIONS[1][0].public_bytes(),
            "none": b"\x30\x05\x02\x01\x00\x31\x00",
        },
        "authorities": {"one.json": FILE, "country.json": authorities_file(AUTHORITY.entry(country="XOM"))},
    }


_DER: Final = (b"\x30\x80", b"\x30\x82", b"\x31", b"\x13\x02NV", b"\x02\x01\x00", b"\x06\x03\x55\x1d\x25", b"\x04\xff")

TARGETS: Final = (
    Target("seal text", _text, structure=mutate_json, tokens=JSON_TOKENS, cost=4),
    Target("seal data", _signed, structure=mutate_json, tokens=JSON_TOKENS, cost=10),
    Target("seal certificate", _certificate, tokens=_DER, cost=4),
    Target("seal document types", _document_types, tokens=_DER, cost=12),
    Target("authorities", _authorities, structure=mutate_json, tokens=JSON_TOKENS, cost=8),
)
