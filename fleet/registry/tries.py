"""Wrong passwords in a row, so that nobody tries them all."""

from __future__ import annotations

from django.db import models


class WrongPasswords(models.Model):
    """Of one name, whether somebody has it or not: who tries must not learn which names there are."""

    name = models.CharField(primary_key=True, max_length=150)
    count = models.IntegerField()
    """In a row."""
    last_at = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField()

    class Meta:
        db_table = "wrong_passwords"

    def __str__(self) -> str:
        return f"{self.name} {self.count}"
