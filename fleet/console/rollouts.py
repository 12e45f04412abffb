"""The page of what is being published: how far it is, what the gates say, and whether it goes on."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fleet.console import permissions
from fleet.errors import FleetError
from fleet.publishing import moves
from fleet.publishing.rings import Stage
from fleet.registry.rollouts import OPEN, PENDING, Rollout, RolloutState, Why

SHOWN: Final = 20
STAGES: Final = {
    Stage.GATE: gettext_lazy("one gate"),
    Stage.SITE: gettext_lazy("its site"),
    Stage.FEW: "5 %",
    Stage.MANY: "25 %",
    Stage.ALL: gettext_lazy("all gates"),
}
COLOURS: Final = {
    RolloutState.WAITING: "amber",
    RolloutState.PLANNED: "grey",
    RolloutState.OFF: "grey",
    RolloutState.RUNNING: "green",
    RolloutState.HELD: "amber",
    RolloutState.DONE: "grey",
    RolloutState.BACK: "red",
}


@login_required
@require_GET
def rollouts(request: Any) -> Any:
    """The newest ones. Which gate is the first one is for whoever may steer every district."""
    found = Rollout.objects.select_related("pilot__site")[:SHOWN]
    rows = [(one, STAGES[Stage(one.stage)], COLOURS[RolloutState(one.state)], one.state in OPEN) for one in found]
    context = {
        "rows": rows,
        "may_steer": permissions.may_publish(request.user),
        "pending": PENDING,
        "me": request.user.get_username(),
    }
    return render(request, "console/rollouts.html", context)


@login_required
@require_POST
def move(request: Any, number: int) -> Any:
    """Hold the open one, let it go on to the next stage, or have every gate go back."""
    if not permissions.may_publish(request.user):
        raise PermissionDenied
    asked, who = request.POST.get("move"), request.user.get_username()
    with transaction.atomic():
        rollout = get_object_or_404(Rollout.objects.select_for_update(of=("self",)).select_related("pilot"), id=number)
        # What was on the page when the button was pressed: the rollout may have moved by itself since.
        if rollout.state in PENDING:
            _begin(request, rollout, who)
        elif rollout.state not in OPEN or request.POST.get("stage") != rollout.stage:
            messages.error(request, _("Nothing was done: it has moved meanwhile."))
        elif asked == "hold" and rollout.state == RolloutState.RUNNING:
            moves.hold(rollout, who, str(Why.HAND))
        elif asked == "on":
            moves.go_on_by_hand(rollout, who, timezone.now())
        elif asked == "back" and rollout.back_version is not None:
            moves.go_back(rollout, who, str(Why.HAND))
    return redirect("rollouts")


def _begin(request: Any, rollout: Rollout, who: str) -> None:
    """Confirm an emergency that somebody else has asked for, or call off what has not begun."""
    try:
        if request.POST.get("move") == "confirm":
            moves.confirm(rollout, who, timezone.now())
        elif request.POST.get("move") == "off":
            moves.call_off(rollout, who)
    except FleetError:
        messages.error(request, _("Somebody else has to confirm what you have asked for."))
