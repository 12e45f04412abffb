"""The file of authorities behind seals, their lists, and the certificates that travel inside seals."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from seals import (
    AUTHORITY_EXTENSIONS,
    COUNTRY,
    NOW,
    SIGNER,
    SIGNER_EXTENSIONS,
    UTOPIA,
    Authority,
    authorities_file,
    name,
    new_key,
)
from trust_bundles import contents, root

from gate.credentials.authorities import key_id
from gate.credentials.revocation import Standing
from gate.errors import CredentialFault, TrustError
from gate.model import Reason
from gate.trust import authorities, bundle
from gate.trust.authorities import SealAuthorities
from gate.trust.load import load

RSA = rsa.generate_private_key(65537, 2048)
CA, EKU, SAN = AUTHORITY_EXTENSIONS
MAY_SIGN, TYPES = SIGNER_EXTENSIONS


def loaded(*entries: dict[str, Any]) -> SealAuthorities:
    return SealAuthorities.load(authorities_file(*entries))


def standing(found: SealAuthorities, certificate: bytes = SIGNER.der) -> Standing:
    return found.signer(COUNTRY, certificate).standing(NOW)


def refused(found: SealAuthorities, certificate: bytes, country: str = COUNTRY) -> Reason:
    with pytest.raises(CredentialFault) as caught:
        found.signer(country, certificate)
    return caught.value.reason


def test_what_an_authority_publishes_is_read_unchanged() -> None:
    found = loaded(UTOPIA.entry(UTOPIA.crl()))
    assert (len(found), found.notes) == (1, ())
    signer = found.signer(COUNTRY, SIGNER.der)
    assert signer.public_key == SIGNER.private_key.public_key()
    assert signer.serial == 77
    assert signer.document_types == {"NV", "NT"}
    assert signer.key_id == key_id(SIGNER.der)
    assert signer.standing(NOW) is Standing.GOOD


def test_the_second_person_with_the_same_signer_waits_for_no_look_at_its_certificate() -> None:
    found = loaded(UTOPIA.entry())
    assert found.signer(COUNTRY, SIGNER.der) is found.signer(COUNTRY, bytes(bytearray(SIGNER.der)))


def test_what_is_refused_pushes_no_signer_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "_MOST_SIGNERS_KEPT", 1)
    found = loaded(UTOPIA.entry())
    signer = found.signer(COUNTRY, SIGNER.der)
    for certificate in (b"", SIGNER.der[:-1], Authority().signer().der):
        refused(found, certificate)
    assert found.signer(COUNTRY, SIGNER.der) is signer
    found.signer(COUNTRY, UTOPIA.signer(serial=78).der)
    assert found.signer(COUNTRY, SIGNER.der) is not signer


@pytest.mark.parametrize("key", [RSA, ec.generate_private_key(ec.BrainpoolP384R1())])
def test_authorities_have_keys_of_several_kinds(key: Any) -> None:
    authority = Authority(key)
    found = loaded(authority.entry(authority.crl(5)))
    assert standing(found, authority.signer().der) is Standing.GOOD
    assert standing(found, authority.signer(serial=5).der) is Standing.REVOKED


def test_a_list_is_about_what_every_key_of_its_authority_issued() -> None:
    newer = Authority()
    found = loaded(UTOPIA.entry(), newer.entry(newer.crl(77)))
    assert standing(found) is Standing.REVOKED
    assert standing(found, UTOPIA.signer(serial=78).der) is Standing.GOOD
    assert standing(found, newer.signer(serial=78).der) is Standing.GOOD


def test_a_list_says_nothing_about_another_authority_of_the_same_country() -> None:
    other = Authority(named=name(common_name="Another authority"))
    found = loaded(UTOPIA.entry(), other.entry(other.crl(77)))
    assert standing(found) is Standing.UNKNOWN
    assert standing(found, other.signer(serial=78).der) is Standing.GOOD


def test_two_files_are_believed_together() -> None:
    other = Authority(named=name(common_name="Another authority"))
    found = loaded(UTOPIA.entry()).merged(loaded(other.entry(other.crl()), {"certificate": "AAAA"}))
    assert len(found) == 2
    assert len(found.notes) == 1
    assert standing(found, other.signer().der) is Standing.GOOD
    assert standing(found) is Standing.UNKNOWN


# --- authorities and lists that are left out -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ([EKU, SAN], "is no authority's"),
        ([(x509.BasicConstraints(ca=False, path_length=None), True), SAN], "is no authority's"),
        ([CA, (x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH]), False), SAN], "travel-related health"),
        ([CA], 'add "country"'),
        ([CA, (x509.SubjectAlternativeName([x509.DNSName("a.example")]), False)], 'add "country"'),
    ],
)
def test_what_is_no_authority_for_seals_is_left_out_and_noted(extensions: Any, why: str) -> None:
    found = loaded(Authority(extensions=extensions).entry(), UTOPIA.entry())
    assert len(found) == 1
    assert found.notes[0].startswith("authority 1 left out: ")
    assert why in found.notes[0]


def test_an_authority_that_may_not_issue_certificates_is_left_out() -> None:
    usage = {
        **dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False),
        **dict.fromkeys(("encipher_only", "decipher_only", "crl_sign", "digital_signature"), False),
    }
    for may in (False, True):
        extension = x509.KeyUsage(**usage, key_cert_sign=may)
        assert len(loaded(Authority(extensions=[CA, SAN, (extension, True)]).entry())) == may


def test_the_country_of_the_file_goes_before_that_of_the_certificate() -> None:
    found = loaded(UTOPIA.entry(UTOPIA.crl(), country="XOM"))
    assert refused(found, SIGNER.der) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    assert found.signer("XOM", SIGNER.der).standing(NOW) is Standing.GOOD


@pytest.mark.parametrize("certificate", ["", "!", "AAAA", b64encode(UTOPIA.certificate[:-1]).decode()])
def test_what_is_no_certificate_is_left_out_and_noted(certificate: str) -> None:
    found = loaded({"certificate": certificate})
    assert (len(found), len(found.notes)) == (0, 1)


def _with(builder: x509.CertificateRevocationListBuilder, extension: Any) -> bytes:
    return UTOPIA.signed(builder.add_extension(extension, critical=True))


@pytest.mark.parametrize(
    ("crl", "why"),
    [
        (b"", "can't be read"),
        (UTOPIA.certificate, "can't be read"),
        (UTOPIA.crl()[:-1], "can't be read"),
        (Authority().crl(), "not signed by its authority"),
        (Authority(named=name(common_name="Another")).crl(), "another authority's"),
        (_with(UTOPIA.revocation_list(), x509.DeltaCRLIndicator(1)), "a whole list"),
        (UTOPIA.revocation_list().sign(RSA, SHA256()).public_bytes(Encoding.DER), "not signed"),
    ],
)
def test_a_list_that_cannot_be_relied_on_is_left_out_and_noted(crl: bytes, why: str) -> None:
    found = loaded(UTOPIA.entry(crl))
    assert len(found) == 1
    assert found.notes[0].startswith("UTO: revocation list 1 left out: ")
    assert why in found.notes[0]
    assert standing(found) is Standing.UNKNOWN


def test_a_changed_list_is_left_out() -> None:
    crl = UTOPIA.crl(5)
    at = crl.index(b"\x02\x01\x05")
    found = loaded(UTOPIA.entry(crl[: at + 2] + b"\x06" + crl[at + 3 :]))
    assert "not signed by its authority" in found.notes[0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"authorities": []}',
        b'{"authorities": [{}]}',
        b'{"authorities": [{"certificate": 1}]}',
        b'{"authorities": [{"certificate": "", "country": "at"}]}',
        b'{"authorities": [{"certificate": "", "crls": "x"}]}',
        b'{"authorities": [{"certificate": "", "crl": []}]}',
        b'{"authorities": [], "anchors": []}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_file_of_another_form_is_refused_whole(data: bytes) -> None:
    with pytest.raises(TrustError, match="not of its form"):
        SealAuthorities.load(data)


def test_a_file_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorities, "MAX_REVOKED", 3)
    assert len(loaded(UTOPIA.entry(UTOPIA.crl(1, 2), UTOPIA.crl(3)))) == 1
    with pytest.raises(TrustError, match="more than 3"):
        loaded(UTOPIA.entry(UTOPIA.crl(1, 2), UTOPIA.crl(3, 4)))
    monkeypatch.setattr(authorities, "MAX_FILE_BYTES", 100)
    with pytest.raises(TrustError, match="more than 100"):
        loaded(UTOPIA.entry())


def test_authorities_come_with_the_signed_bundle() -> None:
    files = contents(files={"authorities.json": authorities_file(UTOPIA.entry(UTOPIA.crl()), {"certificate": "?"})})
    trusted, notes = load(bundle.verify(lambda file, _: files.get(file), root()))
    assert trusted.authorities.signer(COUNTRY, SIGNER.der).standing(NOW) is Standing.GOOD
    assert any(note.startswith("authority 2 left out") for note in notes)
    assert not any("no use for" in note for note in notes)


# --- certificates inside seals ---------------------------------------------------------------------------------------


def _raw(oid: str, value: bytes = b"\x05\x00") -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def _types(value: bytes) -> Any:
    return (_raw("2.23.136.1.1.6.2", value), False)


@pytest.mark.parametrize(
    "extensions",
    [
        [TYPES],
        [MAY_SIGN],
        [(x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH]), True), TYPES],
        [MAY_SIGN, TYPES, (x509.BasicConstraints(ca=True, path_length=None), True)],
        [MAY_SIGN, _types(b"\x30\x05\x02\x01\x00\x31\x00")],
    ],
)
def test_who_is_no_signer_of_seals_may_sign_nothing(extensions: Any) -> None:
    assert loaded(UTOPIA.entry()).signer(COUNTRY, UTOPIA.signer(extensions=extensions).der).document_types == set()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x05\x00",
        b"\x30\x03\x02\x01\x00",
        b"\x30\x80",
        b"\x30\x0b\x02\x01\x00\x31\x06\x13\x09NV",
        b"\x30\x09\x02\x01\x00\x31\x04\x13\x02N\xff",
    ],
)
def test_a_list_of_types_that_cannot_be_read_is_unacceptable(value: bytes) -> None:
    der = UTOPIA.signer(extensions=[MAY_SIGN, _types(value)]).der
    assert refused(loaded(UTOPIA.entry()), der) is Reason.CERTIFICATE_UNACCEPTABLE


def test_a_critical_extension_that_nobody_understands_is_unacceptable() -> None:
    for critical in (True, False):
        der = UTOPIA.signer(extensions=[*SIGNER_EXTENSIONS, (_raw("1.2.3.4"), critical)]).der
        if critical:
            assert refused(loaded(UTOPIA.entry()), der) is Reason.CERTIFICATE_UNACCEPTABLE
        else:
            assert loaded(UTOPIA.entry()).signer(COUNTRY, der).document_types


def test_a_signer_of_another_country_than_its_authority_is_unacceptable() -> None:
    found = loaded(UTOPIA.entry())
    assert refused(found, UTOPIA.signer(country="XX").der) is Reason.CERTIFICATE_UNACCEPTABLE
    assert found.signer(COUNTRY, UTOPIA.signer(country="ut").der).document_types


def test_only_elliptic_curves_in_use_are_keys_of_signers() -> None:
    for key in (RSA, new_key(ec.SECP224R1()), new_key(ec.SECP256K1())):
        der = UTOPIA.signer(key).der  # type: ignore[arg-type] # on purpose
        assert refused(loaded(UTOPIA.entry()), der) is Reason.CERTIFICATE_UNACCEPTABLE


def test_the_certificate_of_an_authority_is_no_signers() -> None:
    found = loaded(UTOPIA.entry(UTOPIA.crl()))
    assert found.signer(COUNTRY, UTOPIA.certificate).document_types == set()


def test_a_newer_key_of_the_same_authority_that_is_not_on_the_file_is_unknown_not_forged() -> None:
    newer = Authority()
    found = loaded(UTOPIA.entry())
    assert refused(found, newer.signer().der) is Reason.CERTIFICATE_ISSUER_UNKNOWN
    both = loaded(UTOPIA.entry(), newer.entry())
    assert both.signer(COUNTRY, newer.signer().der).serial == both.signer(COUNTRY, SIGNER.der).serial


def test_a_list_from_before_its_authority_had_taken_anybody_back_is_no_newer_one() -> None:
    before = UTOPIA.crl(since=NOW.at - timedelta(days=10))
    after = UTOPIA.crl(77, since=NOW.at - timedelta(days=5))
    for crls in ((before, after), (after, before)):
        assert standing(loaded(UTOPIA.entry(*crls))) is Standing.REVOKED
