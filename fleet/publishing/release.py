"""Bundles as they come from the people who sign them, looked at before any gate finds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from fleet.errors import FleetError
from gate.errors import RuleSetError, TrustError
from gate.rules import orders, ruleset
from gate.trust import bundle, load
from gate.trust.bundle import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.trust.bundle import Bundle

ORDERS: Final = "orders.json"
_MAY_DIFFER: Final = ("root", "timestamp")
"""Signed at other times than the rest."""


@dataclass(frozen=True, slots=True)
class Release:
    """A bundle in which no fault was found."""

    bundle: Bundle = field(repr=False)
    digest: str
    """SHA-256 of the names and contents of its files."""
    rules: tuple[tuple[str, int, str], ...]
    """Of each rule set id, version, and when it is valid from (ISO)."""
    orders: tuple[tuple[str, str, str], ...] = ()
    """Of each order id, kind, and when it ends (ISO)."""

    @property
    def version(self) -> int:
        """Of everything that was signed offline."""
        return self.bundle.version

    @property
    def files(self) -> Mapping[str, bytes]:
        """Rule sets and orders, by name."""
        return self.bundle.others.get(RULES, {})

    @property
    def signed_until(self) -> datetime:
        """When what was signed offline ends; the timestamp is signed anew before that."""
        return min(role.expires for name, role in self.bundle.roles.items() if name != "timestamp")

    @property
    def timestamp(self) -> int:
        """The timestamp's version, which rises by itself."""
        return self.bundle.roles["timestamp"].version


def read(folder: Path, root: bytes) -> Release:
    """Verify a folder that ``gate trust make`` made.

    Args:
        folder: the bundle.
        root: content of the root that is installed with the gates.

    Raises:
        FleetError: it is not signed by enough people, or something in it is of no use to a gate.
    """
    try:
        found = bundle.open_folder(folder, root)
        load.load(found)
        sets, given = _rule_sets(found)
    except (TrustError, RuleSetError) as fault:
        raise FleetError(f"{folder}: refused: {fault}") from None
    versions = {role.version for name, role in found.roles.items() if name not in _MAY_DIFFER}
    if len(versions) > 1:
        raise FleetError(f"{folder}: its roles have several versions; gate trust make gives all of them the same")
    if found.expires <= datetime.now(UTC):
        raise FleetError(f"{folder}: a signature ended at {found.expires:%Y-%m-%d %H:%M} UTC; gates fetch it no more")
    files = sorted((name, data) for name, data in found.contents().items() if name not in found.metadata)
    lines = (f"{name} {sha256(data).hexdigest()}\n" for name, data in files)
    rules = tuple((one.id, one.version, one.valid_from.isoformat()) for one in sets)
    told = tuple((one.id, str(one.kind), one.valid_to.isoformat()) for one in given)
    return Release(found, sha256("".join(lines).encode()).hexdigest(), rules, told)


def check_way_back(release: Release, back: Release) -> None:
    """Refuse a way back that gates would not take after the release.

    Raises:
        FleetError: it is not newer in every role.
    """
    if back.version <= release.version or back.timestamp <= release.timestamp:
        raise FleetError(
            f"the way back is version {back.version}, timestamp {back.timestamp}; gates that have version "
            f"{release.version}, timestamp {release.timestamp}, take only newer ones"
        )
    missing = release.bundle.roles.keys() - back.bundle.roles.keys()
    if missing:
        raise FleetError(f"the way back lacks the role {', '.join(sorted(missing))}, and gates would miss it")


def _rule_sets(found: Bundle) -> tuple[tuple[ruleset.RuleSet, ...], tuple[orders.Order, ...]]:
    """The rule sets, and the orders that are laid over them."""
    files = found.others.get(RULES, {})
    sets = tuple(ruleset.load(blob) for name, blob in files.items() if name != ORDERS)
    return sets, orders.load(files[ORDERS], *sets) if ORDERS in files and sets else ()
