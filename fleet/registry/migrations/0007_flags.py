"""Colours that somebody set by hand for people; alarms that are about no gate."""

from __future__ import annotations

from datetime import timedelta

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0006_settings"),
    ]

    operations = [
        migrations.AddField(
            model_name="alarm",
            name="district",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="registry.district"
            ),
        ),
        migrations.AlterField(
            model_name="alarm",
            name="device",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="alarms", to="registry.device"
            ),
        ),
        migrations.CreateModel(
            name="FlagChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "colour",
                    models.CharField(
                        blank=True, choices=[("yellow", "yellow"), ("orange", "orange"), ("red", "red")], max_length=8
                    ),
                ),
                (
                    "agency",
                    models.CharField(
                        choices=[
                            ("cdc", "centre for disease control"),
                            ("health", "health commission"),
                            ("laboratory", "testing laboratory"),
                            ("customs", "customs (entry quarantine)"),
                            ("community", "community epidemic control"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("confirmed", "confirmed case"),
                            ("positive", "positive test, to be confirmed"),
                            ("contact", "close contact"),
                            ("risk_area", "was in a risk area"),
                            ("entry", "quarantine after entry"),
                            ("mistake", "was set by mistake"),
                            ("over", "its ground is over"),
                        ],
                        max_length=16,
                    ),
                ),
                ("people", models.IntegerField()),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "held_for",
                    models.CharField(
                        blank=True,
                        choices=[("bulk", "more than one person"), ("volume", "unusually many in one hour")],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits for a second person"),
                            ("accepted", "accepted"),
                            ("refused", "refused"),
                        ],
                        max_length=8,
                    ),
                ),
                ("asked_by", models.CharField(max_length=150)),
                ("asked_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=150)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "district",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.district",
                        verbose_name="district",
                    ),
                ),
            ],
            options={
                "db_table": "flag_changes",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("holder", models.BinaryField(max_length=16)),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="flags", to="registry.flagchange"
                    ),
                ),
                (
                    "lift",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lifted",
                        to="registry.flagchange",
                    ),
                ),
            ],
            options={
                "db_table": "flags",
            },
        ),
        migrations.AddIndex(
            model_name="flagchange",
            index=models.Index(fields=["agency", "asked_at"], name="flag_changes_agency_at"),
        ),
        migrations.AddConstraint(
            model_name="flagchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True),
                    ("held_for", ""),
                    models.Q(
                        models.Q(("decided_by", ""), _negated=True),
                        models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="flag_change_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="flagchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("people", 1), models.Q(("held_for", ""), _negated=True), _connector="OR"),
                name="flag_change_bulk_held",
            ),
        ),
        migrations.AddConstraint(
            model_name="flagchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("colour", ""), ("expires_at", None)),
                    models.Q(
                        models.Q(("colour", ""), _negated=True),
                        ("expires_at__gt", models.F("asked_at")),
                        (
                            "expires_at__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("asked_at"), "+", models.Value(timedelta(days=21))
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="flag_change_bounded",
            ),
        ),
        migrations.AddIndex(
            model_name="flag",
            index=models.Index(fields=["holder"], name="flags_holder"),
        ),
    ]
