"""The pages for files with a row for each: the list of gates to take away, sites and claims to bring in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from fleet.console import filters, imports, permissions
from fleet.console.audit import note
from fleet.console.claims import MOST_DAYS
from fleet.console.lines import WrongLines, write
from fleet.console.states import state_of
from fleet.registry.plans import Plans

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fleet.console.claims import Made

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of a file: 50,000 rows have half of it."""
_AT_ONCE: Final = 1000


class FileForm(forms.Form):
    """A file."""

    file = forms.FileField(label=gettext_lazy("CSV file, UTF-8"))

    def clean_file(self) -> Any:
        """One that can be read through."""
        if self.cleaned_data["file"].size > MOST_BYTES:
            raise forms.ValidationError(_("too large"))
        return self.cleaned_data["file"]


class ClaimsFileForm(FileForm):
    """A file, and for how long the claims are good."""

    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, initial=30, label=gettext_lazy("Good for days"))


@login_required
@require_GET
def gates(request: Any) -> Any:
    """The list of gates, all of its pages, as CSV."""
    asked = filters.words(request.GET)
    found = filters.matching(permissions.devices(request.user), asked)
    rows = list(_rows(found, timezone.now()))
    note(request.user, "gates exported", asked or "all", f"{len(rows)} gates")
    head = (
        *(_("District"), _("Site"), _("Gate"), _("Serial number"), _("State"), _("What is wrong")),
        *(_("Last heard of"), _("Software"), _("Rules"), _("Enrolled")),
    )
    return _file(write([head, *rows]), "gates.csv")


def _rows(devices: Any, now: datetime) -> Iterator[tuple[str, ...]]:
    plans = Plans(now)
    for device in devices.iterator(chunk_size=_AT_ONCE):
        state = state_of(device, now, plans.of(device.id, device.site_id))
        report, beat = getattr(device, "report", None), state.beat
        seen = report.seen_at.isoformat(timespec="seconds") if report and report.seen_at else ""
        yield (
            *(device.site.district.name, device.site.name, device.name, device.serial),
            *(state.word, " · ".join(state.troubles), seen),
            beat.software if beat else "",
            beat.rules.name if beat and beat.rules else "",
            device.enrolled_at.isoformat(timespec="seconds"),
        )


@login_required
@require_http_methods(["GET", "POST"])
def sites(request: Any) -> Any:
    """Bring in sites."""
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            made = imports.sites(form.cleaned_data["file"].file, request.user)
        except WrongLines as wrong:
            return _refused(request, form, "sites", wrong)
        messages.success(request, _("New sites: %(count)d") % {"count": made})
        return redirect("import-sites")
    return render(request, "console/import.html", _page(form, "sites"))


@login_required
@require_http_methods(["GET", "POST"])
def claims(request: Any) -> Any:
    """Bring in devices, and take the claims for them away, once."""
    form = ClaimsFileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            made = imports.claims(form.cleaned_data["file"].file, form.cleaned_data["days"], request.user)
        except WrongLines as wrong:
            return _refused(request, form, "claims", wrong)
        return _file(write([("site", "device", "serial", "label", "claim"), *_told(made)]), "claims.csv")
    return render(request, "console/import.html", _page(form, "claims"))


def _told(made: list[Made]) -> Iterator[tuple[str, ...]]:
    return ((one.site, one.device, one.serial, one.label, one.text) for one in made)


def _page(form: forms.Form, kind: str) -> dict[str, Any]:
    columns = {"sites": imports.SITES, "claims": imports.CLAIMS}[kind]
    return {"form": form, "kind": kind, "columns": ",".join(columns), "most": imports.MOST}


def _refused(request: Any, form: forms.Form, kind: str, wrong: WrongLines) -> Any:
    note(request.user, "import refused", kind, str(wrong))
    return render(request, "console/import.html", {**_page(form, kind), "wrong": wrong.wrong}, status=422)


def _file(lines: Iterator[bytes], name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(b"".join(lines), content_type="text/csv; charset=utf-8", headers=headers)
