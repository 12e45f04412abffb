"""What a gate answers to a question, line by line."""

from __future__ import annotations

from django.db import migrations, models

KINDS = ("refresh", "report", "check", "log", "wipe", "reboot")


class Migration(migrations.Migration):
    dependencies = (("registry", "0004_alarms"),)
    operations = (
        migrations.AddField(model_name="command", name="lines", field=models.TextField(blank=True, db_default="")),
        migrations.AlterField(
            model_name="command",
            name="kind",
            field=models.CharField(choices=[(kind, kind) for kind in KINDS], max_length=64),
        ),
    )
