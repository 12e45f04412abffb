"""Of which alarms people were told; of those that are there already, of all."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("registry", "0009_past_days"),)
    operations = (
        migrations.AddField(model_name="alarm", name="told", field=models.BooleanField(default=True)),
        migrations.AlterField(model_name="alarm", name="told", field=models.BooleanField(default=False)),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(fields=["id"], condition=models.Q(told=False), name="alarms_to_be_told"),
        ),
    )
