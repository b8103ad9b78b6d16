from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("subscriptions", "0038_statistics_of_companies")]
    operations = [
        AddIndexConcurrently(
            "subscription", models.Index("id", condition=models.Q(state="disabled"), name="subscription_disabled")
        ),
    ]
