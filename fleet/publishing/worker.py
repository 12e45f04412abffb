"""Makes the site follow the tables, and moves a rollout on, or back, by what its gates say. Stateless.

What was decided is committed before anything is switched. So one that was killed between two switches has left a site
in which every gate finds something whole, and the next one switches the rest. Of two of them, one works at a time.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fleet.prepare import use_django
from fleet.publishing.rings import Stage, Verdict, judge
from fleet.publishing.site import Site
from gate.trust.ring import RINGS, ring_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.publishing.rings import Count
    from fleet.registry.rollouts import Rollout

EVERY_S: Final = 10.0
LOOK_EVERY: Final = 6
"""Of these, as often as gates tell how they are: to read what a city's gates have told takes two seconds."""
WHO: Final = "publishing"
LOG: Final = logging.getLogger("fleet.publishing")


def main(arguments: Sequence[str]) -> int:
    """Move rollouts on until told to stop; ``FLEET_DSN`` names the database."""
    parser = argparse.ArgumentParser("fleet rollouts", description=main.__doc__)
    parser.add_argument("--site", type=Path, required=True, help="the folder that a web server serves")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    use_django(os.environ["FLEET_DSN"])
    from django.db import Error, connection  # noqa: PLC0415 - Django is set up by now
    from django.utils import timezone  # noqa: PLC0415 - the same

    site, said = Site(asked.site), ""
    for turn in itertools.count():
        try:
            while step(site, timezone.now(), look=turn % LOOK_EVERY == 0):
                pass
            said = ""
        except (Error, OSError) as fault:
            if (why := str(fault)[:200]) != said:
                LOG.warning("rollouts-wait why=%r", why)
            said = why
            connection.close()
        time.sleep(EVERY_S)
    return 0


def step(site: Site, now: datetime, *, look: bool = True) -> bool:
    """Switch what has to be for the newest rollout, and look at its gates once; gives whether it has moved."""
    from django.db import transaction  # noqa: PLC0415 - Django is set up by now

    from fleet.publishing import health, moves  # noqa: PLC0415 - the same
    from fleet.registry.rollouts import OPEN, Rollout, RolloutState  # noqa: PLC0415 - the same

    with transaction.atomic():
        if not moves.alone(wait=False):
            return False
        planned = Rollout.objects.filter(state=RolloutState.PLANNED, starts_at__lte=now)
        if (due := planned.select_for_update(of=("self",)).select_related("pilot").first()) is not None:
            moves.start(due, WHO, now)
            return True
        newest = Rollout.begun().select_for_update(of=("self",)).select_related("pilot").first()
        if newest is None or not _switched(site, newest) or newest.state not in OPEN or not look:
            return False
        found = health.count(newest, now)
        Rollout.objects.filter(id=newest.id).update(**asdict(found))
        vars(newest).update(asdict(found))  # a move saves all of it
        return _moved(newest, found, now)


def _switched(site: Site, rollout: Rollout) -> bool:
    """Whether every gate finds what it should by now."""
    from fleet.publishing import health  # noqa: PLC0415 - Django is set up by now
    from fleet.registry.rollouts import OPEN  # noqa: PLC0415 - the same

    stage, version = Stage(rollout.stage), rollout.settled[0]
    if not site.has(version):
        LOG.warning("rollout-waits why='version %d is not in this site'", version)
        return False
    if rollout.state in OPEN:
        site.switch(health.reach_of(rollout, stage).links, version)
        return True
    site.switch(map(ring_name, range(RINGS)), version)
    site.forget_gates()
    return True


def _moved(rollout: Rollout, found: Count, now: datetime) -> bool:
    from fleet.publishing import moves  # noqa: PLC0415 - Django is set up by now
    from fleet.registry.rollouts import RolloutState, Why  # noqa: PLC0415 - the same

    if rollout.state != RolloutState.RUNNING:
        return False
    verdict = judge(
        Stage(rollout.stage),
        found,
        now - rollout.began_at,
        at_once=rollout.at_once,
        may_go_back=rollout.back_version is not None,
    )
    match verdict:
        case Verdict.ON:
            moves.go_on(rollout, WHO, now)
        case Verdict.BACK:
            moves.go_back(rollout, WHO, str(Why.SICK))
        case Verdict.STOP:
            moves.hold(rollout, WHO, str(Why.SICK if found.too_sick else Why.TOO_FEW))
        case Verdict.WAIT:
            return False
    return True
