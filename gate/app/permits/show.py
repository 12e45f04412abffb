"""``gate permits show``: what the list that serves holds; nobody's name or number is in it to be shown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gate.app.permits.importing import zones_shown
from gate.status.permit_store import PermitListReader

if TYPE_CHECKING:
    from pathlib import Path

    from gate.model import Checkpoint, Moment
    from gate.pseudonym import PseudonymKey


def run(path: Path, place: Checkpoint, key: PseudonymKey, now: Moment) -> int:
    """Print it; 0.

    Raises:
        StatusUnavailable: there is none, or it is damaged.
    """
    here = ZoneInfo(place.time_zone)
    found = PermitListReader(path, key)
    try:
        info = found.info
        zones: Counter[str] = Counter()
        holders: set[bytes] = set()
        in_force = over = 0
        for holder, permit in found.everything():
            holders.add(holder)
            zones.update(permit.zones)
            in_force += permit.valid_from <= now.at < permit.valid_to
            over += permit.valid_to <= now.at
    finally:
        found.close()
    imported = info.imported_at.astimezone(here)
    print(f"{path.name}: permits {info.permits:,}, people {len(holders):,}")
    print(f"imported: {imported:%Y-%m-%d %H:%M} ({here.key}), rows {info.rows:,}, left out {info.refused:,}")
    print(f"now: in force {in_force:,}, over {over:,}, not begun {info.permits - in_force - over:,}")
    print(f"zones: {zones_shown(zones, place.zone)}")
    return 0
