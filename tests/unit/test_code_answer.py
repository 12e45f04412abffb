"""What a provider's answer says about whom; what it does not say clearly is never taken for the better."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from health_codes import CITY, ISSUERS, NOW, answer, id_number, ms, person

from gate.errors import CredentialFault, StatusUnavailable
from gate.model import (
    CodeRecord,
    Colour,
    Document,
    DocumentType,
    PopUpRecord,
    Reason,
    Records,
    TestRecord,
    TestResult,
    TravelRecord,
    VaccinationRecord,
)
from gate.status.code_answer import MOST_HOLDERS, Named, read_answer

if TYPE_CHECKING:
    from gate.credentials.code_issuers import CodeIssuer

AS_OF = datetime(2022, 4, 5, 7, 59, tzinfo=UTC)


def read(*people: dict[str, Any], code: object = 0, issuer: CodeIssuer = CITY) -> tuple[Named, ...]:
    return read_answer(issuer, answer(*people, code=code), NOW.at)


def records(**changes: Any) -> Records:
    (found,) = read(person(1, **changes))
    return found.records


def said_about(*said: dict[str, Any]) -> list[tuple[TestResult, datetime, datetime | None]]:
    return [(test.result, test.sampled_at, test.reported_at) for test in records(tests=list(said)).tests]


def fault(*people: dict[str, Any], code: object = 0) -> Reason:
    with pytest.raises(CredentialFault) as raised:
        read(*people, code=code)
    assert id_number(1) not in str(raised.value)
    return raised.value.reason


def test_everything_that_it_says_about_somebody_in_order() -> None:
    sampled = NOW.at - timedelta(hours=10)
    assert read(person(1)) == (
        Named(
            Document(DocumentType.RESIDENT_ID, id_number(1)),
            Records(
                codes=(CodeRecord("test-city", AS_OF, Colour.GREEN),),
                tests=(
                    TestRecord(
                        "test-city", AS_OF, TestResult.NEGATIVE, sampled, datetime(2022, 4, 5, 0, 0, tzinfo=UTC)
                    ),
                ),
                vaccinations=(VaccinationRecord("test-city", AS_OF, 3, datetime(2022, 1, 4, 16, 0, tzinfo=UTC)),),
                travel=(TravelRecord("test-city", AS_OF, risk_area=False),),
                pop_ups=(PopUpRecord("test-city", AS_OF, active=False),),
            ),
        ),
    )


def test_who_it_is_does_not_show() -> None:
    assert id_number(1) not in repr(read(person(1)))


def test_a_family_is_named_one_by_one_and_ten_are_the_most() -> None:
    family = read(*(person(number) for number in range(1, MOST_HOLDERS + 1)))
    assert [member.document.number for member in family] == [id_number(number) for number in range(1, 11)]
    with pytest.raises(StatusUnavailable):
        read(*(person(number) for number in range(1, MOST_HOLDERS + 2)))


@pytest.mark.parametrize(
    ("code", "reason"), [(1, Reason.CODE_TOO_OLD), ("1", Reason.CODE_TOO_OLD), (2, Reason.CODE_UNRECOGNISED)]
)
def test_its_own_outcome_decides_what_the_person_is_told(code: object, reason: Reason) -> None:
    assert fault(code=code) is reason
    assert fault(person(1), code=code) is reason


@pytest.mark.parametrize("code", [3, -1, "busy", None, "", True, 0.0, [0], {"0": 0}, 10**40])
def test_an_outcome_that_is_in_no_list_is_no_answer(code: object) -> None:
    with pytest.raises(StatusUnavailable):
        read(person(1), code=code)


def test_an_answer_about_nobody_is_about_no_code() -> None:
    assert fault() is Reason.CODE_UNRECOGNISED
    for raw in ({"code": 0}, {"code": 0, "result": None}, {"code": 0, "result": {"people": ""}}):
        with pytest.raises(CredentialFault) as raised:
            read_answer(CITY, raw, NOW.at)
        assert raised.value.reason is Reason.CODE_UNRECOGNISED


# --- who -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "document"),
    [
        ({"number": id_number(1), "kind": 1}, Document(DocumentType.RESIDENT_ID, id_number(1))),
        ({"number": f" {id_number(1)} ", "kind": "1"}, Document(DocumentType.RESIDENT_ID, id_number(1))),
        ({"number": "999999900101002", "kind": 1}, Document(DocumentType.RESIDENT_ID, "999999199001010024")),
        ({"number": "e00000001", "kind": 2}, Document(DocumentType.PASSPORT, "E00000001")),
    ],
)
def test_the_document_is_the_one_under_which_a_card_would_be_found(who: dict[str, Any], document: Document) -> None:
    (found,) = read(person(1, who=who))
    assert found.document == document


@pytest.mark.parametrize(
    "who",
    [
        None,
        {},
        {"number": None, "kind": 1},
        {"number": 7, "kind": 1},
        {"number": "999999********1234", "kind": 1},
        {"number": "999999********1234", "kind": 2},
        {"number": "E" * 25, "kind": 2},
        {"number": "Ｅ00000001", "kind": 2},
        {"number": "E00000001", "kind": 1},
        {"number": "E00000001", "kind": 3},
        {"number": "E00000001"},
        {"number": id_number(1)[:-1] + "?", "kind": 1},
    ],
)
def test_whoever_is_hidden_or_unknown_makes_the_whole_code_a_matter_for_staff(who: object) -> None:
    assert fault(person(2), person(1, who=who)) is Reason.HOLDER_UNKNOWN


def test_without_kinds_an_identity_number_tells_its_own() -> None:
    national = ISSUERS["cn-national"]
    raw = {"code": 10000, "data": json.dumps({"qrCodeType": "0", "idCard": id_number(3), "name": "赵三"})}
    (found,) = read_answer(national, raw, NOW.at)
    assert found.document == Document(DocumentType.RESIDENT_ID, id_number(3))
    assert found.records == Records(codes=(CodeRecord("cn-national", NOW.at, Colour.GREEN),))
    raw["data"] = json.dumps({"qrCodeType": "0", "idCard": "E00000001"})
    with pytest.raises(CredentialFault):
        read_answer(national, raw, NOW.at)


# --- what ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_missing_makes_no_record(nothing: object) -> None:
    names = ("colour", "travel", "pop_up", "doses", "dose_day", "tests", "at")
    assert records(**dict.fromkeys(names, nothing)) == Records()
    (found,) = read_answer(CITY, answer({"who": person(1)["who"]}), NOW.at)
    assert found.records == Records()


@pytest.mark.parametrize("value", ["g", "GREEN", "green", "B", 0, 1, True, 1.0, [], {}, ["G"], "Ｇ", "G\0"])
def test_a_colour_that_is_in_no_table_is_unknown_and_not_left_out(value: object) -> None:
    assert [code.colour for code in records(colour=value).codes] == [Colour.UNKNOWN]


@pytest.mark.parametrize("value", [2, "x", True, 0.0, []])
def test_another_state_that_is_in_no_table_makes_no_record(value: object) -> None:
    assert records(travel=value).travel == ()
    assert records(pop_up="no").pop_ups == ()
    assert said_about({"r": value if value != 2 else 9, "sampled": "soon"}) == []


def test_a_negative_test_of_unknown_age_is_none_but_a_positive_one_is_not_lost() -> None:
    assert said_about({"r": 1}) == []
    assert said_about({"r": 1, "reported": "2022-04-05 08:00:00"}) == []
    assert said_about({"r": 2}) == [(TestResult.POSITIVE, AS_OF, AS_OF)]


def test_a_test_whose_report_has_no_time_counts_as_reported_when_it_was_sampled() -> None:
    sampled = NOW.at - timedelta(hours=30)
    assert said_about({"r": 1, "sampled": ms(hours=30)}) == [(TestResult.NEGATIVE, sampled, sampled)]
    assert said_about({"r": 3, "sampled": ms(hours=30)}) == [(TestResult.PENDING, sampled, None)]


def test_a_time_in_the_future_is_kept_for_the_rules_to_judge() -> None:
    assert [test[1] for test in said_about({"r": 1, "sampled": ms(hours=-5)})] == [NOW.at + timedelta(hours=5)]


def test_without_a_zone_of_the_adapter_a_local_time_is_no_answer() -> None:
    nowhere = replace(CITY, zone=None)
    with pytest.raises(StatusUnavailable):
        read(person(1), issuer=nowhere)
    (found,) = read(person(1, at="2022-04-05T15:59:00+08:00", tests=[], dose_day=None), issuer=nowhere)
    assert found.records.codes[0].as_of == AS_OF


@pytest.mark.parametrize(
    "changes",
    [
        {"at": "soon"},
        {"at": 0},
        {"doses": "many"},
        {"doses": -1},
        {"doses": 21},
        {"doses": "２"},
        {"doses": 2.0},
        {"dose_day": "0000-00-00"},
        {"tests": {}},
        {"tests": [1]},
        {"tests": "["},
        {"tests": '"x"'},
        {"tests": [{"r": 1, "sampled": "yesterday"}]},
        {"tests": [{"r": 2, "sampled": -1}]},
        {"tests": [{"r": 1, "sampled": ms(hours=1)}] * 51},
        {"who": "["},
        {"who": [1]},
        {"who": '{"number": 1, "number": 2}'},
        {"who": "[" * 9000},
        {"who": "\ud800"},
    ],
)
def test_an_answer_that_is_not_of_its_form_is_no_answer_at_all(changes: dict[str, Any]) -> None:
    with pytest.raises(StatusUnavailable, match="test-city"):
        read(person(1, **changes))


def test_nobody_described_what_the_answers_mean() -> None:
    with pytest.raises(StatusUnavailable):
        read(person(1), issuer=replace(CITY, answers=None))


def test_guangdongs_answer() -> None:
    raw = {
        "RetCode": 0,
        "id": id_number(1),
        "status": "00",
        "vaccine": 3,
        "vaccineDate": "",
        "stNucleicAcid": [
            {"checkTime": "2022-04-05 06:00:00", "checkResult": "阴性"},
            {"checkTime": "2022-04-01", "checkResult": "复检"},
            {"checkTime": "", "checkResult": ""},
        ],
    }
    (found,) = read_answer(ISSUERS["gd-yuekang"], raw, NOW.at)
    assert [code.colour for code in found.records.codes] == [Colour.GREEN]
    assert [test.sampled_at for test in found.records.tests] == [datetime(2022, 4, 4, 22, 0, tzinfo=UTC)]
    assert [record.doses for record in found.records.vaccinations] == [3]
    for status in (0, "0", 1, 10, "11"):  # 1 and 10 as numbers, or without their zeros, are not what the table says
        (found,) = read_answer(ISSUERS["gd-yuekang"], raw | {"status": status}, NOW.at)
        assert found.records.codes[0].colour is (Colour.RED if status == 10 else Colour.UNKNOWN)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (40007, Reason.CODE_TOO_OLD),
        *((code, None) for code in (10006, 40000, 40001, 40006, 40008, 40009, 40017, 40019, 7)),
    ],
)
def test_the_national_providers_outcomes(code: int, expected: Reason | None) -> None:
    with pytest.raises((CredentialFault, StatusUnavailable)) as raised:
        read_answer(ISSUERS["cn-national"], {"code": code, "data": None}, NOW.at)
    assert getattr(raised.value, "reason", None) is expected


def test_shanghais_answer_says_who_it_is_and_nothing_about_the_colour() -> None:
    (found,) = read_answer(ISSUERS["sh-suishen"], {"xm": "赵三", "zjhm": id_number(1), "colour": 1}, NOW.at)
    assert found == Named(Document(DocumentType.RESIDENT_ID, id_number(1)), Records())
