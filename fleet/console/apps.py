"""How Django knows the pages, and who is told of log-ins."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth import signals


class ConsoleConfig(AppConfig):
    """The pages; no tables."""

    name = "fleet.console"
    label = "console"

    def ready(self) -> None:
        from fleet.console.audit import note  # noqa: PLC0415 - models are there from now on

        def came(user: Any, **_: Any) -> None:
            note(user, "logged in", user.get_username())

        def failed(credentials: Any, **_: Any) -> None:
            note(None, "log-in failed", str(credentials.get("username", "")).replace("\0", ""))

        signals.user_logged_in.connect(came, weak=False)
        signals.user_login_failed.connect(failed, weak=False)
