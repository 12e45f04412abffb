"""What an installer and a city put into a gate: its configuration, whom it believes, and what is known of people."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gate.app.demo.certificates import own
from gate.app.demo.people import people
from gate.app.demo.stage import CONFIG, fill
from gate.config_file import load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gate.app.demo.certificates import Certificates
    from gate.app.demo.people import Person

CHECKPOINT: Final = """
[checkpoint]
id = "hil-1"
site_class = "station"
lane = "1"
direction = "in"
attended = true
[rules]
sets = ["rules/station-48h.json"]
certificate_rules = "rules/certificates.json"
[trust]
bundle = "trust"
root = "root.json"
[status]
file = "status.json"
key = "pseudonym.key"
[journal]
path = "journal.sqlite"
commit_limit_ms = 1500
[voice]
fallback = "/run/gate"
"""
ID_READER: Final = """
[[readers]]
name = "id-reader"
driver = "idcard"
port = "/dev/gate/id-reader"
"""
GUN: Final = """
[[readers]]
name = "gun"
driver = "barcode"
device = "/dev/gate/gun"
gap_ms = 500
"""
"""An emulated machine may stall in the middle of a code."""
_INSTALL: Final = """
set -e
cp -r /hil/site/etc/. /etc/gate/
cp -r /hil/site/state/. /var/lib/gate/
chown -R gate: /var/lib/gate
chmod -R u=rwX,go= /var/lib/gate
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A gate that is set up, as two folders for the machine and what stands outside it."""

    folder: Path
    """With ``etc``, which belongs to /etc/gate, and ``state``, which belongs to /var/lib/gate."""
    people: Mapping[str, Person]
    """Who may come with a card, by the names of ``gate.app.demo.people``."""
    certificates: Certificates
    """Codes that somebody may hold up, and what has to come of them."""


def make_site(folder: Path, *parts: str) -> Site:
    """Set a gate up in an empty folder; records are as of now.

    Args:
        folder: where.
        parts: pieces of ``gate.toml`` after ``CHECKPOINT``: readers, a barrier.
    """
    etc, state = folder / "etc", folder / "state"
    state.mkdir(parents=True)
    shutil.copytree(CONFIG.parent / "rules", etc / "rules")
    file = etc / "gate.toml"
    file.write_text(CHECKPOINT + "".join(parts), encoding="utf-8")
    now = datetime.now(UTC)
    everybody, codes = people(now), own(now)
    fill(load(file, state), everybody, codes)
    return Site(folder, everybody, codes)


def install(site: Site, share: Path) -> str:
    """Put the folders into the shared one; gives the script that takes them from there."""
    shutil.copytree(site.folder, share / "site", dirs_exist_ok=True)
    return _INSTALL
