"""How Django knows the pages, and who is told of log-ins."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth import signals


class ConsoleConfig(AppConfig):
    """The pages; no tables."""

    name = "fleet.console"
    label = "console"

    def ready(self) -> None:
        from fleet.console import codes  # noqa: PLC0415 - models are there from now on
        from fleet.console.audit import note  # noqa: PLC0415 - the same

        def came(user: Any, **_: Any) -> None:
            note(user, "logged in", user.get_username(), codes.how(user))

        signals.user_logged_in.connect(came, weak=False)


class OperatorAdmin(AdminConfig):
    """Django's administration, for operators alone."""

    default_site = "fleet.console.operators.OperatorSite"
