from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """A column of a small table; its default is the same for all rows, so none is written."""

    dependencies = [("subscriptions", "0058_erased_events")]

    operations = [
        migrations.AddField(
            model_name="countedvalue", name="created_at", field=models.DateTimeField(db_default=Now())
        ),
    ]
