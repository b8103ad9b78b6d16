from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0021_one_line_names"),
    ]
    operations = [
        migrations.AddField("endpointhealth", "retry_after_until", models.DateTimeField(null=True)),
    ]
