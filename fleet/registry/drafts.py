"""Rule sets that are being edited at the console, before two people sign them."""

from __future__ import annotations

from django.db import models


class RuleDraft(models.Model):
    """One rule set, by its id. Texts are as ``fleet.drafts.text`` writes them."""

    name = models.CharField(max_length=100, unique=True)
    """The set's own ``id``."""
    version = models.BigIntegerField()
    """The set's own."""
    text = models.TextField()
    begun = models.TextField()
    """What it was started from: a set that gates have, as a rule."""
    taken = models.TextField(blank=True)
    """What was last taken away to be signed; empty: nothing was yet."""
    faults = models.IntegerField()
    """When it was last changed."""
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=150)
    """A user's name; text, as it outlives its user."""

    class Meta:
        db_table = "rule_drafts"
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def before(self) -> str:
        """What a change is compared with, and is to have a higher version than."""
        return str(self.taken or self.begun)
