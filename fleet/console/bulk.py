"""One order to every gate of a list: shown first, given when somebody has typed how many they are."""

from __future__ import annotations

import uuid
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import F
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fleet.console import filters, permissions
from fleet.console.audit import note_all
from fleet.registry.models import Command, Device, DeviceState
from gate.wire.commands import CommandKind

if TYPE_CHECKING:
    from collections.abc import Sequence

REVOKE: Final = "revoke"
KINDS: Final = (CommandKind.REPORT.value, CommandKind.REFRESH.value, REVOKE)
COMMAND_LIFE: Final = timedelta(hours=1)


def order(kind: CommandKind, devices: Sequence[Device], user: Any, detail: str = "") -> None:
    """Give gates a command, and note who did, for each of them."""
    expires = timezone.now() + COMMAND_LIFE
    Command.objects.bulk_create(
        [
            Command(id=str(uuid.uuid4()), device=device, kind=kind, made_by=user, expires_at=expires)
            for device in devices
        ],
        batch_size=1000,
    )
    note_all(user, f"command {kind}", [(device.name, detail) for device in devices])


def revoke(devices: Sequence[Device], user: Any, detail: str = "") -> None:
    """Let gates in no more, and note who did, for each of them."""
    Device.objects.filter(id__in=[device.id for device in devices]).update(
        state=DeviceState.REVOKED, revoked_at=timezone.now(), generation=F("generation") + 1
    )
    note_all(user, "revoked", [(device.name, detail) for device in devices])


@login_required
@require_POST
def preview(request: Any) -> Any:
    """Which gates it would be."""
    return _preview(request, filters.words(request.POST), _kind(request))


@login_required
@require_POST
def carry_out(request: Any) -> Any:
    """Do it to the gates that were shown, when their number was typed and they are still the same."""
    kind, asked = _kind(request), filters.words(request.POST)
    with transaction.atomic():
        # Without what is joined: an outer join can't be locked.
        ids = [device.id for device in _chosen(request.user, asked)]
        devices = list(Device.objects.filter(id__in=ids, state=DeviceState.ACTIVE).order_by("id").select_for_update())
        if request.POST.get("digest") != _digest(devices):
            messages.error(request, _("Nothing was done: these are not the gates that were shown. Look again."))
            return _preview(request, asked, kind)
        if request.POST.get("count", "").strip() != str(len(devices)):
            messages.error(request, _("Nothing was done: that is not how many they are."))
            return _preview(request, asked, kind)
        detail = f"one of {len(devices)} by {asked!r}"
        if kind == REVOKE:
            revoke(devices, request.user, detail)
        else:
            order(CommandKind(kind), devices, request.user, detail)
    messages.success(request, _("Done. Gates: %(count)d") % {"count": len(devices)})
    return redirect("gates")


def _preview(request: Any, asked: str, kind: str) -> Any:
    devices = list(_chosen(request.user, asked))
    sites: dict[str, list[str]] = {}
    for device in devices:
        sites.setdefault(f"{device.site.district} · {device.site}", []).append(device.name)
    context = {
        "kind": kind,
        "q": asked,
        "count": len(devices),
        "sites": sorted(sites.items()),
        "digest": _digest(devices),
    }
    return render(request, "console/bulk.html", context)


def _kind(request: Any) -> str:
    kind = str(request.POST.get("kind"))
    if kind not in KINDS:
        raise Http404
    return kind


def _chosen(user: Any, asked: str) -> Any:
    return filters.matching(permissions.devices(user, to_change=True).filter(state=DeviceState.ACTIVE), asked)


def _digest(devices: Sequence[Device]) -> str:
    """The same for the same gates, so that nobody orders what he has not seen."""
    return sha256(",".join(str(id_) for id_ in sorted(device.id for device in devices)).encode()).hexdigest()
