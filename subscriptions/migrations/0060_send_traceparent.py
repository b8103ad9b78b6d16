from django.db import migrations, models


class Migration(migrations.Migration):
    """Its default is the same for all rows, so none is written."""

    dependencies = [("subscriptions", "0059_counted_since")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="send_traceparent",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Send the header traceparent (W3C Trace Context), so that the traces of your server continue "
                "ours.",
                verbose_name="send trace context",
            ),
        ),
    ]
