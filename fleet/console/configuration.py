"""The pages of what is set for gates: every level, one of them, a change that is shown before it is made."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fleet.configuration.change import Change, Touched, alone
from fleet.configuration.said import Place, Said, gates, places
from fleet.console import permissions
from fleet.console.audit import note
from fleet.console.gate_configuration import told_by
from fleet.console.setting_words import WORDS, shown, text_of, typed
from fleet.registry.levels import Level
from fleet.registry.models import District, Site
from gate.config_levels import SETTINGS
from gate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SHOWN: Final = 200
"""Gates of a preview; the sums are of all."""


@login_required
@require_GET
def overview(request: Any) -> Any:
    """Every level that the user may see, and how far the gates are with it."""
    said, seen = Said.now(), permissions.devices(request.user)
    have = wait = 0
    refused = []
    for device in gates().filter(id__in=seen.values("id")).iterator(chunk_size=500):
        told = told_by(device)
        if told is not None and told.refused is not None:
            refused.append((device, told.why or ""))
        elif told is not None and told.holds == said.digest(device):
            have += 1
        else:
            wait += 1
    counts = {place: len(values) for place, values in said.by_place.items()}
    districts = [
        (
            district,
            counts.get(Place(Level.DISTRICT, district.id), 0),
            [(site, counts.get(Place(Level.SITE, site.id), 0)) for site in district.sites.all()],
        )
        for district in permissions.districts(request.user).prefetch_related("sites")
    ]
    context = {
        "have": have,
        "wait": wait,
        "refused": refused[:MOST_SHOWN],
        "refused_count": len(refused),
        "fleet": counts.get(Place(Level.FLEET), 0),
        "districts": districts,
    }
    return render(request, "console/configuration.html", context)


@login_required
@require_GET
def level(request: Any, kind: str, number: int) -> Any:
    """What is set at one level, and what comes to it from wider ones."""
    place, what, above = _found(request.user, kind, number)
    said = Said.now()
    here = said.by_place.get(place, {})
    wider = _wider(said, above)
    rows = [
        {
            "name": name,
            "word": word,
            "hint": hint,
            "kind": SETTINGS[name].value,
            "text": text_of(here.get(name)),
            "here": name in here,
            "from": None if name not in wider else (shown(wider[name][0]), wider[name][1]),
        }
        for name, (word, hint) in WORDS.items()
    ]
    context = {
        "place": place,
        "what": what,
        "rows": rows,
        "may_change": _may_change(request.user, place),
        "gates": gates(place).count(),
    }
    return render(request, "console/level.html", context)


@login_required
@require_POST
def preview(request: Any, kind: str, number: int) -> Any:
    """Which gates a change would touch, what would hold there, and which could not live with it."""
    place, what, _above = _found(request.user, kind, number)
    change = _change(request, place)
    if change is None:
        return redirect("level", kind=kind, number=number)
    return _preview(request, change, what, change.touched(Said.now()))


@login_required
@require_POST
def carry_out(request: Any, kind: str, number: int) -> Any:
    """Make a change of the gates that were shown, if every one of them could live with it."""
    place, what, _above = _found(request.user, kind, number)
    change = _change(request, place)
    if change is None:
        return redirect("level", kind=kind, number=number)
    with transaction.atomic():
        alone()
        touched = change.touched(Said.now())
        if any(one.faults for one in touched) or request.POST.get("digest") != change.digest(touched):
            messages.error(request, _("Nothing was done: these are not the gates that were shown. Look again."))
            return _preview(request, change, what, touched)
        change.make(request.user.get_username())
        detail = f"{change.name} = {text_of(change.value) or '-'}; gates: {len(touched)}"
        note(
            request.user,
            "setting changed" if change.value is not None else "setting removed",
            _subject(place, what),
            detail,
        )
    messages.success(request, _("Set. Gates have it once two people have signed it."))
    return redirect("level", kind=kind, number=number)


def _preview(request: Any, change: Change, what: Any, touched: Sequence[Touched]) -> Any:
    wrong = [one for one in touched if one.faults]
    shown_ = [
        {"device": one.device, "before": shown(one.before), "after": shown(one.after), "faults": one.faults}
        for one in islice([*wrong, *(one for one in touched if not one.faults)], MOST_SHOWN)
    ]
    context = {
        "place": change.place,
        "what": what,
        "name": change.name,
        "word": WORDS[change.name][0],
        "value": text_of(change.value),
        "said": shown(change.value),
        "remove": change.value is None,
        "touched": shown_,
        "count": len(touched),
        "more": len(touched) - len(shown_),
        "wrong": len(wrong),
        "unknown": sum(not one.known for one in touched),
        "digest": change.digest(list(touched)),
    }
    return render(request, "console/setting.html", context)


def _change(request: Any, place: Place) -> Change | None:
    """What is asked for; None: it is nothing that could be set, and the user is told."""
    if not _may_change(request.user, place):
        raise PermissionDenied
    name = str(request.POST.get("name"))
    if name not in WORDS:
        raise Http404
    if request.POST.get("remove"):
        return Change(place, name, None)
    try:
        return Change(place, name, typed(name, request.POST.get("value", "").replace("\0", "")))
    except ValueError:
        messages.error(request, _("Nothing was done: %(name)s is a whole number.") % {"name": WORDS[name][0]})
    except ConfigError as fault:
        messages.error(request, _("Nothing was done: %(why)s") % {"why": fault})
    return None


def _found(user: Any, kind: str, number: int) -> tuple[Place, Any, tuple[Place, ...]]:
    """A level that a user may see, the part of the fleet that it is, and the wider levels."""
    fleet = Place(Level.FLEET)
    match kind:
        case Level.FLEET:
            if number or not permissions.districts(user).exists():
                raise Http404
            return fleet, None, ()
        case Level.DISTRICT:
            what = get_object_or_404(permissions.districts(user), id=number)
            return Place(Level.DISTRICT, what.id), what, (fleet,)
        case Level.SITE:
            what = get_object_or_404(permissions.sites(user).select_related("district"), id=number)
            return Place(Level.SITE, what.id), what, (fleet, Place(Level.DISTRICT, what.district_id))
        case Level.DEVICE:
            what = get_object_or_404(permissions.devices(user), id=number)
            return Place(Level.DEVICE, what.id), what, places(what)[:-1]
        case _:
            raise Http404


def _may_change(user: Any, place: Place) -> bool:
    match place.level:
        case Level.FLEET:
            return permissions.may_publish(user)
        case Level.DISTRICT:
            return bool(permissions.districts(user, to_change=True).filter(id=place.id).exists())
        case Level.SITE:
            return bool(permissions.sites(user, to_change=True).filter(id=place.id).exists())
        case Level.DEVICE:
            return bool(permissions.devices(user, to_change=True).filter(id=place.id).exists())


def _wider(said: Said, above: Sequence[Place]) -> dict[str, tuple[Any, str]]:
    """What comes from wider levels, and the name of the one it comes from."""
    found = {}
    for place in above:
        for name, value in said.by_place.get(place, {}).items():
            found[name] = (value, _name_of(place))
    return found


def _name_of(place: Place) -> str:
    if place.level is Level.FLEET:
        return str(_("whole fleet"))
    model = District if place.level is Level.DISTRICT else Site
    return str(model.objects.get(id=place.id))


def _subject(place: Place, what: Any) -> str:
    return place.level.value if what is None else f"{place.level.value} {what}"
