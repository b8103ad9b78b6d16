import django.db.models.deletion
from django.db import migrations, models

# What is there already is counted in the background, month by month.
STATES = """
INSERT INTO vendor_api_callmonthstate (company_id, month, counted, due_at)
SELECT company_id, month, false, greatest(now(), (month + interval '1 month 1 day') AT TIME ZONE 'UTC')
  FROM (SELECT DISTINCT company_id, date_trunc('month', day::timestamp)::date AS month FROM vendor_api_callday) AS months
"""


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0015_good_leads'),
        ('subscriptions', '0037_country'),
        ('vendor_api', '0004_call_days'),
    ]

    operations = [
        migrations.CreateModel(
            name='CallMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('source', models.CharField(max_length=200)),
                ('direction', models.CharField(max_length=10)),
                ('answered', models.BooleanField()),
                ('voicemail', models.BooleanField()),
                ('device', models.CharField(max_length=10)),
                ('lead_status', models.CharField(max_length=10)),
                ('calls', models.PositiveIntegerField()),
                ('seconds', models.BigIntegerField()),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.company')),
                ('tracker', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='calls.tracker')),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'month'], name='call_month_of_company')],
            },
        ),
        migrations.CreateModel(
            name='CallMonthState',
            fields=[
                ('pk', models.CompositePrimaryKey('company_id', 'month', blank=True, editable=False, primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('counted', models.BooleanField()),
                ('due_at', models.DateTimeField()),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.company')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('counted', False)), fields=['due_at'], name='call_month_due')],
            },
        ),
        migrations.RunSQL(STATES, migrations.RunSQL.noop),
    ]
