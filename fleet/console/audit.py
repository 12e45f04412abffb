"""Notes in the audit log what somebody did at the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from fleet.registry.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterable


def note(user: Any, what: str, subject: str, detail: str = "") -> None:
    """Write that a user (None: somebody at the command line) did ``what``."""
    note_all(user, what, [(subject, detail)])


def note_all(user: Any, what: str, of: Iterable[tuple[str, str]]) -> None:
    """Write that a user did ``what``, an entry for each subject with its detail."""
    who, now = "command line" if user is None else user.get_username(), timezone.now()
    entries = [
        AuditEntry(at=now, who=who[:150], what=what, subject=subject[:200], detail=detail[:1000])
        for subject, detail in of
    ]
    AuditEntry.objects.bulk_create(entries, batch_size=1000)
