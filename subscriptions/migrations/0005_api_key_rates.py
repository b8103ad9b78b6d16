import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0004_custom_headers_and_auth")]

    operations = [
        migrations.CreateModel(
            name="ApiKeyRate",
            fields=[
                (
                    "api_key",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="rate",
                        serialize=False,
                        to="subscriptions.apikey",
                    ),
                ),
                ("used_until", models.DateTimeField()),
            ],
        ),
        # One small row for each key, written with every request: no write to the disk, and dead versions go at once.
        migrations.RunSQL("ALTER TABLE subscriptions_apikeyrate SET UNLOGGED", migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE subscriptions_apikeyrate SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, "
            "autovacuum_vacuum_threshold = 500)",
            migrations.RunSQL.noop,
        ),
    ]
