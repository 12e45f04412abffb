"""A draft is taken away to be signed: what is changed after that has a higher version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from fleet.console.audit import note
from fleet.drafts.change import faults_of
from fleet.errors import FleetError
from fleet.registry.drafts import RuleDraft

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_NAMED: Final = 20


def take(name: str, user: Any, keep: Callable[[RuleDraft], str]) -> RuleDraft:
    """Take one away.

    Args:
        name: the rule set's id.
        user: who takes it; None: somebody at the command line.
        keep: puts it where it is taken to, and gives where that is.

    Raises:
        FleetError: there is none, or a gate would refuse it; nothing was noted.
    """
    with transaction.atomic():
        draft: RuleDraft | None = RuleDraft.objects.select_for_update().filter(name=name).first()
        if draft is None:
            there = ", ".join(RuleDraft.objects.values_list("name", flat=True)) or "none"
            raise FleetError(f"there is no draft {name!r}; there are: {there}")
        if faults := faults_of(draft.text.encode()):
            named = [f"{one.where}{', ' if one.field else ''}{one.field}: {one.fault}" for one in faults[:MOST_NAMED]]
            raise FleetError("\n  ".join([f"{name}: a gate would refuse it", *named]))
        where = keep(draft)
        draft.taken = draft.text
        draft.save(update_fields=["taken"])
        note(user, "rules taken to sign", str(draft), where)
    return draft


def file_name(draft: RuleDraft) -> str:
    """Of its file among the rule sets of a bundle, where names have no folders."""
    return f"{draft.name.replace('/', '-')}.json"
