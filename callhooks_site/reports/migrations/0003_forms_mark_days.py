from django.db import migrations

# As texts do (0002).
FUNCTIONS = """
CREATE FUNCTION reports_mark_forms() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO vendor_api_calltotalmark (company_id, hour)
    SELECT DISTINCT company_id, date_trunc('hour', submitted_at, 'UTC') FROM some_forms;
    RETURN NULL;
END
$function$;
CREATE FUNCTION reports_mark_form() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO vendor_api_calltotalmark (company_id, hour)
    VALUES (OLD.company_id, date_trunc('hour', OLD.submitted_at, 'UTC')),
           (NEW.company_id, date_trunc('hour', NEW.submitted_at, 'UTC'));
    RETURN NULL;
END
$function$;
"""
# One short lock on the table of forms; nothing is read under it.
TRIGGERS = """
CREATE TRIGGER reports_forms_inserted AFTER INSERT ON forms_intake_formsubmission
    REFERENCING NEW TABLE AS some_forms FOR EACH STATEMENT EXECUTE FUNCTION reports_mark_forms();
CREATE TRIGGER reports_forms_deleted AFTER DELETE ON forms_intake_formsubmission
    REFERENCING OLD TABLE AS some_forms FOR EACH STATEMENT EXECUTE FUNCTION reports_mark_forms();
CREATE TRIGGER reports_form_updated AFTER UPDATE ON forms_intake_formsubmission FOR EACH ROW
    WHEN ((OLD.company_id, OLD.submitted_at, OLD.source, OLD.campaign, OLD.lead_status, OLD.value)
          IS DISTINCT FROM (NEW.company_id, NEW.submitted_at, NEW.source, NEW.campaign, NEW.lead_status, NEW.value))
    EXECUTE FUNCTION reports_mark_form();
"""
NO_TRIGGERS = """
DROP TRIGGER IF EXISTS reports_forms_inserted ON forms_intake_formsubmission;
DROP TRIGGER IF EXISTS reports_forms_deleted ON forms_intake_formsubmission;
DROP TRIGGER IF EXISTS reports_form_updated ON forms_intake_formsubmission;
DROP FUNCTION IF EXISTS reports_mark_forms();
DROP FUNCTION IF EXISTS reports_mark_form();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0002_texts_mark_days"),
        ("forms_intake", "0011_milestones"),
    ]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, NO_TRIGGERS)]
