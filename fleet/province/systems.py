"""What the simulated systems answer, apart from HTTP: each with its own words for the same things."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fleet.province.people import by_number, by_pseudonym, by_token
from fleet.province.vices import System, Vice
from gate.model import Colour

if TYPE_CHECKING:
    from fleet.province.people import Citizen
    from fleet.province.vices import Vices
    from gate.pseudonym import PseudonymKey

PATHS: Final = {
    "/healthCode/verification": System.CODE,
    "/register/person": System.REGISTER,
    "/colour": System.COLOUR,
}
AGAIN: Final = 40017
MAINTENANCE: Final = 40019
SIGNATURE: Final = 10006
_NO_RESULT: Final = 40008
_NATIONAL: Final = {Colour.GREEN: 0, Colour.YELLOW: 1, Colour.RED: 10}
_PROVINCIAL: Final = {Colour.GREEN: "00", Colour.YELLOW: "01", Colour.RED: "10"}
_MOST_REMEMBERED: Final = 10_000


class Systems:
    """All three.

    Args:
        key: the city's, which questions are signed with.
        pseudonyms: the fleet's.
        vices: what they have.
    """

    def __init__(self, key: str, pseudonyms: PseudonymKey, vices: Vices) -> None:
        self._key = key
        self.vices = vices
        self._by_pseudonym = by_pseudonym(pseudonyms)
        self._by_number = by_number()
        self._asked_before: set[tuple[System, str]] = set()

    def answer(self, system: System, body: bytes, now: datetime) -> dict[str, Any]:
        """What a system says to a question."""
        try:
            members = _members(system, body)
            asked = members[{System.CODE: "authorizationCode", System.REGISTER: "holder", System.COLOUR: "id"}[system]]
            genuine = hmac.compare_digest(members["sign"].encode(), self._signature(system, members, asked).encode())
        except (ValueError, KeyError):
            return _said(system, SIGNATURE)
        if not genuine:
            return _said(system, SIGNATURE)
        if (trouble := self._trouble(system, asked)) is not None:
            return _said(system, trouble)
        found = by_token(asked) if system is System.CODE else self._known(system).get(asked)
        if found is None:
            return _said(system, _NO_RESULT if system is System.CODE else 1)
        return self._about(system, found.next if self._has(system, Vice.OTHER) else found, now)

    def _has(self, system: System, vice: Vice) -> bool:
        return (system, vice) in self.vices

    def _known(self, system: System) -> dict[str, Citizen]:
        return self._by_pseudonym if system is System.REGISTER else self._by_number

    def _signature(self, system: System, members: dict[str, str], asked: str) -> str:
        if system is System.COLOUR:
            text = members["appKey"] + self._key + members["timestamp"]
            return hashlib.sha256(text.encode()).hexdigest()
        app = members["devValue" if system is System.CODE else "app"]
        text = app + members["nonce"] + members["time"] + asked
        return hmac.digest(self._key.encode(), text.encode(), "sha256").hex()

    def _trouble(self, system: System, asked: str) -> int | None:
        if self._has(system, Vice.MAINTENANCE):
            return MAINTENANCE
        if self._has(system, Vice.STUCK):
            return AGAIN
        if self._has(system, Vice.AGAIN) and (system, asked) not in self._asked_before:
            if len(self._asked_before) >= _MOST_REMEMBERED:
                self._asked_before.clear()
            self._asked_before.add((system, asked))
            return AGAIN
        self._asked_before.discard((system, asked))
        return None

    def _about(self, system: System, citizen: Citizen, now: datetime) -> dict[str, Any]:
        now += timedelta(days=1) if self._has(system, Vice.CLOCK) else timedelta()
        number = citizen.number
        if self._has(system, Vice.HIDDEN):
            number = f"{number[:6]}********{number[-4:]}"
        colour = citizen.colour
        if self._has(system, Vice.CONFLICT):
            colour = Colour.RED if colour is Colour.GREEN else Colour.GREEN
        strange = self._has(system, Vice.STRANGE)
        match system:
            case System.CODE:
                data = {"qrCodeType": 7 if strange else _NATIONAL[colour], "name": "某人", "idCard": number}
                return {"code": 10000, "msg": "ok", "data": json.dumps(data)}
            case System.REGISTER:
                test = {
                    "result": 0,
                    "sampled": _ms(now - timedelta(hours=10)),
                    "reported": _ms(now - timedelta(hours=4)),
                }
                return {"code": 0, "data": {"idCard": number, "doses": 3, "tests": [test]}}
            case System.COLOUR:
                at = f"{now.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}"
                return {"RetCode": "0", "id": number, "status": "77" if strange else _PROVINCIAL[colour], "time": at}


def _members(system: System, body: bytes) -> dict[str, str]:
    if system is System.COLOUR:
        return {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
    members = json.loads(body)
    if not isinstance(members, dict) or not all(isinstance(value, str) for value in members.values()):
        raise ValueError("no object of texts")
    return members


def _said(system: System, code: int) -> dict[str, Any]:
    return {"RetCode": str(code)} if system is System.COLOUR else {"code": code, "msg": "", "data": None}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
