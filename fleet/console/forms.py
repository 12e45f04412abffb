"""What people fill in."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from fleet.console import permissions
from fleet.console.claims import MOST_DAYS, Wanted

MOST_LINES: Final = 200
"""Of one form: a sheet of so many codes is what a person can handle."""
_COLUMNS: Final = 2


class ClaimsForm(forms.Form):
    """A site, and a line for each device: the gate's name and the serial number."""

    site = forms.ModelChoiceField(queryset=None, label=_("Site"))
    lines = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        label=_("Gates"),
        help_text=_("one a line: the name that the gate will have, a comma, the device's serial number"),
        max_length=MOST_LINES * 140,
    )
    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, initial=14, label=_("Good for days"))

    def __init__(self, user: Any, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.fields["site"].queryset = permissions.sites(user, to_change=True)

    def clean_lines(self) -> list[tuple[str, str]]:
        """Name and serial number of each; a wrong line is named by its number."""
        found = []
        lines = [line for line in self.cleaned_data["lines"].splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(_("at most %(most)d lines"), params={"most": MOST_LINES})
        for number, line in enumerate(lines, 1):
            parts = [part.strip() for part in line.split(",")]
            if len(parts) != _COLUMNS or not all(parts):
                raise forms.ValidationError(
                    _("line %(number)d: a name, a comma, a serial number"), params={"number": number}
                )
            found.append((parts[0], parts[1]))
        return found

    def wanted(self) -> list[Wanted]:
        """What is asked for, once it is valid."""
        return [Wanted(name, serial, self.cleaned_data["days"]) for name, serial in self.cleaned_data["lines"]]
