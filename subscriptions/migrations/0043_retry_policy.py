from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0042_shapes")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="retry_policy",
            field=models.CharField(
                choices=[
                    ("standard", "Standard: 10 attempts in about 3 days"),
                    ("quick", "Quick: 7 attempts in under 2 hours"),
                    ("patient", "Patient: 12 attempts in about a week"),
                ],
                db_default="standard",
                default="standard",
                help_text="How often, and for how long, a webhook that fails is tried again.",
                max_length=8,
                verbose_name="retries",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="retry_refusals",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Off: an answer 400 to 499 is the end, except 408, 425 and 429, which ask for another try.",
                verbose_name="try again after a refusal",
            ),
        ),
    ]
