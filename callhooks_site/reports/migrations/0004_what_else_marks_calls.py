from django.db import migrations

# What reports count of calls and API v3 does not. The rest has marks already (vendor_api 0002, 0004).
FUNCTION = """
CREATE FUNCTION reports_mark_call() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO vendor_api_calltotalmark (company_id, hour)
    VALUES (NEW.company_id, date_trunc('hour', NEW.start_time, 'UTC'));
    RETURN NULL;
END
$function$;
"""
# One short lock on the table of calls; nothing is read under it.
TRIGGER = """
CREATE TRIGGER reports_call_updated AFTER UPDATE ON calls_call FOR EACH ROW
    WHEN ((OLD.campaign, OLD.abandoned, OLD.value, OLD.person_id)
          IS DISTINCT FROM (NEW.campaign, NEW.abandoned, NEW.value, NEW.person_id))
    EXECUTE FUNCTION reports_mark_call();
"""
NO_TRIGGER = """
DROP TRIGGER IF EXISTS reports_call_updated ON calls_call;
DROP FUNCTION IF EXISTS reports_mark_call();
"""
# What is there already is counted in the background. The empty zone is no company's: it is counted anew.
STATES = """
UPDATE vendor_api_calltotalstate SET time_zone = '';
INSERT INTO vendor_api_calltotalstate (company_id, complete, time_zone)
SELECT company_id, false, '' FROM (
    SELECT company_id FROM messaging_textmessage UNION SELECT company_id FROM forms_intake_formsubmission) AS companies
    ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0003_forms_mark_days"),
        ("calls", "0014_visits"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION + TRIGGER, NO_TRIGGER),
        migrations.RunSQL(STATES, migrations.RunSQL.noop),
    ]
