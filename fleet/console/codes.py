"""The second factor: a code that changes every 30 s (TOTP, RFC 6238), or one of a few that are good once.

The work is django-otp's, the tables too. How often somebody may try is counted where passwords are, in ``lockout``.
"""

from __future__ import annotations

import re
from typing import Any, Final

import django_otp
from django.contrib.auth import get_user_model
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from fleet.console import permissions

RECOVERY_CODES: Final = 10
_ODD: Final = re.compile(r"[^0-9a-z]")


def proves(user: Any, code: str) -> bool:
    """Whether a code is right, where the user has to show one; it is good once."""
    if not django_otp.user_has_device(user):
        return True
    user.otp_device = django_otp.match_token(user, _ODD.sub("", code.lower()))
    return user.otp_device is not None


def has_one(name: str) -> bool:
    """Whether somebody of that name has to show a code."""
    user = get_user_model().objects.filter(username=name).first()
    return user is not None and bool(django_otp.user_has_device(user))


def how(user: Any) -> str:
    """For the audit: by what else than a password somebody has just proved who it is."""
    device = getattr(user, "otp_device", None)
    if isinstance(device, StaticDevice):
        return f"by a recovery code; {device.token_set.count()} are left"
    return "by a code" if device is not None else ""


def is_asked_of(user: Any) -> bool:
    """Whether a user should have a second factor: whoever may everything, or something to every gate."""
    return bool(user.is_authenticated and permissions.may_publish(user))


def begun(user: Any) -> TOTPDevice | None:
    """One that nobody has shown a code of yet."""
    return TOTPDevice.objects.filter(user=user, confirmed=False).first()


def begin(user: Any) -> TOTPDevice:
    """Another one, in place of any that was begun."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    return TOTPDevice.objects.create(user=user, confirmed=False)


def confirm(request: Any, code: str) -> list[str] | None:
    """From now on the user has it; gives the recovery codes, None: that was not its code."""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=request.user, confirmed=False).first()
        if device is None or not device.verify_token(_ODD.sub("", code.lower())):
            return None
        device.confirmed = True
        device.save()
        django_otp.login(request, device)
        return renewed(request.user)


def renewed(user: Any) -> list[str]:
    """New recovery codes; the old ones are good for nothing."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user)
        made = [StaticToken(device=device, token=StaticToken.random_token()) for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(made)
    return [f"{one.token[:4]} {one.token[4:]}" for one in made]


def remove(user: Any) -> None:
    """The password alone is enough again."""
    for kind in (TOTPDevice, StaticDevice):
        kind.objects.filter(user=user).delete()
