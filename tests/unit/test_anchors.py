from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from signed_certificates import ISSUED, NOW, believing, ec_signer, rsa_signer

from gate.credentials import hcert_issue
from gate.credentials.identify import parse_code
from gate.errors import TrustError
from gate.trust import signer_certificate
from gate.trust.anchors import Anchors

PUBLISHER = ec.generate_private_key(ec.SECP256R1())
PUBLISHER_PEM = PUBLISHER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def our_list(*certificates: bytes, **more: object) -> bytes:
    return json.dumps(
        {"anchors": [{"certificate": base64.b64encode(der).decode(), **more} for der in certificates]}
    ).encode()


def covpass_list(*certificates: bytes) -> bytes:
    entries = [
        {"certificateType": "DSC", "country": "XX", "kid": "", "rawData": base64.b64encode(der).decode()}
        for der in certificates
    ]
    content = json.dumps({"certificates": entries}).encode()
    r, s = decode_dss_signature(PUBLISHER.sign(content, ec.ECDSA(SHA256())))
    return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")) + b"\n" + content


def test_our_list_makes_its_signers_believed() -> None:
    anchors = Anchors.load(our_list(ec_signer().certificate, rsa_signer().certificate))
    assert len(anchors) == 2
    assert anchors.notes == ()
    for signer in (ec_signer(), rsa_signer()):
        assert parse_code(signer.code(), believing(anchors), NOW).certificate is not None


def test_the_list_may_name_the_country() -> None:
    anchors = Anchors.load(our_list(ec_signer().certificate, country="DE"))
    assert [signer.country for signer in anchors.candidates(ec_signer().key_id)] == ["DE"]
    assert [signer.country for signer in ec_signer().anchors.candidates(ec_signer().key_id)] == ["XX"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"anchors": []}',
        b'{"anchors": [{}]}',
        b'{"anchors": [{"certificate": "not base64!"}]}',
        b'{"anchors": [{"certificate": 1}]}',
        our_list(ec_signer().certificate, counrty="DE"),
        b'{"anchors": [], "more": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_list_of_another_form_is_refused_whole(data: bytes) -> None:
    with pytest.raises(TrustError):
        Anchors.load(data)


def test_one_certificate_that_cannot_be_read_does_not_lose_the_others() -> None:
    p521 = hcert_issue.throwaway_signer("XX", ISSUED, key=ec.generate_private_key(ec.SECP521R1()))[1]
    anchors = Anchors.load(our_list(b"no certificate", ec_signer().certificate, b"", p521))
    assert len(anchors) == 2
    assert len(anchors.notes) == 2
    assert parse_code(ec_signer().code(), believing(anchors), NOW).certificate is not None


def test_lists_are_put_together() -> None:
    anchors = Anchors().merged(ec_signer().anchors).merged(rsa_signer().anchors)
    assert len(anchors) == 2
    assert len(anchors.candidates(rsa_signer().key_id)) == 1
    assert anchors.candidates(b"12345678") == ()


def test_a_signed_list_is_believed() -> None:
    anchors = Anchors.load_covpass(covpass_list(ec_signer().certificate), PUBLISHER_PEM)
    assert parse_code(ec_signer().code(), believing(anchors), NOW).certificate is not None


def test_a_signed_list_with_one_changed_byte_is_refused() -> None:
    whole = covpass_list(ec_signer().certificate)
    other_signature = bytes([whole[0] ^ 1]) + whole[1:]
    for changed in (whole.replace(b'"XX"', b'"XY"'), whole[:-1], whole + b"\n", other_signature, whole[1:], b"\n"):
        with pytest.raises(TrustError):
            Anchors.load_covpass(changed, PUBLISHER_PEM)


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN PUBLIC KEY-----", ec_signer().certificate])
def test_a_list_without_the_key_of_its_publisher_is_refused(pem: bytes) -> None:
    with pytest.raises(TrustError):
        Anchors.load_covpass(covpass_list(ec_signer().certificate), pem)


def test_a_signer_whose_extensions_cannot_be_read_may_sign_what_its_certificate_says() -> None:
    # BasicConstraints with an explicit default, as a whole country has issued them: 30 03 01 01 00 for 30 00.
    der = signer_certificate_with_broken_extension(frozenset("t"))
    entry = signer_certificate.read(der)
    assert entry.signer.usage == frozenset("t")
    assert entry.note is not None


def signer_certificate_with_broken_extension(usage: frozenset[str]) -> bytes:
    """A certificate whose signature no longer fits, which nobody checks: the list that holds it is what is signed."""
    der = ec_signer(tuple(sorted(usage))).certificate
    # 2.5.29.37 extendedKeyUsage comes alone; a second extension 2.5.29.19 with the explicit default is put before it.
    broken = bytes.fromhex("300c0603551d130405 3003010100".replace(" ", ""))
    at = der.index(bytes.fromhex("0603551d25")) - 2
    return _grow(der, at, broken)


def _grow(der: bytes, at: int, more: bytes) -> bytes:
    """Insert bytes at an offset and correct the lengths of every item around it."""
    start = 0
    heads = []
    while start < at:
        header = 2 + (der[start + 1] & 0x7F if der[start + 1] >= 0x80 else 0)
        long_form = header > 2
        length = int.from_bytes(der[start + 2 : start + header], "big") if long_form else der[start + 1]
        if start + header + length > at or start + header == at:
            heads.append((start, header, length))
            start += header
        else:
            start += header + length
    grown = der[:at] + more + der[at:]
    for start, header, length in reversed(heads):
        new = length + len(more)
        assert (new < 0x80) == (header == 2), "the form of the length would change"
        encoded = bytes((new,)) if header == 2 else new.to_bytes(header - 2, "big")
        offset = start + 1 if header == 2 else start + 2
        grown = grown[:offset] + encoded + grown[offset + len(encoded) :]
    return grown
