"""Whatever is shown, only what a trusted signer signed becomes a credential, and only declared faults rise."""

from __future__ import annotations

import zlib
from datetime import timedelta

import cbor2
from hypothesis import given, settings
from hypothesis import strategies as st
from signed_certificates import EXPIRES, ISSUED, NOW, believing, content, ec_signer, rsa_signer

from gate.credentials import base45, cose, dcc, hcert, hcert_issue
from gate.credentials.identify import parse_code
from gate.errors import CredentialFault, TrustError
from gate.model import Credential, Moment
from gate.trust.anchors import Anchors

CODE = ec_signer().code()
MESSAGE = hcert.decompress(base45.decode(CODE.removeprefix(hcert.PREFIX)))

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=4),
    max_leaves=20,
)


def parsed(code: bytes, moment: Moment = NOW) -> Credential | None:
    try:
        return parse_code(code, believing(ec_signer().anchors), moment)
    except CredentialFault:
        return None


@given(st.binary(max_size=300))
def test_base45_gives_back_what_went_in(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@given(st.text(alphabet=base45.ALPHABET.decode(), max_size=60))
def test_whatever_base45_reads_it_would_write_the_same(text: str) -> None:
    try:
        data = base45.decode(text.encode())
    except CredentialFault:
        return
    assert base45.encode(data) == text.encode()


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_become_a_credential_by_themselves(data: bytes) -> None:
    assert parsed(data) is None
    assert parsed(b"HC1:" + data) is None


@given(st.binary(max_size=400))
def test_no_bytes_inside_the_layers_become_a_credential(data: bytes) -> None:
    assert parsed(hcert_issue.wrap(data).encode()) is None
    assert parsed(b"HC1:" + base45.encode(data)) is None
    assert parsed(hcert_issue.wrap(b"\xd2\x84\x43\xa1\x01\x26" + data).encode()) is None


@given(json_like)
def test_no_cbor_becomes_a_credential(item: object) -> None:
    assert parsed(hcert_issue.wrap(cbor2.dumps(item)).encode()) is None


@settings(deadline=None)
@given(json_like)
def test_even_signed_content_must_have_the_form_of_the_schema(item: object) -> None:
    assert parsed(ec_signer().code_of_claims({1: "XX", 4: 1_678_000_000, 6: 1_646_121_600, -260: {1: item}})) is None


@given(st.sampled_from(["ver", "nam", "dob", "v", "t", "r"]), json_like)
def test_one_foreign_member_is_a_fault_or_harmless(name: str, value: object) -> None:
    try:
        checked = dcc.check(content() | {name: value})
    except CredentialFault:
        return
    assert checked.group == "v"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(MESSAGE) * 8 - 1))
def test_no_flipped_bit_of_the_message_verifies(bit: int) -> None:
    flipped = bytearray(MESSAGE)
    flipped[bit // 8] ^= 1 << bit % 8
    assert parsed(hcert_issue.wrap(bytes(flipped)).encode()) is None


@settings(max_examples=200)
@given(st.integers(0, len(CODE) - 1), st.sampled_from(base45.ALPHABET))
def test_no_changed_character_of_the_code_gives_other_content(at: int, character: int) -> None:
    found = parsed(CODE[:at] + bytes((character,)) + CODE[at + 1 :])
    assert found is None or found == parsed(CODE)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([ec_signer(), rsa_signer()]),
    st.fixed_dictionaries(
        {"fnt": st.text("ABC<", max_size=80)},
        optional={"fn": st.text(max_size=80), "gn": st.text(max_size=80), "gnt": st.text("XYZ<", max_size=80)},
    ),
)
def test_what_was_signed_comes_back(signer: object, name: dict[str, str]) -> None:
    assert isinstance(signer, type(ec_signer()))
    payload = content() | {"nam": name}
    certificate = parse_code(signer.code(payload), believing(signer.anchors), NOW).certificate
    assert certificate is not None
    assert certificate.payload == payload


@settings(deadline=None)
@given(st.floats() | st.integers() | st.booleans(), st.floats() | st.integers() | st.booleans())
def test_whatever_the_dates_say_it_passes_only_between_them(issued_at: float, expires_at: float) -> None:
    code = ec_signer().code_of_claims({4: expires_at, 6: issued_at, -260: {1: content()}})
    for moment in (NOW, Moment(EXPIRES, trusted=True)):
        if parsed(code, moment) is not None:
            assert issued_at - 300 <= moment.at.timestamp() <= expires_at


@settings(deadline=None)
@given(st.timedeltas(timedelta(days=-1000), timedelta(days=1000)))
def test_no_moment_outside_its_life_passes(offset: timedelta) -> None:
    moment = Moment(ISSUED + offset, trusted=True)
    inside = ISSUED - hcert.LEEWAY <= moment.at <= EXPIRES
    assert (parsed(CODE, moment) is not None) == inside


@given(st.binary(max_size=200))
def test_inflating_is_bounded_and_faults_are_declared(data: bytes) -> None:
    for candidate in (data, zlib.compress(data), zlib.compress(data * 1000)):
        try:
            assert len(hcert.decompress(candidate)) <= hcert.MAX_MESSAGE_BYTES
        except CredentialFault:
            continue


@given(st.binary(max_size=200))
def test_cbor_faults_are_declared(data: bytes) -> None:
    try:
        cose.decode_cbor(data)
    except CredentialFault:
        return


@given(st.binary(max_size=300))
def test_faults_of_anchor_lists_are_declared(data: bytes) -> None:
    for read in (Anchors.load, lambda blob: Anchors.load_covpass(blob, data)):
        try:
            read(data)
        except TrustError:
            continue


@given(st.integers(0, len(ec_signer().certificate) - 1), st.integers(0, 255))
def test_a_damaged_signer_certificate_is_noted_and_left_out_or_read(at: int, value: int) -> None:
    der = ec_signer().certificate
    found = Anchors.from_certificates([(der[:at] + bytes((value,)) + der[at + 1 :], None)])
    assert len(found) + len(found.notes) >= 1
