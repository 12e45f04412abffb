from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rule_set_samples import KNOWN_GREEN, assigned, blob, example, known, rule, rule_set

from gate.errors import RuleSetError
from gate.model import Moment
from gate.rules.orders import Order, laid_over, load
from gate.rules.ruleset import RuleSet
from gate.rules.ruleset import load as load_rules

FROM = datetime(2022, 6, 30, 1, tzinfo=UTC)
RULES = load_rules(blob(rule_set()))
STATION = RULES.profiles["station"]


def order(**changes: Any) -> dict[str, Any]:
    """A grace order of two days unless it is changed; None leaves a key out."""
    found = {
        "id": "LAB-0630",
        "kind": "grace",
        "issued_at": "2022-06-30T08:00:00+08:00",
        "valid_from": "2022-06-30T09:00:00+08:00",
        "valid_to": "2022-07-02T09:00:00+08:00",
        "profiles": ["station"],
        "parameters": {"min_doses": 1},
        "Description": [{"lang": "zh-CN", "desc": "宽限两天。"}, {"lang": "en", "desc": "Two days of grace."}],
        **changes,
    }
    return {key: value for key, value in found.items() if value is not None}


def emergency(**changes: Any) -> dict[str, Any]:
    return order(
        **{"id": "FIRE", "kind": "emergency", "valid_to": "2022-07-01T09:00:00+08:00", "parameters": None} | changes
    )


def loaded(*orders: dict[str, Any]) -> tuple[Order, ...]:
    return load(blob(list(orders)), RULES)


def refusal(found: Any, *sets: RuleSet | None) -> str:
    with pytest.raises(RuleSetError) as fault:
        load(found if type(found) is bytes else blob(found), *(sets or (RULES,)))
    return str(fault.value)


def after(seconds: int, *, trusted: bool = True) -> Moment:
    return Moment(FROM + timedelta(seconds=seconds), trusted)


def test_an_order_is_read() -> None:
    (grace,) = loaded(order())
    assert (grace.id, grace.mark, grace.profiles) == ("LAB-0630", "grace:LAB-0630", frozenset({"station"}))
    assert grace.parameters == {"min_doses": 1}
    assert grace.description["en"] == "Two days of grace."
    assert loaded(emergency())[0].mark == "emergency:FIRE"
    assert loaded() == ()


@pytest.mark.parametrize(
    ("seconds", "doses"), [(-1, 2), (0, 1), (1, 1), (2 * 86_400 - 1, 1), (2 * 86_400, 2), (2 * 86_400 + 1, 2)]
)
def test_an_order_holds_from_its_first_second_and_ends_by_itself(seconds: int, doses: int) -> None:
    ordered = laid_over(STATION, loaded(order()), after(seconds))
    assert ordered.profile.parameters["min_doses"] == doses
    assert ordered.marks == (("grace:LAB-0630",) if doses == 1 else ())
    assert ordered.profile.parameters["max_age_s"] == {"code": 86_400}, "what the order does not name stays"


def test_no_order_holds_on_a_clock_that_may_be_wrong() -> None:
    orders = loaded(order(), emergency())
    ordered = laid_over(STATION, orders, after(60, trusted=False))
    assert (ordered.profile, ordered.marks, ordered.emergency) == (STATION, (), False)
    assert laid_over(STATION, orders, after(60)).emergency


def test_an_order_touches_only_the_profiles_that_it_names_and_fits() -> None:
    orders = loaded(order(), emergency())
    exit_ = replace(STATION, name="exit")
    assert laid_over(exit_, orders, after(0)).marks == ()
    of_another_set = replace(STATION, parameters={"min_doses": "two"})
    ordered = laid_over(of_another_set, orders[:1], after(0))
    assert (ordered.profile, ordered.marks) == (of_another_set, ())


def test_the_order_that_was_issued_last_counts() -> None:
    later = order(id="A-LATER", issued_at="2022-06-30T08:30:00+08:00", parameters={"min_doses": 0})
    for orders in ([order(), later], [later, order()]):
        ordered = laid_over(STATION, loaded(*orders), after(0))
        assert ordered.profile.parameters["min_doses"] == 0
        assert ordered.marks == ("grace:LAB-0630", "grace:A-LATER")


@pytest.mark.parametrize("seconds", [-1, 0, 1])
@pytest.mark.parametrize(("make", "days"), [(order, 31), (emergency, 1)])
def test_nobody_orders_for_longer_than_the_most(make: Any, days: int, seconds: int) -> None:
    end = FROM + timedelta(days=days, seconds=seconds)
    found = make(valid_to=end.isoformat())
    if seconds <= 0:
        assert loaded(found)
    else:
        assert f"more than {days * 24} hours" in refusal([found])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extra": 1}, "unknown key 'extra'"),
        ({"id": "../x"}, "order 1 id"),
        ({"id": None}, "order 1 id"),
        ({"kind": "pardon"}, "grace, emergency"),
        ({"valid_to": "2022-06-30T09:00:00+08:00"}, "does not lie after its valid_from"),
        ({"valid_to": "2022-06-30T09:00:00"}, "with a zone"),
        ({"issued_at": None}, "lacks issued_at"),
        ({"issued_at": "2022-07-02T09:00:01+08:00"}, "issued_at lies after valid_to"),
        ({"profiles": []}, "0 items"),
        ({"profiles": ["station", "exit"]}, "names the profile exit, which test-set@3 does not have"),
        ({"profiles": "station"}, "write an array"),
        ({"parameters": None}, "parameters: is null"),
        ({"parameters": {}}, "is empty"),
        ({"parameters": {"min_dozes": 1}}, "min_dozes, which the set lacks"),
        ({"parameters": {"min_doses": "1"}}, "of another type"),
        ({"parameters": {"min_doses": True}}, "of another type"),
        ({"parameters": {"max_age_s": {}}}, "leaves out code"),
        ({"Description": [{"lang": "zh-CN", "desc": "宽限。"}]}, 'the one for "en"'),
        ({"Description": []}, "0 items"),
        ({"kind": "emergency", "valid_to": "2022-07-01T09:00:00+08:00"}, "remove its parameters"),
    ],
)
def test_a_faulty_order_is_named(changes: dict[str, Any], words: str) -> None:
    message = refusal([order(**changes)])
    assert message.startswith("order ")
    assert words in message


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"{}", "write an array"),
        (b"[7]", "order 1 id"),
        (b"[", "not JSON"),
        (b" " * 500_001, "500000"),
        (blob([order()] * 101), "101 items"),
        (blob([order(), order()]), "LAB-0630: is there twice"),
    ],
)
def test_a_file_that_holds_no_orders_is_refused_whole(file: bytes, words: str) -> None:
    assert words in refusal(file)


def test_an_order_fits_one_of_the_sets_that_are_held() -> None:
    coming = load_rules(
        blob(
            rule_set(
                id="coming",
                profiles={"hall": {"rules": ["CN-TEST-0001"], "parameters": {}}},
                assignments=[assigned("hall")],
            )
        )
    )
    hall = [order(profiles=["hall"])]
    assert "names the profile hall" in refusal(hall, RULES)
    assert load(blob(hall), RULES, coming)
    assert load(blob(hall), coming, RULES)
    assert load(blob([order(profiles=["nowhere"])]), None), "without a set only the form is checked"


def test_an_order_under_which_not_knowing_lets_people_through_is_refused() -> None:
    colour = {"var": "payload.code.colour"}
    lenient = {"if": [{"var": "external.parameters.lenient"}, {"!": [{"===": [colour, "yellow"]}]}, KNOWN_GREEN]}
    rules = load_rules(blob(rule_set(rules=[rule(logic=lenient)], parameters={"lenient": False, "days": 1})))
    assert load(blob([order(parameters={"days": 2})]), rules)
    message = refusal([order(parameters={"lenient": True})], rules)
    assert message.startswith("order LAB-0630: in test-set@3, CN-TEST-0001: holds in the example")
    assert "with code unknown" in message


def test_an_order_may_make_a_careful_rule_laxer() -> None:
    within = {
        "and": [
            {"===": [{"var": "payload.code.state"}, "known"]},
            {"<=": [{"var": "payload.code.days"}, {"var": "external.parameters.days"}]},
        ]
    }
    rules = load_rules(
        blob(
            rule_set(
                rules=[rule(logic=within)],
                parameters={"days": 1},
                examples=[
                    example("today", {"code": known(days=0)}, r0001=True),
                    example("long ago", {"code": known(days=9)}, r0001=False),
                ],
            )
        )
    )
    assert load(blob([order(parameters={"days": 10})]), rules)
