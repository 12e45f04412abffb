"""What papers say: the document, its holder's age, exemptions and permits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gate.model import Credential, ExemptionGround, ExemptionRecord, Fact, FactState, Past, PermitRecord
from gate.rules.elapsed import UNKNOWN, known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gate.rules.elapsed import Now, Values

_WHOLE_DAY: Final = (0, 24 * 60)


def credential_fact(credential: Credential, now: Now | None) -> Fact:
    """What was presented and how hard it is to copy; its age where it carries the moment of its issue."""
    values: Values = {"kind": credential.kind.value, "assurance": int(credential.assurance)}
    issued = credential.certificate.issued_at if credential.certificate is not None else None
    if now is not None and issued is not None and not now.in_future(issued):
        values["since_issue"] = now.seconds_since(issued)
    return Fact(FactState.KNOWN, "reader", 0, values)


def document_fact(credential: Credential, now: Now | None) -> Fact:
    """Printed validity, both ends included, by local calendar days."""
    validity = credential.validity
    if validity is None:
        return Fact(FactState.ABSENT)
    if now is None:
        return UNKNOWN
    if now.today < validity.first_day:
        valid = "not_yet_valid"
    elif validity.last_day is not None and now.today > validity.last_day:
        valid = "expired"
    else:
        valid = "valid"
    return Fact(FactState.KNOWN, "chip", 0, {"valid": valid})


def person_fact(credential: Credential, now: Now | None) -> Fact:
    """Age in whole years; it turns at local midnight."""
    birth = credential.holder.birth_date if credential.holder is not None else None
    if birth is None or now is None or birth > now.today:
        return UNKNOWN
    return Fact(FactState.KNOWN, "reader", 0, {"age_years": whole_years(birth, now.today)})


def whole_years(birth: date, today: date) -> int:
    """Birthdays passed; whoever was born on 29 February turns a year older on 1 March of a common year."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def exemption_fact(records: Sequence[ExemptionRecord], now: Now | None, *, holder_known: bool) -> Fact:
    """Which exemptions stand now. A source that knows the holder and names none says that there is none."""
    if now is None or not holder_known or any(now.in_future(record.as_of) for record in records):
        return UNKNOWN
    standing = [record for record in records if record.expires_at is None or now.at < record.expires_at]
    values: Values = {ground.value: any(record.ground is ground for record in standing) for ground in ExemptionGround}
    if not records:
        return Fact(FactState.KNOWN, "status", 0, values)
    return known(max(records, key=lambda r: (r.as_of, r.source)), now, values)


def permit_fact(
    records: Sequence[PermitRecord], zone: str, now: Now | None, silent: FactState, past: Past | None
) -> Fact:
    """The permit that helps most at this zone and this minute."""
    if now is None:
        return UNKNOWN
    if not records:
        return Fact(silent)
    if any(now.in_future(record.as_of) for record in records):
        return UNKNOWN
    permit = best_permit(records, zone, now, past)
    values: Values = dict(zip(("zone", "in_force", "in_hours"), good_here(permit, zone, now), strict=True))
    if permit.entries_left is not None:
        left = _entries_left(permit.entries_left, permit, past)
        if left is None:
            return UNKNOWN
        values["entries_left"] = left
    return known(permit, now, values)


def best_permit(records: Sequence[PermitRecord], zone: str, now: Now, past: Past | None) -> PermitRecord:
    """The one that helps most; of several alike the newest."""

    def helps(permit: PermitRecord) -> tuple[bool, bool, bool, float]:
        left: float | None = float("inf")
        if permit.entries_left is not None:
            left = _entries_left(permit.entries_left, permit, past)
        return (*good_here(permit, zone, now), -1 if left is None else left)

    return max(records, key=lambda r: (helps(r), r.as_of, r.source))


def good_here(permit: PermitRecord, zone: str, now: Now) -> tuple[bool, bool, bool]:
    """Whether a permit is for this zone, this day and this minute."""
    return (
        zone in permit.zones,
        permit.valid_from <= now.at < permit.valid_to,
        in_hours(permit.hours, now.minute_of_day),
    )


def _entries_left(granted: int, permit: PermitRecord, past: Past | None) -> int | None:
    """What is left of the entries granted; None where nobody can tell how many were used."""
    if permit.id is None:
        return granted  # entries can be counted by nobody but its source
    return None if past is None else max(0, granted - past.entries.get(permit.id, 0))


def in_hours(hours: tuple[int, int] | None, minute: int) -> bool:
    """Whether a minute of the day lies in ``[from, to)``; ``from`` after ``to`` goes over midnight."""
    start, end = hours or _WHOLE_DAY
    return start <= minute < end if start <= end else minute >= start or minute < end
