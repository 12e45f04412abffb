"""Notes in the audit log what somebody did at the console."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from fleet.registry.models import AuditEntry


def note(user: Any, what: str, subject: str, detail: str = "") -> None:
    """Write that a user (None: somebody at the command line) did ``what``."""
    who = "command line" if user is None else user.get_username()
    AuditEntry.objects.create(at=timezone.now(), who=who[:150], what=what, subject=subject[:200], detail=detail[:1000])
