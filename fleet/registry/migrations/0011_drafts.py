"""Rule sets that are being edited at the console."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("registry", "0010_told"),)
    operations = (
        migrations.CreateModel(
            name="RuleDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("version", models.BigIntegerField()),
                ("text", models.TextField()),
                ("begun", models.TextField()),
                ("taken", models.TextField(blank=True)),
                ("faults", models.IntegerField()),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.CharField(max_length=150)),
            ],
            options={"db_table": "rule_drafts", "ordering": ("name",)},
        ),
    )
