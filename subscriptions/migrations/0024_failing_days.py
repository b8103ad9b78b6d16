from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0023_statistics_names"),
    ]
    operations = [
        migrations.AddField(
            "endpointhealth", "failing_days", models.PositiveIntegerField(db_default=0, default=0)
        ),
        migrations.AddField("endpointhealth", "told_warning_at", models.DateTimeField(null=True)),
    ]
