"""Whose code a text is: as scanners deliver it, and as people make it up who want another host's word to count."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from health_codes import (
    CODES,
    GUANGDONG,
    NATIONAL,
    NOW,
    SHANGHAI,
    SHANGHAI_TEXT,
    SHIPPED,
    TRUSTING_CITY,
    id_number,
    with_time,
)

from gate.credentials.identify import identify, parse_code
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import Assurance, CodeReference, Credential, CredentialKind, Moment, Reason

TOKEN = ".".join(GUANGDONG.values())


def parsed(code: bytes, trusted: Trusted = SHIPPED, moment: Moment = NOW) -> Credential:
    return parse_code(code, trusted, moment)


def token(code: bytes, trusted: Trusted = TRUSTING_CITY) -> str | None:
    """What the issuer would be asked with; None where the code is nobody's."""
    try:
        reference = parsed(code, trusted).reference
    except CredentialFault:
        return None
    assert reference is not None
    return reference.token


def reason(code: bytes, trusted: Trusted = TRUSTING_CITY, moment: Moment = NOW) -> Reason:
    with pytest.raises(CredentialFault) as fault:
        parsed(code, trusted, moment)
    return fault.value.reason


# --- the families ----------------------------------------------------------------------------------------------------


def test_guangdong() -> None:
    found = parsed(CODES["gd-yuekang"])
    assert found.kind is CredentialKind.HEALTH_CODE
    assert found.reference == CodeReference("gd-yuekang", TOKEN)
    assert found.assurance is Assurance.STATIC_CODE
    assert found.one_time is None


@pytest.mark.parametrize("code", [SHANGHAI, SHANGHAI_TEXT])
def test_shanghai_is_asked_with_the_whole_text(code: bytes) -> None:
    found = parsed(code + b"\r\n")
    assert found.reference == CodeReference("sh-suishen", code.decode())
    assert found.assurance is Assurance.STATIC_CODE


def test_the_national_code_can_be_used_once() -> None:
    found = parsed(NATIONAL)
    assert found.reference == CodeReference("cn-national", NATIONAL.decode())
    assert found.assurance is Assurance.DYNAMIC_CODE
    assert found.one_time is not None
    assert found.one_time.expires_at == NOW.at + timedelta(seconds=60)
    assert len(found.one_time.digest) == 16
    other = parsed(NATIONAL[:-1] + b"e").one_time
    assert other is not None
    assert other.digest != found.one_time.digest


def test_zhejiangs_code_is_a_bare_number_and_stays_one() -> None:
    for code in (id_number(1).encode(), id_number(2).encode() + b"\r\n"):
        assert reason(code, SHIPPED) is Reason.BARE_NUMBER
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in id_number(1)).encode()
    assert reason(wide, SHIPPED) is Reason.CODE_UNRECOGNISED


def test_nothing_shows_the_token_of_a_code() -> None:
    assert NATIONAL.decode() not in repr(parsed(NATIONAL))


def test_a_gate_that_knows_no_issuer_recognises_none() -> None:
    assert {reason(code, Trusted()) for code in CODES.values()} == {Reason.CODE_UNRECOGNISED}


def test_of_two_issuers_the_first_in_order_counts() -> None:
    twin = replace(SHIPPED.code_issuers[0], id="twin")
    for order in ((*SHIPPED.code_issuers, twin), (twin, *SHIPPED.code_issuers)):
        reference = parsed(NATIONAL, Trusted(code_issuers=order)).reference
        assert reference is not None
        assert reference.issuer == order[0].id


# --- as scanners deliver them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dress", ["{}", "\ufeff{}", "{}\r\n", "\r\n\ufeff {}\t\u3000", "\u200b{}\ufeff\n", "\0{}\0"])
@pytest.mark.parametrize("code", [*CODES.values(), SHANGHAI_TEXT])
def test_what_stands_around_a_code_does_not_count(dress: str, code: bytes) -> None:
    dressed = dress.format("@").encode().replace(b"@", code)
    assert parsed(dressed).reference == parsed(code).reference


def test_what_an_input_method_made_wide_is_read_as_it_was_typed() -> None:
    for code in CODES.values():
        wide = "".join(chr(ord(character) + 0xFEE0) if character != " " else "\u3000" for character in code.decode())
        assert parsed(wide.encode()).reference == parsed(code).reference
    quoted = CODES["gd-yuekang"].decode().replace('"', "“").replace(",", "，").encode()
    assert token(quoted, SHIPPED) == TOKEN
    assert token("https://code。example.cn/app#0123456789abcdef".encode()) == "0123456789abcdef"


def test_other_members_and_the_case_of_hexadecimal_digits_do_not_make_another_code_of_it() -> None:
    shouted = {name: value.upper() for name, value in GUANGDONG.items()} | {"note": "他说“好”", "v": [2]}
    assert token(json.dumps(shouted, ensure_ascii=False).encode(), SHIPPED) == TOKEN
    assert token(json.dumps(GUANGDONG | {"zoning": 999999}, indent=2).encode(), SHIPPED) == TOKEN


# --- as people make them up ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        json.dumps(GUANGDONG)[:-1],
        json.dumps([GUANGDONG]),
        json.dumps({"a": GUANGDONG}),
        json.dumps(GUANGDONG | {"s": GUANGDONG["s"][1:]}),
        json.dumps(GUANGDONG | {"s": GUANGDONG["s"][1:] + "g"}),
        json.dumps(GUANGDONG | {"s": None}),
        json.dumps(GUANGDONG | {"zoning": True}),
        json.dumps(GUANGDONG | {"zoning": 999999.0}),
        json.dumps(GUANGDONG | {"zoning": [999999]}),
        json.dumps(GUANGDONG)[:-1] + ', "codeId": "' + "0" * 32 + '"}',
        json.dumps(GUANGDONG)[:-1] + ', "x": NaN}',
        json.dumps(GUANGDONG)[:-1] + ', "x": ' + "[" * 3000 + "]" * 3000 + "}",
        json.dumps(GUANGDONG)[:-1] + ', "x": ' + "9" * 5000 + "}",
        json.dumps(GUANGDONG)[:-1] + ', "x": "\\ud800"}',
        json.dumps(GUANGDONG) + json.dumps(GUANGDONG),
    ],
)
def test_json_that_is_not_exactly_one_object_with_those_members_is_nobodys(text: str) -> None:
    assert token(text.encode(), SHIPPED) is None


GOOD_URL = with_time(5).decode()


def test_the_url_that_is_bent_below_is_a_good_one() -> None:
    assert token(GOOD_URL.encode()) == "Abc12345"
    assert token(GOOD_URL.replace("https", "HTTP").replace("code.", "CODE.").encode()) == "Abc12345"
    assert token(GOOD_URL.replace("c=", "x=1&c=").encode()) == "Abc12345"
    assert token(GOOD_URL.replace("Abc", "%41bc").encode()) == "Abc12345"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("code.example.cn", "evil.example.cn"),
        ("code.example.cn", "code.example.cn.evil.cn"),
        ("code.example.cn", "evil.cn/code.example.cn"),
        ("code.example.cn", "code.example.cn@evil.cn"),
        ("code.example.cn", "evil.cn@code.example.cn"),
        ("code.example.cn", "user:word@code.example.cn"),
        ("code.example.cn", "evil.cn#@code.example.cn"),
        ("code.example.cn", "evil.cn?@code.example.cn"),
        ("code.example.cn", "evil.cn\\@code.example.cn"),
        ("code.example.cn", "code.example.cn:8443"),
        ("code.example.cn", "code.example.cn:443"),
        ("code.example.cn", "code.example.cn:"),
        ("code.example.cn", "code.example.cn."),
        ("code.example.cn", "code.example.cn%2eevil.cn"),
        ("code.example.cn", "code.example.cn%00"),
        ("code.example.cn", "code.exаmple.cn"),  # Cyrillic a
        ("code.example.cn", "code.example.ⅽn"),  # the Roman numeral for a hundred
        ("code.example.cn", "xn--code-example-cn"),
        ("code.example.cn", "code.exam\u200bple.cn"),
        ("code.example.cn", "code.exam\tple.cn"),
        ("code.example.cn", "code.exam\r\nple.cn"),
        ("code.example.cn", "[code.example.cn]"),
        ("code.example.cn", "[::1"),
        ("code.example.cn", ""),
        ("https://", "//"),
        ("https://", "ftp://"),
        ("https://", "javascript://"),
        ("https://", "https:/"),
        ("https://", "https:///"),
        ("https://", "https://https://"),
        ("/health/show", "/health/show/"),
        ("/health/show", "//health/show"),
        ("/health/show", "/health/../health/show"),
        ("/health/show", "/health%2fshow"),
        ("/health/show", "/health/show;x"),
        ("/health/show", ""),
        ("c=Abc12345", "c=Abc12345&c=Xyz98765"),
        ("c=Abc12345", "c=Abc12345&%63=Xyz98765"),
        ("c=Abc12345", "C=Abc12345"),
        ("c=Abc12345", "c="),
        ("c=Abc12345", "c=Abc%0012345"),
        ("c=Abc12345", "c=Abc+12345"),
        ("c=Abc12345", "c=" + "A" * 41),
        ("c=Abc12345", "c=Abc12345&" + "x&" * 40),
        ("&t=", "&u="),
        ("&t=", "&t=x"),
        ("&t=", "&t=1&t="),
    ],
)
def test_another_host_or_path_or_token_is_nobodys(old: str, new: str) -> None:
    assert old in GOOD_URL
    assert token(GOOD_URL.replace(old, new, 1).encode()) is None


def test_a_token_in_the_path_is_one_segment_and_one_in_the_fragment_all_of_it() -> None:
    assert token(b"https://code.example.cn/h/QUJDREVG") == "QUJDREVG"
    assert token(b"https://code.example.cn/h/QUJDREVG?from=app") == "QUJDREVG"
    for bad in ("h/QUJD/REVG", "h/QUJD%2FREVG", "h//QUJDREVG", "h/", "H/QUJDREVG", "h/..%2Fhealth", "h/QUJDREVG;x"):
        assert token(f"https://code.example.cn/{bad}".encode()) is None
    assert token(b"https://code.example.cn/app#0123456789ABCDEF") == "0123456789abcdef"
    for bad in ("app#0123456789abcde", "app#0123456789abcdef#", "app?0123456789abcdef", "app#%30123456789abcdef"):
        assert token(f"https://code.example.cn/{bad}".encode()) is None


@pytest.mark.parametrize(
    "code", [b"https://suishenmafront1.sh.gov.cn@evil.cn/code/page?token=abcdefgh", SHANGHAI + b" x"]
)
def test_an_address_that_is_asked_with_as_it_stands_is_still_one_of_that_host(code: bytes) -> None:
    assert token(code, SHIPPED) is None


@pytest.mark.parametrize("code", [b"JKM:12345", b"JKM:12345x", b"jkm:123456", b"JKM: 123456", "JKM:１２三456".encode()])
def test_a_text_of_another_shape_is_nobodys(code: bytes) -> None:
    assert token(code) is None
    assert token(b"JKM:123456") == "123456"


@pytest.mark.parametrize(
    "code", [b"\xff\xfe{}", b"hello", b"6901234567892", b"wxp://f2f0abcdefghijklmnop", b"x" * 8000]
)
def test_everything_else_is_nobodys(code: bytes) -> None:
    assert token(code, SHIPPED) is None


def test_a_certificate_is_never_taken_for_a_health_code() -> None:
    assert identify(b"HC1" + b"A" * 40, SHIPPED).kind is CredentialKind.HCERT


# --- the life of a dynamic code --------------------------------------------------------------------------------------


def test_a_code_is_refused_a_second_after_its_life_without_asking_anybody() -> None:
    assert parsed(with_time(60), TRUSTING_CITY).one_time is not None
    assert reason(with_time(61)) is Reason.CODE_TOO_OLD


def test_a_code_is_remembered_until_its_own_life_is_over() -> None:
    found = parsed(with_time(45), TRUSTING_CITY).one_time
    assert found is not None
    assert found.expires_at == NOW.at + timedelta(seconds=15)


def test_the_clock_of_an_issuer_may_run_five_minutes_ahead() -> None:
    assert parsed(with_time(-300), TRUSTING_CITY).one_time is not None
    assert reason(with_time(-301)) is Reason.DOCUMENT_INVALID


def test_on_an_untrusted_clock_no_code_that_has_a_time_is_believed() -> None:
    untrusted = replace(NOW, trusted=False)
    assert reason(with_time(5), moment=untrusted) is Reason.CLOCK_UNTRUSTED
    assert reason(with_time(5000), moment=untrusted) is Reason.CLOCK_UNTRUSTED
    assert parsed(b"JKM:123456", TRUSTING_CITY, untrusted).one_time is not None, "its issuer knows how old it is"


def test_another_time_in_it_does_not_make_another_code_of_it() -> None:
    one, two = parsed(with_time(5), TRUSTING_CITY).one_time, parsed(with_time(6), TRUSTING_CITY).one_time
    assert one is not None
    assert two is not None
    assert one.digest == two.digest


def test_a_local_time_is_that_of_the_issuers_zone() -> None:
    assert token(b'{"id": "012345678901", "at": "20220405155930"}') == "012345678901"
    assert reason(b'{"id": "012345678901", "at": "20220405075930"}') is Reason.CODE_TOO_OLD
    nowhere = Trusted(code_issuers=(replace(TRUSTING_CITY.code_issuers[0], zone=None),))
    assert token(b'{"id": "012345678901", "at": "20220405155930"}', nowhere) is None


def test_a_clock_at_the_end_of_the_calendar_breaks_nothing() -> None:
    last = Moment(datetime.max.replace(tzinfo=UTC), trusted=True)
    found = parsed(NATIONAL, moment=last).one_time
    assert found is not None
    assert found.expires_at == last.at
