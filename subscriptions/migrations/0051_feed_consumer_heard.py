from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0050_issue_by_solved"),
    ]

    operations = [
        migrations.AddField(
            model_name="feedconsumer",
            name="heard_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
