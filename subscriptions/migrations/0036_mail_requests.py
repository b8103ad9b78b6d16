import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0035_payload_versions")]
    operations = [
        migrations.AddField(
            model_name="invitation",
            name="mail_error",
            field=models.CharField(db_default="", default="", editable=False, max_length=200),
        ),
    ]
