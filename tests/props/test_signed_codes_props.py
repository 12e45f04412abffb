"""Whatever a city can say in a code comes back to the second, and nothing else becomes one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from signed_codes import HOLDER, IDENTIFIER, ISSUER, PSEUDONYM, City, city, ed25519_city

from gate.credentials import base45, hcert, hcert_issue
from gate.credentials.identify import parse_code
from gate.credentials.revocation import NothingRevoked
from gate.credentials.signed_content import Issue
from gate.credentials.signed_health_code import COLOURS, METHODS, RESULTS
from gate.credentials.trusted import Trusted
from gate.errors import CredentialFault
from gate.model import (
    CodeRecord,
    Credential,
    Holder,
    Moment,
    PermitRecord,
    PopUpRecord,
    Records,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = 86_400
FIRST = datetime(2022, 6, 18, 1, tzinfo=UTC)
issued = st.integers(0, 300 * DAY).map(lambda seconds: FIRST + timedelta(seconds=seconds))
ago = st.integers(0, 400 * DAY).map(lambda seconds: timedelta(seconds=seconds))
json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-300, 300) | st.floats() | st.text(max_size=9) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.integers(0, 9), inner, max_size=8),
    max_leaves=20,
)


def optional(records: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(records, max_size=1).map(tuple)


@st.composite
def swabs(draw: st.DrawFn, at: datetime) -> TestRecord:
    result = draw(st.sampled_from(RESULTS))
    sampled = draw(ago)
    reported = None if result is TestResult.PENDING else at - draw(st.timedeltas(timedelta(0), sampled)) // 1
    return TestRecord(
        ISSUER,
        at,
        result,
        at - sampled,
        None if reported is None else reported.replace(microsecond=0),
        method=draw(st.sampled_from(METHODS)),
        pool_size=draw(st.integers(1, 100)),
    )


@st.composite
def said(draw: st.DrawFn) -> tuple[Issue, Records]:
    """What a city says about somebody."""
    at = draw(issued)
    life = draw(st.integers(1, 7 * DAY).map(lambda seconds: timedelta(seconds=seconds)))
    then = ago.map(lambda span: at - span)
    records = Records(
        codes=draw(optional(st.builds(CodeRecord, st.just(ISSUER), then, st.sampled_from(COLOURS)))),
        pop_ups=draw(optional(st.builds(PopUpRecord, st.just(ISSUER), then, active=st.booleans()))),
        tests=tuple(draw(st.lists(swabs(at), max_size=3))),
        vaccinations=draw(
            optional(
                st.builds(
                    VaccinationRecord, st.just(ISSUER), st.just(at), st.integers(0, 20), last_dose_at=st.none() | then
                )
            )
        ),
        travel=draw(optional(st.builds(TravelRecord, st.just(ISSUER), then, risk_area=st.booleans()))),
    )
    return Issue(ISSUER, at, at + life, IDENTIFIER), records


def parsed(code: bytes, moment: Moment) -> Credential | None:
    try:
        return parse_code(code, Trusted(city(), NothingRevoked()), moment)
    except CredentialFault:
        return None


@settings(max_examples=80, deadline=None)
@given(
    said(),
    st.binary(min_size=16, max_size=16),
    st.none() | st.dates(date(1900, 1, 1), date(2022, 6, 18)),
    st.sampled_from([city(), ed25519_city()]),
)
def test_what_a_city_says_in_a_health_code_comes_back(
    spoken: tuple[Issue, Records], pseudonym: bytes, born: date | None, signer: City
) -> None:
    issue, records = spoken
    assume(issue.issued_at - FIRST < timedelta(days=600))
    code = signer.health_code(issue, records, Holder("李四", birth_date=born, pseudonym=pseudonym))
    credential = parse_code(code, Trusted(signer, NothingRevoked()), Moment(issue.issued_at, trusted=True))
    assert credential.records == records
    assert credential.holder == Holder("李**", birth_date=born, pseudonym=pseudonym)


@st.composite
def permits(draw: st.DrawFn) -> PermitRecord:
    """What a city lets somebody do."""
    at = draw(issued)
    begin = at + timedelta(seconds=draw(st.integers(-400 * DAY, 400 * DAY)))
    return PermitRecord(
        ISSUER,
        at,
        draw(st.frozensets(st.text(min_size=1, max_size=64), min_size=1, max_size=20)),
        begin,
        begin + timedelta(seconds=draw(st.integers(1, 400 * DAY))),
        draw(st.none() | st.tuples(st.integers(0, 1440), st.integers(0, 1440))),
        draw(st.none() | st.integers(0, 100_000)),
        IDENTIFIER.hex(),
        draw(st.none() | st.text(min_size=1, max_size=64).filter(str.isprintable)),
    )


@settings(max_examples=80, deadline=None)
@given(permits())
def test_what_a_city_says_in_a_permit_comes_back(permit: PermitRecord) -> None:
    at = permit.as_of
    credential = parsed(
        city().permit(permit, Issue(ISSUER, at, at + timedelta(days=9), IDENTIFIER)), Moment(at, trusted=True)
    )
    assert credential is not None
    assert credential.records == Records(permits=(permit,))


@settings(deadline=None)
@given(st.sampled_from([hcert.HEALTH_CODE, hcert.PERMIT]), json_like)
def test_signed_content_has_the_form_of_its_kind_or_is_refused(kind: int, content: object) -> None:
    at = int(FIRST.timestamp())
    code = city().sign({1: ISSUER, 4: at + 600, 6: at, 7: IDENTIFIER, -260: {kind: content}})
    credential = parsed(code, Moment(FIRST, trusted=True))
    if credential is not None:
        fields: Mapping[int, Any] = content  # type: ignore[assignment]  # it would not have been accepted
        assert credential.holder is not None
        assert credential.holder.pseudonym == fields[1]


@settings(max_examples=60, deadline=None)
@given(st.timedeltas(timedelta(days=-900), timedelta(days=900)))
def test_no_moment_outside_its_life_is_let_in(offset: timedelta) -> None:
    issue = Issue(ISSUER, FIRST, FIRST + timedelta(minutes=10))
    code = city().health_code(issue, Records(), replace(HOLDER, pseudonym=PSEUDONYM))
    inside = -hcert.LEEWAY <= offset <= timedelta(minutes=10)
    assert (parsed(code, Moment(FIRST + offset, trusted=True)) is not None) == inside


CODE = city().health_code(Issue(ISSUER, FIRST, FIRST + timedelta(minutes=10)), Records())
MESSAGE = hcert.decompress(base45.decode(CODE.removeprefix(hcert.PREFIX)))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(MESSAGE) * 8 - 1))
def test_no_flipped_bit_of_the_message_verifies(bit: int) -> None:
    flipped = bytearray(MESSAGE)
    flipped[bit // 8] ^= 1 << bit % 8
    assert parsed(hcert_issue.wrap(bytes(flipped)).encode(), Moment(FIRST, trusted=True)) is None
