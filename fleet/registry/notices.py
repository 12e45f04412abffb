"""What somebody is to be told of new alarms, until it was told."""

from __future__ import annotations

from django.db import models


class Notice(models.Model):
    """New alarms of one look, for one recipient."""

    recipient = models.CharField(max_length=200)
    """As the file of recipients names it."""
    alarms = models.JSONField()
    """The first ones in words: ``since``, ``district``, ``site``, ``gate``, ``what``."""
    count = models.IntegerField()
    """Of all of them."""
    made_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    """When to try, next time."""
    told_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)
    """Why the last attempt was in vain."""

    class Meta:
        db_table = "notices"
        indexes = (models.Index(fields=("next_at",), condition=models.Q(told_at=None), name="notices_that_wait"),)

    def __str__(self) -> str:
        return f"{self.recipient} {self.count}"
