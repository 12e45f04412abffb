"""The pages: gates, one gate, claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordChangeView
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet.console import bulk, filters, permissions, planned, states
from fleet.console.audit import note
from fleet.console.claims import make
from fleet.console.forms import ClaimsForm
from fleet.console.retirement import wiped
from fleet.console.states import state_of
from fleet.errors import FleetError
from fleet.registry.models import DeviceState, FirstPassword
from fleet.registry.plans import Plans
from fleet.troubles import OFFLINE
from gate.wire.commands import CommandKind

if TYPE_CHECKING:
    from datetime import datetime

A_PAGE: Final = 100
ORDERS: Final = {
    CommandKind.REFRESH: gettext_lazy("Look for new rules now"),
    CommandKind.REPORT: gettext_lazy("Report now"),
    CommandKind.CHECK: gettext_lazy("Test yourself"),
    CommandKind.LOG: gettext_lazy("Send your last log lines"),
}
"""What everybody may ask who may steer the gate; in the words of the buttons."""
WORDS: Final = {**ORDERS, CommandKind.WIPE: gettext_lazy("Erase and revoke")}


@login_required
@require_GET
def gates(request: Any) -> Any:
    """Every gate that the user may see, by site, with its state."""
    seen, now = permissions.devices(request.user), timezone.now()
    asked = filters.words(request.GET)
    page = Paginator(filters.matching(seen, asked), A_PAGE).get_page(request.GET.get("page"))
    active = seen.filter(state=DeviceState.ACTIVE)
    since, plans = now - OFFLINE, Plans(now)
    silent = active.filter(report__seen_at__lt=since)
    off = _off(silent, plans, now)
    context = {
        "page": page,
        "rows": [(device, state_of(device, now, plans.of(device.id, device.site_id))) for device in page],
        "q": asked,
        "all": seen.count(),
        "reporting": active.filter(report__seen_at__gte=since).count(),
        "silent": silent.count() - off,
        "off": off,
        "revoked": seen.filter(state=DeviceState.REVOKED).count(),
        "may_change": permissions.districts(request.user, to_change=True).exists(),
    }
    return render(request, "console/gates.html", context)


def _off(silent: Any, plans: Plans, now: datetime) -> int:
    """How many of the gates that are silent are so as planned."""
    rows = silent.order_by().values_list("id", "site_id", "report__seen_at")
    return sum(plans.of(id_, site).missed(seen, now, OFFLINE) <= OFFLINE for id_, site, seen in rows.iterator())


@login_required
@require_GET
def gate(request: Any, name: str) -> Any:
    """One gate: all that it has told."""
    device = get_object_or_404(permissions.devices(request.user), name=name)
    now = timezone.now()
    context = {
        "device": device,
        "state": state_of(device, now, Plans(now).of(device.id, device.site_id)),
        "commands": [
            (one, WORDS.get(one.kind, one.kind), states.answer_of(one, now))
            for one in device.commands.order_by("-made_at")[:10]
        ],
        "quarantined": device.quarantined.order_by("-at")[:10],
        "kinds": ORDERS.items(),
        "is_retired": wiped(device) is not None,
        **planned.shown(request.user, device.site, device),
    }
    return render(request, "console/gate.html", context)


@login_required
@require_POST
def revoke(request: Any, name: str) -> Any:
    """A stolen gate, or one that is no more: it gets no token, and the one that it has ends within half a minute."""
    device = get_object_or_404(permissions.devices(request.user, to_change=True), name=name)
    if request.POST.get("name") != device.name:
        messages.error(request, _("Nothing was done: the name was not typed as it is."))
        return redirect("gate", name=device.name)
    with transaction.atomic():
        bulk.revoke([device], request.user)
    messages.success(request, _("%(gate)s is revoked.") % {"gate": device.name})
    return redirect("gate", name=device.name)


@login_required
@require_POST
def command(request: Any, name: str) -> Any:
    """Ask a gate for something."""
    device = get_object_or_404(permissions.devices(request.user, to_change=True), name=name)
    kind = request.POST.get("kind")
    if kind in ORDERS or (kind == CommandKind.WIPE and request.POST.get("name") == device.name):
        with transaction.atomic():
            waits = device.commands.filter(kind=kind, done_at=None, expires_at__gt=timezone.now()).exists()
            if not waits:
                bulk.order(CommandKind(kind), [device], request.user)
        said = (
            _("It was asked already, and has not answered.")
            if waits
            else _("The gate is told with its next heartbeat.")
        )
        messages.success(request, said)
    return redirect("gate", name=device.name)


@login_required
@require_http_methods(["GET", "POST"])
def claims(request: Any) -> Any:
    """Make claims; they are shown once, as a sheet to print."""
    form = ClaimsForm(request.user, request.POST) if request.method == "POST" else ClaimsForm(request.user)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = [make(form.cleaned_data["site"], wanted, request.user) for wanted in form.wanted()]
        except FleetError as fault:
            form.add_error("lines", str(fault))
        else:
            sheet = [(claim, segno.make_qr(claim.text, error="m").svg_data_uri(scale=3)) for claim in made]
            return render(request, "console/sheet.html", {"sheet": sheet, "days": form.cleaned_data["days"]})
    return render(request, "console/claims.html", {"form": form, "claims": permissions.claims(request.user)[:50]})


@login_required
@require_POST
def withdraw(request: Any, label: str) -> Any:
    """Take a claim back that nobody has used."""
    claim = get_object_or_404(permissions.claims(request.user), label=label, used_at=None)
    with transaction.atomic():
        claim.withdrawn = True
        claim.save(update_fields=("withdrawn",))
        note(request.user, "claim withdrawn", claim.device, f"claim {claim.label}")
    return redirect("claims")


class OwnPassword(PasswordChangeView):
    """After it, the first password is no more."""

    success_url = reverse_lazy("gates")

    def form_valid(self, form: Any) -> Any:
        with transaction.atomic():
            FirstPassword.objects.filter(user=self.request.user).delete()
            note(self.request.user, "password changed", self.request.user.get_username())
            return super().form_valid(form)
