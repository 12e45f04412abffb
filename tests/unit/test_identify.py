from __future__ import annotations

import pytest
from signed_certificates import NOW, believing, ec_signer

from gate.credentials.identify import identify, parse_code
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import CredentialKind, Reason
from gate.trust.anchors import Anchors

CITIZEN = b"99999919900101001"
"""Without its check digit; region 999999 belongs to nobody."""


def reason(code: bytes) -> Reason:
    with pytest.raises(CredentialFault) as fault:
        parse_code(code, believing(Anchors()), NOW)
    return fault.value.reason


@pytest.mark.parametrize("dress", ["{}", " {}", "{}\r\n", "\t{}\n", "{} "])
def test_blanks_around_a_certificate_do_not_count(dress: str) -> None:
    code = dress.format(ec_signer().code().decode()).encode()
    assert parse_code(code, believing(ec_signer().anchors), NOW).kind is CredentialKind.HCERT


def test_a_gun_with_caps_lock_on_is_understood() -> None:
    assert parse_code(ec_signer().code().lower(), believing(ec_signer().anchors), NOW).kind is CredentialKind.HCERT


@pytest.mark.parametrize(
    "damaged",
    [
        b"HC1",
        b"HC1:",
        b"hc1",
        b"HC1NCFOX",
        b"HC1:A",
        b"HC1:bb8BB8",
        b"HC1: :::",
        b"Hc1:6BF",
        b"HC1:\xff\xfe",
        b"HC1:\0",
    ],
)
def test_a_damaged_certificate_is_read_again_and_not_called_unknown(damaged: bytes) -> None:
    assert identify(damaged, Trusted()).kind is CredentialKind.HCERT
    assert reason(damaged) is Reason.CODE_UNREADABLE


@pytest.mark.parametrize("code", [b"", b" \r\n", b"x" * 8193, b"HC1:" + b"0" * 8190])
def test_empty_and_endless_codes_are_unreadable(code: bytes) -> None:
    assert reason(code) is Reason.CODE_UNREADABLE


def _number() -> bytes:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * (digit - ord("0")) for weight, digit in zip(weights, CITIZEN, strict=True))
    return CITIZEN + b"10X98765432"[total % 11 : total % 11 + 1]


@pytest.mark.parametrize("code", [_number(), _number() + b"\r\n", b" " + _number()])
def test_a_bare_number_proves_nothing(code: bytes) -> None:
    assert reason(code) is Reason.BARE_NUMBER


@pytest.mark.parametrize(
    "code",
    [
        CITIZEN + b"?",
        b"https://example.invalid/",
        b"HC2:6BF",
        b"HL0:",
        "健康码".encode(),
        b"\xff\xfe",
        b"123",
        b"9" * 18,
    ],
)
def test_everything_else_is_unrecognised(code: bytes) -> None:
    assert reason(code) is Reason.CODE_UNRECOGNISED
