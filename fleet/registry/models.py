"""Which gates there are, where they stand and who may see them; and what the device plane writes about them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from fleet.registry.days import GoneDay  # noqa: F401 - Django looks for tables here
from fleet.registry.drafts import RuleDraft  # noqa: F401 - Django looks for tables here
from fleet.registry.flags import Flag, FlagChange  # noqa: F401 - Django looks for tables here
from fleet.registry.levels import Setting  # noqa: F401 - Django looks for tables here
from fleet.registry.notices import Notice  # noqa: F401 - Django looks for tables here
from fleet.registry.planned import OpeningHours, PlannedAbsence  # noqa: F401 - Django looks for tables here
from fleet.registry.rollouts import Rollout  # noqa: F401 - Django looks for tables here
from fleet.registry.tries import WrongPasswords  # noqa: F401 - Django looks for tables here
from gate.wire.commands import CommandKind, CommandResult


def _choices(kind: type[CommandKind | CommandResult]) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in kind]


class District(models.Model):
    """Part of a city; permissions are by district."""

    name = models.CharField(_("name"), max_length=100, unique=True)

    class Meta:
        db_table = "districts"
        ordering = ("name",)
        verbose_name = _("district")
        verbose_name_plural = _("districts")

    def __str__(self) -> str:
        return str(self.name)


class Duty(models.Model):
    """Somebody may see a district's gates, or steer them as well."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="duties")
    district = models.ForeignKey(District, models.CASCADE, related_name="duties")
    may_change = models.BooleanField(_("may make claims and revoke"), default=False)

    class Meta:
        db_table = "duties"
        constraints = (models.UniqueConstraint(fields=("user", "district"), name="one_duty_a_district"),)
        verbose_name = _("duty")
        verbose_name_plural = _("duties")

    def __str__(self) -> str:
        return f"{self.user} · {self.district}"


class Site(models.Model):
    """An entrance with one gate or several."""

    district = models.ForeignKey(District, models.PROTECT, related_name="sites", verbose_name=_("district"))
    name = models.CharField(_("name"), max_length=64, unique=True)

    class Meta:
        db_table = "sites"
        ordering = ("name",)
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return str(self.name)


class DeviceState(models.TextChoices):
    """What a gate may do."""

    ACTIVE = "active", _("active")
    REVOKED = "revoked", _("revoked")


class Device(models.Model):
    """A gate, by the name that it enrolled with."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="devices", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=64, unique=True)
    serial = models.CharField(_("serial number"), max_length=64)
    key = models.BinaryField(max_length=32)
    """Its Ed25519 public key."""
    generation = models.IntegerField(default=1)
    """One more at each enrolment and revocation: tokens of an earlier one are good no more."""
    state = models.CharField(_("state"), max_length=16, choices=DeviceState, default=DeviceState.ACTIVE)
    enrolled_at = models.DateTimeField(_("enrolled"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        db_table = "devices"
        ordering = ("name",)
        verbose_name = _("gate")
        verbose_name_plural = _("gates")

    def __str__(self) -> str:
        return str(self.name)


class Report(models.Model):
    """The latest that a gate has told of itself."""

    device = models.OneToOneField(Device, models.CASCADE, primary_key=True, related_name="report")
    seen_at = models.DateTimeField(null=True)
    heartbeat = models.BinaryField(null=True)
    """JSON of the contract's."""
    inventory_at = models.DateTimeField(null=True)
    inventory = models.BinaryField(null=True)

    class Meta:
        db_table = "reports"

    def __str__(self) -> str:
        return f"{self.device_id} {self.seen_at}"


class Heartbeat(models.Model):
    """How a gate was: a row where something changed, and one an hour; kept for 30 days."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="heartbeats")
    at = models.DateTimeField()
    heartbeat = models.BinaryField()

    class Meta:
        db_table = "heartbeats"
        indexes = (models.Index(fields=("device", "at"), name="heartbeats_device_at"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.at}"


class Alarm(models.Model):
    """Something that was wrong with a gate, and who has taken note of it; open until it is over."""

    OFFLINE = "offline"

    device = models.ForeignKey(Device, models.CASCADE, related_name="alarms", null=True)
    """None: it is not about a gate, but about what people do."""
    district = models.ForeignKey(District, models.CASCADE, related_name="+", null=True)
    """Where it is about no gate: whose; None: everybody's."""
    kind = models.CharField(max_length=16)
    """``offline`` or a ``Trouble``; ``flags`` or ``emergency``."""
    part = models.CharField(max_length=1000, blank=True)
    """Which of the gate's devices it is."""
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    """A user's name; text, as it outlives its user."""
    note = models.CharField(max_length=500, blank=True)
    told = models.BooleanField(default=False)
    """Whether whoever is to be told of it has a notice."""

    class Meta:
        db_table = "alarms"
        constraints = (
            models.UniqueConstraint(
                fields=("device", "kind", "part"), condition=models.Q(ended_at=None), name="alarm_open_once"
            ),
        )
        indexes = (models.Index(fields=("id",), condition=models.Q(told=False), name="alarms_to_be_told"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.kind} {self.part}"


class Claim(models.Model):
    """Lets one device become one gate, once. The text itself is with whoever it was given to, and nowhere else."""

    label = models.CharField(_("label"), max_length=16, unique=True)
    secret = models.BinaryField(max_length=32)
    """SHA-256 of the claim's secret."""
    site = models.ForeignKey(Site, models.CASCADE, related_name="claims", verbose_name=_("site"))
    device = models.CharField(_("name of the gate"), max_length=64)
    serial = models.CharField(_("serial number"), max_length=64)
    expires_at = models.DateTimeField(_("good until"))
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    withdrawn = models.BooleanField(_("withdrawn"), default=False)
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    used_by = models.BinaryField(max_length=32, null=True)
    """The device's key."""

    class Meta:
        db_table = "claims"
        ordering = ("-made_at",)
        verbose_name = _("claim")
        verbose_name_plural = _("claims")

    def __str__(self) -> str:
        return f"{self.label} · {self.device}"


class Command(models.Model):
    """An order to one gate; handed over until the gate says what became of it."""

    id = models.CharField(primary_key=True, max_length=64)
    device = models.ForeignKey(Device, models.CASCADE, related_name="commands")
    kind = models.CharField(max_length=64, choices=_choices(CommandKind))
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=64, blank=True, choices=_choices(CommandResult))
    detail = models.CharField(max_length=1000, blank=True)
    lines = models.TextField(blank=True, db_default="")
    """What a gate answered that was asked for something, line by line; dropped after 30 days."""

    class Meta:
        db_table = "commands"
        indexes = (models.Index(fields=("device",), condition=models.Q(done_at=None), name="commands_that_wait"),)

    def __str__(self) -> str:
        return f"{self.kind} · {self.device_id}"


class Series(models.Model):
    """Which numbers of a gate's journal are here, as ranges."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="series")
    number = models.BigIntegerField()
    lows = ArrayField(models.BigIntegerField(), default=list)
    highs = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        db_table = "series"
        constraints = (models.UniqueConstraint(fields=("device", "number"), name="one_series"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.number}"


class Quarantined(models.Model):
    """A row that was refused, as it came, and why."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="quarantined")
    series = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    body = models.BinaryField()
    reason = models.CharField(max_length=1000)
    at = models.DateTimeField()

    class Meta:
        db_table = "quarantine"
        constraints = (models.UniqueConstraint(fields=("device", "digest"), name="quarantined_once"),)

    def __str__(self) -> str:
        return f"{self.device_id}: {self.reason}"


class Passage(models.Model):
    """A row of a gate's journal. The table is partitioned by the day in its UUIDv7, so migrations make it by SQL."""

    id = models.UUIDField(primary_key=True)
    device = models.ForeignKey(Device, models.DO_NOTHING, related_name="passages")
    series = models.BigIntegerField()
    seq = models.BigIntegerField()
    revision = models.BigIntegerField()
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16)
    reasons = ArrayField(models.TextField())
    passage = models.CharField(max_length=16, null=True)  # noqa: DJ001 - unknown is not empty
    body = models.BinaryField()
    """JSON of the contract's; who it was is sealed in it."""
    received_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "passages"

    def __str__(self) -> str:
        return str(self.id)


class SpentNonce(models.Model):
    """A challenge that somebody has proved a key with; kept until it would be too old anyway."""

    nonce = models.BinaryField(primary_key=True, max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "spent_nonces"

    def __str__(self) -> str:
        return str(self.expires_at)


class Secret(models.Model):
    """What all replicas of a server share, e.g. what tokens are made with."""

    name = models.CharField(primary_key=True, max_length=32)
    value = models.BinaryField(max_length=64)

    class Meta:
        db_table = "secrets"

    def __str__(self) -> str:
        return str(self.name)


class FirstPassword(models.Model):
    """Its user was given a password that somebody else has seen: nothing works before it is another one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")

    class Meta:
        db_table = "first_passwords"

    def __str__(self) -> str:
        return str(self.user_id)


class AuditEntry(models.Model):
    """What somebody, or a gate, did or tried. The database lets nobody change or delete one."""

    at = models.DateTimeField(_("when"))
    who = models.CharField(_("who"), max_length=150)
    """A user's name, or ``gate NAME``; text, as it outlives its user."""
    what = models.CharField(_("what"), max_length=64)
    subject = models.CharField(_("of what"), max_length=200)
    detail = models.CharField(_("detail"), max_length=1000, blank=True)

    class Meta:
        db_table = "audit"
        ordering = ("-id",)
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")

    def __str__(self) -> str:
        return f"{self.at} {self.who} {self.what} {self.subject}"
