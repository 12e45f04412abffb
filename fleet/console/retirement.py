"""The certificate of a gate that was told to erase itself and has said that it did."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from fleet.console import permissions
from fleet.registry.models import AuditEntry, DeviceState
from gate.wire.commands import CommandKind, CommandResult

if TYPE_CHECKING:
    from fleet.registry.models import Command, Device


def wiped(device: Device) -> Command | None:
    """The order that a gate erased itself by; None: it has not, or has been enrolled anew since, or is at work."""
    if device.state != DeviceState.REVOKED:
        return None
    done = device.commands.filter(kind=CommandKind.WIPE, result=CommandResult.DONE, done_at__gte=device.enrolled_at)
    found: Command | None = done.order_by("-done_at").first()
    return found


@login_required
@require_GET
def certificate(request: Any, name: str) -> Any:
    """A page to print."""
    device = get_object_or_404(permissions.devices(request.user), name=name)
    if (order := wiped(device)) is None:
        raise Http404
    fingerprint = sha256(bytes(device.key)).hexdigest()
    context = {"device": device, "order": order, "who": _who(order, device), "fingerprint": fingerprint}
    return render(request, "console/retirement.html", context)


def _who(order: Command, device: Device) -> str:
    """By the audit, which outlives users; its entry is written with the order, and after it."""
    entries = AuditEntry.objects.filter(what=f"command {CommandKind.WIPE}", subject=device.name)
    entry = entries.filter(at__gte=order.made_at).order_by("id").first()
    return str(entry.who) if entry else ""
