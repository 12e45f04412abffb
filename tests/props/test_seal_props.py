"""Whatever is shown as a seal, only what a believed authority's signer signed becomes a credential."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from seals import (
    COUNTRY,
    FOUNDED,
    ISSUED,
    NOW,
    SIGNER,
    TRUSTED,
    UTOPIA,
    as_text,
    authorities_file,
    base64url,
    believing,
    data,
    lab_report,
    vaccination,
    vaccine,
)

from gate.credentials import vds_nc
from gate.credentials.authorities import LEEWAY
from gate.credentials.identify import parse_code
from gate.errors import CredentialFault, TrustError
from gate.model import Credential, Moment, Reason
from gate.trust.authorities import SealAuthorities

CODE = SIGNER.code()
GENUINE = parse_code(CODE, TRUSTED, NOW)

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)
canonical_like = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def parsed(code: bytes, moment: Moment = NOW) -> Credential | None:
    try:
        return parse_code(code, TRUSTED, moment)
    except CredentialFault:
        return None


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_become_a_credential_by_themselves(noise: bytes) -> None:
    assert parsed(noise) is None
    assert parsed(b'{"data":{"hdr":' + noise + b'},"sig":{}}') is None
    longer = parsed(CODE[:-1] + noise + b"}")
    assert longer is None or longer == GENUINE


@settings(deadline=None)
@given(json_like)
def test_no_json_becomes_a_credential_though_it_was_signed(value: Any) -> None:
    try:
        seal = SIGNER.seal(value if isinstance(value, dict) else {"msg": value})
    except (ValueError, AttributeError):  # no canonical form
        return
    assert parsed(as_text(seal)) is None


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(CODE) * 8 - 1))
def test_a_seal_with_one_bit_changed_says_nothing_else_than_before(bit: int) -> None:
    flipped = bytearray(CODE)
    flipped[bit // 8] ^= 1 << bit % 8
    found = parsed(bytes(flipped))
    # The last characters of base64 have bits that stand for nothing.
    assert found is None or found == GENUINE


PLACES = (("uvci",), ("pid",), ("pid", "n"), ("pid", "dob"), ("pid", "i"), ("ve",), ("x",))


@settings(deadline=None)
@given(st.sampled_from(PLACES), canonical_like)
def test_any_value_in_the_place_of_a_member_is_taken_as_it_was_signed_or_refused(
    place: tuple[str, ...], value: Any
) -> None:
    content = json.loads(json.dumps(data()))
    inner = content["msg"]
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    found = parsed(SIGNER.code(content))
    if place == ("x",):
        assert found is not None
    assert found is None or (found.certificate is not None and found.certificate.payload == content)


days = st.dates(FOUNDED.date(), ISSUED.date()).map(str)
doses = st.lists(
    st.fixed_dictionaries(
        {"dvc": days, "seq": st.integers(1, 99), "ctr": st.just(COUNTRY), "lot": st.text(max_size=20)},
        optional={"adm": st.text(max_size=20), "dvn": days},
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(st.lists(doses, min_size=1, max_size=3), st.text("ABCXYZ <ÄÖ\u4e2d", min_size=1, max_size=39), st.booleans())
def test_what_was_signed_comes_back(vaccines: list[list[dict[str, Any]]], name: str, escaped: bool) -> None:
    person = {"n": "A" + name, "dob": "1990-01-01"}
    content = data(vaccination(*(vaccine(*each) for each in vaccines), pid=person))
    seal = SIGNER.seal(content)
    credential = parsed(json.dumps(seal, ensure_ascii=escaped, indent=1).encode())
    assert credential is not None
    assert credential.certificate is not None
    assert credential.certificate.payload == content


@given(canonical_like)
def test_the_form_that_is_signed_does_not_depend_on_how_the_code_was_written(value: Any) -> None:
    seal = {"data": data(vaccination(x=value)), "sig": {"alg": "ES256", "cer": "AA", "sigvl": "AA"}}
    expected = rfc8785.dumps(seal["data"])
    for text in (json.dumps(seal), json.dumps(seal, ensure_ascii=False, indent=2, sort_keys=True)):
        assert vds_nc.decode(text.encode()).signed == expected


@given(st.timedeltas(timedelta(days=-800), timedelta(days=5000)), st.booleans())
def test_it_is_taken_in_the_life_of_its_signer_and_only_by_a_clock_that_is_right(
    offset: timedelta, trusted: bool
) -> None:
    at = FOUNDED + offset
    code = SIGNER.code(data(lab_report(dat={"sc": "2021-01-01T00:00:00Z", "ri": "2021-01-01T00:00:00Z"})))
    found = believing(UTOPIA.entry(UTOPIA.crl(since=at)))
    inside = -LEEWAY <= offset <= timedelta(days=4000)
    try:
        taken = parse_code(code, found, Moment(at, trusted=trusted)) is not None
    except CredentialFault:
        taken = False
    assert taken is (inside and trusted)


@settings(deadline=None)
@given(st.integers(1, 6), st.lists(st.integers(1, 6), max_size=4), st.integers(-40, 40))
def test_a_signer_is_judged_by_the_list_of_its_authority(serial: int, revoked: list[int], days: int) -> None:
    since = NOW.at + timedelta(days=days)
    trusted = believing(UTOPIA.entry(UTOPIA.crl(*revoked, since=since, days=30)))
    code = UTOPIA.signer(SIGNER.private_key, serial=serial).code()
    if serial in revoked or not -30 <= days <= 0:
        expected = Reason.CERTIFICATE_REVOKED if serial in revoked else Reason.REVOCATION_UNKNOWN
        with pytest.raises(CredentialFault) as fault:
            parse_code(code, trusted, NOW)
        assert fault.value.reason is expected
    else:
        assert parse_code(code, trusted, NOW).certificate is not None


@settings(deadline=None)
@given(st.integers(0, len(SIGNER.der) - 1), st.integers(0, 255))
def test_a_changed_certificate_of_a_signer_is_no_other_signers(at: int, value: int) -> None:
    der = SIGNER.der[:at] + bytes((value,)) + SIGNER.der[at + 1 :]
    try:
        signer = TRUSTED.authorities.signer(COUNTRY, der)
    except CredentialFault:
        return
    assert signer.serial == 77
    assert signer.public_key == SIGNER.private_key.public_key()


@given(st.binary(max_size=200))
def test_a_file_of_authorities_is_read_or_refused(noise: bytes) -> None:
    for text in (noise, authorities_file({"certificate": base64url(noise)})):
        try:
            assert len(SealAuthorities.load(text)) == 0
        except TrustError:
            continue


@settings(deadline=None)
@given(st.integers(0, len(UTOPIA.certificate) - 1), st.integers(0, 255))
def test_a_damaged_authority_is_noted_and_left_out_or_read(at: int, value: int) -> None:
    der = UTOPIA.certificate
    changed = der[:at] + bytes((value,)) + der[at + 1 :]
    found = SealAuthorities.load(authorities_file(UTOPIA.entry(certificate=base64url(changed).translate(_STANDARD))))
    assert len(found) + len(found.notes) == 1


_STANDARD = str.maketrans("-_", "+/")
