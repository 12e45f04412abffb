"""One's own second factor: set up by a code from the screen, new recovery codes, given up."""

from __future__ import annotations

from base64 import b32encode
from typing import TYPE_CHECKING, Any

import django_otp
import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from fleet.console import codes
from fleet.console.audit import note

if TYPE_CHECKING:
    from collections.abc import Callable


class SecondFactorMiddleware:
    """Leads whoever should have a second factor and has not shown it to where it is set up, where that is demanded."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        ours = ("second-factor", "second-factor-begin", "second-factor-confirm")
        self._free = {reverse(name) for name in (*ours, "password_change", "logout", "set_language")}

    def __call__(self, request: Any) -> Any:
        if (
            settings.SECOND_FACTOR_REQUIRED
            and request.path not in self._free
            and not request.user.is_verified()
            and codes.is_asked_of(request.user)
        ):
            return redirect("second-factor")
        return self._get_response(request)


def asked(request: Any) -> dict[str, bool]:
    """For every page: whether to say that a second factor is missing."""
    user = getattr(request, "user", None)
    return {
        "second_factor_asked": user is not None and codes.is_asked_of(user) and not django_otp.user_has_device(user)
    }


@login_required
@require_GET
def own(request: Any) -> Any:
    """What the user has."""
    return _page(request, has=django_otp.user_has_device(request.user))


@sensitive_post_parameters()
@login_required
@require_POST
def begin(request: Any) -> Any:
    """Show the code for the user's app; whoever sits down at somebody's screen does not get as far."""
    if django_otp.user_has_device(request.user) or not _proved(request):
        return redirect("second-factor")
    return _page(request, **_shown(codes.begin(request.user)))


@sensitive_post_parameters()
@login_required
@require_POST
def confirm(request: Any) -> Any:
    """The app shows the right thing, so that it counts from now on."""
    if (device := codes.begun(request.user)) is None:
        return redirect("second-factor")
    with transaction.atomic():
        made = codes.confirm(request, request.POST.get("code", "")[:32])
        if made is not None:
            note(request.user, "second factor set up", request.user.get_username())
    if made is None:
        messages.error(request, _("That is not the code. Is your device's clock right?"))
        return _page(request, **_shown(device))
    return _page(request, made=made)


@sensitive_post_parameters()
@login_required
@require_POST
def renew(request: Any) -> Any:
    """New recovery codes."""
    if not django_otp.user_has_device(request.user) or not _proved(request):
        return redirect("second-factor")
    with transaction.atomic():
        note(request.user, "recovery codes made", request.user.get_username())
        return _page(request, made=codes.renewed(request.user))


@sensitive_post_parameters()
@login_required
@require_POST
def remove(request: Any) -> Any:
    """The password alone again."""
    if _proved(request):
        with transaction.atomic():
            codes.remove(request.user)
            note(request.user, "second factor removed", request.user.get_username())
        messages.success(request, _("Your second factor is removed."))
    return redirect("second-factor")


def _proved(request: Any) -> bool:
    """Whether it is still whoever has logged in; counts like a log-in."""
    password, code = request.POST.get("password", ""), request.POST.get("code", "")[:32]
    if authenticate(request, username=request.user.get_username(), password=password, code=code) is None:
        messages.error(request, _("Nothing was done: the password or the code is wrong, or was too often."))
        return False
    return True


def _shown(device: Any) -> dict[str, Any]:
    picture = segno.make_qr(device.config_url, error="m").svg_data_uri(scale=4)
    secret = b32encode(device.bin_key).decode()
    return {"picture": picture, "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))}


def _page(request: Any, **context: Any) -> Any:
    return render(request, "console/second_factor.html", context)
