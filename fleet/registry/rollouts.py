"""What is being published, how far it is, and what it has come to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RolloutState(models.TextChoices):
    """Whether it moves by itself."""

    WAITING = "waiting", _("waits for a second person")
    PLANNED = "planned", _("planned")
    OFF = "off", _("called off")
    RUNNING = "running", _("going on")
    HELD = "held", _("held")
    DONE = "done", _("done")
    BACK = "back", _("gone back")


class Why(models.TextChoices):
    """Why a rollout was held, or has gone back."""

    HAND = "hand", _("by hand")
    SICK = "sick", _("gates fell sick")
    TOO_FEW = "too few", _("too few gates have it after all that time")


OPEN = (RolloutState.RUNNING, RolloutState.HELD)
PENDING = (RolloutState.WAITING, RolloutState.PLANNED)
"""Signed and on the site, and no gate finds it yet."""


class Rollout(models.Model):
    """One signed bundle on its way to all gates; the newest one that has begun says what gates find."""

    version = models.BigIntegerField(_("version"))
    digest = models.CharField(max_length=64)
    """SHA-256 of what is in the bundle, whatever its version."""
    rules = models.JSONField(default=list)
    """Of each rule set in it ``[id, version, when it is valid from]``."""
    back_version = models.BigIntegerField(null=True)
    """Of the bundle with what was there before."""
    back_digest = models.CharField(max_length=64, blank=True)
    pilot = models.ForeignKey("Device", models.PROTECT, related_name="+", verbose_name=_("first gate"))
    at_once = models.BooleanField(default=False)
    stage = models.CharField(_("stage"), max_length=8)
    state = models.CharField(_("state"), max_length=8, choices=RolloutState, default=RolloutState.RUNNING)
    why = models.CharField(max_length=16, choices=Why, blank=True)
    began_at = models.DateTimeField()
    """The stage."""
    starts_at = models.DateTimeField(null=True)
    """Where it was planned."""
    asked_by = models.CharField(max_length=150, blank=True)
    """Of an emergency: a user's name; text, as it outlives its user."""
    confirmed_by = models.CharField(max_length=150, blank=True)
    effect = models.JSONField(default=dict)
    """What would have changed for the passages of the day before, as ``fleet.publishing.effect`` counts it."""
    orders = models.JSONField(default=list)
    """Of each order in it ``[id, kind, when it ends]``."""
    made_at = models.DateTimeField(auto_now_add=True)
    before = models.JSONField(default=dict)
    """Gate (its row) -> how many troubles it had before."""
    covered = models.IntegerField(default=0)
    heard = models.IntegerField(default=0)
    holding = models.IntegerField(default=0)
    sick = models.IntegerField(default=0)
    away = models.IntegerField(default=0, db_default=0)
    """Switched off as planned, and not heard of since the stage began."""

    class Meta:
        db_table = "rollouts"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(state__in=("running", "held", "waiting", "planned")),
                name="one_open_rollout",
            ),
            models.CheckConstraint(
                condition=models.Q(asked_by="")
                | models.Q(state__in=("waiting", "off"))
                | (~models.Q(confirmed_by="") & ~models.Q(confirmed_by=models.F("asked_by"))),
                name="emergency_by_two",
            ),
        )
        verbose_name = _("rollout")
        verbose_name_plural = _("rollouts")

    def __str__(self) -> str:
        return f"{self.version} · {self.stage} · {self.state}"

    @classmethod
    def begun(cls) -> models.QuerySet[Rollout]:
        """Those that gates have found, the newest first."""
        return cls.objects.exclude(state__in=(*PENDING, RolloutState.OFF))

    @property
    def settled(self) -> tuple[int, str]:
        """Version and digest of what every gate finds once it is over."""
        if self.state == RolloutState.BACK and self.back_version is not None:
            return self.back_version, self.back_digest
        return self.version, self.digest
