from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("imports", "0002_state_labels")]
    operations = [
        migrations.AddField(
            model_name="importjob",
            name="stored_bytes",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
    ]
