"""A device with a claim becomes a gate: once, and as often as it asks again with the same key."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from fleet.plane import audit, sql
from gate.wire.claims import Claim, Declined, Refusal
from gate.wire.enrol import EnrolAnswer, EnrolRequest, check_request, device_key

if TYPE_CHECKING:
    from psycopg import AsyncConnection
    from psycopg_pool import AsyncConnectionPool

    from fleet.plane.audit import Audit


@dataclass(frozen=True, slots=True)
class _Row:
    """A claim as the console made it."""

    id: int
    secret: bytes
    site_id: int
    site: str
    device: str
    serial: str
    expires_at: datetime
    withdrawn: bool
    used_by: bytes | None


@dataclass(frozen=True, slots=True)
class Entrance:
    """What an enrolled gate is told about this server."""

    url: str
    pins: tuple[str, ...] = ()
    ca: str = ""


class Enrolment:
    """Answers devices that hold a claim."""

    def __init__(
        self, pool: AsyncConnectionPool[AsyncConnection], audit_: Audit, entrance: Entrance, claims_key: bytes
    ) -> None:
        self._pool = pool
        self._audit = audit_
        self._entrance = entrance
        self._claims_key = claims_key

    async def enrol(self, asked: EnrolRequest) -> EnrolAnswer:
        """Make it a gate.

        Raises:
            Declined: it does not become one; the reason has a word.
        """
        claim = check_request(asked, (self._claims_key,)).claim
        try:
            await self._take(asked, claim)
        except Declined as declined:
            await self._audit.note(f"device {asked.serial}", "enrolment refused", claim.label, declined.reason.value)
            raise
        return EnrolAnswer(device=claim.device, url=self._entrance.url, pins=self._entrance.pins, ca=self._entrance.ca)

    async def _take(self, asked: EnrolRequest, claim: Claim) -> None:
        key = device_key(asked)
        async with self._pool.connection() as link:
            row = await _row(link, claim)
            if row.used_by == key:
                return  # its answer was lost on the way
            _check(row, claim)
            now = datetime.now(UTC)
            enrolled = await link.execute(sql.ENROL, (row.site_id, row.device, row.serial, key, now))
            if enrolled.rowcount != 1:
                raise Declined(Refusal.OTHER_SITE, "a gate of this name stands at another site")
            await link.execute(sql.USE_CLAIM, (now, key, row.id))
            await audit.write(link, f"device {row.serial}", "enrolled", row.device, f"claim {claim.label}")


async def _row(link: AsyncConnection, claim: Claim) -> _Row:
    found = await (await link.execute(sql.CLAIM, (claim.label,))).fetchone()
    if found is None or not hmac.compare_digest(bytes(found[1]), sha256(claim.secret).digest()):
        raise Declined(Refusal.UNKNOWN, "this fleet has given no such claim")
    return _Row(*found)


def _check(row: _Row, claim: Claim) -> None:
    if row.withdrawn:
        raise Declined(Refusal.WITHDRAWN, "the claim was taken back")
    if row.used_by is not None:
        raise Declined(Refusal.USED, "the claim is used up; make another one")
    if datetime.now(UTC) >= row.expires_at:
        raise Declined(Refusal.EXPIRED, "the claim is too old; make another one")
    if claim.serial != row.serial or claim.device != row.device:
        raise Declined(Refusal.OTHER_SERIAL, "the claim is for another device")
    if claim.site != row.site:
        raise Declined(Refusal.OTHER_SITE, "the site of the claim has another name now")
