import django.db.models.deletion
from django.db import migrations, models

_WATCHED = ", ".join(
    f"{{row}}.{column}"
    for column in """
    start_time tracker_id source direction answered_at ended_at voicemail duration lead_status spam
    """.split()
)
TRIGGERS = f"""
CREATE FUNCTION vendor_api_mark_calls() RETURNS trigger LANGUAGE plpgsql AS $function$
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
CREATE TRIGGER vendor_api_calls_inserted AFTER INSERT ON calls_call
    REFERENCING NEW TABLE AS new_calls FOR EACH STATEMENT EXECUTE FUNCTION vendor_api_mark_calls();
CREATE TRIGGER vendor_api_calls_updated AFTER UPDATE ON calls_call
    REFERENCING OLD TABLE AS old_calls NEW TABLE AS new_calls
    FOR EACH STATEMENT EXECUTE FUNCTION vendor_api_mark_calls();
CREATE TRIGGER vendor_api_calls_deleted AFTER DELETE ON calls_call
    REFERENCING OLD TABLE AS old_calls FOR EACH STATEMENT EXECUTE FUNCTION vendor_api_mark_calls();
"""
NO_TRIGGERS = """
DROP TRIGGER IF EXISTS vendor_api_calls_inserted ON calls_call;
DROP TRIGGER IF EXISTS vendor_api_calls_updated ON calls_call;
DROP TRIGGER IF EXISTS vendor_api_calls_deleted ON calls_call;
DROP FUNCTION IF EXISTS vendor_api_mark_calls();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0009_help_texts'),
        ('subscriptions', '0033_delivery_under_way'),
        ('vendor_api', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CallTotalState',
            fields=[
                ('company', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='subscriptions.company')),
                ('reached', models.DateTimeField(null=True)),
                ('complete', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='CallTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('source', models.CharField(max_length=200)),
                ('direction', models.CharField(max_length=10)),
                ('answered', models.BooleanField()),
                ('voicemail', models.BooleanField()),
                ('calls', models.PositiveIntegerField()),
                ('seconds', models.BigIntegerField()),
                ('good_leads', models.PositiveIntegerField()),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.company')),
                ('tracker', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='calls.tracker')),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'hour'], name='call_total_of_company')],
            },
        ),
        migrations.CreateModel(
            name='CallTotalMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('company', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.company')),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'hour'], name='call_total_mark')],
            },
        ),
        # One short lock on the table of calls; nothing is read under it.
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        # What is there already is counted in the background.
        migrations.RunSQL(
            "INSERT INTO vendor_api_calltotalstate (company_id, complete) SELECT id, false FROM subscriptions_company c "
            "WHERE EXISTS (SELECT FROM calls_call WHERE company_id = c.id)",
            migrations.RunSQL.noop,
        ),
    ]
