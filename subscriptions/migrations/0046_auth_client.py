from django.db import migrations

import subscriptions.models.fields


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0045_event_of_feed")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="auth_client",
            field=subscriptions.models.fields.EncryptedTextField(
                blank=True, db_default="", default="", editable=False, verbose_name="OAuth client"
            ),
        ),
    ]
