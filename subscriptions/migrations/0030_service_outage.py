from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0029_delivery_stage_indexes")]
    operations = [
        migrations.CreateModel(
            name="ServiceOutage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ongoing", models.BooleanField(null=True, unique=True)),
                ("began_at", models.DateTimeField()),
                ("noticed_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("hosts", models.PositiveIntegerField()),
                ("companies", models.PositiveIntegerField()),
                ("errors", models.CharField(max_length=200)),
            ],
        ),
    ]
