"""When gates are switched off on purpose: every week, or once."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class OpeningHours(models.Model):
    """When a site's gates are to be at work; without a row, always."""

    site = models.OneToOneField("Site", models.CASCADE, primary_key=True, related_name="hours")
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    days = models.CharField(_("on"), max_length=7)
    """Of ``1234567``, Monday first, those on which it opens."""

    class Meta:
        db_table = "opening_hours"
        verbose_name = verbose_name_plural = _("opening hours")

    def __str__(self) -> str:
        return f"{self.site_id} {self.opens}-{self.closes} {self.days}"


class PlannedAbsence(models.Model):
    """A gate, or every gate of a site, is away for a time."""

    site = models.ForeignKey("Site", models.CASCADE, null=True, related_name="absences")
    device = models.ForeignKey("Device", models.CASCADE, null=True, related_name="absences")
    begins = models.DateTimeField(_("from"))
    ends = models.DateTimeField(_("until"), db_index=True)
    why = models.CharField(_("why"), max_length=200, blank=True)
    made_by = models.CharField(max_length=150)
    """A user's name; text, as it outlives its user."""

    class Meta:
        db_table = "planned_absences"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(site=None) ^ models.Q(device=None), name="of_a_site_or_of_a_gate"
            ),
            models.CheckConstraint(condition=models.Q(begins__lt=models.F("ends")), name="begins_before_it_ends"),
        )
        verbose_name = _("planned absence")
        verbose_name_plural = _("planned absences")

    def __str__(self) -> str:
        return f"{self.begins}-{self.ends}"
