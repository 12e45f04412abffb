"""``gate trust show``: does a bundle verify, until when is it good, and what is in it?"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gate.app.trust.keys import said
from gate.credentials.signer import OUR_USAGES
from gate.errors import ConfigError, TrustError
from gate.files import read_bounded
from gate.model import Moment
from gate.trust import bundle, load
from gate.trust.anchors import Anchors

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gate.credentials.trusted import Trusted
    from gate.trust.bundle import Bundle

GOOD, REFUSED = 0, 1


def run(args: argparse.Namespace) -> int:
    """Print it and give the exit status."""
    try:
        pinned = read_bounded(args.root)
    except OSError as fault:
        raise ConfigError(f"{args.root}: {fault.strerror or fault}") from None
    try:
        found = bundle.open_folder(args.bundle, pinned)
        trusted, notes = load.load(found)
    except TrustError as fault:
        print(f"{args.bundle}: refused: {fault}")
        return REFUSED
    overdue = found.expired(Moment(args.at or datetime.now(UTC), trusted=True))
    print(f"{args.bundle}: verified, {'due for a newer one since' if overdue else 'good until'} {said(found.expires)}")
    for line in (*_roles(found), *_contents(found, trusted), *(f"note: {note}" for note in notes)):
        print(f"  {line}")
    return REFUSED if overdue else GOOD


def _roles(found: Bundle) -> Iterator[str]:
    for name, role in found.roles.items():
        keys = f"{role.threshold} of {len(role.keys)} keys"
        yield f"{name:9}  version {role.version}, {keys}, good until {said(role.expires)}"


def _contents(found: Bundle, trusted: Trusted) -> Iterator[str]:
    for name, data in found.files.items():
        yield f"file       {name}, {len(data):,} bytes"
    for role, files in found.others.items():
        for name, data in files.items():
            yield f"{role:9}  {name}, {len(data):,} bytes"
    if isinstance(trusted.signers, Anchors):
        yield from _signers(trusted.signers)
    yield f"value sets {', '.join(sorted(trusted.value_sets)) or 'none'}"


def _signers(anchors: Anchors) -> Iterator[str]:
    for signs in sorted({tuple(sorted(signer.usage)) for signer in anchors}):
        countries = Counter(signer.country for signer in anchors if tuple(sorted(signer.usage)) == signs)
        whose = ", ".join(f"{country or '?'} {number}" for country, number in sorted(countries.items()))
        ours = "of our own" if OUR_USAGES.intersection(signs) else "of certificates"
        yield f"signers    {ours}, may sign {', '.join(signs) or 'nothing'}: {whose}"
