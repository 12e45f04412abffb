"""What is set for gates at the console: for the whole fleet, a district, a site or one gate."""

from __future__ import annotations

from enum import StrEnum

from django.db import models


class Level(StrEnum):
    """From the widest to the narrowest."""

    FLEET = "fleet"
    DISTRICT = "district"
    SITE = "site"
    DEVICE = "device"


class Setting(models.Model):
    """One value at one level; which of the three it names says which level that is."""

    name = models.CharField(max_length=64)
    """Of ``gate.config_levels.SETTINGS``."""
    district = models.ForeignKey("District", models.CASCADE, null=True, related_name="+")
    site = models.ForeignKey("Site", models.CASCADE, null=True, related_name="+")
    device = models.ForeignKey("Device", models.CASCADE, null=True, related_name="+")
    value = models.JSONField()
    set_at = models.DateTimeField(auto_now=True)
    set_by = models.CharField(max_length=150)
    """A user's name; text, as it outlives its user."""

    class Meta:
        db_table = "settings"
        constraints = (
            models.UniqueConstraint(
                fields=("name", "district", "site", "device"), nulls_distinct=False, name="set_once_a_level"
            ),
            models.CheckConstraint(
                condition=models.Q(district=None, site=None)
                | models.Q(district=None, device=None)
                | models.Q(site=None, device=None),
                name="set_at_one_level",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"
