from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """How often in a row the step of an erasure did not come to its end."""

    dependencies = [("privacy", "0003_kept_days")]

    operations = [
        migrations.AddField("erasure", "tries", models.PositiveIntegerField(default=0, db_default=0)),
    ]
