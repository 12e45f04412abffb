"""What is set for gates at the console."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


def _of(model: str) -> models.ForeignKey:
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=f"registry.{model}"
    )


class Migration(migrations.Migration):
    dependencies = (("registry", "0005_desk"),)
    operations = (
        migrations.CreateModel(
            name="Setting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64)),
                ("value", models.JSONField()),
                ("set_at", models.DateTimeField(auto_now=True)),
                ("set_by", models.CharField(max_length=150)),
                ("district", _of("district")),
                ("site", _of("site")),
                ("device", _of("device")),
            ],
            options={"db_table": "settings"},
        ),
        migrations.AddConstraint(
            model_name="setting",
            constraint=models.UniqueConstraint(
                fields=("name", "district", "site", "device"), nulls_distinct=False, name="set_once_a_level"
            ),
        ),
        migrations.AddConstraint(
            model_name="setting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("district", None), ("site", None)),
                    models.Q(("device", None), ("district", None)),
                    models.Q(("device", None), ("site", None)),
                    _connector="OR",
                ),
                name="set_at_one_level",
            ),
        ),
    )
