"""``fleet claims export``: claims for many devices at once, as files for their cards and one sheet to print."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fleet.errors import FleetError
from fleet.prepare import use_django

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.console.claims import Made

COLUMNS: Final = ("device", "serial")
MOST: Final = 1000
DAYS: Final = 30
"""Longer than at the console: a thousand devices are not mounted in a fortnight."""
CLAIM_FILE: Final = "gate-claim.txt"
"""What ``gate-enrol.service`` looks for on the boot partition."""
SHEET: Final = "sheet.html"
USER_DATA: Final = """\
#cloud-config
write_files:
  - path: /boot/firmware/{file}
    content: {claim}
runcmd:
  - systemctl start --no-block gate-enrol
"""


def main(arguments: Sequence[str]) -> int:
    """Make claims for devices at one site: a folder for each, with what belongs on its card, and a sheet to print."""
    parser = argparse.ArgumentParser("fleet claims", description=main.__doc__)
    export = parser.add_subparsers(required=True).add_parser("export", description=main.__doc__)
    export.add_argument("--site", required=True, help="its name")
    export.add_argument(
        "--devices", required=True, type=Path, help=f"CSV: {','.join(COLUMNS)}, then a line each; at most {MOST}"
    )
    export.add_argument("--out", required=True, type=Path, help="a folder that is not there yet")
    asked = parser.parse_args(arguments)
    for name in ("FLEET_DSN", "FLEET_URL", "FLEET_CLAIMS_KEY"):
        if not os.environ.get(name):
            raise FleetError(f"{name} is not set; see docs/fleet.md")
    use_django(os.environ["FLEET_DSN"])
    made = make(asked.site, asked.devices, asked.out)
    print(f"{len(made)} claims in {asked.out}, good for {DAYS} days. Print {SHEET}, keep none of it.")
    return 0


def make(site: str, devices: Path, out: Path) -> list[Made]:
    """Make them; with any line wrong, or anything that can't be written, none is.

    Raises:
        FleetError: nothing was made; the message says why, for each line that is wrong.
    """
    from django.db import transaction  # noqa: PLC0415 - Django is set up by now
    from django.utils.translation import override  # noqa: PLC0415 - the same

    from fleet.console.claims import keep  # noqa: PLC0415 - the same

    if out.exists():
        raise FleetError(f"{out} is there already")
    unfinished = out.with_name(out.name + ".unfinished")
    with override("en"):
        drawn = _drawn(site, devices)
    made = [one.made for one in drawn]
    try:
        with transaction.atomic():
            keep(drawn, None)
            write(made, unfinished)
            unfinished.rename(out)
    except OSError as fault:
        raise FleetError(f"no claim was made: {fault}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return made


def _drawn(site: str, devices: Path) -> list[Any]:
    from fleet.console.claims import Wanted, draw_up  # noqa: PLC0415 - Django is set up by now
    from fleet.console.lines import read  # noqa: PLC0415 - the same
    from fleet.registry.models import Site  # noqa: PLC0415 - the same

    place = Site.objects.filter(name=site).first()
    if place is None:
        raise FleetError(f"there is no site {site}")
    try:
        with devices.open("rb") as file:
            lines = list(read(file, COLUMNS, MOST))
    except OSError as fault:
        raise FleetError(f"{devices}: {fault.strerror}") from None
    cells = [line.cells or ("", "") for line in lines]
    drawn = draw_up([(place, Wanted(device, serial, DAYS)) for device, serial in cells])
    wrong, seen = [], dict[str, int]()
    for line, one in zip(lines, drawn, strict=True):
        first = seen.setdefault(line.cells[0], line.number) if line.cells else line.number
        again = "" if first == line.number else f"{line.cells[0]} is on line {first} as well"
        if why := line.wrong or again or (one if isinstance(one, str) else ""):
            wrong.append(f"line {line.number}: {why}")
    if wrong:
        raise FleetError("no claim was made\n" + "\n".join(wrong))
    return drawn


def write(made: Sequence[Made], folder: Path) -> None:
    """A folder for each device, and the sheet; nobody else may read them."""
    folder.mkdir(mode=0o700)
    for one in made:
        (folder / one.device).mkdir()
        _secret(folder / one.device / CLAIM_FILE, f"{one.text}\n")
        # JSON's strings are YAML's.
        _secret(folder / one.device / "user-data", USER_DATA.format(file=CLAIM_FILE, claim=json.dumps(one.text)))
    _secret(folder / SHEET, sheet(made))


def sheet(made: Sequence[Made]) -> str:
    """Everything to print, in Chinese and in English: whoever mounts a gate reads one of them."""
    import segno  # noqa: PLC0415 - the command alone needs it
    from django.template.loader import render_to_string  # noqa: PLC0415 - Django is set up by now

    codes = [(claim, segno.make_qr(claim.text, error="m").svg_data_uri(scale=3)) for claim in made]
    return str(render_to_string("console/printed.html", {"sheet": codes, "days": DAYS}))


def _secret(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
