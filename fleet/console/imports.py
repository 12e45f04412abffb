"""Sites and claims from a file with a row each: all of it is taken, or nothing, with every wrong line named."""

from __future__ import annotations

from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from fleet.console import permissions
from fleet.console.audit import note_all
from fleet.console.claims import Wanted, draw_up, keep
from fleet.console.lines import Line, WrongLines, read
from fleet.registry.models import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.console.claims import Made
    from fleet.registry.models import District

MOST: Final = 50_000
"""Rows."""
A_CHUNK: Final = 1000
SITES: Final = ("district", "site")
CLAIMS: Final = ("site", "device", "serial")
_LONGEST: Final = 64
"""Characters of a site's name; a claim has room for so many."""


class _Taken:
    """What one file has, and what is wrong with it.

    Args:
        key: which column no two rows may have alike.
    """

    def __init__(self, key: int) -> None:
        self._key = key
        self._seen: dict[str, int] = {}
        self.wrong: list[tuple[int, str]] = []

    def good(self, lines: list[Line]) -> list[Line]:
        """The lines that can be taken as far as this file alone can say."""
        found = []
        for line in lines:
            first = self._seen.setdefault(line.cells[self._key], line.number) if line.cells else line.number
            if line.wrong:
                self.wrong.append((line.number, line.wrong))
            elif first != line.number:
                name = line.cells[self._key]
                self.wrong.append(
                    (line.number, _("%(name)s is on line %(line)d as well") % {"name": name, "line": first})
                )
            else:
                found.append(line)
        return found

    def check(self) -> None:
        """End without having done anything where something is wrong."""
        if self.wrong:
            raise WrongLines(sorted(self.wrong))


def sites(file: IO[bytes], user: Any) -> int:
    """Make the sites that are not there yet; gives how many.

    Raises:
        WrongLines: nothing was made.
    """
    districts = {district.name: district for district in permissions.districts(user, to_change=True)}
    taken, made = _Taken(SITES.index("site")), 0
    with transaction.atomic():
        for chunk in _chunks(file, SITES):
            new = _new_sites(taken.good(chunk), districts, taken.wrong)
            if not taken.wrong:
                Site.objects.bulk_create(new)
                note_all(user, "site made", [(site.name, f"in {site.district.name}") for site in new])
                made += len(new)
        taken.check()
    return made


def _new_sites(lines: list[Line], districts: dict[str, District], wrong: list[tuple[int, str]]) -> list[Site]:
    names = [line.cells[1] for line in lines]
    there = dict(Site.objects.filter(name__in=names).values_list("name", "district__name"))
    found = []
    for line in lines:
        district, name = line.cells
        if district not in districts:
            wrong.append((line.number, _("%(district)s is no district of yours") % {"district": district}))
        elif len(name) > _LONGEST:
            wrong.append((line.number, _("a site's name has at most %(most)d characters") % {"most": _LONGEST}))
        elif there.get(name, district) != district:
            wrong.append((line.number, _("a site %(site)s is in another district") % {"site": name}))
        elif name not in there:
            found.append(Site(name=name, district=districts[district]))
    return found


def claims(file: IO[bytes], days: int, user: Any) -> list[Made]:
    """Make a claim for each row.

    Raises:
        WrongLines: nothing was made.
    """
    taken, made = _Taken(CLAIMS.index("device")), list[Any]()
    with transaction.atomic():
        for chunk in _chunks(file, CLAIMS):
            lines = taken.good(chunk)
            names = {line.cells[0] for line in lines}
            places = {site.name: site for site in permissions.sites(user, to_change=True).filter(name__in=names)}
            known = [line for line in lines if line.cells[0] in places]
            taken.wrong += [
                (line.number, _("%(site)s is no site of yours") % {"site": line.cells[0]})
                for line in lines
                if line.cells[0] not in places
            ]
            drawn = draw_up([(places[line.cells[0]], Wanted(line.cells[1], line.cells[2], days)) for line in known])
            taken.wrong += [(line.number, one) for line, one in zip(known, drawn, strict=True) if isinstance(one, str)]
            if not taken.wrong:
                good = [one for one in drawn if not isinstance(one, str)]
                keep(good, user)
                made += [one.made for one in good]
        taken.check()
    return made


def _chunks(file: IO[bytes], columns: tuple[str, ...]) -> Iterator[list[Line]]:
    lines = read(file, columns, MOST)
    while chunk := list(islice(lines, A_CHUNK)):
        yield chunk
