import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0006_field_names'),
    ]

    operations = [
        migrations.AddField(
            model_name='tag',
            name='active',
            field=models.BooleanField(db_default=True, default=True, help_text='Not active: it stays on its calls, and is not offered for new ones.'),
        ),
        migrations.AddField(
            model_name='tag',
            name='created_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        # In two steps: tags that are there already do not get the time of the migration.
        migrations.AlterField(
            model_name='tag',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, null=True),
        ),
    ]
