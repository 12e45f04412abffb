"""What holds for every page: a first password is changed before anything else, and nothing comes from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.shortcuts import redirect
from django.urls import reverse

from fleet.registry.models import FirstPassword

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY: Final = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"


class FirstPasswordMiddleware:
    """Leads whoever has a password that somebody else has seen to where it is changed."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        self._free = {reverse(name) for name in ("password_change", "logout", "set_language")}

    def __call__(self, request: Any) -> Any:
        user = request.user
        if (
            user.is_authenticated
            and request.path not in self._free
            and FirstPassword.objects.filter(user=user).exists()
        ):
            return redirect("password_change")
        return self._get_response(request)


class PolicyMiddleware:
    """Pages run and show nothing that is not this server's, and are kept by no cache."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response
