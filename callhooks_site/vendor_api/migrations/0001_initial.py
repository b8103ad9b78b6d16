import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('subscriptions', '0021_one_line_names'),
    ]

    operations = [
        migrations.CreateModel(
            name='RequestCount',
            fields=[
                ('api_key', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='subscriptions.apikey')),
                ('hour', models.DateTimeField()),
                ('hourly', models.PositiveIntegerField()),
                ('day', models.DateTimeField()),
                ('daily', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='ListPosition',
            fields=[
                ('pk', models.CompositePrimaryKey('api_key_id', 'digest', blank=True, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=32)),
                ('page', models.PositiveIntegerField()),
                ('began_after', models.CharField(blank=True, max_length=400)),
                ('ended_at', models.CharField(max_length=400)),
                ('read_at', models.DateTimeField()),
                ('api_key', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.apikey')),
            ],
        ),
        # A small row for each key, written with every request: no write to the disk, and dead versions go at once.
        *(
            migrations.RunSQL(f"ALTER TABLE vendor_api_{table} {change}", migrations.RunSQL.noop)
            for table in ("requestcount", "listposition")
            for change in (
                "SET UNLOGGED",
                "SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)",
            )
        ),
    ]
