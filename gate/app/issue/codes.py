"""``gate issue health-code`` and ``gate issue permit``: from a description to a signed code, as text or picture."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gate.app.check_files import now
from gate.app.issue import description, key, picture
from gate.app.issue.number import read_number
from gate.credentials import hcert_issue, signed_health_code, signed_permit
from gate.credentials.signed_content import Issue
from gate.errors import ConfigError
from gate.model import Holder
from gate.pseudonym import load_key

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from datetime import datetime

_IDENTIFIER_BYTES: Final = 16
_MOST_MINUTES: Final = signed_health_code.LONGEST_DYNAMIC // timedelta(minutes=1)
_MOST_DAYS: Final = signed_health_code.LONGEST_PRINTED.days

HEALTH_CODE_HELP: Final = """\
The JSON holds (all but the name may be left out; every time has its zone):
  {"name": "张三", "birth_date": "1990-01-01",
   "code": {"colour": "green", "as_of": "2022-06-18T07:50:00+08:00"},
   "pop_up": {"active": false, "as_of": "2022-06-18T07:50:00+08:00"},
   "tests": [{"result": "negative", "sampled_at": "2022-06-17T12:00:00+08:00",
              "reported_at": "2022-06-17T20:00:00+08:00", "method": "pcr", "pool_size": 10}],
   "vaccination": {"doses": 3, "last_dose_at": "2022-01-05T10:00:00+08:00"},
   "travel": {"risk_area": false, "as_of": "2022-06-18T07:50:00+08:00"}}
At most three tests. The code holds the name masked (张*) and of the number only the pseudonym under which gates of the
fleet know its holder. On a screen it lives for ten minutes; on paper (--printed) up to a week, and can be revoked.
"""
PERMIT_HELP: Final = """\
The JSON holds (hours, entries and sponsor may be left out; every time has its zone):
  {"name": "张三", "zones": ["east-3", "east-5"],
   "valid_from": "2022-06-18T00:00:00+08:00", "valid_to": "2022-06-25T00:00:00+08:00",
   "hours": ["06:00", "22:00"], "entries": 14, "sponsor": "Example Market Ltd"}
The permit ends with valid_to. Gates ask for its holder's tests elsewhere: a permit says nothing about health.
"""


def health_code(args: argparse.Namespace) -> int:
    """Sign a health code.

    Raises:
        ConfigError: an option or a file is not what it should be.
    """
    if not 1 <= args.minutes <= _MOST_MINUTES:
        raise ConfigError(f"--minutes is 1 to {_MOST_MINUTES}: an older code could be a screenshot")
    if args.printed is not None and not 1 <= args.printed <= _MOST_DAYS:
        raise ConfigError(f"--printed is 1 to {_MOST_DAYS} days")
    life = timedelta(minutes=args.minutes) if args.printed is None else timedelta(days=args.printed)
    at = _issued_at(args)
    person, records = description.health_code(args.description, args.issuer, at)
    identifier = None if args.printed is None else secrets.token_bytes(_IDENTIFIER_BYTES)
    issue = Issue(args.issuer, at, at + life, identifier)
    return _give(args, signed_health_code.claims(_holder(args, person), records, issue))


def permit(args: argparse.Namespace) -> int:
    """Sign a permit.

    Raises:
        ConfigError: an option or a file is not what it should be.
    """
    at = _issued_at(args)
    person, said = description.permit(args.description, args.issuer, at)
    if said.valid_to <= at:
        raise ConfigError(f"{args.description}: valid_to is over already")
    issue = Issue(args.issuer, at, said.valid_to, secrets.token_bytes(_IDENTIFIER_BYTES))
    return _give(args, signed_permit.claims(_holder(args, person), said, issue))


def _issued_at(args: argparse.Namespace) -> datetime:
    at: datetime = (args.at or now()).at
    return at.replace(microsecond=0)


def _holder(args: argparse.Namespace, person: description.Person) -> Holder:
    pseudonym = load_key(args.pseudonym_key).pseudonym(read_number(args.number_file, args.document))
    return Holder(person.name, birth_date=person.birth_date, pseudonym=pseudonym)


def _give(args: argparse.Namespace, claims: Mapping[int, Any]) -> int:
    signer = key.load(args.signer)
    text = hcert_issue.issue_claims(claims, signer.private_key, signer.key_id)
    if args.png is None and args.svg is None:
        print(text)
    for path, kind in ((args.png, "png"), (args.svg, "svg")):
        if path is not None:
            print(f"{path}: QR code, version {picture.write(text, path, kind)}, level M")
    return 0
