from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0015_alert_mails"),
    ]
    operations = [
        migrations.AddField(
            model_name="subscription",
            name="resuming",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
