"""Rule sets' files that are brought in, each the beginning of a draft."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fleet.console.audit import note
from fleet.drafts import text
from fleet.drafts.change import faults_of
from fleet.errors import FleetError
from fleet.registry.drafts import RuleDraft

MOST_DRAFTS: Final = 200


class FileForm(forms.Form):
    """A rule set's file."""

    file = forms.FileField(label=gettext_lazy("Rule set, a JSON file"))

    def clean_file(self) -> Any:
        """One that can be read through."""
        if self.cleaned_data["file"].size > text.MOST_BYTES:
            raise forms.ValidationError(
                _("too large: a draft has at most %(most)d KiB") % {"most": text.MOST_BYTES // 1024}
            )
        return self.cleaned_data["file"]


def started(user: Any, blob: bytes) -> RuleDraft:
    """A new draft.

    Raises:
        RuleSetError: the file is no rule set, and nobody could mend it here.
        FleetError: there is one of the same set, or there are too many.
    """
    found = text.read(blob)
    said = text.written(found)
    faults = len(faults_of(said.encode()))
    if RuleDraft.objects.count() >= MOST_DRAFTS:
        raise FleetError(_("There are too many drafts already; discard one."))
    try:
        with transaction.atomic():
            made: RuleDraft = RuleDraft.objects.create(
                name=found["id"],
                version=found["version"],
                text=said,
                begun=said,
                faults=faults,
                changed_at=timezone.now(),
                changed_by=user.get_username(),
            )
            note(user, "rules uploaded", str(made), f"{len(blob)} bytes; faults: {faults}")
    except IntegrityError:
        raise FleetError(
            _("There is a draft of %(name)s already: change that one, or discard it.") % {"name": found["id"]}
        ) from None
    return made
