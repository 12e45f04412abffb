"""Rollouts that are planned, or wait for a second person; and what would have changed."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0007_flags"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="rollout",
            name="one_open_rollout",
        ),
        migrations.AddField(
            model_name="rollout",
            name="asked_by",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name="rollout",
            name="confirmed_by",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name="rollout",
            name="effect",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="rollout",
            name="orders",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="rollout",
            name="starts_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="rollout",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "waits for a second person"),
                    ("planned", "planned"),
                    ("off", "called off"),
                    ("running", "going on"),
                    ("held", "held"),
                    ("done", "done"),
                    ("back", "gone back"),
                ],
                default="running",
                max_length=8,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("state__in", ("running", "held", "waiting", "planned"))),
                name="one_open_rollout",
            ),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("asked_by", ""),
                    ("state__in", ("waiting", "off")),
                    models.Q(
                        models.Q(("confirmed_by", ""), _negated=True),
                        models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="emergency_by_two",
            ),
        ),
    ]
