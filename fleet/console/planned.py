"""When gates are switched off on purpose: a site's opening hours, and absences of a site or of one gate."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from fleet.console import permissions
from fleet.console.audit import note
from fleet.planned import LEAST_OPEN, LONGEST_AWAY
from fleet.registry.planned import OpeningHours, PlannedAbsence

if TYPE_CHECKING:
    from fleet.registry.models import Device, Site

MOST: Final = 50
"""Absences of a site or a gate that are not over."""
DAYS: Final = (
    ("1", gettext_lazy("Monday")),
    ("2", gettext_lazy("Tuesday")),
    ("3", gettext_lazy("Wednesday")),
    ("4", gettext_lazy("Thursday")),
    ("5", gettext_lazy("Friday")),
    ("6", gettext_lazy("Saturday")),
    ("7", gettext_lazy("Sunday")),
)
_DAY: Final = timedelta(days=1)


class HoursForm(forms.Form):
    """From when to when on which days."""

    opens = forms.TimeField(widget=forms.TimeInput({"type": "time"}), label=gettext_lazy("opens"))
    closes = forms.TimeField(widget=forms.TimeInput({"type": "time"}), label=gettext_lazy("closes"))
    days = forms.MultipleChoiceField(choices=DAYS, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("on"))

    def clean(self) -> dict[str, Any]:
        """Long enough to be missed in."""
        found: dict[str, Any] = super().clean() or {}
        if "opens" in found and "closes" in found:
            day = date.min
            opens, closes = (datetime.combine(day, found[name]) for name in ("opens", "closes"))
            if timedelta() < (closes - opens) % _DAY < LEAST_OPEN:
                raise forms.ValidationError(_("open for 15 minutes at least"))
        return found


class AbsenceForm(forms.Form):
    """From when to when, and why."""

    begins = forms.DateTimeField(widget=forms.DateTimeInput({"type": "datetime-local"}), label=gettext_lazy("from"))
    ends = forms.DateTimeField(widget=forms.DateTimeInput({"type": "datetime-local"}), label=gettext_lazy("until"))
    why = forms.CharField(max_length=200, required=False, label=gettext_lazy("why"))

    def clean(self) -> dict[str, Any]:
        """Of some length, and not over."""
        found: dict[str, Any] = super().clean() or {}
        if "begins" in found and "ends" in found:
            if found["ends"] <= max(found["begins"], timezone.now()):
                raise forms.ValidationError(_("it has to end later than it begins, and than now"))
            if found["ends"] - found["begins"] > LONGEST_AWAY:
                raise forms.ValidationError(_("at most 400 days"))
        return found


def shown(user: Any, site: Site, device: Device | None = None) -> dict[str, Any]:
    """What the page of a site shows of it, or that of one of its gates."""
    of_ = Q(site=site) if device is None else Q(site=site) | Q(device=device)
    absences = PlannedAbsence.objects.filter(of_, ends__gt=timezone.now()).order_by("begins")
    hours = OpeningHours.objects.filter(site=site).first()
    initial = {} if hours is None else {"opens": hours.opens, "closes": hours.closes, "days": list(hours.days)}
    names = dict(DAYS)
    return {
        "open_hours": hours,
        "open_days": [] if hours is None else [names[day] for day in hours.days],
        "absences": [(one, device is None or one.site_id is None) for one in absences],
        "hours_form": HoursForm(initial=initial),
        "absence_form": AbsenceForm(),
        "may_change": permissions.sites(user, to_change=True).filter(id=site.id).exists(),
    }


@login_required
@require_POST
def hours(request: Any, number: int) -> Any:
    """Say when a site is open, or that it always is."""
    site = get_object_or_404(permissions.sites(request.user, to_change=True), id=number)
    form = HoursForm(request.POST)
    with transaction.atomic():
        if "always" in request.POST:
            OpeningHours.objects.filter(site=site).delete()
            note(request.user, "opening hours", site.name, "always")
        elif form.is_valid():
            said = form.cleaned_data
            days = "".join(sorted(said["days"]))
            OpeningHours.objects.update_or_create(
                site=site, defaults={"opens": said["opens"], "closes": said["closes"], "days": days}
            )
            note(request.user, "opening hours", site.name, f"{said['opens']:%H:%M}-{said['closes']:%H:%M} on {days}")
        else:
            _refused(request, form)
    return redirect("site", number)


@login_required
@require_POST
def site_absence(request: Any, number: int) -> Any:
    """Plan an absence of a whole site."""
    site = get_object_or_404(permissions.sites(request.user, to_change=True), id=number)
    _plan(request, site.name, site=site)
    return redirect("site", number)


@login_required
@require_POST
def gate_absence(request: Any, name: str) -> Any:
    """Plan an absence of one gate."""
    device = get_object_or_404(permissions.devices(request.user, to_change=True), name=name)
    _plan(request, device.name, device=device)
    return redirect("gate", name)


@login_required
@require_POST
def end(request: Any, number: int) -> Any:
    """An absence is over now, or does not come to be."""
    mine = permissions.sites(request.user, to_change=True)
    theirs = PlannedAbsence.objects.filter(Q(site__in=mine) | Q(device__site__in=mine))
    absence = get_object_or_404(theirs.select_related("site", "device"), id=number)
    now = timezone.now()
    with transaction.atomic():
        if absence.begins < now:
            PlannedAbsence.objects.filter(id=absence.id, ends__gt=now).update(ends=now)
        else:
            absence.delete()
        of_ = absence.site or absence.device
        note(request.user, "absence ended", of_.name, _span(absence.begins, absence.ends))
    return redirect("site", absence.site_id) if absence.site_id else redirect("gate", absence.device.name)


def _plan(request: Any, name: str, **of_: Site | Device) -> None:
    form = AbsenceForm(request.POST)
    if not form.is_valid():
        _refused(request, form)
    elif PlannedAbsence.objects.filter(**of_, ends__gt=timezone.now()).count() >= MOST:
        messages.error(request, _("Nothing was done: there are too many absences already."))
    else:
        with transaction.atomic():
            said, who = form.cleaned_data, request.user.get_username()
            PlannedAbsence.objects.create(**of_, **said, made_by=who)
            note(request.user, "absence planned", name, f"{_span(said['begins'], said['ends'])}: {said['why']}")


def _span(begins: datetime, ends: datetime) -> str:
    return f"{begins.isoformat(timespec='minutes')} to {ends.isoformat(timespec='minutes')}"


def _refused(request: Any, form: forms.Form) -> None:
    words = "; ".join(
        f"{form.fields[name].label}: {error}" if name in form.fields else str(error)
        for name, errors in form.errors.items()
        for error in errors
    )
    messages.error(request, _("Nothing was done: %(why)s") % {"why": words})
