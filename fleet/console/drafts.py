"""The pages of rule sets that are edited here: all of them, one of them, a change that is shown before it is saved."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet.console import permissions
from fleet.console.audit import note
from fleet.console.draft_files import FileForm, started
from fleet.console.rule_words import difference, outcomes, rows, rules
from fleet.drafts import change, taking, text
from fleet.drafts.difference import lines
from fleet.drafts.parameters import UNITS, fields_of, with_typed
from fleet.errors import FleetError
from fleet.publishing.effect import MOST_COUNTED
from fleet.registry.drafts import RuleDraft
from gate.errors import RuleSetError

if TYPE_CHECKING:
    from fleet.drafts.change import Looked

MOST_LINES: Final = 200
"""Faults, differences and examples of a page; the sums are of all."""


@login_required
@require_http_methods(["GET", "POST"])
def drafts(request: Any) -> Any:
    """Every draft; and a new one is started here from a file."""
    may_change = _may_look(request.user)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        if form.is_valid():
            try:
                return redirect("draft", number=started(request.user, form.cleaned_data["file"].read()).id)
            except (RuleSetError, FleetError) as fault:
                form.add_error("file", str(fault))
    rows_ = RuleDraft.objects.annotate(
        is_taken=ExpressionWrapper(Q(text=F("taken")), BooleanField()),
        is_begun=ExpressionWrapper(Q(text=F("begun")), BooleanField()),
    ).defer("text", "taken", "begun")
    context = {"drafts": rows_, "form": form, "may_change": may_change}
    return render(request, "console/drafts.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def draft(request: Any, number: int) -> Any:
    """One rule set in plain words, its numbers as fields, and its text."""
    may_change = _may_look(request.user)
    return _page(request, get_object_or_404(RuleDraft, id=number), may_change=may_change)


@login_required
@require_POST
def preview(request: Any, number: int) -> Any:
    """What a change would come to, before anything is saved."""
    found = _to_change(request, number)
    if (wanted := _wanted(request, found)) is None:
        return _page(request, found, may_change=True, typed=_typed(request))
    return _preview(request, found, wanted)


@login_required
@require_POST
def save(request: Any, number: int) -> Any:
    """Save exactly what was shown."""
    with transaction.atomic():
        found = _to_change(request, number, lock=True)
        if (wanted := _wanted(request, found)) is None:
            return _page(request, found, may_change=True, typed=_typed(request))
        if wanted.faults or request.POST.get("digest") != wanted.digest(found):
            messages.error(request, _("Nothing was saved: this is not what was shown. Look again."))
            return _preview(request, found, wanted)
        if wanted.examples and request.POST.get("meant") != "1":
            messages.error(request, _("Nothing was saved: say that the examples are meant to come out otherwise."))
            return _preview(request, found, wanted)
        found.text, found.version, found.faults = wanted.text, wanted.version, 0
        found.changed_at, found.changed_by = timezone.now(), request.user.get_username()
        found.save()
        told = [f"{'/'.join(line.where)}: {line.old or '-'} -> {line.new or '-'}" for line in wanted.lines]
        note(request.user, "rules changed", str(found), "; ".join(told))
    messages.success(request, _("Saved. Gates have it once it was taken away and two people have signed it."))
    return redirect("draft", number=number)


@login_required
@require_POST
def take(request: Any, number: int) -> Any:
    """The file that two people sign."""
    found = _to_change(request, number)
    try:
        taken = taking.take(found.name, request.user, lambda _: "downloaded")
    except FleetError as fault:
        messages.error(request, str(fault))
        return redirect("draft", number=number)
    headers = {"Content-Disposition": f'attachment; filename="{taking.file_name(taken)}"'}
    return HttpResponse(taken.text.encode(), content_type="application/json", headers=headers)


@login_required
@require_POST
def discard(request: Any, number: int) -> Any:
    """Throw a draft away, as it was shown."""
    with transaction.atomic():
        found = _to_change(request, number, lock=True)
        if _moved(request, found):
            return redirect("draft", number=number)
        note(request.user, "rules discarded", str(found))
        found.delete()
    return redirect("drafts")


def _wanted(request: Any, found: RuleDraft) -> Looked | None:
    """What somebody wants to save; None: it is nothing that could be, and the user is told."""
    if _moved(request, found):
        return None
    try:
        if (typed := _typed(request)) is not None:
            return change.look(found, text.taken(typed))
        return change.look(found, with_typed(text.taken(found.text), request.POST.dict()))
    except RuleSetError as fault:
        messages.error(request, _("Nothing was saved: %(why)s") % {"why": fault})
        return None


def _typed(request: Any) -> str | None:
    """The whole text, where that is what was changed."""
    found = request.POST.get("text")
    return None if found is None else found.replace("\0", "")


def _moved(request: Any, found: RuleDraft) -> bool:
    """Whether somebody else has saved it meanwhile; the user is told."""
    if request.POST.get("seen") == change.seen(found):
        return False
    words = _("Nothing was done: %(who)s has changed it meanwhile (%(when)s). Here is how it is now.")
    at = timezone.localtime(found.changed_at).strftime("%H:%M:%S")
    messages.error(request, words % {"who": found.changed_by, "when": at})
    return True


def _page(request: Any, found: RuleDraft, *, may_change: bool, typed: str | None = None) -> Any:
    now = text.taken(found.text)
    held, faults = change.held(now), change.faults_of(found.text.encode())
    differs = [] if found.text == found.before else list(lines(text.taken(found.before), now))
    context = {
        "draft": found,
        "may_change": may_change,
        "faults": faults[:MOST_LINES],
        "faults_count": len(faults),
        "held": held,
        "rules": [] if held is None else rules(held),
        "rows": [] if held is None else rows(fields_of(now), held),
        "profiles": [] if held is None else list(held.rule_set.profiles),
        "units": list(UNITS),
        "seen": change.seen(found),
        "typed": typed,
        "differs": [difference(line) for line in differs[:MOST_LINES]],
        "differs_count": len(differs),
    }
    return render(request, "console/draft.html", context)


def _preview(request: Any, found: RuleDraft, wanted: Looked) -> Any:
    told, of_ = (None, 0) if wanted.faults else change.effect(found, wanted, timezone.now())
    context = {
        "draft": found,
        "looked": wanted,
        "raised": wanted.version != found.version,
        "faults": wanted.faults[:MOST_LINES],
        "faults_count": len(wanted.faults),
        "examples": wanted.examples[:MOST_LINES],
        "examples_count": len(wanted.examples),
        "lines": [difference(line) for line in islice(wanted.lines, MOST_LINES)],
        "count": len(wanted.lines),
        "effect": None if told is None else outcomes(told),
        "effect_of": of_ if of_ <= MOST_COUNTED else f"> {MOST_COUNTED}",
        "in_part": told is not None and told.rows < of_,
        "seen": change.seen(found),
        "digest": wanted.digest(found),
    }
    return render(request, "console/draft_preview.html", context)


def _may_look(user: Any) -> bool:
    """Whether a user may change drafts as well; whoever has no district sees none of them."""
    if not permissions.districts(user).exists() and not user.is_superuser:
        raise Http404
    return permissions.may_publish(user)


def _to_change(request: Any, number: int, *, lock: bool = False) -> RuleDraft:
    if not _may_look(request.user):
        raise PermissionDenied
    drafts_ = RuleDraft.objects.select_for_update() if lock else RuleDraft.objects
    found: RuleDraft = get_object_or_404(drafts_, id=number)
    return found
