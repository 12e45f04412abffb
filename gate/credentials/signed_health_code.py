"""Health code that a city signed itself: a holder's pseudonym and the four facts, to be verified without a network.

Content, by key (moments are seconds before the code's date of issue):

=== ============ ===========================================================================
1   holder       pseudonym, 16 bytes
2   name         masked, for the guard
3   birth date   days since 1970-01-01
4   code         ``[colour, as of]``
5   pop-up       ``[active, as of]``
6   tests        at most three: ``[result, sampled, reported or null, method, people in the tube]``
7   vaccination  ``[doses, last dose or null]``
8   travel       ``[was in a risk area, as of]``
=== ============ ===========================================================================

Only the first two must be there. Colours, results and methods are places in the tables below. A short life defends
against screenshots: a code of at most ten minutes is dynamic and lets in once; a longer one is printed, has an
identifier (claim ``cti``) by which it can be revoked, and lives at most seven days. Dynamic codes are not looked up on
lists of what was revoked: such a list takes longer to reach a gate than they live.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta, Struct

from gate.credentials import cose, hcert, signed_content
from gate.credentials.signed_content import LONGEST_S, Issue, Name, Pseudonym, seconds, unacceptable
from gate.errors import ConfigError, CredentialFault
from gate.model import (
    Assurance,
    CodeRecord,
    Colour,
    Credential,
    CredentialKind,
    Holder,
    Moment,
    OneTimeCode,
    PopUpRecord,
    Reason,
    Records,
    TestMethod,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.credentials.signer import SignerKey
    from gate.credentials.trusted import Trusted

USE: Final = "health_code"
LONGEST_DYNAMIC: Final = timedelta(minutes=10)
LONGEST_PRINTED: Final = timedelta(days=7)
MOST_TESTS: Final = 3

COLOURS: Final = (Colour.UNKNOWN, Colour.GREEN, Colour.YELLOW, Colour.RED, Colour.ORANGE, Colour.GREY)
RESULTS: Final = (TestResult.PENDING, TestResult.NEGATIVE, TestResult.POSITIVE, TestResult.INCONCLUSIVE)
METHODS: Final = (TestMethod.PCR, TestMethod.ANTIGEN)

_DIGEST_BYTES: Final = 16
_DAY_ZERO: Final = date(1970, 1, 1)
_Ago = Annotated[int, Meta(ge=0, le=LONGEST_S)]
_Day = Annotated[int, Meta(ge=-40_000, le=60_000)]


class _Code(Struct, array_like=True, forbid_unknown_fields=True):
    colour: Annotated[int, Meta(ge=0, lt=len(COLOURS))]
    as_of: _Ago


class _PopUp(Struct, array_like=True, forbid_unknown_fields=True):
    active: bool
    as_of: _Ago


class _Test(Struct, array_like=True, forbid_unknown_fields=True):
    result: Annotated[int, Meta(ge=0, lt=len(RESULTS))]
    sampled: _Ago
    reported: _Ago | None
    method: Annotated[int, Meta(ge=0, lt=len(METHODS))]
    pool_size: Annotated[int, Meta(ge=1, le=100)]


class _Vaccination(Struct, array_like=True, forbid_unknown_fields=True):
    doses: Annotated[int, Meta(ge=0, le=20)]
    last_dose: _Ago | None


class _Travel(Struct, array_like=True, forbid_unknown_fields=True):
    risk_area: bool
    as_of: _Ago


class _Content(Struct):
    holder: Pseudonym
    name: Name
    born: _Day | None = None
    code: _Code | None = None
    pop_up: _PopUp | None = None
    tests: Annotated[list[_Test], Meta(min_length=1, max_length=MOST_TESTS)] | None = None
    vaccination: _Vaccination | None = None
    travel: _Travel | None = None


def read(code: hcert.Hcert, signer: SignerKey, trusted: Trusted, moment: Moment) -> Credential:
    """Turn a health code whose signature was verified into a credential.

    Raises:
        CredentialFault: in this order: ``CERTIFICATE_UNACCEPTABLE`` (its signer may not sign health codes, or it is not
            of the form above, or lives too long), ``CLOCK_UNTRUSTED``, ``CERTIFICATE_NOT_YET_VALID``, ``CODE_TOO_OLD``,
            ``CERTIFICATE_EXPIRED`` (its signer's life is over); of printed codes ``CERTIFICATE_REVOKED``,
            ``REVOCATION_UNKNOWN``.
    """
    hcert.check_usage(signer, USE)
    content = signed_content.read(code.content, _Content)
    source = signed_content.source(code)
    records = _records(content, code.issued_at, source)
    assurance = _assurance(code)
    hcert.check_begun(code, signer, moment)
    if moment.at > code.expires_at:
        raise CredentialFault(Reason.CODE_TOO_OLD, "signed code: its life is over")
    hcert.check_life(code, signer, moment)
    one_time = None
    if assurance is Assurance.DYNAMIC_CODE:
        one_time = OneTimeCode(sha256(cose.unchangeable_part(code.message)).digest()[:_DIGEST_BYTES], code.expires_at)
    else:
        identifier = signed_content.identifier(code)
        hcert.check_standing(code, signer, signer.country, identifier, trusted.revocations, moment)
    born = None if content.born is None else _DAY_ZERO + timedelta(days=content.born)
    return Credential(
        kind=CredentialKind.HEALTH_CODE,
        assurance=assurance,
        holder=Holder(signed_content.printable(content.name), birth_date=born, pseudonym=content.holder),
        records=records,
        one_time=one_time,
    )


def claims(holder: Holder, records: Records, issue: Issue) -> dict[int, Any]:
    """The claims of a code, to be signed.

    Args:
        holder: With a pseudonym; the name is masked here.
        records: At most one of a kind, and three tests. Sources, samples and whatever else has no place are left out.
        issue: Who issues it, and how long it lives.

    Raises:
        ConfigError: this can't be said by such a code.
    """
    moment = issue.issued_at
    code, pop_up = _only(records.codes), _only(records.pop_ups)
    vaccination, travel = _only(records.vaccinations), _only(records.travel)
    content = _Content(
        holder=holder.pseudonym or b"",
        name=signed_content.masked(holder.name),
        born=None if holder.birth_date is None else (holder.birth_date - _DAY_ZERO).days,
        code=None if code is None else _Code(COLOURS.index(code.colour), seconds(moment, code.as_of)),
        pop_up=None if pop_up is None else _PopUp(pop_up.active, seconds(moment, pop_up.as_of)),
        tests=[_test(test, moment) for test in records.tests] or None,
        vaccination=None
        if vaccination is None
        else _Vaccination(vaccination.doses, _ago(vaccination.last_dose_at, moment)),
        travel=None if travel is None else _Travel(travel.risk_area, seconds(moment, travel.as_of)),
    )
    return signed_content.claims(hcert.HEALTH_CODE, content, issue, lambda said: _records(said, moment, issue.issuer))


def _assurance(code: hcert.Hcert) -> Assurance:
    life = code.expires_at - code.issued_at
    if not timedelta(0) < life <= LONGEST_PRINTED:
        raise unacceptable("a life of no time at all, or of more than seven days")
    return Assurance.DYNAMIC_CODE if life <= LONGEST_DYNAMIC else Assurance.STATIC_CODE


def _records(content: _Content, issued_at: datetime, source: str) -> Records:
    def at(ago: int) -> datetime:
        return issued_at - timedelta(seconds=ago)

    code, pop_up, vaccination, travel = content.code, content.pop_up, content.vaccination, content.travel
    return Records(
        codes=() if code is None else (CodeRecord(source, at(code.as_of), COLOURS[code.colour]),),
        pop_ups=() if pop_up is None else (PopUpRecord(source, at(pop_up.as_of), pop_up.active),),
        tests=tuple(_test_record(test, issued_at, source) for test in content.tests or ()),
        vaccinations=()
        if vaccination is None
        else (
            VaccinationRecord(
                source,
                issued_at,
                vaccination.doses,
                None if vaccination.last_dose is None else at(vaccination.last_dose),
            ),
        ),
        travel=() if travel is None else (TravelRecord(source, at(travel.as_of), travel.risk_area),),
    )


def _test_record(test: _Test, issued_at: datetime, source: str) -> TestRecord:
    result = RESULTS[test.result]
    if (test.reported is None) is not (result is TestResult.PENDING):
        raise unacceptable("a result without its moment, or the moment of a result that is still to come")
    if test.reported is not None and test.reported > test.sampled:
        raise unacceptable("a result from before its sample")
    return TestRecord(
        source,
        issued_at,
        result,
        issued_at - timedelta(seconds=test.sampled),
        None if test.reported is None else issued_at - timedelta(seconds=test.reported),
        method=METHODS[test.method],
        pool_size=test.pool_size,
    )


def _test(test: TestRecord, issued_at: datetime) -> _Test:
    return _Test(
        RESULTS.index(test.result),
        seconds(issued_at, test.sampled_at),
        _ago(test.reported_at, issued_at),
        METHODS.index(test.method),
        test.pool_size,
    )


def _ago(at: datetime | None, issued_at: datetime) -> int | None:
    return None if at is None else seconds(issued_at, at)


def _only(records: Sequence[Any]) -> Any:
    if len(records) > 1:
        raise ConfigError("a health code has one record of a kind, and up to three tests")
    return records[0] if records else None
