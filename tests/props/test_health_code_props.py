"""Whatever is shown, written into an adapter or answered: only declared errors, and nobody's host but the issuer's."""

from __future__ import annotations

import json
import string
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from health_codes import CITY, CODES, GUANGDONG, ISSUERS, NOW, SHIPPED, TRUSTING_CITY, answer, person
from hypothesis import given
from hypothesis import strategies as st
from vectors import ROOT

from gate.credentials.code_issuers import CodeIssuer, load
from gate.credentials.code_times import TimeForm, read_time
from gate.credentials.health_code import recognise
from gate.credentials.identify import parse_code
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault, StatusUnavailable, TrustError
from gate.model import Colour, Credential, CredentialKind
from gate.status.code_answer import MOST_HOLDERS, read_answer

EVERYBODY = Trusted(code_issuers=(CITY, *SHIPPED.code_issuers))
BLANKS = st.text(alphabet=" \t\r\n\ufeff\u3000", max_size=4)
ALPHANUMERIC = string.ascii_letters + string.digits
FILES = [path.read_text("utf-8") for path in sorted((ROOT / "config" / "health-codes").glob("*.toml"))]

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def parsed(code: bytes, trusted: Trusted = EVERYBODY) -> Credential | None:
    try:
        return parse_code(code, trusted, NOW)
    except CredentialFault:
        return None


def wide(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_become_a_reference_or_a_declared_fault(code: bytes) -> None:
    found = parsed(code)
    if found is not None:
        assert found.kind is CredentialKind.HEALTH_CODE
        assert found.reference is not None
        assert found.certificate is None
        assert found.holder is None


@given(json_like)
def test_any_json_is_nobodys_unless_it_has_the_members(value: Any) -> None:
    assert parsed(json.dumps(value).encode()) is None or len(json.dumps(value)) >= 20
    shown = parsed(json.dumps(GUANGDONG | {"other": value}).encode())
    assert shown is not None
    assert shown.reference == parsed(CODES["gd-yuekang"]).reference  # type: ignore[union-attr]  # it is one of theirs


@given(
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.text(string.digits, min_size=6, max_size=6),
    st.text("0123456789abcdef", min_size=48, max_size=48),
    BLANKS,
    BLANKS,
    st.booleans(),
)
def test_guangdongs_token_comes_back_as_it_went_in(
    code_id: str, zoning: str, secret: str, before: str, after: str, typed_wide: bool
) -> None:
    text = json.dumps({"codeId": code_id, "zoning": zoning, "s": secret})
    found = parsed((before + (wide(text) if typed_wide else text) + after).encode())
    assert found is not None
    assert found.reference is not None
    assert found.reference.token == f"{code_id}.{zoning}.{secret}"


@given(st.text(ALPHANUMERIC, min_size=8, max_size=40), st.booleans(), st.integers(0, 60))
def test_a_token_in_a_url_comes_back_however_it_is_escaped(token: str, escaped: bool, age: int) -> None:
    shown = "".join(f"%{ord(character):02x}" for character in token) if escaped else quote(token)
    made = int((NOW.at - timedelta(seconds=age)).timestamp())
    found = parsed(f"https://code.example.cn/health/show?t={made}&c={shown}".encode())
    assert found is not None
    assert found.reference is not None
    assert found.reference.token == token


@given(st.text(ALPHANUMERIC + "+/-_=", min_size=20, max_size=63))
def test_an_opaque_token_comes_back_unless_it_is_a_document_number(token: str) -> None:
    found = parsed(token.encode())
    assert found is not None
    assert found.reference is not None
    assert found.reference.token == token


HOSTS = ("code.example.cn", "code2.example.cn", "suishenmafront1.sh.gov.cn")
TAILS = (
    f"/health/show?c=Abc12345&t={int(NOW.at.timestamp())}",
    "/h/QUJDREVG",
    "/app#0123456789abcdef",
    "/abcdefgh" * 3,
)
TRICKS = st.sampled_from(
    ["@", ":", ".", "/", "\\", "#", "?", "%", "[", "]", "\u3002", "а", "ｃ", "\u200b", "\t", "%2e"]
)
AUTHORITIES = st.one_of(
    st.text(st.sampled_from(ALPHANUMERIC + ".-@:%[]\\"), max_size=40),
    st.lists(st.sampled_from(HOSTS) | st.just("evil.cn") | TRICKS, max_size=5).map("".join),
)


@given(AUTHORITIES, st.sampled_from(TAILS), st.sampled_from(("https", "http", "ftp", "")))
def test_only_the_issuers_own_host_is_ever_taken_for_it(authority: str, tail: str, scheme: str) -> None:
    text = f"{scheme}://{authority}{tail}"
    recognised = recognise(text.encode(), EVERYBODY)
    if recognised is None:
        return
    # What a browser would go to, found without any library: folded, then up to the first character that ends it.
    folded = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text.replace("\u3002", "."))
    rest = folded.removeprefix(scheme).removeprefix("://")
    end = min((rest.find(stop) for stop in "/?#\\" if stop in rest), default=len(rest))
    assert rest[:end].lower() in HOSTS
    assert scheme in {"https", "http"}


# --- adapters --------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_file_is_an_issuers_or_a_declared_fault(data: bytes) -> None:
    try:
        assert isinstance(load(data), CodeIssuer)
    except TrustError:
        return


@given(st.sampled_from(FILES), st.data())
def test_a_file_with_a_line_changed_is_an_issuers_or_a_declared_fault(text: str, data: st.DataObject) -> None:
    lines = text.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(st.sampled_from(("", "x = 1", "[[forms]]", "[answers]")) | st.text(max_size=40))
    try:
        issuer = load("\n".join(lines).encode("utf-8", "surrogatepass"))
    except TrustError:
        return
    for code in CODES.values():
        recognise(code, Trusted(code_issuers=(issuer,)))


# --- answers ---------------------------------------------------------------------------------------------------------


def answered(issuer: CodeIssuer, raw: dict[str, Any]) -> list[Colour] | None:
    """The colours of everybody whom the answer names; None where it is none."""
    try:
        named = read_answer(issuer, raw, NOW.at)
    except (CredentialFault, StatusUnavailable):
        return None
    assert 1 <= len(named) <= MOST_HOLDERS
    return [code.colour for one in named for code in one.records.codes]


@given(st.sampled_from([CITY, *ISSUERS.values()]), st.dictionaries(st.text(max_size=8), json_like, max_size=5))
def test_any_answer_is_read_or_is_none(issuer: CodeIssuer, raw: dict[str, Any]) -> None:
    answered(issuer, raw)


@given(st.sampled_from(sorted(person(1))), json_like)
def test_whatever_stands_in_one_member_only_the_word_of_the_table_is_green(name: str, value: Any) -> None:
    colours = answered(CITY, answer(person(1, **{name: value})))
    if name == "colour" and not (isinstance(value, str) and value.strip() == "G"):
        assert colours is None or Colour.GREEN not in colours


@given(json_like, st.sampled_from(list(TimeForm)))
def test_any_value_is_a_time_with_a_zone_or_none(value: Any, form: TimeForm) -> None:
    at = read_time(value, form, CITY.zone)
    assert at is None or at.utcoffset() == timedelta(0)


def test_the_city_of_these_tests_is_read() -> None:
    assert answered(CITY, answer(person(1))) == [Colour.GREEN]
    assert parsed(b"JKM:123456", TRUSTING_CITY) is not None
