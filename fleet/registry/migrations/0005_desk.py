"""What gates answer, when they are switched off, who is told of alarms, and wrong passwords."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

KINDS = ("refresh", "report", "check", "log", "wipe", "reboot")
ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    dependencies = (("registry", "0004_alarms"),)
    operations = (
        migrations.AddField(model_name="command", name="lines", field=models.TextField(blank=True, db_default="")),
        migrations.AlterField(
            model_name="command",
            name="kind",
            field=models.CharField(choices=[(kind, kind) for kind in KINDS], max_length=64),
        ),
        migrations.AddField(model_name="rollout", name="away", field=models.IntegerField(db_default=0, default=0)),
        migrations.CreateModel(
            name="OpeningHours",
            fields=[
                (
                    "site",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="hours",
                        serialize=False,
                        to="registry.site",
                    ),
                ),
                ("opens", models.TimeField(verbose_name="opens")),
                ("closes", models.TimeField(verbose_name="closes")),
                ("days", models.CharField(max_length=7, verbose_name="on")),
            ],
            options={
                "verbose_name": "opening hours",
                "verbose_name_plural": "opening hours",
                "db_table": "opening_hours",
            },
        ),
        migrations.CreateModel(
            name="PlannedAbsence",
            fields=[
                ID,
                ("begins", models.DateTimeField(verbose_name="from")),
                ("ends", models.DateTimeField(db_index=True, verbose_name="until")),
                ("why", models.CharField(blank=True, max_length=200, verbose_name="why")),
                ("made_by", models.CharField(max_length=150)),
                *(
                    (
                        name,
                        models.ForeignKey(
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="absences",
                            to=f"registry.{name}",
                        ),
                    )
                    for name in ("device", "site")
                ),
            ],
            options={
                "verbose_name": "planned absence",
                "verbose_name_plural": "planned absences",
                "db_table": "planned_absences",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("site", None), ("device", None), _connector="XOR"),
                        name="of_a_site_or_of_a_gate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("begins__lt", models.F("ends"))), name="begins_before_it_ends"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ID,
                ("recipient", models.CharField(max_length=200)),
                ("alarms", models.JSONField()),
                ("count", models.IntegerField()),
                ("made_at", models.DateTimeField()),
                ("attempts", models.IntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                ("why", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "db_table": "notices",
                "indexes": [
                    models.Index(condition=models.Q(("told_at", None)), fields=["next_at"], name="notices_that_wait")
                ],
            },
        ),
        migrations.CreateModel(
            name="WrongPasswords",
            fields=[
                ("name", models.CharField(max_length=150, primary_key=True, serialize=False)),
                ("count", models.IntegerField()),
                ("last_at", models.DateTimeField(db_index=True)),
                ("locked_until", models.DateTimeField()),
            ],
            options={"db_table": "wrong_passwords"},
        ),
    )
