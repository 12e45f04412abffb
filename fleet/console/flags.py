"""The pages of flags: ask for a colour, look at what waits, and ask what is set for somebody."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet.console import permissions
from fleet.console.audit import note
from fleet.console.lines import WrongLines
from fleet.console.tables import FileForm
from fleet.errors import FleetError
from fleet.flags import changes, people
from fleet.registry.flags import (
    MOST_DAYS,
    Agency,
    ChangeState,
    Flag,
    FlagChange,
    FlagColour,
    FlagReason,
)
from gate.model import DocumentType

SHOWN: Final = 50
LIFT: Final = "lift"
MOST_WHY: Final = 200
"""Characters."""
COLOURS: Final = {ChangeState.WAITING: "amber", ChangeState.ACCEPTED: "green", ChangeState.REFUSED: "grey"}
_NONE: Final = ("", "–")
"""Nothing is chosen for anybody who does not choose."""
_DOCUMENTS: Final = [
    (DocumentType.RESIDENT_ID.value, gettext_lazy("resident ID card")),
    (DocumentType.PERMANENT_RESIDENCE.value, gettext_lazy("permanent residence card")),
    (DocumentType.HMT_RESIDENCE.value, gettext_lazy("residence permit for Hong Kong, Macau and Taiwan")),
    (DocumentType.TRAVEL_PERMIT.value, gettext_lazy("travel permit")),
    (DocumentType.PASSPORT.value, gettext_lazy("passport")),
]


class _PersonForm(forms.Form):
    """One person, by a document."""

    document = forms.ChoiceField(choices=_DOCUMENTS, label=gettext_lazy("Document"))
    number = forms.CharField(
        max_length=people.MOST_NUMBER,
        label=gettext_lazy("Number"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class _ChangeForm(forms.Form):
    """What is to be said, why, on whose behalf and for how long."""

    district = forms.ModelChoiceField(queryset=None, label=gettext_lazy("District"))
    colour = forms.ChoiceField(
        choices=[_NONE, *FlagColour.choices, (LIFT, gettext_lazy("lift the flag"))], label=gettext_lazy("Colour")
    )
    reason = forms.ChoiceField(choices=[_NONE, *FlagReason.choices], label=gettext_lazy("Reason"))
    agency = forms.ChoiceField(choices=[_NONE, *Agency.choices], label=gettext_lazy("Source"))
    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, initial=7, label=gettext_lazy("Ends after days"))

    def __init__(self, user: Any, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.fields["district"].queryset = permissions.districts(user, to_change=True)

    def asked(self, who: tuple[bytes, ...]) -> changes.Asked:
        """What is asked for, once it is valid."""
        said = self.cleaned_data
        colour = "" if said["colour"] == LIFT else said["colour"]
        return changes.Asked(said["district"], colour, said["agency"], said["reason"], said["days"], who)


class OneForm(_ChangeForm, _PersonForm):
    """For one person."""

    field_order = ("document", "number")


class ManyForm(_ChangeForm, FileForm):
    """For a file of them."""


class LookForm(_PersonForm):
    """Whom somebody asks about, and why."""

    why = forms.CharField(max_length=MOST_WHY, label=gettext_lazy("Why do you ask?"))


@login_required
@require_http_methods(["GET", "POST"])
def flags(request: Any) -> Any:
    """What was asked for lately in the user's districts; and one person's flag is asked for here."""
    form = OneForm(request.user, request.POST) if request.method == "POST" else OneForm(request.user)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            who = people.holder(people.key(), said["document"], said["number"])
            made = changes.ask(form.asked((who,)), request.user)
        except FleetError as fault:
            form.add_error(None, str(fault))
        except ValueError as fault:
            form.add_error("number", str(fault))
        else:
            return _asked(request, made)
    note(request.user, "flags looked at", "list")
    context = {
        "form": form,
        "look": LookForm(),
        "rows": [(one, COLOURS[ChangeState(one.state)]) for one in _mine(request.user)[:SHOWN]],
        "may_change": permissions.districts(request.user, to_change=True).exists(),
    }
    return render(request, "console/flags.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def many(request: Any) -> Any:
    """The same for a file with a row for each person: all of it, once a second person has looked, or nothing."""
    post, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form, wrong = ManyForm(request.user, post, files), list[tuple[int, str]]()
    if form.is_valid():
        try:
            who = people.holders(form.cleaned_data["file"].file, people.key())
            return _asked(request, changes.ask(form.asked(who), request.user))
        except FleetError as fault:
            form.add_error(None, str(fault))
        except WrongLines as fault:
            note(request.user, "import refused", "flags", str(fault))
            wrong = fault.wrong
    context = {"form": form, "wrong": wrong, "columns": ",".join(people.COLUMNS), "most": people.MOST}
    return render(request, "console/flags_many.html", context, status=422 if wrong else 200)


@login_required
@require_GET
def change(request: Any, number: int) -> Any:
    """What was asked for, for whoever has to decide. Nobody is named; how many they are is."""
    found = get_object_or_404(_mine(request.user), id=number)
    note(request.user, "flags looked at", f"change {found.id}", changes.said(found))
    is_mine = found.asked_by == request.user.get_username()
    may = permissions.districts(request.user, to_change=True).filter(id=found.district_id).exists()
    waits = found.state == ChangeState.WAITING
    context = {
        "one": found,
        "colour": COLOURS[ChangeState(found.state)],
        "may_decide": waits and may and not is_mine,
        "is_mine": waits and is_mine,
    }
    return render(request, "console/flag.html", context)


@login_required
@require_POST
def decide(request: Any, number: int) -> Any:
    """Accept it or refuse it."""
    try:
        changes.decide(
            number, request.user, request.POST.get("people", ""), accept=request.POST.get("decision") == "accept"
        )
    except FleetError as fault:
        messages.error(request, str(fault))
    return redirect("flags")


@login_required
@require_POST
def person(request: Any) -> Any:
    """What is set for one person, or was, in the user's districts; the question is on record whatever comes of it."""
    form, rows = LookForm(request.POST), list[tuple[Flag, bool]]()
    if form.is_valid():
        said = form.cleaned_data
        try:
            who = people.holder(people.key(), said["document"], said["number"])
        except (FleetError, ValueError) as fault:
            form.add_error("number", str(fault))
        else:
            note(request.user, "flag looked up", who.hex(), said["why"].replace("\0", ""))
            theirs = Flag.objects.filter(
                holder=who, change__district__in=permissions.districts(request.user)
            ).select_related("change__district")
            counts = set(changes.in_force(timezone.now()).filter(holder=who).values_list("id", flat=True))
            rows = [(one, one.id in counts) for one in theirs.order_by("-id")[:SHOWN]]
    return render(request, "console/flag_person.html", {"form": form, "rows": rows, "is_answer": form.is_valid()})


def _mine(user: Any) -> Any:
    return FlagChange.objects.filter(district__in=permissions.districts(user)).select_related("district")


def _asked(request: Any, made: FlagChange) -> Any:
    if made.state == ChangeState.WAITING:
        messages.warning(request, _("It does not count yet: a second person has to look."))
        return redirect("flag-change", number=made.id)
    messages.success(request, _("Done. It counts from now on."))
    return redirect("flags")
