import django.db.models.deletion
from django.db import migrations, models

_WATCHED = ", ".join(
    f"{{row}}.{column}"
    for column in """
    start_time tracker_id source direction answered_at ended_at voicemail duration lead_status device_type spam
    """.split()
)
# As in 0002, and one column more.
FUNCTION = f"""
CREATE OR REPLACE FUNCTION vendor_api_mark_calls() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO vendor_api_calltotalmark (company_id, hour)
        SELECT DISTINCT company_id, date_trunc('hour', start_time, 'UTC') FROM new_calls;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO vendor_api_calltotalmark (company_id, hour)
        SELECT DISTINCT company_id, date_trunc('hour', start_time, 'UTC') FROM old_calls;
    ELSE
        INSERT INTO vendor_api_calltotalmark (company_id, hour)
        SELECT DISTINCT moved.company_id, date_trunc('hour', moved.start_time, 'UTC')
          FROM old_calls o JOIN new_calls n ON n.id = o.id
         CROSS JOIN LATERAL (VALUES (o.company_id, o.start_time), (n.company_id, n.start_time))
            AS moved (company_id, start_time)
         WHERE ({_WATCHED.format(row="o")}) IS DISTINCT FROM ({_WATCHED.format(row="n")});
    END IF;
    RETURN NULL;
END
$function$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0010_payload_versions'),
        ('subscriptions', '0035_payload_versions'),
        ('vendor_api', '0003_empty_integration'),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='CallDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('direction', models.CharField(max_length=10)),
                ('answered', models.BooleanField()),
                ('voicemail', models.BooleanField()),
                ('device', models.CharField(max_length=10)),
                ('lead_status', models.CharField(max_length=10)),
                ('calls', models.PositiveIntegerField()),
                ('seconds', models.BigIntegerField()),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.company')),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'day'], name='call_day_of_company')],
            },
        ),
        migrations.CreateModel(
            name='CallDayBySource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('source', models.CharField(max_length=200)),
                ('calls', models.PositiveIntegerField()),
                ('answered', models.PositiveIntegerField()),
                ('seconds', models.BigIntegerField()),
                ('good_leads', models.PositiveIntegerField()),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.company')),
                ('tracker', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='calls.tracker')),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'day'], name='call_day_source_of_company')],
            },
        ),
        # The empty zone is no company's: all is counted anew, in the background, and the calls are read until then.
        migrations.AddField(
            model_name='calltotalstate',
            name='time_zone',
            field=models.CharField(db_default='', default='', max_length=64),
        ),
        migrations.DeleteModel(name='CallTotal'),
    ]
