"""The administration, in which a user sees every district's tables: for the named operators, and for nobody else."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login

from fleet.console import permissions


class OperatorSite(AdminSite):
    """Django's own, behind the console's own log-in."""

    def has_permission(self, request: Any) -> bool:
        """Whether it is an operator who asks."""
        return permissions.is_operator(request.user)

    def login(self, request: Any, extra_context: Any = None) -> Any:
        """There is one place to log in, and it counts wrong passwords."""
        del extra_context
        return redirect_to_login(request.GET.get("next") or request.get_full_path())


def known(request: Any) -> dict[str, bool]:
    """For every page: whether to show the way there."""
    user = getattr(request, "user", None)
    return {"is_operator": user is not None and permissions.is_operator(user)}
