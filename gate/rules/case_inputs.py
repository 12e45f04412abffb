"""Who stands at the gate in a case: place, credential, records, past, companion, temperature.

Times are date-times with a zone, or told from the moment of the case: a sign and days, hours, minutes, seconds in
that order, each at most once, such as ``-47h59m59s``, ``-3d``, ``+5m``. The words of ``records`` are those of the
records themselves (``gate.model.records``), as in a status file.
"""

from __future__ import annotations

import re
from dataclasses import MISSING
from dataclasses import fields as fields_of
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from gate.model import (
    ArrivalRecord,
    Assurance,
    Certificate,
    Checkpoint,
    CodeRecord,
    Credential,
    CredentialKind,
    Direction,
    ExemptionRecord,
    Holder,
    Moment,
    Past,
    PermitRecord,
    PopUpRecord,
    Records,
    Temperature,
    TestRecord,
    TravelRecord,
    VaccinationRecord,
    Validity,
)
from gate.rules import fields
from gate.rules.derive import Companion, Inputs

if TYPE_CHECKING:
    from collections.abc import Mapping


class Members(NamedTuple):
    """The keys of an object."""

    required: frozenset[str]
    optional: frozenset[str]


INPUTS: Final = Members(
    frozenset({"at", "checkpoint", "records"}),
    frozenset({"card", "credential", "past", "companion", "temperature", "retries", "clock_trusted"}),
)
"""The keys of a case that say who stands there."""

NO_END: Final = "长期"
"""A card without an end says so."""

_SPAN: Final = re.compile(r"([+-])(?=\d)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MAX_RECORDS: Final = 200
_DIRECTIONS: Final = tuple(direction.value for direction in Direction)
_MAX_FAULT: Final = 200
_KINDS: Final[Mapping[str, type]] = {
    "codes": CodeRecord,
    "pop_ups": PopUpRecord,
    "tests": TestRecord,
    "vaccinations": VaccinationRecord,
    "travel": TravelRecord,
    "arrivals": ArrivalRecord,
    "exemptions": ExemptionRecord,
    "permits": PermitRecord,
}
_TIMES: Final = {
    kind: frozenset(name for name, hint in get_type_hints(kind).items() if hint in {datetime, datetime | None})
    for kind in _KINDS.values()
}
_MAY_BE_NONE: Final = frozenset({"reported_at", "expires_at"})
"""Members that a record always has, but that a line leaves out where the source has none, as a status file does."""


def read_inputs(found: Mapping[str, Any], at: datetime) -> Inputs:
    """The people and things of one case.

    Args:
        found: the case, its keys checked.
        at: its moment.

    Raises:
        RuleSetError: a member is missing, unknown or wrong.
    """
    if ("card" in found) == ("credential" in found):
        fields.refuse("case", "needs either a card or another credential; write one of them")
    companion = found.get("companion")
    temperature = found.get("temperature")
    return Inputs(
        credential=_card(found["card"]) if "card" in found else _credential(found["credential"], at),
        records=_records(found["records"], "records", at),
        moment=Moment(at, fields.one_of(found.get("clock_trusted", True), "clock_trusted", (True, False))),
        checkpoint=_checkpoint(found["checkpoint"]),
        companion=None if companion is None else _companion(companion, at),
        temperature=None if temperature is None else _temperature(temperature),
        past=_past(found.get("past", {}), at),
        retries=fields.integer(found.get("retries", 0), "retries", least=0),
    )


def instant(value: Any, where: str, at: datetime) -> datetime:
    """A date-time with a zone, or a span from ``at``, as UTC."""
    match = _SPAN.fullmatch(value) if type(value) is str else None
    if match is None:
        return fields.instant(value, where)
    days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        return at + span if match[1] == "+" else at - span
    except OverflowError:
        fields.refuse(where, "lies outside the calendar; write a shorter span")


def _checkpoint(value: Any) -> Checkpoint:
    optional = frozenset({"lane", "direction", "attended", "time_zone", "zone", "thermometer"})
    found = fields.members(value, "checkpoint", frozenset({"site_class"}), optional)
    time_zone = fields.name(found.get("time_zone", "Asia/Shanghai"), "checkpoint time_zone")
    try:
        ZoneInfo(time_zone)
    except (KeyError, OSError, ValueError):
        fields.refuse("checkpoint time_zone", 'is not known; write a name such as "Asia/Shanghai"')
    return Checkpoint(
        "case",
        fields.text(found["site_class"], "checkpoint site_class"),
        fields.text(found.get("lane", "1"), "checkpoint lane"),
        Direction(fields.one_of(found.get("direction", "in"), "checkpoint direction", _DIRECTIONS)),
        fields.one_of(found.get("attended", False), "checkpoint attended", (True, False)),
        time_zone,
        fields.text(found.get("zone", "public"), "checkpoint zone"),
        fields.one_of(found.get("thermometer", False), "checkpoint thermometer", (True, False)),
    )


def _card(value: Any) -> Credential:
    """A resident ID card that was read from its chip; without dates it is valid."""
    found = fields.members(value, "card", frozenset(), frozenset({"birth", "valid_from", "valid_to"}))
    end = found.get("valid_to", NO_END)
    return Credential(
        CredentialKind.RESIDENT_ID,
        Assurance.CHIP,
        _holder(found, "card"),
        Validity(
            _day(found.get("valid_from", "2015-01-01"), "card valid_from"),
            None if end == NO_END else _day(end, "card valid_to"),
        ),
    )


def _credential(value: Any, at: datetime) -> Credential:
    where = "credential"
    found = fields.members(value, where, frozenset({"kind", "assurance"}), frozenset({"birth", "issued_at"}))
    certificate = None
    if "issued_at" in found:
        certificate = Certificate("case", "case", instant(found["issued_at"], f"{where} issued_at", at), None, {})
    kinds, levels = tuple(kind.value for kind in CredentialKind), tuple(level.name.lower() for level in Assurance)
    return Credential(
        CredentialKind(fields.one_of(found["kind"], f"{where} kind", kinds)),
        Assurance[fields.one_of(found["assurance"], f"{where} assurance", levels).upper()],
        _holder(found, where),
        certificate=certificate,
    )


def _holder(found: Mapping[str, Any], where: str) -> Holder | None:
    return Holder("", birth_date=_day(found["birth"], f"{where} birth")) if "birth" in found else None


def _companion(value: Any, at: datetime) -> Companion:
    found = fields.members(value, "companion", frozenset({"records"}))
    return Companion(_records(found["records"], "companion records", at))


def _past(value: Any, at: datetime) -> Past | None:
    """What the gate remembers: nothing where a case leaves it out, None where it can't be read."""
    if value is None:
        return None
    found = fields.members(value, "past", frozenset(), frozenset({"direction", "at", "entries"}))
    if "at" in found and "direction" not in found:
        fields.refuse("past", "has a time but no direction; write in or out")
    return Past(
        Direction(fields.one_of(found["direction"], "past direction", _DIRECTIONS)) if "direction" in found else None,
        instant(found["at"], "past at", at) if "at" in found else None,
        fields.by_name(
            found.get("entries", {}),
            "past entries",
            _MAX_RECORDS,
            lambda item, where: fields.integer(item, where, least=0),
        ),
    )


def _temperature(value: Any) -> Temperature:
    found = fields.members(value, "temperature", frozenset({"tenths"}), frozenset({"measurement"}))
    return Temperature(
        fields.integer(found["tenths"], "temperature tenths"),
        fields.one_of(found.get("measurement", 1), "temperature measurement", (1, 2)),
    )


def _records(value: Any, where: str, at: datetime) -> Records | None:
    if value is None:
        return None
    found = fields.members(value, where, frozenset(), frozenset(_KINDS))
    return Records(
        **{
            name: tuple(
                _record(item, f"{where} {name}", _KINDS[name], at)
                for item in fields.items(items, f"{where} {name}", _MAX_RECORDS)
            )
            for name, items in found.items()
        }
    )


def _record(value: Any, where: str, kind: type, at: datetime) -> Any:
    members = fields_of(kind)
    required = frozenset(each.name for each in members if each.default is MISSING) - _MAY_BE_NONE
    found = fields.members(value, where, required, frozenset(each.name for each in members) - required)
    left_out = {each.name: None for each in members if each.default is MISSING}
    times = {name: instant(found[name], f"{where} {name}", at) for name in _TIMES[kind] & found.keys()}
    try:
        return msgspec.convert({**left_out, **found, **times}, kind)
    except msgspec.ValidationError as fault:
        fields.refuse(where, f"is refused: {str(fault)[:_MAX_FAULT]!a}")


def _day(value: Any, where: str) -> date:
    # The pattern comes first: fromisoformat also reads days such as 2022W261.
    written = value if type(value) is str and _DAY.fullmatch(value) else ""
    try:
        return date.fromisoformat(written)
    except ValueError:
        fields.refuse(where, 'must be a day such as "1990-01-31"')
