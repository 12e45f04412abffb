"""Who may see and steer what: by district. A superuser may everything."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from fleet.registry.models import Claim, Device, District, Site


def districts(user: Any, *, to_change: bool = False) -> Any:
    """The districts that a user may see, or may change."""
    if user.is_superuser:
        return District.objects.all()
    return District.objects.filter(duties__user=user, **({"duties__may_change": True} if to_change else {}))


def sites(user: Any, *, to_change: bool = False) -> Any:
    """The sites that a user may see, or may change."""
    return Site.objects.filter(district__in=districts(user, to_change=to_change))


def devices(user: Any, *, to_change: bool = False) -> Any:
    """The gates that a user may see, or may change."""
    return Device.objects.filter(site__in=sites(user, to_change=to_change)).select_related("site__district", "report")


def claims(user: Any) -> Any:
    """The claims that a user may take back."""
    return Claim.objects.filter(site__in=sites(user, to_change=True)).select_related("site")


def is_operator(user: Any) -> bool:
    """Whether a user may use the administration, where districts mean nothing: superusers that are named."""
    return bool(user.is_active and user.is_superuser and user.get_username() in settings.OPERATORS)


def may_publish(user: Any) -> bool:
    """Whether a user may steer what goes to every gate: whoever may change something in every district."""
    if user.is_superuser:
        return True
    steered = District.objects.filter(duties__user=user, duties__may_change=True).count()
    return bool(0 < steered == District.objects.count())
