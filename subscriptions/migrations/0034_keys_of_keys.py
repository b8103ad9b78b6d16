import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0033_delivery_under_way")]
    operations = [
        migrations.AddField(
            model_name="apikey",
            name="made_by",
            field=models.CharField(
                db_default="", default="", editable=False, max_length=200, verbose_name="created by"
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="parent",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="children",
                to="subscriptions.apikey",
            ),
        ),
        migrations.AlterField(
            model_name="idempotentanswer",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="subscriptions.company",
            ),
        ),
    ]
