"""Colours that somebody set by hand for people: who asked, on whose behalf, why, until when, and who looked at it.

Nobody is named here: a person is 16 bytes under the fleet's key, which the database does not have.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

MOST_DAYS: Final = 21
"""A flag's life; whoever needs it for longer has to ask again."""


class FlagColour(models.TextChoices):
    """What is set; green is what remains when nothing is."""

    YELLOW = "yellow", _("yellow")
    ORANGE = "orange", _("orange")
    RED = "red", _("red")


class Agency(models.TextChoices):
    """On whose word. A closed list: whoever is not in it has no say about anybody's health."""

    CDC = "cdc", _("centre for disease control")
    HEALTH = "health", _("health commission")
    LABORATORY = "laboratory", _("testing laboratory")
    CUSTOMS = "customs", _("customs (entry quarantine)")
    COMMUNITY = "community", _("community epidemic control")


class FlagReason(models.TextChoices):
    """Why. A closed list of medical grounds."""

    CONFIRMED = "confirmed", _("confirmed case")
    POSITIVE = "positive", _("positive test, to be confirmed")
    CONTACT = "contact", _("close contact")
    RISK_AREA = "risk_area", _("was in a risk area")
    ENTRY = "entry", _("quarantine after entry")
    MISTAKE = "mistake", _("was set by mistake")
    OVER = "over", _("its ground is over")


LIFTING: Final = frozenset({FlagReason.MISTAKE, FlagReason.OVER})
"""Reasons to take a flag away; the others are reasons to set one."""


class ChangeState(models.TextChoices):
    """Whether it counts."""

    WAITING = "waiting", _("waits for a second person")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")


class HeldFor(models.TextChoices):
    """Why a second person has to look."""

    BULK = "bulk", _("more than one person")
    VOLUME = "volume", _("unusually many in one hour")


class FlagChange(models.Model):
    """What somebody asked for: one colour, or none any more, for one person or many."""

    district = models.ForeignKey("District", models.PROTECT, related_name="+", verbose_name=_("district"))
    colour = models.CharField(max_length=8, choices=FlagColour, blank=True)
    """Empty: flags are lifted."""
    agency = models.CharField(max_length=16, choices=Agency)
    reason = models.CharField(max_length=16, choices=FlagReason)
    people = models.IntegerField()
    expires_at = models.DateTimeField(null=True)
    """None where flags are lifted."""
    held_for = models.CharField(max_length=8, choices=HeldFor, blank=True)
    state = models.CharField(max_length=8, choices=ChangeState)
    asked_by = models.CharField(max_length=150)
    """A user's name; text, as it outlives its user."""
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "flag_changes"
        ordering = ("-id",)
        indexes = (models.Index(fields=("agency", "asked_at"), name="flag_changes_agency_at"),)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(held_for="") | (~Q(decided_by="") & ~Q(decided_by=F("asked_by"))),
                name="flag_change_by_two",
            ),
            models.CheckConstraint(condition=Q(people=1) | ~Q(held_for=""), name="flag_change_bulk_held"),
            models.CheckConstraint(
                condition=Q(colour="", expires_at=None)
                | (
                    ~Q(colour="")
                    & Q(expires_at__gt=F("asked_at"))
                    & Q(expires_at__lte=F("asked_at") + timedelta(days=MOST_DAYS))
                ),
                name="flag_change_bounded",
            ),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.colour} {self.people}"


class Flag(models.Model):
    """One person in it."""

    change = models.ForeignKey(FlagChange, models.PROTECT, related_name="flags")
    holder = models.BinaryField(max_length=16)
    """The fleet's keyed pseudonym, as lists of people have it."""
    lift = models.ForeignKey(FlagChange, models.PROTECT, related_name="lifted", null=True)
    """Who asked for its end, which is there when that was accepted."""

    class Meta:
        db_table = "flags"
        indexes = (models.Index(fields=("holder",), name="flags_holder"),)

    def __str__(self) -> str:
        return f"{self.change_id} {bytes(self.holder).hex()}"
