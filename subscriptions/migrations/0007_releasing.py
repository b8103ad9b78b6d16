from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0006_audit_entry"),
    ]
    operations = [
        migrations.AddField(
            model_name="subscription",
            name="drop_held_before",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="releasing",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        # A small table: the lock is short.
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(models.F("id"), condition=models.Q(("releasing", True)), name="subscription_releasing"),
        ),
    ]
