from __future__ import annotations

from itertools import count
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gate.credentials import cose
from gate.credentials.cose_algorithms import ALGORITHMS, EDDSA, ES256, PS256, SM2_SM3, PrivateKey, signing_with
from gate.errors import ConfigError, CredentialFault
from gate.model import Reason

KEY = ed25519.Ed25519PrivateKey.generate()
PAYLOAD = cbor2.dumps({1: "XX"})


def message(
    protected: object = None, unprotected: object = None, *, payload: object = PAYLOAD, signature: object = None
) -> bytes:
    """An EdDSA message; any part can be replaced by something else."""
    header = {cose.ALG: EDDSA, cose.KID: b"12345678"} if protected is None else protected
    encoded = header if isinstance(header, bytes) else cbor2.dumps(header)
    signed = cose.sig_structure(encoded if header else b"", PAYLOAD)
    made = KEY.sign(signed) if signature is None else signature
    return cbor2.dumps([encoded, {} if unprotected is None else unprotected, payload, made])


def fault_of(data: bytes) -> Reason:
    with pytest.raises(CredentialFault) as fault:
        cose.decode(data)
    return fault.value.reason


@pytest.mark.parametrize("tags", [b"", b"\xd2", b"\xd8\x3d\xd2", b"\xd8\x3d"])
def test_the_tags_may_be_there_or_not(tags: bytes) -> None:
    decoded = cose.decode(tags + message())
    assert (decoded.key_id, decoded.algorithm) == (b"12345678", EDDSA)
    assert cose.verify(decoded, KEY.public_key())


@pytest.mark.parametrize("tags", [b"\xd2\xd8\x3d", b"\xd2\xd2", b"\xd8\x3d\xd8\x3d", b"\xd8\x62", b"\xd9\xd9\xf7"])
def test_other_tags_are_refused(tags: bytes) -> None:
    assert fault_of(tags + message()) is Reason.CODE_UNREADABLE


@pytest.mark.parametrize(
    ("protected", "unprotected", "key_id"),
    [
        ({1: -8, 4: b"right"}, {}, b"right"),
        ({1: -8}, {4: b"right"}, b"right"),
        ({1: -8, 4: b"right"}, {4: b"wrong"}, b"right"),
        ({}, {1: -8, 4: b"right"}, b"right"),
        (b"", {1: -8, 4: b"right"}, b"right"),
    ],
)
def test_the_protected_header_is_asked_first(protected: object, unprotected: object, key_id: bytes) -> None:
    decoded = cose.decode(message(protected, unprotected))
    assert decoded.key_id == key_id
    assert cose.verify(decoded, KEY.public_key())


@pytest.mark.parametrize(
    "data",
    [
        message({1: -8}),
        message({1: -8, 4: "text"}),
        message({4: b"12345678"}),
        message({1: -7.0, 4: b"12345678"}),
        message({1: True, 4: b"12345678"}),
        message({1: -999, 4: b"12345678"}),
        message({1: [], 4: b"12345678"}),
        message({1: -8, 2: [99], 4: b"12345678"}),
        message([1, 2]),
        message(unprotected=[]),
        message(payload=None),
        message(signature="text"),
        cbor2.dumps([b"", {}, b""]),
        cbor2.dumps({}),
        cbor2.dumps(0),
    ],
    ids=count(),
)
def test_what_is_no_signed_message_of_ours_is_unacceptable(data: bytes) -> None:
    assert fault_of(data) is Reason.CERTIFICATE_UNACCEPTABLE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81" * 10_000 + b"\x00",
        b"\xa1\x00" * 10_000 + b"\x00",
        b"\x9f" * 10_000,
        b"\xc6" * 10_000 + b"\x00",
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x9b\x00\x00\x00\x7f\xff\xff\xff\xff",
        b"\xbb\x00\x00\x00\x7f\xff\xff\xff\xff",
        b"\xa2\x01\x00\x01\x00",  # a key twice
        b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
        b"\xd8\x23\x63(a+",  # a regular expression
        b"\xc2\x43\x01\x02\x03",  # a big number
        b"\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",  # ten to the power of 2^63
        b"\xc0\x00",  # a date-time that is a number
        b"\x61\xff",
        b"\xff",
        b"\x1c",
        message() + b"\x00",
        message()[:-1],
    ],
    ids=count(),
)
def test_hostile_cbor_is_unreadable(data: bytes) -> None:
    assert fault_of(data) is Reason.CODE_UNREADABLE


def test_a_tagged_date_time_gives_its_text() -> None:
    assert cose.decode_cbor(b"\xc0\x742021-06-15T09:24:02Z") == "2021-06-15T09:24:02Z"


def test_sm2_is_refused_by_name() -> None:
    with pytest.raises(CredentialFault, match="SM2 with SM3: no kept library offers it yet") as fault:
        cose.decode(message({cose.ALG: SM2_SM3, cose.KID: b"12345678"}))
    assert fault.value.reason is Reason.CERTIFICATE_UNACCEPTABLE
    assert not cose.verify(_with_algorithm(SM2_SM3, bytes(64)), KEY.public_key())


@pytest.mark.parametrize(
    ("key", "number"),
    [
        (ec.generate_private_key(ec.SECP256R1()), ES256),
        (ed25519.Ed25519PrivateKey.generate(), EDDSA),
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), PS256),
    ],
    ids=["ES256", "EdDSA", "PS256"],
)
def test_what_a_key_signs_its_algorithm_verifies(key: PrivateKey, number: int) -> None:
    algorithm, sign = signing_with(key)
    assert algorithm == number
    signed = cose.sig_structure(b"", PAYLOAD)
    assert cose.verify(_with_algorithm(algorithm, sign(signed)), key.public_key())
    assert not cose.verify(_with_algorithm(algorithm, sign(signed + b"x")), key.public_key())


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        rsa.generate_private_key(public_exponent=65537, key_size=1024),  # noqa: S505 - that is the point
    ],
    ids=["P-384", "secp256k1", "RSA 1024"],
)
def test_no_algorithm_signs_with_another_key(key: PrivateKey) -> None:
    with pytest.raises(ConfigError, match="P-256"):
        signing_with(key)


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_es256_is_p256_only(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve).public_key()
    assert not cose.verify(_with_algorithm(ES256, bytes(64)), key)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(63), bytes(65), bytes(256), b"\xff" * 64])
def test_no_made_up_signature_verifies(algorithm: int, signature: bytes) -> None:
    keys: list[Any] = [KEY.public_key(), ec.generate_private_key(ec.SECP256R1()).public_key()]
    for key in keys:
        assert not cose.verify(_with_algorithm(algorithm, signature), key)


@pytest.mark.parametrize("length", [0, 23, 24, 255, 256, 65_535, 65_536])
def test_the_signed_structure_is_what_a_cbor_encoder_makes(length: int) -> None:
    part = bytes(length)
    assert cose.sig_structure(part, part) == cbor2.dumps(["Signature1", part, b"", part])


def _with_algorithm(algorithm: int, signature: bytes) -> cose.Sign1:
    return cose.Sign1(algorithm, b"12345678", PAYLOAD, signature, cose.sig_structure(b"", PAYLOAD))
