"""The page of all that is set for one gate: each value, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fleet.configuration.checks import in_force
from fleet.configuration.said import Place, Said, base, places
from fleet.console import permissions
from fleet.console.setting_words import WORDS, shown
from fleet.registry.levels import Level
from fleet.troubles import read
from gate.config_levels import value_in

if TYPE_CHECKING:
    from fleet.registry.models import Device


@login_required
@require_GET
def gate(request: Any, name: str) -> Any:
    """All that holds for one gate, and where each value comes from."""
    device = get_object_or_404(permissions.devices(request.user), name=name)
    said, by_hand, told = Said.now(), base(device), told_by(device)
    context = {
        "device": device,
        "rows": _rows(device, said, by_hand),
        "known": by_hand is not None,
        "told": told,
        "has_it": told is not None and told.holds == said.digest(device),
        "place": Place(Level.DEVICE, device.id),
    }
    return render(request, "console/gate_configuration.html", context)


def _rows(device: Device, said: Said, by_hand: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Of each setting the value of a gate, where it comes from, and what it stands instead of."""
    names, rows = _names(device), []
    holds = {} if by_hand is None else in_force(by_hand, said.values(device))
    for key, (word, hint) in WORDS.items():
        levels: list[tuple[str, Any]] = [
            (names[place], values[key]) for place, values in said.levels(device) if key in values
        ]
        if (own := value_in(by_hand or {}, key)) is not None:
            levels = [(_("set by hand on the gate"), own), *levels]
        where, value = levels[-1] if levels else (_nobody(holds.get(key), known=by_hand is not None), holds.get(key))
        over = [(one, shown(other)) for one, other in reversed(levels[:-1])]
        rows.append({"name": key, "word": word, "hint": hint, "value": shown(value), "from": where, "instead_of": over})
    return rows


def _nobody(value: Any, *, known: bool) -> str:
    """Where a value comes from that nobody has set."""
    if not known:
        return str(_("not known"))
    return "" if value is None else str(_("the program's own"))


def _names(device: Device) -> dict[Place, str]:
    site = device.site
    return dict(zip(places(device), (_("whole fleet"), str(site.district), str(site), str(device)), strict=True))


def told_by(device: Device) -> Any:
    """What a gate has told of its settings last."""
    report = getattr(device, "report", None)
    beat = read(report.heartbeat) if report else None
    return None if beat is None else beat.settings
