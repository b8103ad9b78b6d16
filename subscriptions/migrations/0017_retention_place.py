from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0016_resuming"),
    ]
    operations = [
        migrations.CreateModel(
            name="RetentionPlace",
            fields=[
                ("table", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("reached", models.CharField(max_length=40)),
                ("began_at", models.DateTimeField()),
                ("done", models.BooleanField()),
            ],
        ),
    ]
