"""Days whose rows are gone, or going: what makes sure that none of them comes back."""

from __future__ import annotations

from django.db import models


class GoneDay(models.Model):
    """A day past its time. No row of it, nor of a day before it, gets a partition again."""

    day = models.DateField(primary_key=True)
    """In UTC, as the partitions are."""
    began_at = models.DateTimeField()
    keys_destroyed_at = models.DateTimeField(null=True)
    """Nobody opens a box of this day any more."""
    dropped_at = models.DateTimeField(null=True)
    bytes = models.BigIntegerField(default=0)
    """That its partition had."""

    class Meta:
        db_table = "days_gone"

    def __str__(self) -> str:
        return str(self.day)
