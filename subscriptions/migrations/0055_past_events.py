import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns with constant defaults, of a small table: no row is touched."""

    dependencies = [("subscriptions", "0054_plainer_alerts")]

    operations = [
        migrations.AddField(
            model_name="resendjob",
            name="kind",
            field=models.CharField(
                choices=[("again", "Sent again"), ("past", "Past events")],
                db_default="again",
                default="again",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="resendjob",
            name="events",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), null=True, size=None
            ),
        ),
        migrations.AddField(
            model_name="resendjob",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subscriptions.subscription",
            ),
        ),
        *(
            migrations.AddField(
                model_name="resendjob", name=name, field=models.BooleanField(db_default=False, default=False)
            )
            for name in ("repeat", "as_stored")
        ),
        *(
            migrations.AddField(
                model_name="resendjob", name=name, field=models.PositiveIntegerField(db_default=0, default=0)
            )
            for name in ("filtered", "had", "gone")
        ),
        migrations.AddField(model_name="resendjob", name="reached_at", field=models.DateTimeField(null=True)),
        migrations.AddField(
            model_name="resendjob", name="reached", field=models.CharField(db_default="", default="", max_length=36)
        ),
        migrations.AddField(model_name="resendjob", name="waits_for", field=models.BigIntegerField(null=True)),
    ]
